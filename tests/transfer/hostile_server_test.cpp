// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include <gmock/gmock.h>

#include "base/hasher.h"
#include "transfer/transfer.h"
#include "transfer/transfer_fixture.h"

namespace modelhub::transfer {
namespace {

using std::chrono::milliseconds;
using test::file_reply;
using test::HttpReply;
using Ending = HttpReply::Ending;
using Framing = HttpReply::Framing;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class HostileServerTest : public TransferFixture {
 protected:
  // The error of fetching `body` from a server that sends `reply`. Only after a failure that may
  // pass something may lie at the destination.
  Error error_of(const std::string& body, HttpReply reply) {
    server_.on("/m.onnx", std::move(reply));
    const Result<Fetched> fetched = fetch(body, {server_.url("/m.onnx")});
    EXPECT_FALSE(fetched);
    EXPECT_FALSE(has_destination() && !fetched.error().retryable);
    return fetched ? Error() : fetched.error();
  }
  const std::string body_ = model_bytes(200'000);
};

TEST_F(HostileServerTest, AFlippedByteNamesBothDigestsAndIsNotAskedForAgain) {
  const std::string wrong = test::flipped(body_, 100'000);
  const Error error = error_of(body_, file_reply(wrong));
  EXPECT_EQ(error.code, ErrorCode::checksum_mismatch);
  EXPECT_EQ(exit_code_of(error), 5);
  EXPECT_THAT(error.message,
              AllOf(HasSubstr(base::sha256_of(body_).hex()),
                    HasSubstr(base::sha256_of(wrong).hex()), HasSubstr(server_.url("/m.onnx"))));
  EXPECT_THAT(error.hint, HasSubstr("the server's file is not the catalogued one"));
  EXPECT_FALSE(error.retryable);
  EXPECT_EQ(server_.request_count(), 1U);
}

TEST_F(HostileServerTest, AnotherLengthIsToldBeforeTheBody) {
  const Error error = error_of(body_, file_reply(std::string(50'000'000, 'x')));
  EXPECT_EQ(error.code, ErrorCode::checksum_mismatch);
  EXPECT_EQ(error.subject, Subject::model);
  EXPECT_THAT(error.message, HasSubstr("announces 50000000 bytes where the catalog says 200000"));
  // What was on its way in the sockets, no more.
  EXPECT_LT(server_.body_bytes_sent(), 20'000'000U);
  EXPECT_EQ(server_.request_count(), 1U);
}

TEST_F(HostileServerTest, AnotherLengthIsToldEvenWhenNoBodyFollows) {
  options_.stall_limit = milliseconds(100);
  const Error error =
      error_of(body_, file_reply("x").with_claimed_length(7).ending_with(Ending::stall, 0));
  EXPECT_EQ(error.code, ErrorCode::checksum_mismatch);
  EXPECT_THAT(error.message, HasSubstr("announces 7 bytes"));
}

TEST_F(HostileServerTest, AnEndlessBodyEndsAtTheCataloguedSize) {
  const Error error =
      error_of(body_, file_reply(body_).with_framing(Framing::until_close).with_endless_body());
  EXPECT_EQ(error.code, ErrorCode::checksum_mismatch);
  EXPECT_THAT(error.message, HasSubstr("sends more than 200000 bytes"));
  EXPECT_EQ(server_.request_count(), 1U);
}

TEST_F(HostileServerTest, ExtraBytesAfterTheFileAreRefused) {
  const Error error = error_of(body_, file_reply(body_ + "x").with_framing(Framing::chunked));
  EXPECT_EQ(error.code, ErrorCode::checksum_mismatch);
  EXPECT_THAT(error.message, HasSubstr("sends more than"));
}

TEST_F(HostileServerTest, AShortBodyIsTriedAgainAndThenAnError) {
  options_.attempts_per_source = 3;
  const Error error =
      error_of(body_, file_reply(body_.substr(0, 1000)).with_framing(Framing::chunked));
  EXPECT_EQ(error.code, ErrorCode::unavailable);
  EXPECT_EQ(exit_code_of(error), 4);
  EXPECT_THAT(error.message, HasSubstr("ended after 1000 of 200000 bytes"));
  EXPECT_TRUE(error.retryable);
  EXPECT_EQ(server_.request_count(), 3U);
}

TEST_F(HostileServerTest, AConnectionThatClosesEarlyIsTriedAgain) {
  options_.attempts_per_source = 2;
  const Error error = error_of(body_, file_reply(body_).ending_with(Ending::close, 70'000));
  EXPECT_EQ(error.code, ErrorCode::unavailable);
  EXPECT_THAT(error.message, HasSubstr("of 200000 bytes"));
  EXPECT_EQ(server_.request_count(), 2U);
}

TEST_F(HostileServerTest, AResetInTheMiddleIsTriedAgain) {
  server_.on("/m.onnx", {file_reply(body_).ending_with(Ending::reset, 70'000),
                         file_reply(body_).ending_before_head(Ending::reset), file_reply(body_)});
  const Result<Fetched> fetched = fetch(body_, {server_.url("/m.onnx")});
  ASSERT_TRUE(fetched) << fetched.error().to_string();
  EXPECT_EQ(fetched->attempts, 3);
  EXPECT_EQ(test::content_of(destination()), body_);
}

TEST_F(HostileServerTest, SilenceInTheMiddleTimesOut) {
  options_.stall_limit = milliseconds(80);
  options_.attempts_per_source = 2;
  const Error error = error_of(body_, file_reply(body_).ending_with(Ending::stall, 1000));
  EXPECT_EQ(error.code, ErrorCode::timed_out);
  EXPECT_THAT(error.message, HasSubstr("sent nothing for 0.1 s after 1000 of 200000 bytes"));
  EXPECT_TRUE(error.retryable);
  EXPECT_EQ(server_.request_count(), 2U);
}

TEST_F(HostileServerTest, SilenceBeforeTheAnswerTimesOut) {
  options_.stall_limit = milliseconds(80);
  options_.attempts_per_source = 1;
  const Error error = error_of(body_, file_reply(body_).ending_before_head(Ending::stall));
  EXPECT_EQ(error.code, ErrorCode::timed_out);
  EXPECT_THAT(error.message, HasSubstr("sent nothing for"));
}

TEST_F(HostileServerTest, SilenceAfterTheLastByteIsNoLoss) {
  options_.stall_limit = milliseconds(80);
  server_.on("/m.onnx", file_reply(body_)
                            .with_framing(Framing::until_close)
                            .ending_with(Ending::stall, body_.size()));
  ASSERT_TRUE(fetch(body_, {server_.url("/m.onnx")}));
  EXPECT_EQ(test::content_of(destination()), body_);
}

TEST_F(HostileServerTest, ASlowServerIsNotADeadOne) {
  options_.stall_limit = milliseconds(200);
  const std::string body = model_bytes(30);
  server_.on("/m.onnx", file_reply(body).dripping(1, milliseconds(20)));
  EXPECT_TRUE(fetch(body, {server_.url("/m.onnx")}));
}

TEST_F(HostileServerTest, EndlessHeadersAreRefused) {
  const Error error = error_of(body_, file_reply(body_).with_endless_head());
  EXPECT_EQ(error.code, ErrorCode::unavailable);
  EXPECT_THAT(error.message, HasSubstr("headers without end"));
  EXPECT_FALSE(error.retryable);
}

TEST_F(HostileServerTest, HeadersThatDripForeverTimeOut) {
  options_.stall_limit = milliseconds(100);
  options_.attempts_per_source = 1;
  const Error error =
      error_of(body_, file_reply(body_).with_endless_head().dripping(1, milliseconds(20)));
  EXPECT_EQ(error.code, ErrorCode::timed_out);
  EXPECT_THAT(error.message, HasSubstr("did not begin to answer within 0.2 s"));
}

TEST_F(HostileServerTest, AHeaderLineLongerThanAnyIsRefused) {
  const Error error =
      error_of(body_, file_reply(body_).with_header("X-Long", std::string(150'000, 'x')));
  EXPECT_EQ(error.code, ErrorCode::unavailable);
  EXPECT_FALSE(error.retryable);
}

TEST_F(HostileServerTest, WhatIsNotHttpIsRefused) {
  const Error error = error_of(body_, file_reply(body_).with_version("ICY"));
  EXPECT_EQ(error.code, ErrorCode::unavailable);
  EXPECT_THAT(error.message, HasSubstr("not proper HTTP"));
}

TEST_F(HostileServerTest, AnErrorWithAnEndlessPageEndsSoon) {
  const Error error = error_of(
      body_,
      test::status_reply(404, "<html>").with_framing(Framing::until_close).with_endless_body());
  EXPECT_EQ(error.code, ErrorCode::not_found);
}

TEST_F(HostileServerTest, PartialContentThatNobodyAskedForIsRefused) {
  const Error error = error_of(body_, file_reply(body_).with_status(206).with_header(
                                          "Content-Range", "bytes 0-199999/200000"));
  EXPECT_EQ(error.code, ErrorCode::unavailable);
  EXPECT_THAT(error.message, HasSubstr("answered 206"));
  EXPECT_EQ(server_.request_count(), 1U);
}

TEST_F(HostileServerTest, AWebPageIsNamedAsSuch) {
  const std::string page = "\n<!DOCTYPE html><html><title>Sign in</title>" + std::string(5000, ' ');
  const Error error =
      error_of(body_, file_reply(page).with_header("Content-Type", "text/html; charset=utf-8"));
  EXPECT_EQ(error.code, ErrorCode::corrupt_data);
  EXPECT_EQ(exit_code_of(error), 5);
  EXPECT_THAT(error.message, HasSubstr("sent an HTML page in place of the file"));
  EXPECT_FALSE(error.hint.empty());
  EXPECT_EQ(server_.request_count(), 1U);
}

TEST_F(HostileServerTest, AWebPageWithoutALengthIsNamedAndNotTriedAgain) {
  const Error error =
      error_of(body_, file_reply("<html>Sign in</html>").with_framing(Framing::chunked));
  EXPECT_EQ(error.code, ErrorCode::corrupt_data);
  EXPECT_THAT(error.message, HasSubstr("HTML page"));
  EXPECT_EQ(server_.request_count(), 1U);
}

TEST_F(HostileServerTest, AGitLfsPointerIsNamedAsSuch) {
  const Error error =
      error_of(body_, file_reply("version https://git-lfs.github.com/spec/v1\noid sha256:" +
                                 base::sha256_of(body_).hex() + "\nsize 200000\n"));
  EXPECT_EQ(error.code, ErrorCode::corrupt_data);
  EXPECT_EQ(error.subject, Subject::model);
  EXPECT_THAT(error.message, HasSubstr("sent a Git LFS pointer in place of the file"));
  EXPECT_THAT(error.hint, HasSubstr("Git repository"));
}

TEST_F(HostileServerTest, AGitLfsPointerInSmallPiecesIsNamedAllTheSame) {
  const Error error =
      error_of(body_, file_reply("version https://git-lfs.github.com/spec/v1\noid sha256:00\n")
                          .dripping(5, milliseconds(1)));
  EXPECT_THAT(error.message, HasSubstr("Git LFS pointer"));
}

TEST_F(HostileServerTest, ACataloguedWebPageIsAFileLikeAnyOther) {
  const std::string page = "<!doctype html><html>a page that the catalog wants</html>";
  server_.on("/m.onnx", file_reply(page).with_header("Content-Type", "text/html"));
  EXPECT_TRUE(fetch(page, {server_.url("/m.onnx")}));
}

TEST_F(HostileServerTest, AnEncodingNobodyAskedForIsNotDecodedAndIsTold) {
  const Error error =
      error_of(body_, file_reply(test::flipped(body_, 5)).with_header("Content-Encoding", "gzip"));
  EXPECT_EQ(error.code, ErrorCode::checksum_mismatch);
  EXPECT_THAT(error.message, HasSubstr("content encoding"));
}

TEST_F(HostileServerTest, SecretsOfAUrlStayOutOfMessagesAndLog) {
  options_.attempts_per_source = 2;
  server_.on("/m.onnx", test::status_reply(500));
  const std::string url =
      "http://user:secret1@" + server_.host_and_port() + "/m.onnx?token=secret2#secret3";
  const Error error = fetch(body_, {url, "http://user:secret4@bad host/"}).error();
  EXPECT_THAT(error.to_string(), AllOf(Not(HasSubstr("secret")), HasSubstr("/m.onnx?...")));
  ASSERT_FALSE(log().empty());
  for (const std::string& line : log()) EXPECT_THAT(line, Not(HasSubstr("secret")));
  EXPECT_EQ(server_.requests().at(0).headers.at("authorization"),
            "Basic dXNlcjpzZWNyZXQx");  // user:secret1
  EXPECT_EQ(server_.requests().at(0).target, "/m.onnx?token=secret2");
}

}  // namespace
}  // namespace modelhub::transfer
