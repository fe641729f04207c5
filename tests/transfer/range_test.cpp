// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>

#include <gmock/gmock.h>

#include "base/hasher.h"
#include "transfer/ranged_fixture.h"

namespace modelhub::transfer {
namespace {

using std::chrono::milliseconds;
using test::RangedFile;
using ::testing::AllOf;
using ::testing::HasSubstr;

class RangeTest : public RangedFixture {
 protected:
  // Slow enough on one connection that more of them help.
  static test::Twist connection_limit() { return test::paced(64 * 1024, milliseconds(5)); }
};

TEST_F(RangeTest, AFileOfSeveralSegmentsArrivesOnceAndWithTheirDigests) {
  const RangedFile file(24 * k_mib + 123);
  options_.connections_per_file =
      1;  // a second one may have been sent something when it is given up
  const Result<Fetched> fetched = fetch(file, {serve(file)});
  ASSERT_TRUE(arrived(fetched, file.content()));
  EXPECT_EQ(fetched->bytes.count(), file.size());
  EXPECT_EQ(fetched->received.count(), file.size());
  EXPECT_EQ(fetched->reused.count(), 0U);
  EXPECT_EQ(fetched->url, server_.url("/m.onnx"));
  EXPECT_EQ(server_.body_bytes_sent(), file.size());
}

TEST_F(RangeTest, SeveralConnectionsShareAFileWhereEachIsSlow) {
  const RangedFile file(48 * k_mib);
  file.twist(connection_limit());
  const Result<Fetched> fetched = fetch(file, {serve(file)});
  ASSERT_TRUE(arrived(fetched, file.content()));
  EXPECT_GE(server_.peak_connections(), 2U);
  EXPECT_LE(server_.peak_connections(), 8U);
  // the tail may be asked for twice, to be rid of a slow connection
  EXPECT_LE(server_.body_bytes_sent(), file.size() + 8 * k_mib);
}

TEST_F(RangeTest, AsksForUnalteredBytesUnderTheConditionThatTheFileIsStillTheSame) {
  const RangedFile file(24 * k_mib);
  file.twist(connection_limit());
  ASSERT_TRUE(arrived(fetch(file, {serve(file)}), file.content()));
  for (const test::HttpRequest& request : server_.requests()) {
    EXPECT_EQ(request.headers.at("accept-encoding"), "identity");
    const auto range = request.headers.find("range");
    if (range == request.headers.end() || range->second.starts_with("bytes=0-")) continue;
    ASSERT_EQ(request.headers.count("if-range"), 1U) << range->second;
    EXPECT_EQ(request.headers.at("if-range"), "\"v1\"");
  }
}

TEST_F(RangeTest, AWeakEtagIsNoConditionForARange) {
  const RangedFile file(24 * k_mib);
  file.set_etag("W/\"v1\"");
  leave_partial(file, 10 * k_mib);
  ASSERT_TRUE(arrived(fetch(file, {serve(file)}), file.content()));
  for (const test::HttpRequest& request : server_.requests()) {
    const auto condition = request.headers.find("if-range");
    if (condition == request.headers.end()) continue;
    EXPECT_EQ(condition->second.find("W/"), std::string::npos);
  }
}

TEST_F(RangeTest, A200ToTheRestOfAPartialRestartsCleanly) {
  const RangedFile file(24 * k_mib);
  leave_partial(file, 10 * k_mib);
  file.twist(test::ignoring_ranges());
  ASSERT_TRUE(arrived(fetch(file, {serve(file)}), file.content()));
  EXPECT_LE(bytes_sent_since(), file.size() + k_sent_ahead);
}

TEST_F(RangeTest, A200ToALaterRangeRestartsCleanly) {
  const RangedFile file(32 * k_mib);
  file.twist(connection_limit());
  file.twist(test::behind_the_start(test::ignoring_ranges()));
  ASSERT_TRUE(arrived(fetch(file, {serve(file)}), file.content()));
  EXPECT_LE(server_.body_bytes_sent(), 3 * file.size());
}

TEST_F(RangeTest, AServerWithoutRangesGivesTheWholeOnOneConnection) {
  const RangedFile file(16 * k_mib);
  file.twist(connection_limit());
  file.twist(test::ignoring_ranges());
  ASSERT_TRUE(arrived(fetch(file, {serve(file)}), file.content()));
  EXPECT_LE(server_.body_bytes_sent(), file.size() + 4 * k_mib);
}

// ---- 206 with lies ----

struct Lie {
  std::string name;
  test::Twist twist;
};

class LyingRangeTest : public RangedFixture, public ::testing::WithParamInterface<Lie> {};

TEST_P(LyingRangeTest, IsNotBelievedInAFetchOverSeveralConnections) {
  const RangedFile file(20 * k_mib);
  file.twist(test::paced(128 * 1024, milliseconds(5)));
  file.twist(GetParam().twist);
  ASSERT_TRUE(arrived(fetch(file, {serve(file)}), file.content()));
  EXPECT_LE(server_.body_bytes_sent(), 4 * file.size());
  EXPECT_LE(server_.request_count(), 40U);
}

TEST_P(LyingRangeTest, IsNotBelievedWhenAPartialGoesOn) {
  const RangedFile file(12 * k_mib);
  leave_partial(file, 5 * k_mib);
  file.twist(GetParam().twist);
  ASSERT_TRUE(arrived(fetch(file, {serve(file)}), file.content()));
  EXPECT_LE(bytes_sent_since(), 4 * file.size());
}

TEST_P(LyingRangeTest, OfOneAnswerOnlyIsGotOver) {
  const RangedFile file(12 * k_mib);
  leave_partial(file, 5 * k_mib);
  const std::uint64_t before = file.asked().size();
  file.twist(test::between(before, before + 1, GetParam().twist));
  ASSERT_TRUE(arrived(fetch(file, {serve(file)}), file.content()));
  EXPECT_LE(bytes_sent_since(), 3 * file.size());
}

// An answer without a length that is not what its Content-Range says.
test::Twist with_body_of(std::uint64_t bytes) {
  return [=](const test::AskedPart& asked, test::HttpReply honest) {
    if (honest.status != 206) return honest;
    honest.body_bytes = std::min(bytes, asked.bytes);
    return std::move(honest).with_framing(test::HttpReply::Framing::chunked);
  };
}

test::Twist without_end() {
  return [](const test::AskedPart&, test::HttpReply honest) {
    if (honest.status != 206) return honest;
    return std::move(honest)
        .with_framing(test::HttpReply::Framing::until_close)
        .with_endless_body();
  };
}

INSTANTIATE_TEST_SUITE_P(
    Of, LyingRangeTest,
    ::testing::Values(Lie{"BeginningEarlier", test::beginning_earlier(1000)},
                      Lie{"BeginningAtZero", test::whole_as_part()},
                      Lie{"EndingEarlier", test::ending_earlier(1000)},
                      Lie{"AShortBody", with_body_of(100'000)}, Lie{"AnEndlessBody", without_end()},
                      Lie{"NoContentRange", test::without_content_range()},
                      Lie{"ALargerTotal", test::naming_total(1'000'000'000)},
                      Lie{"ASmallerTotal", test::naming_total(5)},
                      Lie{"AnotherUnit", test::with_content_range("items 0-9/10")},
                      Lie{"NumbersBackwards", test::with_content_range("bytes 9-3/12582912")},
                      Lie{"NumbersWithoutEnd",
                          test::with_content_range("bytes 0-99999999999999999999999/12582912")},
                      Lie{"NegativeNumbers", test::with_content_range("bytes -5--1/12582912")},
                      Lie{"Garbage", test::with_content_range("bytes")}),
    [](const auto& lie) { return lie.param.name; });

TEST_F(RangeTest, BytesFromElsewhereUnderATrueContentRangeAreADigestThatDiffers) {
  const RangedFile file(24 * k_mib);
  file.twist(connection_limit());
  file.twist(test::where(9 * k_mib, test::flipping(9 * k_mib)));
  const Error error = fetch(file, {serve(file)}).error();
  EXPECT_EQ(error.code, ErrorCode::checksum_mismatch);
  EXPECT_EQ(exit_code_of(error), 5);
  EXPECT_THAT(error.message, HasSubstr(file.digest().hex()));
  EXPECT_THAT(error.hint, HasSubstr("the server's file is not the catalogued one"));
  EXPECT_FALSE(error.retryable);
  // not a loop of downloads and mismatches
  EXPECT_LE(server_.body_bytes_sent(), 2 * file.size());
  EXPECT_EQ(test::content_of(data()), "");
  EXPECT_EQ(test::content_of(journal()), "");
}

// ---- 416 ----

TEST_F(RangeTest, A416ToEveryRangeLeavesTheWholeFile) {
  const RangedFile file(12 * k_mib);
  leave_partial(file, 5 * k_mib);
  file.twist(test::never_satisfiable());
  ASSERT_TRUE(arrived(fetch(file, {serve(file)}), file.content()));
  EXPECT_LE(bytes_sent_since(), file.size() + k_sent_ahead);
}

TEST_F(RangeTest, A416ToEverythingIsAnErrorThatIsNotAskedForAgainAndAgain) {
  const RangedFile file(12 * k_mib);
  leave_partial(file, 5 * k_mib);
  const std::size_t before = server_.request_count();
  file.twist(test::answering(test::status_reply(416)));
  const Error error = fetch(file, {serve(file)}).error();
  EXPECT_EQ(error.code, ErrorCode::unavailable);
  EXPECT_THAT(error.message, HasSubstr("416"));
  EXPECT_LE(server_.request_count() - before, 5U);
}

TEST_F(RangeTest, A416ThatNamesAnotherSizeIsToldAsThat) {
  const RangedFile file(12 * k_mib);
  const RangedFile smaller(3 * k_mib);
  leave_partial(file, 5 * k_mib);
  file.replace_from(0, smaller.content(), "\"v1\"");
  const Error error = fetch(request_for(RangedFile(12 * k_mib).content(), {serve(file)})).error();
  EXPECT_EQ(error.code, ErrorCode::checksum_mismatch);
  EXPECT_THAT(error.message, AllOf(HasSubstr("3145728"), HasSubstr("12582912")));
}

// ---- framing ----

TEST_F(RangeTest, TakesChunkedPartsWithoutALength) {
  const RangedFile file(20 * k_mib);
  file.twist(connection_limit());
  file.twist([](const test::AskedPart&, test::HttpReply honest) {
    return std::move(honest).with_framing(test::HttpReply::Framing::chunked);
  });
  ASSERT_TRUE(arrived(fetch(file, {serve(file)}), file.content()));
}

TEST_F(RangeTest, TakesPartsOfHttp10ThatEndWithTheConnection) {
  const RangedFile file(20 * k_mib);
  file.twist([](const test::AskedPart&, test::HttpReply honest) {
    return std::move(honest)
        .with_version("HTTP/1.0")
        .with_framing(test::HttpReply::Framing::until_close);
  });
  ASSERT_TRUE(arrived(fetch(file, {serve(file)}), file.content()));
}

TEST_F(RangeTest, AContentLengthThatIsTooLongForTheBodyIsGotOver) {
  const RangedFile file(12 * k_mib);
  leave_partial(file, 5 * k_mib);
  const std::uint64_t before = file.asked().size();
  file.twist(
      test::between(before, before + 2, [](const test::AskedPart& asked, test::HttpReply honest) {
        return std::move(honest)
            .with_claimed_length(asked.bytes + 1000)
            .ending_with(test::HttpReply::Ending::close, asked.bytes);
      }));
  ASSERT_TRUE(arrived(fetch(file, {serve(file)}), file.content()));
}

// What is too much may be taken for the next answer on that connection.
TEST_F(RangeTest, AContentLengthThatIsTooShortForTheBodyIsGotOver) {
  const RangedFile file(12 * k_mib);
  leave_partial(file, 5 * k_mib);
  const std::uint64_t before = file.asked().size();
  file.twist(test::between(before, before + 2, [](const test::AskedPart&, test::HttpReply honest) {
    return std::move(honest).with_claimed_length(1000);
  }));
  ASSERT_TRUE(arrived(fetch(file, {serve(file)}), file.content()));
}

TEST_F(RangeTest, NeverWritesBeyondTheCataloguedSize) {
  // Its end lies within a piece of the body: were it an edge of one, the file could be whole, and
  // rightly taken, before anyone sees that more follows.
  const RangedFile file(8 * k_mib + 1000);
  const RangedFile longer(9 * k_mib);
  server_.on("/m.onnx", [longer](const test::HttpRequest& request) {
    test::HttpReply reply = longer.handler()(request);
    reply.headers.clear();
    return std::move(reply).with_status(200).with_framing(test::HttpReply::Framing::chunked);
  });
  const Error error = fetch(file, {server_.url("/m.onnx")}).error();
  EXPECT_EQ(error.code, ErrorCode::checksum_mismatch);
  EXPECT_THAT(error.message, HasSubstr("sends more than 8389608 bytes"));
  EXPECT_LE(test::content_of(data()).size(), file.size());
}

// ---- limits ----

TEST_F(RangeTest, OneFileKeepsToItsConnections) {
  options_.connections_per_file = 3;
  const RangedFile file(40 * k_mib);
  file.twist(connection_limit());
  ASSERT_TRUE(arrived(fetch(file, {serve(file)}), file.content()));
  EXPECT_LE(server_.peak_connections(), 3U);
}

TEST_F(RangeTest, ConnectionsPerFileOfOneMeansOneRequestAfterTheOther) {
  options_.connections_per_file = 1;
  const RangedFile file(16 * k_mib);
  file.twist(connection_limit());
  ASSERT_TRUE(arrived(fetch(file, {serve(file)}), file.content()));
  EXPECT_EQ(server_.peak_connections(), 1U);
}

TEST_F(RangeTest, FilesTogetherKeepToTheConnectionsOfAHost) {
  options_.connections_per_host = 4;
  const RangedFile one(24 * k_mib, 1);
  const RangedFile other(24 * k_mib, 2);
  one.twist(connection_limit());
  other.twist(connection_limit());
  FetchRequest second = request_for(other.content(), {serve(other, "/other")});
  second.folder = scratch_.path("other");
  std::filesystem::create_directories(second.folder);
  const Job<Fetched> first_job = start(request_for(one.content(), {serve(one)}));
  const Job<Fetched> second_job = start(std::move(second));
  ASSERT_TRUE(arrived(result_of(first_job), one.content()));
  ASSERT_TRUE(result_of(second_job));
  EXPECT_TRUE(test::content_of(scratch_.path("other/data")) == *other.content());
  EXPECT_LE(server_.peak_connections(), 4U);
}

TEST_F(RangeTest, OneSlowConnectionAmongFastOnesIsReplaced) {
  const RangedFile file(48 * k_mib);
  file.twist(connection_limit());
  // A segment on it would take more than the test's patience.
  file.twist(test::slow_on_connection(1, 1024, milliseconds(20)));
  ASSERT_TRUE(arrived(fetch(file, {serve(file)}), file.content()));
  std::uint64_t on_slow = 0;
  for (const test::HttpRequest& request : server_.requests())
    on_slow += request.connection == 1 ? request.body_bytes : 0;
  EXPECT_LT(on_slow, k_segment);
}

TEST_F(RangeTest, AFirstConnectionThatCrawlsIsHelpedByOthers) {
  const RangedFile file(24 * k_mib);
  file.twist(connection_limit());
  file.twist(test::slow_on_connection(0, 4096, milliseconds(20)));
  ASSERT_TRUE(arrived(fetch(file, {serve(file)}), file.content()));
  EXPECT_LE(server_.body_bytes_sent(), file.size() + 8 * k_mib);
}

// "99 %", and there it stays.
TEST_F(RangeTest, TheTailIsSplitWhenTheConnectionThatReadsItBecomesSlow) {
  const RangedFile file(32 * k_mib);
  file.twist(connection_limit());
  const auto is_first = std::make_shared<std::atomic<bool>>(true);
  file.twist(test::where(32 * k_mib - 1, [=](const test::AskedPart& asked, test::HttpReply honest) {
    if (asked.number == 0 || !is_first->exchange(false)) return honest;
    return std::move(honest).dripping(2048, milliseconds(20));
  }));
  ASSERT_TRUE(arrived(fetch(file, {serve(file)}), file.content()));
}

TEST_F(RangeTest, AConnectionThatBecomesSlowInItsMiddleDoesNotHoldUpTheFile) {
  options_.connections_per_file = 4;
  const RangedFile file(32 * k_mib);
  file.twist(connection_limit());
  file.twist([](const test::AskedPart& asked, test::HttpReply honest) {
    if (asked.connection != 0) return honest;
    honest.drip_from = 3 * k_mib;
    return std::move(honest).dripping(2048, milliseconds(20));
  });
  ASSERT_TRUE(arrived(fetch(file, {serve(file)}), file.content()));
}

}  // namespace
}  // namespace modelhub::transfer
