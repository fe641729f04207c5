// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <thread>

#include <gmock/gmock.h>

#include "base/hasher.h"
#include "support/sanitized.h"
#include "transfer/range_server.h"
#include "transfer/transfer_fixture.h"

namespace modelhub::transfer {
namespace {

using std::chrono::milliseconds;
using test::HttpReply;
using test::HttpRequest;
using Ending = HttpReply::Ending;

constexpr std::size_t k_parts_mib = 1024 * 1024;

class ConnectionsTest : public TransferFixture {
 protected:
  // A server that gives each connection 256 KiB every 5 ms: 50 MB/s.
  static HttpReply slow(const HttpRequest&, HttpReply reply) {
    return std::move(reply).dripping(256 * 1024, milliseconds(5));
  }
  RangeFile slow_file() const {
    RangeFile file = range_file(body_);
    file.twist = &slow;
    return file;
  }
  std::size_t range_requests() const {
    std::size_t count = 0;
    for (const HttpRequest& request : server_.requests()) count += asked_range(request) ? 1 : 0;
    return count;
  }
  Result<Fetched> fetch_it() { return fetch(body_, {server_.url("/m.onnx")}); }
  void expect_whole(const Result<Fetched>& fetched) const {
    ASSERT_TRUE(fetched) << fetched.error().to_string();
    EXPECT_TRUE(test::content_of(destination()) == body_);
  }

  const std::string body_ = model_bytes(48 * k_parts_mib + 99);
};

TEST_F(ConnectionsTest, MoreAreUsedWhenTheRateOfEachIsTheLimit) {
  server_.on("/m.onnx", range_handler(slow_file()));
  const Result<Fetched> fetched = fetch_it();
  expect_whole(fetched);
  EXPECT_EQ(fetched->attempts, 1);
  // A sanitizer leaves less of a rate to gain.
  EXPECT_GE(server_.peak_connections(), test::k_is_sanitized ? 2U : 3U);
  EXPECT_LE(server_.peak_connections(), 9U);  // a replaced one may still be closing
  // The first asks for all of it; what it was cut off from may be on its way already.
  EXPECT_FALSE(asked_range(server_.requests().at(0)));
  EXPECT_GE(fetched->received.count(), body_.size());
}

TEST_F(ConnectionsTest, AServerWithoutRangesGetsOneRequest) {
  server_.on("/m.onnx", test::file_reply(body_).dripping(256 * 1024, milliseconds(5)));
  expect_whole(fetch_it());
  EXPECT_EQ(server_.request_count(), 1U);
}

TEST_F(ConnectionsTest, WithoutAValidatorOrWithTheirRefusalThereIsOne) {
  RangeFile file = slow_file();
  file.etag = "W/\"weak\"";
  server_.on("/m.onnx", range_handler(file));
  expect_whole(fetch_it());
  EXPECT_EQ(server_.request_count(), 1U);
}

TEST_F(ConnectionsTest, AServerThatOnlySaysThatItHasRangesIsLeftWithOne) {
  RangeFile file = slow_file();
  file.twist = [this](const HttpRequest& request, HttpReply reply) {
    if (asked_range(request)) {
      // So long that the rate has been looked at many times before the first answer is there.
      std::this_thread::sleep_for(std::chrono::milliseconds(500));
      reply = test::file_reply(body_);
    }
    return slow(request, std::move(reply));
  };
  server_.on("/m.onnx", range_handler(file));
  const Result<Fetched> fetched = fetch_it();
  expect_whole(fetched);
  EXPECT_EQ(fetched->attempts, 1);
  // The first one, and one step of three more; a piece of the first may be asked for again.
  EXPECT_LE(server_.request_count(), 5U);
}

TEST_F(ConnectionsTest, OtherPartsThanWereAskedForAreNotTaken) {
  RangeFile file = slow_file();
  file.twist = [](const HttpRequest& request, HttpReply reply) {
    for (auto& [name, value] : reply.headers) {
      if (name == "Content-Range") value = "bytes 0-99/" + std::to_string(48 * k_parts_mib + 99);
    }
    return slow(request, std::move(reply));
  };
  server_.on("/m.onnx", range_handler(file));
  const Result<Fetched> fetched = fetch_it();
  expect_whole(fetched);
  EXPECT_GE(fetched->received.count(), body_.size());
}

TEST_F(ConnectionsTest, OneThatStandsStillDoesNotHoldUpTheRest) {
  RangeFile file = slow_file();
  std::atomic<int> parts = 0;
  file.twist = [&](const HttpRequest& request, HttpReply reply) {
    if (asked_range(request) && parts++ == 1) {
      return std::move(reply).ending_with(Ending::stall, 1000);
    }
    return slow(request, std::move(reply));
  };
  server_.on("/m.onnx", range_handler(file));
  const auto began = std::chrono::steady_clock::now();
  expect_whole(fetch_it());
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(20));  // not 30: a stall
}

TEST_F(ConnectionsTest, OneThatBreaksIsReplaced) {
  RangeFile file = slow_file();
  std::atomic<int> parts = 0;
  file.twist = [&](const HttpRequest& request, HttpReply reply) {
    if (asked_range(request)) {
      const int part = parts++;
      // Two break at once, while the first connection has most of the file before it: one that
      // broke with no other beside it would rightly be a failed attempt.
      if (part == 0 || part == 1) return std::move(reply).ending_with(Ending::reset, 64 * 1024);
    }
    return slow(request, std::move(reply));
  };
  server_.on("/m.onnx", range_handler(file));
  const Result<Fetched> fetched = fetch_it();
  expect_whole(fetched);
  EXPECT_EQ(fetched->attempts, 1);
  EXPECT_GE(parts, 4);  // others took over what those two had left
}

TEST_F(ConnectionsTest, OneIsAllWhenTheUserSaysSo) {
  options_.connections_per_file = 1;
  server_.on("/m.onnx", range_handler(slow_file()));
  expect_whole(fetch_it());
  EXPECT_EQ(range_requests(), 0U);
  EXPECT_EQ(server_.peak_connections(), 1U);
}

}  // namespace
}  // namespace modelhub::transfer
