// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "modelhub/digest.h"

#include "base/hasher.h"

namespace modelhub {
namespace {

int nibble_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Error bad_digest(std::string_view text, const std::string& why) {
  return {ErrorCode::invalid_argument, Subject::other,
          "'" + std::string(text.substr(0, 80)) + "' is not a SHA-256 digest: " + why};
}

}  // namespace

Result<Digest> Digest::parse(std::string_view text) {
  constexpr std::string_view k_prefix = "sha256:";
  std::string_view digits = text;
  if (digits.substr(0, k_prefix.size()) == k_prefix) digits.remove_prefix(k_prefix.size());
  if (digits.size() != 2 * k_bytes) {
    return bad_digest(text, std::to_string(digits.size()) + " characters, expected 64 hexadecimal digits");
  }
  std::array<std::uint8_t, k_bytes> bytes{};
  for (std::size_t i = 0; i < k_bytes; ++i) {
    const int high = nibble_of(digits[2 * i]);
    const int low = nibble_of(digits[2 * i + 1]);
    if (high < 0 || low < 0) return bad_digest(text, "it has a character that is not a hexadecimal digit");
    bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return Digest(bytes);
}

std::string Digest::hex() const {
  constexpr std::string_view k_digits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * k_bytes);
  for (const std::uint8_t byte : bytes_) {
    text += k_digits[byte >> 4];
    text += k_digits[byte & 15];
  }
  return text;
}

Digest Digest::of_empty() { return base::sha256_of(""); }

}  // namespace modelhub
