// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "transfer/byte_ranges.h"

namespace modelhub::transfer {

// A file is hashed, remembered and mended in pieces of this size; the last one may be shorter.
inline constexpr std::uint64_t k_chunk_bytes = 4 * 1024 * 1024;

// How far ahead of the hash bytes may come. 16 connections of two segments each fit twice, so that
// one that is behind does not stop the others at once.
inline constexpr std::uint64_t k_window_bytes = 256 * 1024 * 1024;

inline std::size_t chunk_count(std::uint64_t file_bytes) {
  return static_cast<std::size_t>((file_bytes + k_chunk_bytes - 1) / k_chunk_bytes);
}

inline ByteRange chunk_range(std::size_t index, std::uint64_t file_bytes) {
  const std::uint64_t from = index * k_chunk_bytes;
  return {from, std::min(from + k_chunk_bytes, file_bytes)};
}

}  // namespace modelhub::transfer
