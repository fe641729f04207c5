// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "transfer/byte_ranges.h"

#include <random>
#include <set>

#include <gmock/gmock.h>

namespace modelhub::transfer {
namespace {

TEST(ByteRangesTest, MergesWhatTouchesAndSplitsWhatIsTakenOut) {
  ByteRanges ranges;
  ranges.add({0, 10});
  ranges.add({20, 30});
  EXPECT_EQ(ranges.total(), 20U);
  ranges.add({10, 20});
  EXPECT_EQ(ranges.ranges().size(), 1U);
  ranges.remove({5, 25});
  EXPECT_EQ(ranges.total(), 10U);
  EXPECT_TRUE(ranges.contains({0, 5}));
  EXPECT_FALSE(ranges.contains({0, 6}));
  EXPECT_EQ(ranges.end_of_run(26), 30U);
  EXPECT_EQ(ranges.end_of_run(7), 7U);
  EXPECT_EQ(ranges.first_gap({0, 40}), (ByteRange{5, 25}));
  EXPECT_EQ(ranges.first_gap({26, 40}), (ByteRange{30, 40}));
  EXPECT_TRUE(ranges.first_gap({25, 30}).is_empty());
}

TEST(ByteRangesTest, AgreesWithASetOfBytes) {
  std::mt19937 random(7);
  ByteRanges ranges;
  std::set<std::uint64_t> slow;
  for (int step = 0; step < 3000; ++step) {
    const std::uint64_t from = random() % 60;
    const std::uint64_t to = from + random() % 20;
    const bool adds = random() % 2 == 0;
    adds ? ranges.add({from, to}) : ranges.remove({from, to});
    for (std::uint64_t i = from; i < to; ++i) adds ? (void)slow.insert(i) : (void)slow.erase(i);
    ASSERT_EQ(ranges.total(), slow.size());
    for (std::uint64_t i = 0; i < 80; ++i) {
      ASSERT_EQ(ranges.contains({i, i + 1}), slow.count(i) == 1);
      std::uint64_t end = i;
      while (slow.count(end) == 1) ++end;
      ASSERT_EQ(ranges.end_of_run(i), end);
    }
    std::uint64_t before = 0;
    for (const auto& [start, end] : ranges.ranges()) {
      ASSERT_LT(start, end);
      ASSERT_TRUE(start == 0 || start > before);
      before = end;
    }
  }
}

}  // namespace
}  // namespace modelhub::transfer
