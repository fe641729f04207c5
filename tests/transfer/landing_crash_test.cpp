// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// A process is killed, the power fails, or the disk fills up, at each step of a file on its way:
// what the journals claim is there.
#include <cerrno>
#include <random>

#include <gmock/gmock.h>

#include "base/hasher.h"
#include "support/faulty_file_system.h"
#include "support/memory_file_system.h"
#include "support/sanitized.h"
#include "support/scratch.h"
#include "transfer/chunks.h"
#include "transfer/landing.h"

namespace modelhub::transfer {
namespace {

using test::FaultyFileSystem;
using test::Loss;
using test::MemoryFileSystem;

constexpr std::uint64_t k_piece = 1024 * 1024;
constexpr std::uint64_t k_pieces = 20;

// A sanitizer looks for faults that each step shows as well as any other: it gets some of them.
constexpr std::uint64_t k_stride = test::k_is_sanitized ? 8 : 1;

std::string random_body() {
  std::mt19937_64 random(1);
  std::string body;
  while (body.size() < k_pieces * k_piece) {
    const std::uint64_t word = random();
    body.append(reinterpret_cast<const char*>(&word), sizeof word);
  }
  return body;
}

class LandingAtEachStepTest : public ::testing::Test {
 protected:
  void empty_folder() const {
    ASSERT_TRUE(base::remove_tree(*memory_, "/f"));
    ASSERT_TRUE(memory_->make_directories("/f"));
    ASSERT_TRUE(memory_->sync_directory("/"));
  }

  std::span<const std::byte> part(ByteRange range) const {
    return std::as_bytes(std::span(body_)).subspan(range.from, range.size());
  }

  // Until the whole is there, or nothing goes any more.
  void fetch(base::FileSystem& files) const {
    base::Executor hashers("test-hash", 2, base::Executor::Role::workers);
    base::Executor syncer("test-sync", 1, base::Executor::Role::workers);
    const Workers workers{hashers, syncer, [] {}};
    const auto landing = std::make_shared<Landing>(files, request_, workers, nullptr);
    for (std::uint64_t i = 0; i < k_pieces; ++i) {
      // One from the middle comes first.
      const std::uint64_t piece = i == 0 ? 9 : i <= 9 ? i - 1 : i;
      const ByteRange range{piece * k_piece, (piece + 1) * k_piece};
      if (!landing->write(range.from, part(range))) {
        landing->keep();
        break;
      }
      (void)landing->step();
      // Now the workers are behind, now they are not.
      if (i % 3 == 2) (void)test::eventually([&] { return landing->is_idle(); });
    }
    hashers.stop();
    syncer.stop();
  }

  // How much of it is there, as far as the journals know. What they claim must be true.
  std::uint64_t expect_true_claims() const {
    const Result<Journal> journal = load_journal(*memory_, "/f/journal");
    if (!journal) return 0;
    const Result<std::string> data =
        base::read_whole_file(*memory_, "/f/data", ByteCount(body_.size()));
    EXPECT_TRUE(data);
    if (!data) return 0;
    ByteRanges claimed = journal->unproved;
    for (const auto& [index, digest] : journal->chunks) {
      const ByteRange range = chunk_range(index, body_.size());
      claimed.add(range);
      EXPECT_EQ(digest, base::sha256_of(body_.substr(range.from, range.size()))) << index;
    }
    for (const auto& [from, to] : claimed.ranges()) {
      EXPECT_LE(to, data->size());
      EXPECT_TRUE(data->substr(from, to - from) == body_.substr(from, to - from))
          << from << " to " << to;
    }
    return claimed.total();
  }

  void expect_goes_on() const {
    base::Executor hashers("test-hash", 2, base::Executor::Role::workers);
    base::Executor syncer("test-sync", 1, base::Executor::Role::workers);
    const Workers workers{hashers, syncer, [] {}};
    const auto landing = std::make_shared<Landing>(*memory_, request_, workers, nullptr);
    landing->adopt();
    ASSERT_TRUE(test::eventually([&] { return !landing->is_adopting(); }));
    Landing::News news;
    ASSERT_TRUE(test::eventually([&] {
      const ByteRange gap = landing->present().first_gap({0, body_.size()});
      if (!gap.is_empty()) {
        EXPECT_TRUE(landing->write(gap.from, part(gap)));
      }
      news = landing->step();
      return news.whole || news.error;
    }));
    EXPECT_FALSE(news.error) << news.error->to_string();
    EXPECT_EQ(news.whole, request_.digest);
    hashers.stop();
    syncer.stop();
  }

  const std::string body_ = random_body();
  const FetchRequest request_{"a file", base::sha256_of(body_), ByteCount(body_.size()), {}, "/f"};
  const std::unique_ptr<MemoryFileSystem> memory_ = std::make_unique<MemoryFileSystem>();
};

class LandingCrashTest : public LandingAtEachStepTest,
                         public ::testing::WithParamInterface<Loss> {};

TEST_P(LandingCrashTest, AtAnyStepTheJournalsClaimWhatIsThere) {
  bool is_over = false;
  for (std::uint64_t step = 1; !is_over && !HasFailure(); step += k_stride) {
    SCOPED_TRACE("at step " + std::to_string(step));
    empty_folder();
    {
      FaultyFileSystem faulty(*memory_);
      faulty.set_rule(FaultyFileSystem::dead_from(step));
      fetch(faulty);
      is_over = faulty.mutations() < step;
    }
    memory_->power_cut(GetParam(), static_cast<std::uint32_t>(step));
    const std::uint64_t claimed = expect_true_claims();
    if (is_over && GetParam() == Loss::nothing) {
      EXPECT_GE(claimed + 12 * k_piece, body_.size());
    }
    expect_goes_on();
  }
}

TEST_F(LandingAtEachStepTest, ADiskThatFillsUpLeavesWhatTheJournalsClaim) {
  bool is_over = false;
  for (std::uint64_t step = 1; !is_over && !HasFailure(); step += k_stride) {
    SCOPED_TRACE("at step " + std::to_string(step));
    empty_folder();
    {
      FaultyFileSystem full(*memory_);
      full.set_rule(FaultyFileSystem::fail_from(step, ENOSPC));
      fetch(full);
      is_over = full.mutations() < step;
    }
    expect_true_claims();
    expect_goes_on();
  }
}

INSTANTIATE_TEST_SUITE_P(Losses, LandingCrashTest,
                         ::testing::Values(Loss::nothing, Loss::all, Loss::bytes, Loss::random));

}  // namespace
}  // namespace modelhub::transfer
