// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace modelhub::engine::tiny_protobuf {

// Protobuf's encoding, a field at a time: what models are written in, made without its library.

inline std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>((value & 0x7F) | 0x80);
  return bytes + static_cast<char>(value);
}
inline std::string number(int field, std::uint64_t value) {
  return varint(static_cast<std::uint64_t>(field) << 3) + varint(value);
}
inline std::string bytes(int field, const std::string& content) {
  return varint((static_cast<std::uint64_t>(field) << 3) | 2) + varint(content.size()) + content;
}

// Values as they lie in memory.
template <class T>
std::string raw(const std::vector<T>& values) {
  std::string content(values.size() * sizeof(T), '\0');
  if (!values.empty()) std::memcpy(content.data(), values.data(), content.size());
  return content;
}

inline std::string real(int field, float value) {
  return varint((static_cast<std::uint64_t>(field) << 3) | 5) + raw(std::vector<float>{value});
}

}  // namespace modelhub::engine::tiny_protobuf
