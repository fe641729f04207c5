// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "vision/exif.h"

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>

namespace modelhub::vision {
namespace {

constexpr std::uint32_t k_orientation_tag = 0x0112;
constexpr std::size_t k_entry_bytes = 12;  // tag 2, type 2, count 4, value or offset 4

// Numbers of either byte order out of a block; nothing outside it.
class TiffBlock {
 public:
  static std::optional<TiffBlock> open(std::span<const std::byte> bytes) {
    TiffBlock block(bytes);
    if (bytes.size() < 8) return std::nullopt;
    if (bytes[0] == std::byte{'M'} && bytes[1] == std::byte{'M'}) {
      block.is_big_endian_ = true;
    } else if (bytes[0] != std::byte{'I'} || bytes[1] != std::byte{'I'}) {
      return std::nullopt;
    }
    if (block.number(2, 2) != 42U) return std::nullopt;
    return block;
  }

  // `size` bytes (1, 2 or 4) at `offset`.
  std::optional<std::uint32_t> number(std::size_t offset, std::size_t size) const {
    if (offset > bytes_.size() || size > bytes_.size() - offset) return std::nullopt;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size; ++i) {
      const std::size_t at = is_big_endian_ ? offset + i : offset + size - 1 - i;
      value = value << 8 | std::to_integer<std::uint32_t>(bytes_[at]);
    }
    return value;
  }

 private:
  explicit TiffBlock(std::span<const std::byte> bytes) : bytes_(bytes) {}

  std::span<const std::byte> bytes_;
  bool is_big_endian_ = false;
};

// Bytes of one value of a TIFF type that an orientation may be written in (SHORT by the standard).
std::size_t bytes_of_type(std::uint32_t type) {
  switch (type) {
    case 1: return 1;  // BYTE
    case 3: return 2;  // SHORT
    case 4: return 4;  // LONG
    default: return 0;
  }
}

}  // namespace

int orientation_in_exif(std::span<const std::byte> bytes) {
  constexpr std::array<unsigned char, 6> k_prefix = {'E', 'x', 'i', 'f', 0, 0};
  if (bytes.size() >= k_prefix.size() &&
      std::memcmp(bytes.data(), k_prefix.data(), k_prefix.size()) == 0) {
    bytes = bytes.subspan(k_prefix.size());
  }
  const std::optional<TiffBlock> block = TiffBlock::open(bytes);
  if (!block) return 1;
  const std::size_t directory = block->number(4, 4).value_or(0);
  const std::optional<std::uint32_t> count = block->number(directory, 2);
  if (!count) return 1;
  for (std::size_t i = 0; i < *count; ++i) {
    const std::size_t entry = directory + 2 + i * k_entry_bytes;
    const std::optional<std::uint32_t> tag = block->number(entry, 2);
    if (!tag) return 1;  // past the end
    if (*tag != k_orientation_tag) continue;
    const std::size_t size = bytes_of_type(block->number(entry + 2, 2).value_or(0));
    if (size == 0) return 1;
    const std::uint32_t value = block->number(entry + 8, size).value_or(1);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

}  // namespace modelhub::vision
