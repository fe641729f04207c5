// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "modelhub/export.h"
#include "modelhub/result.h"

namespace modelhub MODELHUB_API {

// A path inside a model's folder, with '/' between its parts. It cannot leave that folder: no
// absolute path, no "..", ".", or empty part, no drive, backslash, NUL or control character, and at
// most 255 bytes a part and 1024 in all.
//
// Thread safety: a value.
class RelPath {
 public:
  // Errors: invalid_argument, with the offending part.
  static Result<RelPath> parse(std::string_view text);

  const std::string& string() const { return text_; }
  // The last part.
  std::string file_name() const;

  friend bool operator==(const RelPath&, const RelPath&) = default;
  friend auto operator<=>(const RelPath&, const RelPath&) = default;

 private:
  explicit RelPath(std::string text) : text_(std::move(text)) {}

  std::string text_;
};

}  // namespace MODELHUB_API
