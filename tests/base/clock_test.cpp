// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"

#include <gtest/gtest.h>

namespace modelhub::base {
namespace {

TEST(ClockTest, WritesTimesInOneForm) {
  const std::chrono::system_clock::time_point epoch;
  EXPECT_EQ(to_rfc3339(epoch), "1970-01-01T00:00:00Z");
  EXPECT_EQ(to_rfc3339(epoch + std::chrono::seconds(1'795'410'100)), "2026-11-23T05:01:40Z");
  EXPECT_EQ(to_rfc3339(epoch + std::chrono::milliseconds(1999)), "1970-01-01T00:00:01Z");
}

TEST(ClockTest, TheRealOneDoesNotGoBack) {
  const auto before = Clock::real().steady_now();
  EXPECT_GE(Clock::real().steady_now(), before);
  EXPECT_GT(Clock::real().system_now().time_since_epoch().count(), 0);
}

}  // namespace
}  // namespace modelhub::base
