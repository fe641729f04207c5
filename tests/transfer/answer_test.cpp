// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "transfer/answer.h"

#include <gmock/gmock.h>

namespace modelhub::transfer {
namespace {

TEST(AnswerTest, KnowsWhatIsNoModel) {
  const auto name_of_bytes = [](std::string_view bytes, std::string_view type = "") {
    return impostor_of({bytes, type, {}});
  };
  EXPECT_EQ(name_of_bytes("<!DOCTYPE HTML PUBLIC"), "an HTML page");
  EXPECT_EQ(name_of_bytes("\xEF\xBB\xBF \r\n<HTML lang=en>"), "an HTML page");
  EXPECT_EQ(name_of_bytes("<!-- a comment -->", "Text/HTML; charset=utf-8"), "an HTML page");
  EXPECT_EQ(name_of_bytes("version https://git-lfs.github.com/spec/v1\noid"), "a Git LFS pointer");
  EXPECT_FALSE(name_of_bytes("\x08\x03\x12\x07pytorch", "application/octet-stream"));
  EXPECT_FALSE(name_of_bytes(""));
}

TEST(AnswerTest, OnlyARedirectWithALocationIsOne) {
  HttpHead head;
  head.status = 302;
  EXPECT_FALSE(is_redirect(head));
  head.location = "/x";
  EXPECT_TRUE(is_redirect(head));
  head.status = 304;
  EXPECT_FALSE(is_redirect(head));
}

TEST(AnswerTest, ABusyHostIsNotABrokenOne) {
  HttpHead head;
  head.status = 429;
  head.retry_after = "17";
  const Failure busy = failure_of_status(head, {});
  EXPECT_TRUE(busy.is_host_busy);
  EXPECT_EQ(busy.retry_after, std::chrono::seconds(17));
  head.status = 500;
  EXPECT_FALSE(failure_of_status(head, {}).is_host_busy);
}

TEST(AnswerTest, ATimeoutAndADeadPortAreTwoThings) {
  EXPECT_EQ(failure_of_curl(CURLE_OPERATION_TIMEDOUT, "x", "").code, ErrorCode::timed_out);
  EXPECT_EQ(failure_of_curl(CURLE_COULDNT_CONNECT, "x", "").code, ErrorCode::unavailable);
  EXPECT_EQ(failure_of_curl(CURLE_COULDNT_RESOLVE_PROXY, "x", "").remedy, Remedy::retry);
  EXPECT_EQ(failure_of_curl(CURLE_PEER_FAILED_VERIFICATION, "x", "").remedy, Remedy::next_source);
}

TEST(ContentRangeTest, IsExactlyOneOfItsThreeForms) {
  EXPECT_EQ(parse_content_range("bytes 0-99/200"), (ContentRange{ByteRange{0, 100}, 200}));
  EXPECT_EQ(parse_content_range("Bytes 5-5/*"), (ContentRange{ByteRange{5, 6}, std::nullopt}));
  EXPECT_EQ(parse_content_range("bytes */200"), (ContentRange{std::nullopt, 200}));
  for (const std::string_view bad :
       {"", "bytes", "bytes ", "bytes */*", "bytes 0-99", "bytes 0-99/", "bytes 5-4/10",
        "bytes 0-10/10", "bytes -5/10", "bytes 0-/10", "bytes 0-4/10 ", "bytes 0-4/10x",
        "octets 0-4/10", "bytes  0-4/10", "bytes 0-18446744073709551615/*",
        "bytes 0-99999999999999999999/*", "bytes +0-4/10"}) {
    EXPECT_FALSE(parse_content_range(bad)) << bad;
  }
}

TEST(ValidatorTest, OnlyAStrongTagOrADateIsOne) {
  HttpHead head;
  head.etag = "\"v1\"";
  head.last_modified = "Thu, 01 Jan 2026 00:00:00 GMT";
  EXPECT_EQ(validator_of(head), "\"v1\"");
  head.etag = "W/\"v1\"";
  EXPECT_EQ(validator_of(head), head.last_modified);
  head.last_modified.clear();
  EXPECT_EQ(validator_of(head), "");
  EXPECT_TRUE(is_other_validator("\"a\"", "\"b\""));
  EXPECT_FALSE(is_other_validator("\"a\"", ""));
  EXPECT_FALSE(is_other_validator("\"a\"", "Thu, 01 Jan 2026 00:00:00 GMT"));
}

}  // namespace
}  // namespace modelhub::transfer
