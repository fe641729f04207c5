// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "modelhub/export.h"
#include "modelhub/result.h"

namespace modelhub MODELHUB_API {

// A number of bytes. A type of its own so that it is never mixed up with a count of anything else.
//
// Thread safety: a value.
class ByteCount {
 public:
  constexpr ByteCount() = default;
  constexpr explicit ByteCount(std::uint64_t bytes) : bytes_(bytes) {}

  // "1500", "20GB" (10^9), "512 MiB" (2^20), "1.5G" (as GB); case does not matter.
  // Errors: invalid_argument.
  static Result<ByteCount> parse(std::string_view text);

  constexpr std::uint64_t count() const { return bytes_; }
  // For people, decimal units, three digits: "12.9 MB".
  std::string to_string() const;

  constexpr ByteCount& operator+=(ByteCount other) {
    bytes_ += other.bytes_;
    return *this;
  }
  friend constexpr ByteCount operator+(ByteCount a, ByteCount b) { return a += b; }
  friend constexpr bool operator==(const ByteCount&, const ByteCount&) = default;
  friend constexpr auto operator<=>(const ByteCount&, const ByteCount&) = default;

 private:
  std::uint64_t bytes_ = 0;
};

}  // namespace MODELHUB_API
