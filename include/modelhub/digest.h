// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "modelhub/export.h"
#include "modelhub/result.h"

namespace modelhub MODELHUB_API {

// A SHA-256 digest. It cannot hold anything else, so a Digest from a catalog or a server is safe as
// a file name.
//
// Thread safety: a value.
class Digest {
 public:
  static constexpr std::size_t k_bytes = 32;

  // Accepts exactly 64 hexadecimal digits, optionally after "sha256:". Upper case is accepted and
  // normalised.
  // Errors: invalid_argument, with what is wrong ("63 characters, expected 64").
  static Result<Digest> parse(std::string_view text);
  static Digest from_bytes(const std::array<std::uint8_t, k_bytes>& bytes) { return Digest(bytes); }

  // 64 lower-case digits.
  std::string hex() const;
  // The first 12 digits, for people.
  std::string short_hex() const { return hex().substr(0, 12); }
  const std::array<std::uint8_t, k_bytes>& bytes() const { return bytes_; }

  // The digest of zero bytes: never a model (OpenCV's own list once had it).
  static Digest of_empty();

  friend bool operator==(const Digest&, const Digest&) = default;
  friend std::strong_ordering operator<=>(const Digest&, const Digest&) = default;

 private:
  explicit Digest(const std::array<std::uint8_t, k_bytes>& bytes) : bytes_(bytes) {}

  std::array<std::uint8_t, k_bytes> bytes_;
};

}  // namespace MODELHUB_API

template <>
struct std::hash<modelhub::Digest> {
  std::size_t operator()(const modelhub::Digest& digest) const noexcept {
    // A digest is uniform already: its first bytes are a hash.
    std::size_t value = 0;
    for (std::size_t i = 0; i < sizeof value; ++i) value = value << 8 | digest.bytes()[i];
    return value;
  }
};
