// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// Files of which nobody knows more than the URL: how large they are, and fetching them once.
#include <gmock/gmock.h>

#include "base/hasher.h"
#include "transfer/transfer.h"
#include "transfer/transfer_fixture.h"

namespace modelhub::transfer {
namespace {

using std::chrono::milliseconds;
using test::file_reply;
using test::HttpReply;
using ::testing::HasSubstr;

class FirstUseTest : public TransferFixture {
 protected:
  Result<RemoteFile> look_at(const std::string& url, const std::stop_token& stop = {}) {
    transfer_ = std::make_unique<Transfer>(options_, callbacks_);
    return transfer_->look_at(url, stop);
  }
  Result<Fetched> fetch_unknown(const std::string& body, const std::string& url) {
    FetchRequest request = request_for(body, {url});
    request.digest.reset();
    return start(std::move(request)).get();
  }
  void expect_error(const std::string& path, ErrorCode code, const std::string& words) {
    const Result<RemoteFile> remote = look_at(server_.url(path));
    ASSERT_FALSE(remote) << path;
    EXPECT_EQ(remote.error().code, code) << remote.error().to_string();
    EXPECT_THAT(remote.error().message, HasSubstr(server_.url(path)));
    EXPECT_THAT(remote.error().message, HasSubstr(words));
  }
};

// ---- how large it is ----

TEST_F(FirstUseTest, TheSizeIsToldAndNothingIsFetched) {
  const std::string body = model_bytes(20'000'000);
  server_.on("/m.onnx", file_reply(body));
  const Result<RemoteFile> remote = look_at(server_.url("/m.onnx?token=geheim"));
  ASSERT_TRUE(remote) << remote.error().to_string();
  EXPECT_EQ(remote->bytes.count(), body.size());
  EXPECT_EQ(remote->shown, server_.url("/m.onnx?..."));
  EXPECT_EQ(server_.request_count(), 1U);
  EXPECT_LT(server_.body_bytes_sent(), body.size()) << "it hangs up";
  EXPECT_EQ(transfer_->network_requests(), 1U);
}

TEST_F(FirstUseTest, RedirectsAreFollowedAndTheTokenStays) {
  test::HttpServer other;
  other.on("/real", file_reply("0123456789"));
  server_.on("/m.onnx", test::redirect_reply(302, other.url("/real")));
  options_.tokens = {{server_.url(""), "geheim"}};
  const Result<RemoteFile> remote = look_at(server_.url("/m.onnx"));
  ASSERT_TRUE(remote) << remote.error().to_string();
  EXPECT_EQ(remote->bytes.count(), 10U);
  EXPECT_EQ(remote->shown, other.url("/real"));
  EXPECT_EQ(server_.requests().at(0).headers.at("authorization"), "Bearer geheim");
  EXPECT_EQ(other.requests().at(0).headers.count("authorization"), 0U);
}

TEST_F(FirstUseTest, WhatCannotBeToldIsAnError) {
  server_.on("/chunked", file_reply("x").with_framing(HttpReply::Framing::chunked));
  server_.on("/empty", file_reply(""));
  server_.on("/page", file_reply("<html>").with_header("Content-Type", "text/html; charset=utf-8"));
  server_.on("/secret", test::status_reply(403));
  server_.on("/loop", test::redirect_reply(302, "/loop"));
  server_.on("/file", test::redirect_reply(302, "file:///etc/passwd"));
  expect_error("/missing", ErrorCode::not_found, "404");
  expect_error("/chunked", ErrorCode::unsupported, "does not say how large");
  expect_error("/empty", ErrorCode::unsupported, "does not say how large");
  expect_error("/page", ErrorCode::corrupt_data, "an HTML page");
  expect_error("/secret", ErrorCode::unauthorized, "403");
  expect_error("/loop", ErrorCode::unavailable, "more than 10 times");
  expect_error("/file", ErrorCode::unavailable, "redirects wrongly");
  EXPECT_EQ(look_at("no url").error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(look_at(dead_url("/m")).error().code, ErrorCode::unavailable);
}

TEST_F(FirstUseTest, WhatMayPassIsTriedAgain) {
  server_.on("/m.onnx", {test::status_reply(503), test::status_reply(500), file_reply("abc")});
  const Result<RemoteFile> remote = look_at(server_.url("/m.onnx"));
  ASSERT_TRUE(remote) << remote.error().to_string();
  EXPECT_EQ(remote->bytes.count(), 3U);
  EXPECT_EQ(server_.request_count(), 3U);
}

TEST_F(FirstUseTest, AServerThatDoesNotAnswerIsGivenUp) {
  options_.stall_limit = milliseconds(100);
  options_.attempts_per_source = 1;
  server_.on("/m.onnx", file_reply("abc").ending_before_head(HttpReply::Ending::stall));
  expect_error("/m.onnx", ErrorCode::timed_out, "does not answer");
  server_.on("/n.onnx", file_reply("abc").with_endless_head());
  const Result<RemoteFile> endless = look_at(server_.url("/n.onnx"));
  ASSERT_FALSE(endless);
}

TEST_F(FirstUseTest, LookingEndsSoonAfterItsStop) {
  server_.on("/m.onnx", file_reply("abc").ending_before_head(HttpReply::Ending::stall));
  std::stop_source stop;
  std::thread stopper([&] {
    server_.wait_for_requests(1);
    stop.request_stop();
  });
  const Result<RemoteFile> remote = look_at(server_.url("/m.onnx"), stop.get_token());
  stopper.join();
  ASSERT_FALSE(remote);
  EXPECT_EQ(remote.error().code, ErrorCode::cancelled);
}

TEST_F(FirstUseTest, WithoutTheNetworkNobodyIsAsked) {
  options_.network = Network::off;
  const Result<RemoteFile> remote = look_at(server_.url("/m.onnx"));
  ASSERT_FALSE(remote);
  EXPECT_EQ(remote.error().code, ErrorCode::offline);
  EXPECT_EQ(server_.request_count(), 0U);
}

// ---- fetching it ----

TEST_F(FirstUseTest, WhateverComesIsTakenAndToldByItsDigest) {
  const std::string body = model_bytes(9'000'000);
  server_.on("/m.onnx", file_reply(body));
  const Result<Fetched> fetched = fetch_unknown(body, server_.url("/m.onnx"));
  ASSERT_TRUE(fetched) << fetched.error().to_string();
  EXPECT_EQ(fetched->digest, base::sha256_of(body));
  EXPECT_EQ(fetched->chunks.size(), 3U);
  EXPECT_EQ(test::content_of(destination()), body);
  EXPECT_EQ(server_.request_count(), 1U) << "parts of it could not be proved to fit together";
}

TEST_F(FirstUseTest, MirrorsAreNotAsked) {
  options_.mirrors = {server_.url("/mirror")};
  server_.on("/m.onnx", file_reply("body"));
  ASSERT_TRUE(fetch_unknown("body", server_.url("/m.onnx")));
  EXPECT_EQ(server_.request_count(), 1U);
}

TEST_F(FirstUseTest, WhatBreaksOffBeginsAnew) {
  const std::string body = model_bytes(3'000'000);
  server_.on("/m.onnx",
             {file_reply(model_bytes(3'000'000)).ending_with(HttpReply::Ending::reset, 2'000'000),
              file_reply(body)});
  const Result<Fetched> fetched = fetch_unknown(body, server_.url("/m.onnx"));
  ASSERT_TRUE(fetched) << fetched.error().to_string();
  EXPECT_EQ(fetched->digest, base::sha256_of(body));
  for (const test::HttpRequest& request : server_.requests())
    EXPECT_EQ(request.headers.count("range"), 0U);
}

TEST_F(FirstUseTest, APartialOfItIsOfNoUseAndNotKept) {
  const std::string body = model_bytes(30'000'000);
  options_.attempts_per_source = 1;
  server_.on("/m.onnx", file_reply(body).ending_with(HttpReply::Ending::reset, 20'000'000));
  const Result<Fetched> fetched = fetch_unknown(body, server_.url("/m.onnx"));
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().code, ErrorCode::unavailable);
  EXPECT_FALSE(has_destination());
  EXPECT_EQ(test::content_of(journal()), "");
}

TEST_F(FirstUseTest, AnotherSizeThanWasToldIsRefused) {
  server_.on("/m.onnx", file_reply("longer than was told"));
  const Result<Fetched> fetched = fetch_unknown("short", server_.url("/m.onnx"));
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().code, ErrorCode::checksum_mismatch);
  EXPECT_FALSE(has_destination());
}

}  // namespace
}  // namespace modelhub::transfer
