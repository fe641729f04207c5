// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include <gmock/gmock.h>

#include "base/hasher.h"
#include "transfer/ranged_fixture.h"

namespace modelhub::transfer {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::RangedFile;
using test::status_reply;
using ::testing::AllOf;
using ::testing::HasSubstr;

class PolitenessTest : public RangedFixture {
 protected:
  // A request for one of many files.
  FetchRequest request_number(int number, const test::Content& content, const std::string& url) {
    FetchRequest request = request_for(content, {url});
    request.folder = scratch_.path("many/" + std::to_string(number));
    std::filesystem::create_directories(request.folder);
    return request;
  }
};

TEST_F(PolitenessTest, ThreeHundredSmallFilesShareTheConnectionsOfAHost) {
  options_.connections_per_host = 6;
  std::vector<test::Content> contents;
  std::vector<Job<Fetched>> jobs;
  for (int i = 0; i < 300; ++i) {
    contents.push_back(test::generated_content(20'000 + static_cast<std::uint64_t>(i), 7));
    const std::string path = "/m" + std::to_string(i);
    jobs.push_back(
        start(request_number(i, contents.back(), serve(RangedFile(contents.back()), path))));
  }
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const Result<Fetched> fetched = result_of(jobs[i]);
    ASSERT_TRUE(fetched) << fetched.error().to_string();
    ASSERT_TRUE(test::content_of(scratch_.path("many/" + std::to_string(i) + "/data")) ==
                *contents[i]);
  }
  EXPECT_EQ(server_.request_count(), 300U);
  EXPECT_LE(server_.peak_connections(), 6U);
  EXPECT_LE(server_.connection_count(), 30U);  // most are kept and used again
}

TEST_F(PolitenessTest, ABusyAnswerInTheMiddleOfAFileHoldsBackAllItsParts) {
  options_.clock = &clock_;
  const RangedFile file(24 * k_mib);
  leave_partial(file, 5 * k_mib);
  const std::size_t before = file.asked().size();
  file.twist(test::between(before, before + 1,
                           test::answering(status_reply(429).with_header("Retry-After", "100"))));
  const Job<Fetched> job = start(request_for(file.content(), {serve(file)}));
  ASSERT_TRUE(test::eventually([&] { return !log().empty(); }));
  clock_.advance(seconds(99));
  EXPECT_FALSE(job.wait_for(milliseconds(150)));
  EXPECT_EQ(file.asked().size(), before + 1);
  clock_.advance(milliseconds(1100));
  ASSERT_TRUE(arrived(result_of(job), file.content()));
}

TEST_F(PolitenessTest, ABusyAnswerToOneOfManyConnectionsDoesNotEndTheOthers) {
  const RangedFile file(32 * k_mib);
  file.twist(test::paced(64 * 1024, milliseconds(4)));
  file.twist(
      test::between(1, 3, test::answering(status_reply(429).with_header("Retry-After", "0"))));
  ASSERT_TRUE(arrived(fetch(file, {serve(file)}), file.content()));
  EXPECT_LE(server_.body_bytes_sent(), file.size() + 8 * k_mib);
}

// Servers that allow one connection only answer the second with 429 or 503 as long as it is asked.
TEST_F(PolitenessTest, AServerThatAllowsOneConnectionGetsOne) {
  for (const int status : {429, 503}) {
    transfer_.reset();
    std::filesystem::remove_all(folder());
    std::filesystem::create_directories(folder());
    const RangedFile file(24 * k_mib);
    file.twist(test::paced(128 * 1024, milliseconds(4)));
    file.twist(test::behind_the_start(test::answering(status_reply(status))));
    ASSERT_TRUE(arrived(fetch(file, {serve(file)}), file.content())) << status;
  }
}

TEST_F(PolitenessTest, LimitRateHoldsForAllFetchesTogether) {
  options_.limit_rate = ByteCount(4 * k_mib);
  const RangedFile one(3 * k_mib, 1);
  const RangedFile other(3 * k_mib, 2);
  const auto started = std::chrono::steady_clock::now();
  const Job<Fetched> first = start(request_number(1, one.content(), serve(one, "/1")));
  const Job<Fetched> second = start(request_number(2, other.content(), serve(other, "/2")));
  ASSERT_TRUE(result_of(first));
  ASSERT_TRUE(result_of(second));
  // 6 MiB at 4 MiB/s: 1.5 s, less what half a second's worth of burst may save
  EXPECT_GE(std::chrono::steady_clock::now() - started, milliseconds(1000));
}

TEST_F(PolitenessTest, LimitRateHoldsOverSeveralConnections) {
  options_.limit_rate = ByteCount(8 * k_mib);
  const RangedFile file(12 * k_mib);
  file.twist(test::paced(32 * 1024, milliseconds(8)));  // 4 MiB/s for each
  const Result<Fetched> fetched = fetch(file, {serve(file)});
  ASSERT_TRUE(arrived(fetched, file.content()));
  EXPECT_GE(fetched->duration, milliseconds(1000));
}

TEST_F(PolitenessTest, MirrorsAreTriedInTheirOrderAndTheLogSaysWhyEachWasLeft) {
  options_.attempts_per_source = 2;
  const RangedFile file(12 * k_mib);
  const std::string name = "/sha256/" + file.digest().hex();
  const RangedFile breaking(12 * k_mib);
  breaking.twist(test::between(0, 1, [](const test::AskedPart&, test::HttpReply honest) {
    return std::move(honest).ending_with(test::HttpReply::Ending::reset, 5 * k_mib);
  }));
  breaking.twist(test::between(1, 1000, test::answering(status_reply(404))));
  server_.on("/a" + name, breaking.handler());
  server_.on("/b" + name, status_reply(403));
  options_.mirrors = {server_.url("/a"), server_.url("/b")};
  const Result<Fetched> fetched = fetch(file, {serve(file)});
  ASSERT_TRUE(arrived(fetched, file.content()));
  EXPECT_EQ(fetched->url, server_.url("/m.onnx"));
  std::string all;
  for (const std::string& line : log()) all += line + "\n";
  const std::size_t first = all.find("/a" + name + " answered 404");
  const std::size_t second = all.find("/b" + name + " answered 403");
  ASSERT_NE(first, std::string::npos) << all;
  ASSERT_NE(second, std::string::npos) << all;
  EXPECT_LT(first, second);
}

}  // namespace
}  // namespace modelhub::transfer
