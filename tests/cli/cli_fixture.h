// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/process.h"

namespace modelhub::test {

using Json = nlohmann::json;

// The real program, with a home of its own for each test. By default it knows the test's catalog
// layer and the mirror of real weights.
class CliTest : public ::testing::Test {
 protected:
  CliTest();
  ~CliTest() override;

  ProcessResult run(const std::vector<std::string>& arguments) const;
  ProcessResult run_terminal(int columns, const std::vector<std::string>& arguments) const;
  // REQUIRES: the output is one JSON document; the test fails otherwise.
  static Json json_of(const std::string& text);

  std::string in_work(const std::string& name) const { return work_ + "/" + name; }
  std::string write(const std::string& name, const std::string& content) const;
  static std::string read(const std::string& path);
  static std::string shared(const std::string& name);
  static std::string source(const std::string& name) {
    return std::string(MODELHUB_SOURCE_DIR) + "/" + name;
  }

  std::string work_;  // a folder that goes with the test; the working directory of the program
  std::string home_;
  ProcessOptions options_;
};

// The files below a folder, without those of kinds that say nothing about models (the format file,
// tags).
std::vector<std::string> files_below(const std::string& folder);

}  // namespace modelhub::test
