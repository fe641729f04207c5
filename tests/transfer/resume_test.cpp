// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include <gmock/gmock.h>

#include "base/hasher.h"
#include "transfer/chunks.h"
#include "transfer/journal.h"
#include "transfer/range_server.h"
#include "transfer/transfer_fixture.h"

namespace modelhub::transfer {
namespace {

using test::HttpReply;
using test::HttpRequest;
using Ending = HttpReply::Ending;
using ::testing::HasSubstr;

constexpr std::size_t k_resume_mib = 1024 * 1024;

class ResumeTest : public TransferFixture {
 protected:
  // Lays a partial file with a journal that claims `chunks` of it.
  void lay(const std::string& data, const std::vector<std::size_t>& chunks,
           const ByteRanges& unproved = {}, const std::string& validator = "\"v1\"") {
    scratch_.write("staging/data", data);
    Journal journal{base::sha256_of(body_),
                    ByteCount(body_.size()),
                    server_.url("/m.onnx"),
                    validator,
                    {},
                    unproved};
    for (const std::size_t index : chunks) {
      const ByteRange range = chunk_range(index, body_.size());
      journal.chunks.emplace(index, base::sha256_of(body_.substr(range.from, range.size())));
    }
    scratch_.write("staging/journal", journal.to_text());
  }
  Result<Fetched> fetch_it() { return fetch(body_, {server_.url("/m.onnx")}); }
  void expect_whole(const Result<Fetched>& fetched) {
    ASSERT_TRUE(fetched) << fetched.error().to_string();
    EXPECT_EQ(fetched->digest, base::sha256_of(body_));
    EXPECT_TRUE(test::content_of(destination()) == body_);
    ASSERT_EQ(fetched->chunks.size(), chunk_count(body_.size()));
    for (std::size_t i = 0; i < fetched->chunks.size(); ++i) {
      const ByteRange range = chunk_range(i, body_.size());
      EXPECT_EQ(fetched->chunks[i], base::sha256_of(body_.substr(range.from, range.size())));
    }
  }

