// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "support/ranged_file.h"

#include <gmock/gmock.h>

namespace modelhub::test {
namespace {

std::string header_in(const HttpReply& reply, const std::string& name) {
  for (const auto& [key, value] : reply.headers) {
    if (key == name) return value;
  }
  return "";
}

class RangedFileTest : public ::testing::Test {
 protected:
  HttpReply ask(const std::string& range, const std::string& if_range = "") const {
    HttpRequest request;
    if (!range.empty()) request.headers["range"] = range;
    if (!if_range.empty()) request.headers["if-range"] = if_range;
    return file_.handler()(request);
  }
  const RangedFile file_{1000};
};

TEST_F(RangedFileTest, ContentFollowsFromPositionAndSeed) {
  EXPECT_EQ(*generated_content(1001, 3), generated_content(5000, 3)->substr(0, 1001));
  EXPECT_NE(*generated_content(1001, 3), *generated_content(1001, 4));
}

TEST_F(RangedFileTest, GivesTheWholeWithoutARange) {
  const HttpReply reply = ask("");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.part(), *file_.content());
  EXPECT_EQ(header_in(reply, "ETag"), "\"v1\"");
}

TEST_F(RangedFileTest, GivesExactlyTheAskedPart) {
  for (const auto& [asked, answered, first, bytes] :
       {std::tuple("bytes=10-19", "bytes 10-19/1000", 10U, 10U),
        std::tuple("bytes=990-", "bytes 990-999/1000", 990U, 10U),
        std::tuple("bytes=990-5000", "bytes 990-999/1000", 990U, 10U),
        std::tuple("bytes=-3", "bytes 997-999/1000", 997U, 3U)}) {
    const HttpReply reply = ask(asked);
    EXPECT_EQ(reply.status, 206) << asked;
    EXPECT_EQ(header_in(reply, "Content-Range"), answered);
    EXPECT_EQ(reply.part(), std::string_view(*file_.content()).substr(first, bytes));
  }
}

TEST_F(RangedFileTest, RefusesWhatLiesBehindTheEnd) {
  const HttpReply reply = ask("bytes=1000-");
  EXPECT_EQ(reply.status, 416);
  EXPECT_EQ(header_in(reply, "Content-Range"), "bytes */1000");
  EXPECT_EQ(reply.part(), "");
}

TEST_F(RangedFileTest, PassesOverRangesThatAreNone) {
  for (const char* asked : {"bytes=5-3", "bytes=", "lines=1-2", "bytes=1-2,5-6", "bytes=a-b"})
    EXPECT_EQ(ask(asked).status, 200) << asked;
}

TEST_F(RangedFileTest, AConditionNeedsTheSameStrongValidator) {
  EXPECT_EQ(ask("bytes=0-9", "\"v1\"").status, 206);
  EXPECT_EQ(ask("bytes=0-9", "\"v2\"").status, 200);
  file_.set_etag("W/\"v1\"");
  EXPECT_EQ(ask("bytes=0-9", "W/\"v1\"").status, 200);
  file_.set_last_modified("Thu, 01 Jan 2026 00:00:00 GMT");
  EXPECT_EQ(ask("bytes=0-9", "Thu, 01 Jan 2026 00:00:00 GMT").status, 206);
}

TEST_F(RangedFileTest, BreaksAConnectionWhenItHasCarriedEnough) {
  file_.twist(resetting_every(600));
  EXPECT_EQ(ask("bytes=0-499").ending, HttpReply::Ending::as_framed);
  const HttpReply second = ask("bytes=500-999");
  EXPECT_EQ(second.ending, HttpReply::Ending::reset);
  EXPECT_EQ(second.end_after, 100U);
}

}  // namespace
}  // namespace modelhub::test
