// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "transfer/rate_meter.h"

#include <gtest/gtest.h>

namespace modelhub::transfer {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(RateMeterTest, KnowsNothingAtFirst) {
  RateMeter meter;
  EXPECT_EQ(meter.bytes_per_second(), 0);
  meter.restart({}, 0);
  meter.sample({}, 100);
  EXPECT_EQ(meter.bytes_per_second(), 0);
}

TEST(RateMeterTest, ForgetsWhatIsOlderThanItsWindow) {
  RateMeter meter;
  RateMeter::TimePoint now{};
  meter.restart(now, 0);
  std::uint64_t done = 0;
  for (int i = 0; i < 50; ++i) meter.sample(now += milliseconds(100), done += 1000);
  EXPECT_NEAR(meter.bytes_per_second(), 10'000, 1);
  for (int i = 0; i < 50; ++i) meter.sample(now += milliseconds(100), done);
  EXPECT_EQ(meter.bytes_per_second(), 0);
}

TEST(RateMeterTest, TheTimeLeftFollowsFromTheRate) {
  RateMeter meter;
  meter.restart({}, 0);
  meter.sample(RateMeter::TimePoint(seconds(2)), 2000);
  Progress progress;
  progress.bytes_done = 2000;
  progress.bytes_total = 5500;
  fill_rate(progress, meter);
  EXPECT_EQ(progress.bytes_per_second, 1000);
  EXPECT_EQ(progress.eta, seconds(4));
  meter.restart({}, 0);
  fill_rate(progress, meter);
  EXPECT_FALSE(progress.eta);
}

}  // namespace
}  // namespace modelhub::transfer
