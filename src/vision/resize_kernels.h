// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace modelhub::vision {

// The inner loops of resizing: weighted pixels become one. SSE2, which every x86-64 has, halves
// their time; elsewhere plain loops do the same arithmetic. Pixels are read as four bytes, of which
// the fourth is not used.

// What a processor has beyond that. Every choice gives the same levels.
enum class Isa { baseline, avx2 };
// The best that this processor has. Costs nothing after the first call.
Isa best_isa();

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

// The source pixels that one place needs.
struct PilTaps {
  std::int64_t first = 0;  // source index
  std::size_t count = 0;   // at least 1
  // Where they begin in an array of pairs, which has an even number of pairs for each place. The
  // weights behind the last tap are nought.
  std::size_t pairs = 0;
};

// A row of source pixels, with a byte behind that can be read, and where its levels go.
struct PilRow {
  const std::uint8_t* pixels;
  std::uint8_t* levels;
};
// So many are worked on together: what their weights cost to load is paid once.
constexpr int k_pil_rows = 4;
using PilRows = std::array<PilRow, k_pil_rows>;
// The horizontal pass of some rows of `pixels` pixels (the last may be given more than once): for
// each of `count` places the sum of its weighted pixels, rounded to levels of four channels.
void pil_columns(Isa isa, const PilRows& rows, std::size_t pixels, const PilTaps* places,
                 std::size_t count, const PilPair* pairs);
// The vertical one, for `count` levels. `rows` holds `taps` pointers.
void pil_rows(Isa isa, const std::uint8_t* const* rows, const PilPair* pairs, std::size_t taps,
              std::size_t count, std::uint8_t* levels);

}  // namespace modelhub::vision
