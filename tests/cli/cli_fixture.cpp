// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "cli_fixture.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "support/shared_folder.h"

namespace modelhub::test {

namespace fs = std::filesystem;

CliTest::CliTest() {
  std::string pattern = (fs::temp_directory_path() / "modelhub-cli-XXXXXX").string();
  work_ = ::mkdtemp(pattern.data());
  home_ = work_ + "/home";
  options_.working_directory = work_;
  options_.environment = {
      {"HOME", work_},
      {"MODELHUB_HOME", home_},
      {"MODELHUB_CATALOG", source("tests/catalog/offline.json")},
      {"MODELHUB_MIRRORS", "file://" + fs::canonical(shared("mirror")).string()}};
}

CliTest::~CliTest() {
  std::error_code ignored;
  fs::permissions(home_, fs::perms::owner_all, fs::perm_options::add, ignored);
  fs::remove_all(work_, ignored);
}

ProcessResult CliTest::run(const std::vector<std::string>& arguments) const {
  std::vector<std::string> command = {MODELHUB_CLI};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return run_process(command, options_);
}

ProcessResult CliTest::run_terminal(int columns, const std::vector<std::string>& arguments) const {
  std::vector<std::string> command = {MODELHUB_CLI};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return run_on_terminal(command, columns, options_);
}

Json CliTest::json_of(const std::string& text) {
  Json document = Json::parse(text, nullptr, false);
  EXPECT_FALSE(document.is_discarded()) << "not one JSON document: " << text;
  return document;
}

std::string CliTest::write(const std::string& name, const std::string& content) const {
  const std::string path = in_work(name);
  std::ofstream(path, std::ios::binary) << content;
  return path;
}

std::string CliTest::read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

std::string CliTest::shared(const std::string& name) { return shared_path(name); }

std::vector<std::string> files_below(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code ignored;
  for (const auto& entry : fs::recursive_directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().string();
    if (entry.is_regular_file() && name != "CACHEDIR.TAG" && name != "format")
      files.push_back(entry.path().string());
  }
  return files;
}

}  // namespace modelhub::test
