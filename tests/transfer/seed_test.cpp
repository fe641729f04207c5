// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include <gmock/gmock.h>

#include "base/hasher.h"
#include "transfer/journal.h"
#include "transfer/ranged_fixture.h"

namespace modelhub::transfer {
namespace {

using test::RangedFile;

class SeedTest : public RangedFixture {
 protected:
  static constexpr std::uint64_t k_size = 30 * k_mib + 5;  // eight segments

  // The file with one bit changed in each of these segments.
  std::string with_bad(std::initializer_list<std::uint64_t> segments) const {
    std::string content = *file_.content();
    for (const std::uint64_t segment : segments) {
      const std::size_t at = segment * k_segment + 1000;
      content[at] = static_cast<char>(content[at] ^ 1);
    }
    return content;
  }
  Seed seed_of(const std::string& name, const std::string& content,
               std::vector<Digest> chunks) const {
    Seed seed;
    seed.data = scratch_.write(name, content);
    seed.chunks = std::move(chunks);
    return seed;
  }
  Result<Fetched> fetch_with(std::vector<Seed> seeds) {
    FetchRequest request = request_for(file_.content(), {serve(file_)});
    request.seeds = std::move(seeds);
    return fetch(std::move(request));
  }
  const RangedFile file_{k_size};
  // What a connection may have under way when its part is given to another one.
  static constexpr std::uint64_t k_under_way = 4 * k_mib;
  const std::vector<Digest> digests_ = digests_of_segments(*file_.content());
};

TEST_F(SeedTest, WithOneBadSegmentIsRepairedByThatSegment) {
  const Result<Fetched> fetched = fetch_with({seed_of("seed", with_bad({3}), digests_)});
  ASSERT_TRUE(arrived(fetched, file_.content()));
  EXPECT_LE(server_.body_bytes_sent(), k_segment);
  expect_received(fetched->received, k_segment);
  EXPECT_EQ(fetched->reused.count(), k_size - k_segment);
}

TEST_F(SeedTest, TwoWithBadSegmentsMakeUpForEachOther) {
  const Result<Fetched> fetched = fetch_with({seed_of("one", with_bad({0, 2, 5}), digests_),
                                              seed_of("two", with_bad({1, 5, 7}), digests_)});
  ASSERT_TRUE(arrived(fetched, file_.content()));
  EXPECT_LE(server_.body_bytes_sent(), k_segment);  // the fifth is bad in both
}

TEST_F(SeedTest, ThatIsWholeNeedsNoRequest) {
  const Result<Fetched> fetched = fetch_with({seed_of("seed", *file_.content(), digests_)});
  ASSERT_TRUE(arrived(fetched, file_.content()));
  EXPECT_EQ(server_.request_count(), 0U);
  EXPECT_EQ(fetched->reused.count(), k_size);
}

TEST_F(SeedTest, ThatIsWholeNeedsNoNetwork) {
  options_.network = Network::off;
  ASSERT_TRUE(arrived(fetch_with({seed_of("seed", *file_.content(), digests_)}), file_.content()));
}

TEST_F(SeedTest, IsOnlyRead) {
  const std::string content = with_bad({3});
  const Seed seed = seed_of("seed", content, digests_);
  ASSERT_TRUE(arrived(fetch_with({seed}), file_.content()));
  EXPECT_TRUE(test::content_of(seed.data) == content);
}

TEST_F(SeedTest, ThatWasCutShortGivesWhatItHas) {
  const std::string content = file_.content()->substr(0, 17 * k_mib);
  const Result<Fetched> fetched = fetch_with({seed_of("seed", content, digests_)});
  ASSERT_TRUE(arrived(fetched, file_.content()));
  EXPECT_EQ(fetched->reused.count(), 4 * k_segment);
  EXPECT_LE(server_.body_bytes_sent(), k_size - 4 * k_segment + k_under_way);
}

TEST_F(SeedTest, OfAnotherOwnersPartialGivesItsFinishedSegments) {
  Seed seed;
  seed.data = scratch_.path("theirs/data");
  seed.journal = scratch_.path("theirs/journal");
  std::size_t finished = 0;
  // On a busy machine the hashing lags behind.
  for (int attempt = 0; attempt < 10 && finished == 0; ++attempt) {
    std::filesystem::remove_all(scratch_.path("theirs"));
    leave_partial(file_, 14 * k_mib, 1, std::chrono::milliseconds(100 * attempt));
    std::filesystem::rename(folder(), scratch_.path("theirs"));
    std::filesystem::create_directories(folder());
    const Result<Journal> theirs = load_journal(base::FileSystem::real(), seed.journal);
    ASSERT_TRUE(theirs) << theirs.error().to_string();
    finished = theirs->chunks.size();
  }
  ASSERT_GE(finished, 1U);
  ASSERT_TRUE(arrived(fetch_with({seed}), file_.content()));
  EXPECT_LE(bytes_sent_since(), k_size - finished * k_segment + k_under_way);
}

// The digests are right for its own, wrong bytes: only the whole file's digest shows the lie.
TEST_F(SeedTest, ThatLiesAboutItsDigestsIsFoundOutAndLeftOut) {
  const std::string content = with_bad({1, 4});
  const Result<Fetched> fetched =
      fetch_with({seed_of("seed", content, digests_of_segments(content))});
  ASSERT_TRUE(arrived(fetched, file_.content()));
  EXPECT_LE(server_.body_bytes_sent(), k_size + k_sent_ahead);
}

TEST_F(SeedTest, WithTooFewTooManyOrForeignDigestsDoesNoHarm) {
  std::vector<Digest> few(digests_.begin(), digests_.begin() + 2);
  std::vector<Digest> many = digests_;
  many.resize(5000, digests_.front());
  const std::vector<Digest> foreign(digests_.size(), base::sha256_of("foreign"));
  for (const std::vector<Digest>& chunks : {few, many, foreign}) {
    transfer_.reset();
    std::filesystem::remove_all(folder());
    std::filesystem::create_directories(folder());
    ASSERT_TRUE(arrived(fetch_with({seed_of("seed", with_bad({6}), chunks)}), file_.content()));
  }
}

TEST_F(SeedTest, ThatIsNotThereOrNoFileDoesNoHarm) {
  Seed missing;
  missing.data = scratch_.path("missing");
  missing.chunks = digests_;
  Seed folder_seed;
  folder_seed.data = scratch_.path();
  folder_seed.journal = scratch_.path();
  folder_seed.chunks = digests_;
  const Result<Fetched> fetched = fetch_with({missing, folder_seed});
  ASSERT_TRUE(arrived(fetched, file_.content()));
  EXPECT_EQ(fetched->reused.count(), 0U);
}

}  // namespace
}  // namespace modelhub::transfer
