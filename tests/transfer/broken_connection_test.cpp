// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "base/hasher.h"
#include "transfer/ranged_fixture.h"

namespace modelhub::transfer {
namespace {

using std::chrono::milliseconds;
using test::AskedPart;
using test::HttpReply;
using test::RangedFile;
using Ending = HttpReply::Ending;
using ::testing::HasSubstr;

enum class Stage { before_head, in_head, behind_head, in_body, before_last_byte };

// An answer that ends in this way at this stage.
test::Twist ending_at(Stage stage, Ending ending) {
  return [=](const AskedPart& asked, HttpReply honest) {
    HttpReply reply = std::move(honest);
    switch (stage) {
      case Stage::before_head: return std::move(reply).ending_before_head(ending);
      case Stage::in_head: return std::move(reply).ending_in_head(ending);
      case Stage::behind_head: return std::move(reply).ending_with(ending, 0);
      case Stage::in_body: return std::move(reply).ending_with(ending, asked.bytes / 2);
      case Stage::before_last_byte: return std::move(reply).ending_with(ending, asked.bytes - 1);
    }
    return reply;
  };
}

struct Break {
  std::string name;
  Stage stage;
  Ending ending;
};

class BrokenConnectionTest : public RangedFixture, public ::testing::WithParamInterface<Break> {
 protected:
  BrokenConnectionTest() { options_.stall_limit = milliseconds(150); }
  const RangedFile file_{9 * k_mib};
};

TEST_P(BrokenConnectionTest, IsGotOver) {
  RangedFile file = file_;
  file.twist(test::between(0, 3, ending_at(GetParam().stage, GetParam().ending)));
  const Result<Fetched> fetched = fetch(file_, {serve(file_)});
  ASSERT_TRUE(arrived(fetched, file_.content()));
  // what had arrived is kept
  EXPECT_LE(server_.body_bytes_sent(), file_.size() + k_sent_ahead);
}

TEST_P(BrokenConnectionTest, ForEverEndsSoonWithANamedErrorOrWithTheFile) {
  options_.attempts_per_source = 3;
  RangedFile file = file_;
  file.twist(ending_at(GetParam().stage, GetParam().ending));
  const Result<Fetched> fetched = fetch(file_, {serve(file_)});
  // A server that gives a part each time is slow, not dead: how far it gets is its affair.
  if (fetched) {
    EXPECT_TRUE(arrived(fetched, file_.content()));
    return;
  }
  const bool is_stall = GetParam().ending == Ending::stall;
  EXPECT_EQ(fetched.error().code, is_stall ? ErrorCode::timed_out : ErrorCode::unavailable)
      << fetched.error().to_string();
  EXPECT_EQ(exit_code_of(fetched.error()), 4);
  EXPECT_TRUE(fetched.error().retryable);
  EXPECT_THAT(fetched.error().message, HasSubstr(server_.url("/m.onnx")));
  EXPECT_LE(server_.request_count(), 60U);
}

TEST_P(BrokenConnectionTest, IsGotOverWhileOthersGoOn) {
  RangedFile file(24 * k_mib);
  file.twist(test::paced(128 * 1024, milliseconds(4)));
  file.twist(test::between(1, 4, ending_at(GetParam().stage, GetParam().ending)));
  ASSERT_TRUE(arrived(fetch(file, {serve(file)}), file.content()));
}

std::vector<Break> all_breaks() {
  std::vector<Break> breaks;
  for (const auto& [ending, how] :
       {std::pair(Ending::reset, "Reset"), std::pair(Ending::close, "Close"),
        std::pair(Ending::stall, "Silence")}) {
    for (const auto& [stage, when] :
         {std::pair(Stage::before_head, "BeforeTheHead"), std::pair(Stage::in_head, "InTheHead"),
          std::pair(Stage::behind_head, "BehindTheHead"), std::pair(Stage::in_body, "InTheBody"),
          std::pair(Stage::before_last_byte, "BeforeTheLastByte")}) {
      breaks.push_back({std::string(how) + when, stage, ending});
    }
  }
  return breaks;
}

INSTANTIATE_TEST_SUITE_P(With, BrokenConnectionTest, ::testing::ValuesIn(all_breaks()),
                         [](const auto& one) { return one.param.name; });

class PatienceTest : public RangedFixture {};

TEST_F(PatienceTest, AServerThatResetsEveryFewMegabytesIsSlowAndNotDead) {
  options_.attempts_per_source = 3;
  const RangedFile file(64 * k_mib);
  file.twist(test::resetting_every(3 * k_mib));
  ASSERT_TRUE(arrived(fetch(file, {serve(file)}), file.content()));
  EXPECT_GE(server_.connection_count(), 20U);
  EXPECT_LE(server_.body_bytes_sent(), file.size() + 16 * k_mib);
}

TEST_F(PatienceTest, AServerThatResetsEveryFewMegabytesWithoutRangesIsGivenUp) {
  options_.attempts_per_source = 3;
  const RangedFile file(12 * k_mib);
  file.twist(test::ignoring_ranges());
  file.twist(test::resetting_every(3 * k_mib));
  const Error error = fetch(file, {serve(file)}).error();
  EXPECT_EQ(error.code, ErrorCode::unavailable);
  EXPECT_TRUE(error.retryable);
  EXPECT_LE(server_.request_count(), 12U);
}

TEST_F(PatienceTest, HeadsThatDripForEverEndAPartThatGoesOn) {
  options_.stall_limit = milliseconds(100);
  options_.attempts_per_source = 2;
  const RangedFile file(12 * k_mib);
  leave_partial(file, 5 * k_mib);
  file.twist([](const AskedPart&, HttpReply honest) {
    return std::move(honest).with_endless_head().dripping(1, milliseconds(20));
  });
  const Error error = fetch(file, {serve(file)}).error();
  EXPECT_EQ(error.code, ErrorCode::timed_out);
  EXPECT_THAT(error.message, HasSubstr("did not begin to answer"));
}

TEST_F(PatienceTest, HeadsWithoutEndEndAPartThatGoesOn) {
  const RangedFile file(12 * k_mib);
  leave_partial(file, 5 * k_mib);
  file.twist(
      [](const AskedPart&, HttpReply honest) { return std::move(honest).with_endless_head(); });
  const Error error = fetch(file, {serve(file)}).error();
  EXPECT_EQ(error.code, ErrorCode::unavailable);
  EXPECT_THAT(error.message, HasSubstr("headers without end"));
}

TEST_F(PatienceTest, TheOverallDeadlineEndsAFetchThatStillMakesProgress) {
  options_.deadline = milliseconds(400);
  const RangedFile file(24 * k_mib);
  file.twist(test::paced(4096, milliseconds(5)));
  const Error error = fetch(file, {serve(file)}).error();
  EXPECT_EQ(error.code, ErrorCode::timed_out);
  EXPECT_EQ(exit_code_of(error), 4);
  EXPECT_THAT(error.message, HasSubstr("0.4 s"));
  EXPECT_TRUE(error.retryable);
  EXPECT_GT(test::content_of(data()).size(), 0U);
}

TEST_F(PatienceTest, TheOverallDeadlineEndsAWaitForTheHost) {
  options_.deadline = milliseconds(300);
  const RangedFile file(8 * k_mib);
  file.twist(test::answering(test::status_reply(503).with_header("Retry-After", "60")));
  const Error error = fetch(file, {serve(file)}).error();
  EXPECT_EQ(error.code, ErrorCode::timed_out);
}

TEST_F(PatienceTest, WhatTheDeadlineEndedGoesOnLater) {
  options_.deadline = milliseconds(500);
  const RangedFile file(32 * k_mib);
  file.twist(test::between(0, 1, test::paced(64 * 1024, milliseconds(10))));
  file.twist(test::between(1, 20, test::answering(test::status_reply(503))));
  options_.attempts_per_source = 1000;
  const Result<Fetched> first = fetch(file, {serve(file)});
  ASSERT_FALSE(first);
  transfer_.reset();
  const std::uint64_t before = bytes_sent_since();
  EXPECT_GT(before, 0U);
  const RangedFile honest(32 * k_mib);
  options_.deadline = milliseconds(0);
  ASSERT_TRUE(arrived(fetch(honest, {serve(honest)}), honest.content()));
  EXPECT_LE(bytes_sent_since(), honest.size() - before + k_sent_ahead);
}

}  // namespace
}  // namespace modelhub::transfer
