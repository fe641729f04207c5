// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "ir_file.h"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

namespace modelhub::openvino_engine {
namespace {

using engine_module::Failure;

// Before the first element there may be a declaration and comments.
constexpr std::size_t k_most_before = 16384;
constexpr const char* k_pull_again = "verify the model's files, or pull it again";

[[noreturn]] void refuse(const std::string& name, const std::string& what) {
  throw Failure(MH_CORRUPT_DATA, MH_ABOUT_MODEL, "cannot load " + name + ": " + what, k_pull_again);
}

bool starts_with(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

std::string_view without_spaces(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  return text;
}

// The text from its first element on; empty when there is none.
std::string_view first_element_of(std::string_view text) {
  if (starts_with(text, "\xEF\xBB\xBF")) text.remove_prefix(3);
  while (true) {
    text = without_spaces(text);
    std::string_view end;
    if (starts_with(text, "<?")) end = "?>";
    if (starts_with(text, "<!--")) end = "-->";
    if (end.empty()) return text;
    const std::size_t found = text.find(end);
    if (found == std::string_view::npos) return {};
    text.remove_prefix(found + end.size());
  }
}

// The value of an attribute inside "<net ... >"; empty when it is not there.
std::string_view attribute(std::string_view tag, std::string_view name) {
  for (std::size_t at = tag.find(name); at != std::string_view::npos; at = tag.find(name, at + 1)) {
    std::string_view rest = tag.substr(at + name.size());
    if (at == 0 || !is_space(tag[at - 1]) || rest.size() < 2 || rest[0] != '=') continue;
    const char quote = rest[1];
    if (quote != '"' && quote != '\'') continue;
    rest.remove_prefix(2);
    const std::size_t end = rest.find(quote);
    return end == std::string_view::npos ? std::string_view() : rest.substr(0, end);
  }
  return {};
}

}  // namespace

int ir_version_of(std::string_view beginning, const std::string& name) {
  if (beginning.empty()) refuse(name, "it is empty");
  if (starts_with(beginning, "version https://git-lfs"))
    refuse(name, "it is a Git LFS pointer, not the model itself");
  const std::string_view element = first_element_of(beginning);
  if (starts_with(element, "<!DOCTYPE") || starts_with(element, "<html"))
    refuse(name, "it is a web page");
  constexpr std::string_view k_start = "<net";
  if (!starts_with(element, k_start) || element.size() == k_start.size() ||
      !is_space(element[k_start.size()])) {
    refuse(name, "it is no OpenVINO IR, whose first element is <net>");
  }
  const std::string_view value = attribute(element.substr(0, element.find('>')), "version");
  int version = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), version);
  if (error != std::errc() || end != value.data() + value.size())
    refuse(name, "it does not say which version of the IR it is");
  return version;
}

int read_ir_version(const engine_module::File& file) {
  std::error_code error;
  const bool is_file = std::filesystem::is_regular_file(file.path, error);
  std::ifstream in(file.path, std::ios::binary);
  if (!is_file || !in) {
    const std::string reason = error     ? error.message()
                               : is_file ? std::strerror(errno)
                                         : "not a regular file";
    throw Failure(MH_IO_ERROR, MH_ABOUT_MODEL,
                  "cannot read " + file.name + " (" + file.path + "): " + reason);
  }
  std::string beginning(k_most_before, '\0');
  in.read(beginning.data(), static_cast<std::streamsize>(beginning.size()));
  beginning.resize(static_cast<std::size_t>(in.gcount()));
  return ir_version_of(beginning, file.name);
}

}  // namespace modelhub::openvino_engine
