// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "modelhub/digest.h"

namespace modelhub {
namespace {

// Of each character, its value as a hexadecimal digit, or -1. A store of many models parses tens of
// thousands of digests at once.
constexpr std::array<std::int8_t, 256> k_nibbles = [] {
  std::array<std::int8_t, 256> values{};
  values.fill(-1);
  for (int i = 0; i < 10; ++i)
    values[static_cast<std::size_t>('0' + i)] = static_cast<std::int8_t>(i);
  for (int i = 0; i < 6; ++i) {
    values[static_cast<std::size_t>('a' + i)] = static_cast<std::int8_t>(10 + i);
    values[static_cast<std::size_t>('A' + i)] = static_cast<std::int8_t>(10 + i);
  }
  return values;
}();

int nibble_of(char c) { return k_nibbles[static_cast<unsigned char>(c)]; }

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
    return bad_digest(
        text, std::to_string(digits.size()) + " characters, expected 64 hexadecimal digits");
  }
  std::array<std::uint8_t, k_bytes> bytes{};
  for (std::size_t i = 0; i < k_bytes; ++i) {
    const int high = nibble_of(digits[2 * i]);
    const int low = nibble_of(digits[2 * i + 1]);
    if (high < 0 || low < 0)
      return bad_digest(text, "it has a character that is not a hexadecimal digit");
    bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return Digest(bytes);
}

std::string Digest::hex() const {
  constexpr std::string_view k_digits = "0123456789abcdef";
  std::string text(2 * k_bytes, '\0');
  char* next = text.data();
  for (const std::uint8_t byte : bytes_) {
    *next++ = k_digits[byte >> 4];
    *next++ = k_digits[byte & 15];
  }
  return text;
}

Digest Digest::of_empty() {
  // Written out: computing it would make reading a catalog wait for OpenSSL to initialise itself
  // (about 2 ms).
  constexpr std::array<std::uint8_t, k_bytes> k_empty = {
      0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4,
      0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b,
      0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55};
  return Digest(k_empty);
}

}  // namespace modelhub
