// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// Files that are read into memory, from servers that say little about them.
#include <atomic>
#include <thread>

#include <gmock/gmock.h>

#include "transfer/transfer.h"
#include "transfer/transfer_fixture.h"

namespace modelhub::transfer {
namespace {

using std::chrono::milliseconds;
using test::file_reply;
using test::HttpReply;
using test::HttpServer;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

using Framing = HttpReply::Framing;
using Ending = HttpReply::Ending;

std::string text_of(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

class ReadTest : public TransferFixture {
 protected:
  Result<std::vector<std::byte>> read(const std::string& url, const std::stop_token& stop = {}) {
    if (!transfer_) transfer_ = std::make_unique<Transfer>(options_, callbacks_);
    return transfer_->read(
        url, limits_, [this](Progress progress) { progress_ = std::move(progress); }, stop);
  }
  Error error_of(const std::string& path, ErrorCode code, Subject subject,
                 const std::string& words) {
    const Result<std::vector<std::byte>> bytes = read(server_.url(path));
    EXPECT_FALSE(bytes) << path;
    if (bytes) return {};
    EXPECT_EQ(bytes.error().code, code) << bytes.error().to_string();
    EXPECT_EQ(bytes.error().subject, subject) << bytes.error().to_string();
    EXPECT_THAT(bytes.error().message, HasSubstr(server_.url(path)));
    EXPECT_THAT(bytes.error().message, HasSubstr(words));
    EXPECT_FALSE(bytes.error().hint.empty());
    EXPECT_THAT(bytes.error().hint, Not(HasSubstr("--mirror")));
    return bytes.error();
  }

  ReadLimits limits_{ByteCount(1'000'000), milliseconds(0)};
  Progress progress_;
};

TEST_F(ReadTest, EveryFramingGivesTheBytes) {
  const std::string body = model_bytes(300'000);
  for (const Framing framing : {Framing::content_length, Framing::chunked, Framing::until_close}) {
    server_.on("/bus.jpg", file_reply(body).with_framing(framing));
    const auto bytes = read(server_.url("/bus.jpg"));
    ASSERT_TRUE(bytes) << bytes.error().to_string();
    EXPECT_EQ(text_of(*bytes), body);
  }
  EXPECT_EQ(transfer_->network_requests(), 3U);
  EXPECT_FALSE(has_destination());
  server_.on("/empty", file_reply(""));
  EXPECT_TRUE(read(server_.url("/empty")).value().empty());
}

TEST_F(ReadTest, AnyTypeOfContentIsTaken) {
  server_.on("/bus.jpg", file_reply("pixels").with_header("Content-Type", "text/html"));
  EXPECT_EQ(text_of(read(server_.url("/bus.jpg")).value()), "pixels") << "servers often mislabel";
}

TEST_F(ReadTest, ProgressIsToldWithTheUrlThatCanBeShown) {
  server_.on("/bus.jpg", file_reply("pixels"));
  ASSERT_TRUE(read("http://me:geheim@" + server_.host_and_port() + "/bus.jpg?key=geheim"));
  EXPECT_EQ(progress_.phase, Phase::downloading);
  EXPECT_EQ(progress_.subject, server_.url("/bus.jpg?..."));
  EXPECT_EQ(progress_.bytes_total, 6U);
  EXPECT_THAT(server_.requests().at(0).headers.at("authorization"), HasSubstr("Basic "));
}

TEST_F(ReadTest, WhatIsTooLargeIsRefusedAtItsHeadOrAtTheLimit) {
  server_.on("/announced", file_reply(model_bytes(1'000'001)));
  const Error error = error_of("/announced", ErrorCode::unsupported, Subject::input, "larger than");
  EXPECT_EQ(exit_code_of(error), 1);
  EXPECT_FALSE(error.retryable);
  server_.on("/chunked", file_reply(model_bytes(1'000'001)).with_framing(Framing::chunked));
  (void)error_of("/chunked", ErrorCode::unsupported, Subject::input, "larger than the 1.00 MB");
  server_.on("/endless",
             file_reply(model_bytes(65'536)).with_framing(Framing::chunked).with_endless_body());
  (void)error_of("/endless", ErrorCode::unsupported, Subject::input, "larger than");
  EXPECT_EQ(server_.request_count(), 3U) << "it is not asked for again";
  server_.on("/fits", file_reply(model_bytes(1'000'000)).with_framing(Framing::chunked));
  EXPECT_EQ(read(server_.url("/fits")).value().size(), 1'000'000U);
}

TEST_F(ReadTest, WhatBreaksOffBeginsAnew) {
  const std::string body = model_bytes(200'000);
  server_.on("/bus.jpg",
             {test::status_reply(503), file_reply(body).ending_with(Ending::reset, 90'000),
              file_reply(body).ending_with(Ending::close, 90'000), file_reply(body)});
  const auto bytes = read(server_.url("/bus.jpg"));
  ASSERT_TRUE(bytes) << bytes.error().to_string();
  EXPECT_EQ(text_of(*bytes), body);
  for (const test::HttpRequest& request : server_.requests())
    EXPECT_EQ(request.headers.count("range"), 0U);
}

TEST_F(ReadTest, WhatStaysBrokenIsToldWithoutTheAdviceToNameAMirror) {
  options_.attempts_per_source = 2;
  server_.on("/cut", file_reply("pixels").ending_with(Ending::close, 3));
  EXPECT_TRUE(error_of("/cut", ErrorCode::unavailable, Subject::network, "broke off").retryable);
  EXPECT_EQ(server_.request_count(), 2U);
  (void)error_of("/missing", ErrorCode::not_found, Subject::network, "404");
  server_.on("/secret", test::status_reply(401));
  EXPECT_THAT(error_of("/secret", ErrorCode::unauthorized, Subject::network, "401").hint,
              HasSubstr("MODELHUB_TOKENS"));
  server_.on("/busy", test::status_reply(500));
  (void)error_of("/busy", ErrorCode::unavailable, Subject::network, "500");
  server_.on("/odd", test::status_reply(418));
  (void)error_of("/odd", ErrorCode::unavailable, Subject::network, "418");
  server_.on("/loop", test::redirect_reply(302, "/loop"));
  (void)error_of("/loop", ErrorCode::unavailable, Subject::network, "more than 10 times");
  server_.on("/file", test::redirect_reply(302, "file:///etc/passwd"));
  (void)error_of("/file", ErrorCode::unavailable, Subject::network, "redirects wrongly");
  const Error unreachable = read(dead_url("/bus.jpg")).error();
  EXPECT_EQ(unreachable.code, ErrorCode::unavailable);
  EXPECT_THAT(unreachable.hint, AllOf(HasSubstr("proxy"), Not(HasSubstr("--mirror"))));
}

TEST_F(ReadTest, WhatIsNoUrlOfTheNetworkIsToldSo) {
  EXPECT_EQ(read("no url").error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(read("ftp://host/bus.jpg").error().code, ErrorCode::unsupported);
  const Error file = read("file:///pictures/a%20bus.jpg").error();
  EXPECT_EQ(exit_code_of(file), 2);
  EXPECT_EQ(file.hint, "name it by its path: /pictures/a bus.jpg");
}

TEST_F(ReadTest, RedirectsAreFollowedAndTheTokenStays) {
  HttpServer other;
  other.on("/real", file_reply("pixels"));
  server_.on("/bus.jpg", test::redirect_reply(302, other.url("/real")));
  options_.tokens = {{server_.url(""), "geheim"}};
  EXPECT_EQ(text_of(read(server_.url("/bus.jpg")).value()), "pixels");
  EXPECT_EQ(server_.requests().at(0).headers.at("authorization"), "Bearer geheim");
  EXPECT_EQ(other.requests().at(0).headers.count("authorization"), 0U);
}

TEST_F(ReadTest, AuthoritiesAreThoseOfAFetch) {
  HttpServer tls(HttpServer::Tls::yes);
  tls.on("/bus.jpg", file_reply("pixels"));
  const Error error = read(tls.url("/bus.jpg")).error();
  EXPECT_EQ(error.code, ErrorCode::unavailable);
  EXPECT_THAT(error.hint, HasSubstr("--cacert FILE"));
  transfer_.reset();
  options_.ca_file = scratch_.write("ca.pem", tls.certificate_pem());
  EXPECT_EQ(text_of(read(tls.url("/bus.jpg")).value()), "pixels");
}

TEST_F(ReadTest, AServerThatFallsSilentIsGivenUp) {
  options_.stall_limit = milliseconds(100);
  options_.attempts_per_source = 1;
  server_.on("/mute", file_reply("pixels").ending_before_head(Ending::stall));
  (void)error_of("/mute", ErrorCode::timed_out, Subject::network, "does not answer");
  server_.on("/stall", file_reply("pixels").ending_with(Ending::stall, 3));
  (void)error_of("/stall", ErrorCode::timed_out, Subject::network, "sent nothing more for 0.1 s");
  server_.on("/drip-head", file_reply("pixels").with_endless_head());
  (void)error_of("/drip-head", ErrorCode::unavailable, Subject::network, "headers without end");
}

TEST_F(ReadTest, ADripEndsAtTheDeadline) {
  limits_.deadline = milliseconds(300);
  server_.on("/drip", file_reply(model_bytes(100'000)).dripping(1, milliseconds(20)));
  const Error error =
      error_of("/drip", ErrorCode::timed_out, Subject::network, "was not here within 0.3 s");
  EXPECT_TRUE(error.retryable);
  EXPECT_EQ(server_.request_count(), 1U);
  // The deadline is over all attempts.
  options_.attempts_per_source = 1000;
  options_.initial_back_off = milliseconds(20);
  transfer_.reset();
  server_.on("/busy", test::status_reply(503));
  (void)error_of("/busy", ErrorCode::timed_out, Subject::network, "within 0.3 s; it answered 503");
}

TEST_F(ReadTest, ReadingEndsSoonAfterItsStop) {
  server_.on("/bus.jpg", file_reply("pixels").ending_with(Ending::stall, 3));
  std::stop_source stop;
  std::thread stopper([&] {
    server_.wait_for_requests(1);
    stop.request_stop();
  });
  const auto bytes = read(server_.url("/bus.jpg"), stop.get_token());
  stopper.join();
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().code, ErrorCode::cancelled);
  EXPECT_THAT(bytes.error().message, HasSubstr("fetching " + server_.url("/bus.jpg")));
}

TEST_F(ReadTest, UnderALimitOneIsReadAfterTheOther) {
  options_.limit_rate = ByteCount(100'000);
  transfer_ = std::make_unique<Transfer>(options_, callbacks_);
  server_.on("/slow", file_reply("0123456789").dripping(1, milliseconds(20)));
  std::atomic<std::uint64_t> of_the_first{0};
  server_.on("/next", [&](const test::HttpRequest&) {
    of_the_first = server_.requests().at(0).body_bytes;
    return file_reply("pixels");
  });
  std::thread other([&] { EXPECT_TRUE(read(server_.url("/slow"))); });
  server_.wait_for_requests(1);
  const auto next = transfer_->read(server_.url("/next"), limits_, [](const Progress&) {}, {});
  other.join();
  EXPECT_EQ(text_of(next.value()), "pixels");
  EXPECT_EQ(of_the_first, 10U);
}

TEST_F(ReadTest, WithoutTheNetworkNobodyIsAsked) {
  options_.network = Network::off;
  server_.on("/bus.jpg", file_reply("pixels"));
  const Error error = error_of("/bus.jpg", ErrorCode::offline, Subject::network, "switched off");
  EXPECT_EQ(exit_code_of(error), 8);
  EXPECT_EQ(server_.request_count(), 0U);
}

}  // namespace
}  // namespace modelhub::transfer
