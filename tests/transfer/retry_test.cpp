// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include <gmock/gmock.h>

#include "transfer/transfer.h"
#include "transfer/transfer_fixture.h"

namespace modelhub::transfer {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::file_reply;
using test::status_reply;
using ::testing::AllOf;
using ::testing::HasSubstr;

class RetryTest : public TransferFixture {
 protected:
  // Lets `time` pass once the log has `lines` lines, so that the fetch is sure to be waiting.
  void advance_after_log(std::size_t lines, milliseconds time) {
    ASSERT_TRUE(test::eventually([&] { return log().size() >= lines; }));
    clock_.advance(time);
  }
  const std::string body_ = model_bytes(1000);
};

TEST_F(RetryTest, SucceedsAfterFailuresThatPass) {
  server_.on("/m.onnx", {status_reply(500), status_reply(502), status_reply(408), status_reply(425),
                         file_reply(body_)});
  const Result<Fetched> fetched = fetch(body_, {server_.url("/m.onnx")});
  ASSERT_TRUE(fetched) << fetched.error().to_string();
  EXPECT_EQ(fetched->attempts, 5);
  EXPECT_EQ(log().size(), 4U);
  EXPECT_THAT(log().at(0), AllOf(HasSubstr("model.onnx"), HasSubstr("answered 500"),
                                 HasSubstr("trying again in")));
}

TEST_F(RetryTest, GivesUpAfterTheAgreedAttempts) {
  options_.attempts_per_source = 3;
  server_.on("/m.onnx", status_reply(503));
  const Error error = fetch(body_, {server_.url("/m.onnx")}).error();
  EXPECT_EQ(error.code, ErrorCode::unavailable);
  EXPECT_EQ(error.subject, Subject::network);
  EXPECT_TRUE(error.retryable);
  EXPECT_THAT(error.message, HasSubstr("answered 503 (service unavailable)"));
  EXPECT_EQ(error.context, "fetch model.onnx");
  EXPECT_EQ(server_.request_count(), 3U);
}

TEST_F(RetryTest, PermanentAnswersAreNotAskedTwice) {
  const std::vector<std::pair<int, ErrorCode>> cases = {
      {401, ErrorCode::unauthorized}, {403, ErrorCode::unauthorized}, {404, ErrorCode::not_found},
      {410, ErrorCode::not_found},    {400, ErrorCode::unavailable},  {501, ErrorCode::unavailable},
      {304, ErrorCode::unavailable},  {204, ErrorCode::unavailable}};
  std::size_t asked = 0;
  for (const auto& [status, code] : cases) {
    server_.on("/m.onnx", status_reply(status));
    const Error error = fetch(body_, {server_.url("/m.onnx")}).error();
    EXPECT_EQ(error.code, code) << status;
    EXPECT_EQ(error.subject, Subject::network);
    EXPECT_EQ(exit_code_of(error), 4);
    EXPECT_THAT(error.message, HasSubstr("answered " + std::to_string(status)));
    EXPECT_FALSE(error.retryable);
    EXPECT_FALSE(error.hint.empty());
    EXPECT_EQ(server_.request_count(), ++asked);
  }
}

TEST_F(RetryTest, WaitsAsManySecondsAsTheServerAsks) {
  options_.clock = &clock_;
  server_.on("/m.onnx", {status_reply(429).with_header("Retry-After", "100"), file_reply(body_)});
  const Job<Fetched> job = start(request_for(body_, {server_.url("/m.onnx")}));
  advance_after_log(1, seconds(99));
  EXPECT_FALSE(job.wait_for(milliseconds(150)));
  EXPECT_EQ(server_.request_count(), 1U);
  clock_.advance(milliseconds(1100));
  EXPECT_TRUE(job.get());
}

TEST_F(RetryTest, WaitsUntilTheDateThatTheServerNames) {
  options_.clock = &clock_;
  server_.on("/m.onnx",
             {status_reply(503).with_header("Retry-After", "Thu, 01 Jan 2026 00:01:30 GMT"),
              file_reply(body_)});
  const Job<Fetched> job = start(request_for(body_, {server_.url("/m.onnx")}));
  advance_after_log(1, seconds(89));
  EXPECT_FALSE(job.wait_for(milliseconds(150)));
  clock_.advance(milliseconds(1100));
  EXPECT_TRUE(job.get());
}

TEST_F(RetryTest, ProgressKeepsWhatIsThere) {
  options_.clock = &clock_;
  options_.initial_back_off = options_.maximal_back_off = std::chrono::hours(1);
  server_.on("/m.onnx", {file_reply(body_).ending_with(test::HttpReply::Ending::close, 600),
                         file_reply(body_)});
  const Job<Fetched> job = start(request_for(body_, {server_.url("/m.onnx")}));
  advance_after_log(1, seconds(1));
  EXPECT_TRUE(test::eventually([&] {
    const Progress progress = job.progress();
    return progress.bytes_total == body_.size() && progress.bytes_done == 600 &&
           progress.bytes_per_second == 0;
  }));
  clock_.advance(std::chrono::hours(1));
  EXPECT_TRUE(job.get());
  EXPECT_EQ(job.progress().bytes_done, body_.size());
}

TEST_F(RetryTest, DoesNotWaitForDaysBecauseAServerAsks) {
  server_.on("/m.onnx", status_reply(429).with_header("Retry-After", "86400"));
  const Error error = fetch(body_, {server_.url("/m.onnx")}).error();
  EXPECT_EQ(error.code, ErrorCode::unavailable);
  EXPECT_TRUE(error.retryable);
  EXPECT_THAT(error.message, HasSubstr("asks to wait 86400 s"));
  EXPECT_EQ(server_.request_count(), 1U);
}

TEST_F(RetryTest, OneBusyAnswerHoldsBackEveryRequestToThatHost) {
  options_.clock = &clock_;
  server_.on("/busy", {status_reply(429).with_header("Retry-After", "60"), file_reply(body_)});
  server_.on("/other", file_reply(body_));
  const Job<Fetched> first = start(request_for(body_, {server_.url("/busy")}));
  ASSERT_TRUE(test::eventually([&] { return !log().empty(); }));
  FetchRequest request = request_for(body_, {server_.url("/other")});
  request.folder += "2";
  std::filesystem::create_directories(request.folder);
  const Job<Fetched> second = start(std::move(request));
  EXPECT_FALSE(second.wait_for(milliseconds(150)));
  EXPECT_EQ(server_.request_count(), 1U);
  clock_.advance(seconds(61));
  EXPECT_TRUE(first.get());
  EXPECT_TRUE(second.get());
}

TEST_F(RetryTest, AHostThatIsNotThereIsToldWithWhatToDo) {
  options_.attempts_per_source = 2;
  const Error error = fetch(body_, {dead_url("/m.onnx")}).error();
  EXPECT_EQ(error.code, ErrorCode::unavailable);
  EXPECT_EQ(error.subject, Subject::network);
  EXPECT_TRUE(error.retryable);
  EXPECT_THAT(error.message, HasSubstr("could not be reached"));
  EXPECT_THAT(error.hint,
              AllOf(HasSubstr("network"), HasSubstr("--offline"), HasSubstr("--mirror")));
}

TEST_F(RetryTest, AHostWithoutANameIsTold) {
  options_.attempts_per_source = 1;
  // A label of more than 63 characters cannot be a name: no name server needs to be asked.
  const Error error = fetch(body_, {"http://" + std::string(70, 'a') + ".invalid/m.onnx"}).error();
  EXPECT_EQ(error.code, ErrorCode::unavailable);
  EXPECT_THAT(error.message, HasSubstr("could not be reached"));
}

TEST_F(RetryTest, AHostThatIsNotThereIsNotWaitedForWhileAnotherSourceIsLeft) {
  options_.initial_back_off = options_.maximal_back_off = std::chrono::hours(1);
  server_.on("/m.onnx", file_reply(body_));
  const Result<Fetched> fetched = fetch(body_, {dead_url("/m.onnx"), server_.url("/m.onnx")});
  ASSERT_TRUE(fetched) << fetched.error().to_string();
  EXPECT_EQ(fetched->attempts, 2);
  EXPECT_THAT(log().at(0), HasSubstr("trying the next source"));
}

}  // namespace
}  // namespace modelhub::transfer
