// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "modelhub/rel_path.h"

namespace modelhub {
namespace {

constexpr std::size_t k_max_part = 255;   // NAME_MAX of the common file systems
constexpr std::size_t k_max_path = 1024;  // leaves room for the home in PATH_MAX

std::string printable(std::string_view text) {
  std::string shown;
  for (const char c : text.substr(0, 80)) {
    shown += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  }
  return shown;
}

Error bad_path(std::string_view text, const std::string& why) {
  return {ErrorCode::invalid_argument, Subject::other,
          "'" + printable(text) + "' is not a path inside a model: " + why};
}

}  // namespace

Result<RelPath> RelPath::parse(std::string_view text) {
  if (text.empty()) return bad_path(text, "it is empty");
  if (text.size() > k_max_path) return bad_path(text, "it is longer than 1024 bytes");
  if (text.front() == '/') return bad_path(text, "it is absolute");
  for (const char c : text) {
    if (c == '\\') return bad_path(text, "it has a backslash");
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      return bad_path(text, "it has a control character");
  }
  if (text.size() >= 2 && text[1] == ':') return bad_path(text, "it begins with a drive");
  std::string_view rest = text;
  while (true) {
    const std::size_t slash = rest.find('/');
    const std::string_view part = rest.substr(0, slash);
    if (part.empty()) return bad_path(text, "it has an empty part");
    if (part == "." || part == "..")
      return bad_path(text, "it has the part '" + std::string(part) + "'");
    if (part.size() > k_max_part) return bad_path(text, "a part is longer than 255 bytes");
    if (slash == std::string_view::npos) break;
    rest.remove_prefix(slash + 1);
  }
  return RelPath(std::string(text));
}

std::string RelPath::file_name() const {
  const std::size_t slash = text_.rfind('/');
  return slash == std::string::npos ? text_ : text_.substr(slash + 1);
}

}  // namespace modelhub
