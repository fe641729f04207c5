// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "transfer/rate_limit.h"

#include <gtest/gtest.h>

#include "transfer/range_server.h"
#include "transfer/transfer_fixture.h"

namespace modelhub::transfer {
namespace {

using std::chrono::milliseconds;

TEST(RateLimitTest, WithoutALimitItIsAlwaysOpen) {
  RateLimit limit{ByteCount(0)};
  limit.take(1'000'000'000);
  EXPECT_TRUE(limit.is_open(RateLimit::TimePoint(milliseconds(1))));
}

TEST(RateLimitTest, WhatCameTooEarlyIsWaitedFor) {
  RateLimit limit{ByteCount(1000)};
  RateLimit::TimePoint now(milliseconds(1));
  EXPECT_TRUE(limit.is_open(now));
  limit.take(500);
  EXPECT_FALSE(limit.is_open(now));
  EXPECT_EQ(limit.wait(), milliseconds(500));
  EXPECT_FALSE(limit.is_open(now + milliseconds(499)));
  EXPECT_TRUE(limit.is_open(now + milliseconds(501)));
}

TEST(RateLimitTest, APauseDoesNotSaveUpForLong) {
  RateLimit limit{ByteCount(1000)};
  RateLimit::TimePoint now(milliseconds(1));
  EXPECT_TRUE(limit.is_open(now));
  now += std::chrono::hours(1);
  EXPECT_TRUE(limit.is_open(now));
  limit.take(200);
  EXPECT_FALSE(limit.is_open(now));
}

class LimitedTransferTest : public TransferFixture {};

TEST_F(LimitedTransferTest, AllFetchesTogetherKeepToTheLimit) {
  options_.limit_rate = ByteCount(2'000'000);
  std::vector<Job<Fetched>> jobs;
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < 3; ++i) {
    const std::string body = model_bytes(400'000 + static_cast<std::size_t>(i));
    const std::string path = "/m" + std::to_string(i);
    server_.on(path, range_handler(range_file(body)));
    FetchRequest request = request_for(body, {server_.url(path)});
    request.folder += std::to_string(i);
    std::filesystem::create_directories(request.folder);
    jobs.push_back(start(std::move(request)));
  }
  for (const Job<Fetched>& job : jobs) EXPECT_TRUE(job.get());
  // 1.2 MB, of which what lay ready in the sockets when the bucket ran dry came for nothing.
  EXPECT_GT(std::chrono::steady_clock::now() - began, milliseconds(250));
}

}  // namespace
}  // namespace modelhub::transfer
