// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/file_system.h"
#include "modelhub/byte_count.h"
#include "store/layout.h"
#include "store/model_id.h"

namespace modelhub::store {

// What a home may take when nobody has said otherwise.
inline constexpr ByteCount k_default_budget(10'000'000'000);

// <home>/budget: how much the home may take on disk. Errors: corrupt_data that names the file,
// io_error.
Result<ByteCount> read_budget(base::FileSystem& files, const Layout& layout);
// REQUIRES: the home is prepared for writing. Errors: invalid_argument (0), io_error, no_space.
Result<void> write_budget(base::FileSystem& files, const Layout& layout, ByteCount budget);

// The user's choice among the versions of a model.
struct DefaultVersion {
  std::string version;
  std::string variant;  // empty: the catalog's choice

  // "0.1.1" or "0.1.1:onnx-fp32".
  std::string to_string() const { return variant.empty() ? version : version + ":" + variant; }
  // Errors: invalid_argument, Subject::model.
  static Result<DefaultVersion> parse(std::string_view text);

  friend bool operator==(const DefaultVersion&, const DefaultVersion&) = default;
};

// <home>/defaults/<name>. Errors: invalid_argument (a name that cannot be), corrupt_data, io_error,
// no_space.
Result<std::optional<DefaultVersion>> read_default(base::FileSystem& files, const Layout& layout,
                                                   std::string_view name);
Result<void> write_default(base::FileSystem& files, const Layout& layout, std::string_view name,
                           const DefaultVersion& chosen);
// No error when there is none.
Result<void> remove_default(base::FileSystem& files, const Layout& layout, std::string_view name);

}  // namespace modelhub::store
