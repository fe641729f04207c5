// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "vision/resize_kernels.h"

#include <random>

#include <gtest/gtest.h>

namespace modelhub::vision {
namespace {

// Weights for so many taps that add up to one, in the form of the kernels.
class Weights {
 public:
  Weights(std::size_t taps, std::mt19937& random) : values_(taps), pairs_((taps + 3) / 4 * 2) {
    std::uint32_t left = 1U << k_pil_bits;
    for (std::size_t k = 0; k < taps; ++k) {
      const std::uint32_t most = left / static_cast<std::uint32_t>(taps - k) * 2;
      values_[k] =
          k + 1 == taps ? left : std::min(left, static_cast<std::uint32_t>(random()) % (most + 1));
      left -= values_[k];
      PilPair& pair = pairs_[k / 2];
      const std::size_t shift = k % 2 * 16;
      pair.high |= (values_[k] >> k_pil_split) << shift;
      pair.low |= (values_[k] & ((1U << k_pil_split) - 1)) << shift;
    }
  }
  const std::vector<PilPair>& pairs() const { return pairs_; }

  // What Pillow computes of levels that `at` gives.
  template <class At>
  int level(const At& at) const {
    std::int64_t sum = 1 << (k_pil_bits - 1);
    for (std::size_t k = 0; k < values_.size(); ++k) sum += std::int64_t{at(k)} * values_[k];
    return static_cast<int>(std::clamp<std::int64_t>(sum >> k_pil_bits, 0, 255));
  }

 private:
  std::vector<std::uint32_t> values_;
  std::vector<PilPair> pairs_;
};

std::vector<std::uint8_t> noise(std::size_t count, std::mt19937& random) {
  std::vector<std::uint8_t> bytes(count);
  // Also the ends of the range, where sums would overflow.
  for (std::uint8_t& byte : bytes)
    byte = static_cast<std::uint8_t>(random() % 4 == 0 ? 255 : random());
  return bytes;
}

class PilKernelsTest : public testing::TestWithParam<Isa> {};

TEST_P(PilKernelsTest, ColumnsAreWeightedSumsUpToTheEndOfTheRow) {
  std::mt19937 random(7);
  for (std::size_t taps = 1; taps <= 23; ++taps) {
    const std::size_t pixels = taps + 9;
    // Exactly what may be read: AddressSanitizer sees one byte more.
    std::vector<std::vector<std::uint8_t>> rows;
    for (int r = 0; r < k_pil_rows; ++r) rows.push_back(noise(pixels * 3 + 1, random));
    std::vector<PilTaps> places;
    std::vector<PilPair> pairs;
    std::vector<Weights> weights;
    for (std::size_t first = 0; first + taps <= pixels; ++first) {
      weights.emplace_back(taps, random);
      places.push_back({static_cast<std::int64_t>(first), taps, pairs.size()});
      pairs.insert(pairs.end(), weights.back().pairs().begin(), weights.back().pairs().end());
    }
    std::vector<std::vector<std::uint8_t>> levels(k_pil_rows,
                                                  std::vector<std::uint8_t>(places.size() * 4));
    PilRows work;
    for (std::size_t r = 0; r < work.size(); ++r) work[r] = {rows[r].data(), levels[r].data()};
    pil_columns(GetParam(), work, pixels, places.data(), places.size(), pairs.data());
    for (std::size_t i = 0; i < places.size() * k_pil_rows * 3; ++i) {
      const std::size_t x = i / (k_pil_rows * 3);
      const std::size_t r = i / 3 % k_pil_rows;
      const std::size_t c = i % 3;
      const int expected =
          weights[x].level([&](std::size_t k) { return rows[r][3 * (x + k) + c]; });
      EXPECT_EQ(levels[r][4 * x + c], expected)
          << taps << " taps, place " << x << ", row " << r << ", channel " << c;
    }
  }
}

TEST_P(PilKernelsTest, RowsAreWeightedSumsWhateverTheirLength) {
  std::mt19937 random(8);
  for (std::size_t taps = 1; taps <= 9; ++taps) {
    for (const std::size_t count : {1, 4, 8, 15, 16, 17, 24, 44}) {
      const Weights weights(taps, random);
      std::vector<std::vector<std::uint8_t>> lines;
      std::vector<const std::uint8_t*> rows;
      for (std::size_t k = 0; k < taps; ++k) lines.push_back(noise(count, random));
      for (const auto& line : lines) rows.push_back(line.data());
      std::vector<std::uint8_t> levels(count);
      pil_rows(GetParam(), rows.data(), weights.pairs().data(), taps, count, levels.data());
      for (std::size_t i = 0; i < count; ++i) {
        EXPECT_EQ(levels[i], weights.level([&](std::size_t k) { return lines[k][i]; }))
            << taps << " taps, level " << i << " of " << count;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Isa, PilKernelsTest, testing::Values(Isa::baseline, best_isa()),
                         [](const auto& parameter) {
                           return parameter.index == 0 ? "baseline" : "best";
                         });

}  // namespace
}  // namespace modelhub::vision
