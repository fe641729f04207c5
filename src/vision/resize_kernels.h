// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace modelhub::vision {

// The inner loops of resizing: two weighted pixels become one. SSE2, which every x86-64 has, halves
// their time; elsewhere plain loops do the same arithmetic. Pixels are read as four bytes, of which
// the fourth is not used.

// The two source pixels of one column and their weights, of 11 bits.
struct CvColumn {
  std::uint32_t first_offset;  // bytes from the start of the row
  std::uint32_t second_offset;
  std::uint32_t weights;  // of the first in the low 16 bits
};

// (p * w + q * w') >> 4 for four channels of `count` columns: the horizontal half of OpenCV's
// INTER_LINEAR.
void cv_columns(const std::uint8_t* row, const CvColumn* columns, std::size_t count,
                std::int16_t* out);
// The vertical half: levels of two such rows.
void cv_rows(const std::int16_t* upper, const std::int16_t* lower, int upper_weight,
             int lower_weight, std::size_t count, std::uint8_t* levels);

// Weights of 22 bits, two taps at a time and split so that each half fits 16-bit multiplication:
// w = (high << 11) + low. The first tap is in the low 16 bits of each.
struct PilPair {
  std::uint32_t high;
  std::uint32_t low;
};
constexpr int k_pil_bits = 22;
constexpr int k_pil_split = 11;

// Sum of weighted pixels, rounded to levels of four channels. `taps` may be odd: the last weight is
// nought then, and the pixel behind is not read.
void pil_column(const std::uint8_t* pixels, const PilPair* pairs, std::size_t taps,
                std::uint8_t* level);
// The same down the rows, for `count` levels. `rows` holds `taps` pointers.
void pil_rows(const std::uint8_t* const* rows, const PilPair* pairs, std::size_t taps,
              std::size_t count, std::uint8_t* levels);

}  // namespace modelhub::vision