  const std::string body_ = model_bytes(11 * k_resume_mib + 17);
};

TEST_F(ResumeTest, GoesOnAfterACancelWithoutFetchingAnythingTwice) {
  options_.connections_per_file = 1;  // on a busy machine a second one would fetch the rest
  RangeFile file = range_file(body_);
  std::atomic<bool> is_first = true;
  file.twist = [&](const HttpRequest&, HttpReply reply) {
    return is_first.exchange(false) ? std::move(reply).ending_with(Ending::stall, 9 * k_resume_mib)
                                    : reply;
  };
  server_.on("/m.onnx", range_handler(file));
  const Job<Fetched> job = start(request_for(body_, {server_.url("/m.onnx")}));
  ASSERT_TRUE(test::eventually([&] { return job.progress().bytes_done == 9 * k_resume_mib; }));
  job.cancel();
  const Result<Fetched> fetched = fetch_it();  // waits until the first has left
  expect_whole(fetched);
  EXPECT_EQ(fetched->reused.count(), 9 * k_resume_mib);
  expect_received(fetched->received, body_.size() - 9 * k_resume_mib);
  EXPECT_EQ(server_.requests().back().headers.at("if-range"), "\"v1\"");
}

TEST_F(ResumeTest, AFullPartialIsVerifiedWithoutARequest) {
  lay(body_, {0, 1}, [&] {
    ByteRanges rest;
    rest.add({8 * k_resume_mib, body_.size()});
    return rest;
  }());
  const Result<Fetched> fetched = fetch(body_, {});
  expect_whole(fetched);
  EXPECT_EQ(transfer_->network_requests(), 0U);
  EXPECT_EQ(fetched->reused.count(), body_.size());
}

TEST_F(ResumeTest, OnlyAChunkThatIsNotWhatTheJournalSaysIsFetchedAgain) {
  server_.on("/m.onnx", range_handler(range_file(body_)));
  lay(test::flipped(body_, 5 * k_resume_mib), {0, 1, 2});
  const Result<Fetched> fetched = fetch_it();
  expect_whole(fetched);
  expect_received(fetched->received, k_chunk_bytes);
  EXPECT_EQ(server_.requests().at(0).headers.at("range"), "bytes=4194304-8388607");
}

TEST_F(ResumeTest, WhatNoDigestProvedIsTheFirstToBeDropped) {
  server_.on("/m.onnx", range_handler(range_file(body_)));
  ByteRanges prefix;
  prefix.add({8 * k_resume_mib, 9 * k_resume_mib});
  lay(test::flipped(body_, 8 * k_resume_mib + 5), {0, 1}, prefix);
  const Result<Fetched> fetched = fetch_it();
  expect_whole(fetched);
  expect_received(fetched->received, body_.size() - 8 * k_resume_mib);
  EXPECT_EQ(server_.request_count(), 2U);
}

TEST_F(ResumeTest, AWholePartialOfAnotherFileIsFetchedAgainOnce) {
  server_.on("/m.onnx", range_handler(range_file(body_)));
  const std::string other = test::flipped(body_, 100);
  scratch_.write("staging/data", other);
  Journal journal{base::sha256_of(body_), ByteCount(body_.size()), "", "", {}, {}};
  for (std::size_t i = 0; i < chunk_count(body_.size()); ++i) {
    const ByteRange range = chunk_range(i, body_.size());
    journal.chunks.emplace(i, base::sha256_of(other.substr(range.from, range.size())));
  }
  scratch_.write("staging/journal", journal.to_text());
  const Result<Fetched> fetched = fetch_it();
  expect_whole(fetched);
  expect_received(fetched->received, body_.size());
  EXPECT_EQ(fetched->reused.count(), 0U);
}

TEST_F(ResumeTest, AServerWithAnotherFileIsToldAfterTheOldBytesWereDropped) {
  server_.on("/m.onnx", range_handler(range_file(test::flipped(body_, 10 * k_resume_mib))));
  lay(body_, {0, 1});
  const Result<Fetched> fetched = fetch_it();
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().code, ErrorCode::checksum_mismatch);
  EXPECT_LE(server_.request_count(), 2U);
  EXPECT_FALSE(has_destination());
  EXPECT_FALSE(std::filesystem::exists(journal()));
}

TEST_F(ResumeTest, AChangedFileOnTheServerIsFetchedFromItsBeginning) {
  RangeFile file = range_file(body_);
  file.etag = "\"v2\"";
  server_.on("/m.onnx", range_handler(file));
  lay(test::flipped(body_, 7), {1}, {}, "\"v1\"");
  const Result<Fetched> fetched = fetch_it();
  expect_whole(fetched);
  expect_received(fetched->received, body_.size());
  EXPECT_EQ(server_.request_count(), 1U);
}

TEST_F(ResumeTest, ADataFileWithoutAJournalCountsForNothing) {
  server_.on("/m.onnx", range_handler(range_file(body_)));
  scratch_.write("staging/data", std::string(20 * k_resume_mib, 'x'));
  const Result<Fetched> fetched = fetch_it();
  expect_whole(fetched);
  EXPECT_EQ(fetched->reused.count(), 0U);
}

TEST_F(ResumeTest, ATornOrNewerJournalCountsForNothing) {
  server_.on("/m.onnx", range_handler(range_file(body_)));
  lay(body_, {0, 1});
  const std::string text = test::content_of(journal());
  scratch_.write("staging/journal", text.substr(0, text.size() / 2));
  EXPECT_EQ(fetch_it()->reused.count(), 0U);
  scratch_.write("staging/journal", "modelhub-journal 2\nwhat a later version writes\n");
  EXPECT_EQ(fetch_it()->reused.count(), 0U);
}

TEST_F(ResumeTest, AServerThatBreaksOffEveryFewMegabytesIsSlowAndNotDead) {
  options_.attempts_per_source = 2;
  RangeFile file = range_file(body_);
  file.twist = [](const HttpRequest&, HttpReply reply) {
    return std::move(reply).ending_with(Ending::close, k_resume_mib);
  };
  server_.on("/m.onnx", range_handler(file));
  const Result<Fetched> fetched = fetch_it();
  expect_whole(fetched);
  EXPECT_GE(server_.request_count(), 11U);
}

TEST_F(ResumeTest, AfterTheDeadlineThePartialStaysForTheNext) {
  options_.deadline = std::chrono::seconds(3);  // a busy machine has a chunk by then
  options_.connections_per_file = 1;            // more would bring the rest
  RangeFile file = range_file(body_);
  file.twist = [](const HttpRequest&, HttpReply reply) {
    return std::move(reply).ending_with(Ending::stall, 5 * k_resume_mib);
  };
  server_.on("/m.onnx", range_handler(file));
  const Error error = fetch_it().error();
  EXPECT_EQ(error.code, ErrorCode::timed_out);
  EXPECT_TRUE(error.retryable);
  EXPECT_THAT(error.message, HasSubstr("was not here within 3.0 s"));
  const Result<Journal> left = load_journal(base::FileSystem::real(), journal());
  ASSERT_TRUE(left);
  EXPECT_EQ(left->chunks.size(), 1U);
}

TEST_F(ResumeTest, AnotherSourceGoesOnAndTheDigestDecides) {
  RangeFile broken = range_file(body_);
  broken.etag = "\"one\"";
  std::atomic<int> asked = 0;
  broken.twist = [&](const HttpRequest&, HttpReply reply) {
    if (asked++ > 0) return test::status_reply(410);
    return std::move(reply).ending_with(Ending::close, 6 * k_resume_mib);
  };
  server_.on("/one", range_handler(broken));
  server_.on("/two", range_handler(range_file(body_)));
  const Result<Fetched> fetched = fetch(body_, {server_.url("/one"), server_.url("/two")});
  expect_whole(fetched);
  expect_received(fetched->received, body_.size());
  EXPECT_EQ(server_.requests().back().headers.count("if-range"), 0U);
}

TEST_F(ResumeTest, BytesOfASourceWithAnotherFileAreReplacedByTheNextOnes) {
  RangeFile wrong = range_file(test::flipped(body_, 3));
  std::atomic<int> asked = 0;
  wrong.twist = [&](const HttpRequest&, HttpReply reply) {
    if (asked++ > 0) return test::status_reply(410);
    return std::move(reply).ending_with(Ending::close, 6 * k_resume_mib);
  };
  server_.on("/one", range_handler(wrong));
  server_.on("/two", range_handler(range_file(body_)));
  const Result<Fetched> fetched = fetch(body_, {server_.url("/one"), server_.url("/two")});
  expect_whole(fetched);
  EXPECT_GE(fetched->received.count(), body_.size());
}

TEST_F(ResumeTest, TwoFetchesIntoOneFolderComeOneAfterTheOther) {
  server_.on("/m.onnx", range_handler(range_file(body_)));
  const Job<Fetched> first = start(request_for(body_, {server_.url("/m.onnx")}));
  const Job<Fetched> second = start(request_for(body_, {server_.url("/m.onnx")}));
  EXPECT_TRUE(first.get());
  expect_whole(second.get());
}

TEST_F(ResumeTest, TheChunksOfASeedThatHashRightAreCopied) {
  server_.on("/m.onnx", range_handler(range_file(body_)));
  Seed seed{scratch_.write("bad_blob", test::flipped(body_, 9 * k_resume_mib)), ""};
  for (std::size_t i = 0; i < chunk_count(body_.size()); ++i) {
    const ByteRange range = chunk_range(i, body_.size());
    seed.chunks.push_back(base::sha256_of(body_.substr(range.from, range.size())));
  }
  FetchRequest request = request_for(body_, {server_.url("/m.onnx")});
  request.seeds = {seed};
  const Result<Fetched> fetched = start(std::move(request)).get();
  expect_whole(fetched);
  EXPECT_EQ(fetched->reused.count(), 8 * k_resume_mib);
  expect_received(fetched->received, body_.size() - 8 * k_resume_mib);
  EXPECT_EQ(test::content_of(scratch_.path("bad_blob")), test::flipped(body_, 9 * k_resume_mib));
}

TEST_F(ResumeTest, AnotherPartialWithItsJournalIsASeedToo) {
  server_.on("/m.onnx", range_handler(range_file(body_)));
  lay(body_, {0, 2});
  std::filesystem::rename(folder(), scratch_.path("other"));
  std::filesystem::create_directories(folder());
  FetchRequest request = request_for(body_, {server_.url("/m.onnx")});
  request.seeds = {{scratch_.path("other/data"), scratch_.path("other/journal")},
                   {scratch_.path("missing"), scratch_.path("missing.journal")}};
  const Result<Fetched> fetched = start(std::move(request)).get();
  expect_whole(fetched);
  expect_received(fetched->received, k_chunk_bytes);
}

}  // namespace
}  // namespace modelhub::transfer
