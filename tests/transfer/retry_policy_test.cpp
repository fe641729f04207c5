// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "transfer/retry_policy.h"

#include <gtest/gtest.h>

namespace modelhub::transfer {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr RetryPolicy k_policy{5, milliseconds(500), seconds(30), seconds(120)};

Failure passing() {
  Failure failure;
  failure.remedy = Remedy::retry;
  return failure;
}

TEST(RetryPolicyTest, TheWaitDoublesUpToTheMaximum) {
  const RetryPolicy patient{100, milliseconds(500), seconds(30), seconds(120)};
  EXPECT_EQ(wait_before_retry(patient, passing(), 1, MoreSources::no, 0), milliseconds(500));
  EXPECT_EQ(wait_before_retry(patient, passing(), 2, MoreSources::no, 0), milliseconds(1000));
  EXPECT_EQ(wait_before_retry(patient, passing(), 6, MoreSources::no, 0), milliseconds(16'000));
  EXPECT_EQ(wait_before_retry(patient, passing(), 7, MoreSources::no, 0), milliseconds(30'000));
  EXPECT_EQ(wait_before_retry(patient, passing(), 99, MoreSources::no, 0), milliseconds(30'000));
}

TEST(RetryPolicyTest, AtMostHalfOfItIsLeftToChance) {
  EXPECT_EQ(wait_before_retry(k_policy, passing(), 1, MoreSources::no, 0.5), milliseconds(375));
  EXPECT_GE(wait_before_retry(k_policy, passing(), 1, MoreSources::no, 0.999).value(),
            milliseconds(250));
}

TEST(RetryPolicyTest, EndsWithTheAttemptsAndAtOnceForWhatStays) {
  EXPECT_TRUE(wait_before_retry(k_policy, passing(), 4, MoreSources::no, 0));
  EXPECT_FALSE(wait_before_retry(k_policy, passing(), 5, MoreSources::no, 0));
  EXPECT_FALSE(wait_before_retry(k_policy, Failure(), 1, MoreSources::no, 0));
}

TEST(RetryPolicyTest, TheServersWishIsTheLeastWait) {
  Failure failure = passing();
  failure.retry_after = seconds(7);
  EXPECT_EQ(wait_before_retry(k_policy, failure, 1, MoreSources::no, 0), seconds(7));
  EXPECT_EQ(wait_before_retry(k_policy, failure, 1, MoreSources::no, 0.5), milliseconds(7250));
  failure.retry_after = seconds(121);
  EXPECT_FALSE(wait_before_retry(k_policy, failure, 1, MoreSources::no, 0));
}

TEST(RetryPolicyTest, AnUnreachableHostIsWaitedForOnlyWhenItIsTheLast) {
  Failure failure = passing();
  failure.is_host_unreachable = true;
  EXPECT_FALSE(wait_before_retry(k_policy, failure, 1, MoreSources::yes, 0));
  EXPECT_TRUE(wait_before_retry(k_policy, failure, 1, MoreSources::no, 0));
}

TEST(RetryPolicyTest, ReadsBothFormsOfRetryAfter) {
  const auto now =
      std::chrono::system_clock::time_point(seconds(1'767'225'600));  // 2026-01-01T00:00:00Z
  EXPECT_EQ(parse_retry_after("0", now), seconds(0));
  EXPECT_EQ(parse_retry_after("120", now), seconds(120));
  EXPECT_EQ(parse_retry_after("Thu, 01 Jan 2026 00:00:10 GMT", now), seconds(10));
  EXPECT_EQ(parse_retry_after("Wed, 31 Dec 2025 23:59:00 GMT", now), seconds(0));
  EXPECT_EQ(parse_retry_after("99999999999999999999999", now), std::chrono::hours(24));
  EXPECT_EQ(parse_retry_after("Thu, 01 Jan 2099 00:00:10 GMT", now), std::chrono::hours(24));
  // Beyond the year 2262 the clock has no nanoseconds. Not every libcurl reads such years.
  for (const char* far : {"Sun, 06 Nov 82044 00:00:00 GMT", "Sun Nov 6 082044"}) {
    EXPECT_EQ(parse_retry_after(far, now).value_or(std::chrono::hours(24)), std::chrono::hours(24));
  }
  for (const char* nonsense : {"", "soon", "-5", "1e9", "12 apples"}) {
    EXPECT_FALSE(parse_retry_after(nonsense, now)) << nonsense;
  }
}

}  // namespace
}  // namespace modelhub::transfer
