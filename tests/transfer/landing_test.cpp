// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "transfer/landing.h"

#include <atomic>
#include <cerrno>
#include <future>

#include <gmock/gmock.h>

#include "base/hasher.h"
#include "support/faulty_file_system.h"
#include "support/scratch.h"
#include "transfer/chunks.h"

namespace modelhub::transfer {
namespace {

class LandingTest : public ::testing::Test {
 protected:
  static constexpr std::size_t k_landing_write = 256 * 1024;

  // What was posted uses the others.
  ~LandingTest() override {
    hashers_.stop();
    syncer_.stop();
  }

  void write_until(std::uint64_t end) {
    while (at_ < end) {
      const auto bytes = std::as_bytes(std::span(body_)).subspan(at_, k_landing_write);
      const Result<void> written = landing_->write(at_, bytes);
      ASSERT_TRUE(written) << written.error().to_string();
      at_ += k_landing_write;
    }
  }
  std::uint64_t journalled() {
    const Result<Journal> journal = load_journal(files_, scratch_.path("journal"));
    return journal ? journal->claimed() : 0;
  }
  // Nothing that is posted there runs before it is destroyed.
  class Held {
   public:
    explicit Held(base::Executor& executor) {
      executor.post([done = done_.get_future().share()] { done.wait(); });
    }
    ~Held() { done_.set_value(); }
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;

   private:
    std::promise<void> done_;
  };
  static void run_what_was_posted(base::Executor& executor) {
    std::promise<void> done;
    executor.post([&done] { done.set_value(); });
    done.get_future().wait();
  }
  // As the loop does after it was woken.
  bool takes_more_after_a_step() {
    return test::eventually([this] { return landing_->step(), landing_->may_take(at_); });
  }
  bool is_idle() {
    return test::eventually([this] { return landing_->is_idle(); });
  }

  test::ScratchFolder scratch_;
  base::FileSystem& files_ = base::FileSystem::real();
  base::Executor hashers_{"test-hash", 1, base::Executor::Role::workers};
  base::Executor syncer_{"test-sync", 1, base::Executor::Role::workers};
  const Workers workers_{hashers_, syncer_, [] {}};
  const std::string body_ = std::string(36 * k_chunk_bytes, 'b');
  std::uint64_t at_ = 0;
  const FetchRequest request_{
      "a file", base::sha256_of(body_), ByteCount(body_.size()), {}, scratch_.path()};
  const std::shared_ptr<Landing> landing_ =
      std::make_shared<Landing>(files_, request_, workers_, nullptr);
};

// From many fast connections more may come between two steps of the loop than may be lost.
TEST_F(LandingTest, AJournalIsBegunWithTheBytesThatCallForIt) {
  write_until(2 * k_chunk_bytes);
  ASSERT_TRUE(is_idle());
  EXPECT_GE(journalled(), 6U * 1024 * 1024);
}

TEST_F(LandingTest, WhatIsInAJournalHoldsNothingUpBeforeTheNextStep) {
  for (std::uint64_t end = 2 * k_chunk_bytes; end < body_.size(); end += 2 * k_chunk_bytes) {
    write_until(end);
    ASSERT_TRUE(is_idle());
    EXPECT_TRUE(landing_->may_take(end)) << end;
  }
}

// A kill costs no more than what no journal tells of.
TEST_F(LandingTest, BytesWaitWhileNoJournalTellsOfThoseBefore) {
  {
    const Held hashers(hashers_);
    write_until(3 * k_chunk_bytes - k_landing_write);
    EXPECT_TRUE(landing_->may_take(at_));
    write_until(3 * k_chunk_bytes);
    EXPECT_FALSE(landing_->may_take(at_));
  }
  EXPECT_TRUE(takes_more_after_a_step());
}

TEST_F(LandingTest, TheNetworkDoesNotWaitForTheDiskAtEachStepAndAKillStillCostsLittle) {
  const Held syncer(syncer_);
  for (std::uint64_t end = 2 * k_chunk_bytes; end <= 16 * k_chunk_bytes; end += 2 * k_chunk_bytes) {
    ASSERT_TRUE(landing_->may_take(at_)) << at_;
    write_until(end);
    run_what_was_posted(hashers_);
    EXPECT_GE(journalled() + 3 * k_chunk_bytes, end);
  }
}

TEST_F(LandingTest, BytesWaitForADiskThatIsFarBehind) {
  {
    const Held syncer(syncer_);
    write_until(32 * k_chunk_bytes);
    run_what_was_posted(hashers_);
    EXPECT_FALSE(landing_->may_take(at_));
  }
  EXPECT_TRUE(takes_more_after_a_step());
}

// Where nobody can tell whether the machine has restarted, only what was synced counts.
class LandingWithoutBootTest : public LandingTest {
 protected:
  class NoBoot final : public test::FaultyFileSystem {
   public:
    using FaultyFileSystem::FaultyFileSystem;
    std::string boot() override { return {}; }
  };
  NoBoot nameless_{files_};
  const std::shared_ptr<Landing> careful_ =
      std::make_shared<Landing>(nameless_, request_, workers_, nullptr);
};

TEST_F(LandingWithoutBootTest, BytesWaitForTheDisk) {
  const auto bytes = std::as_bytes(std::span(body_)).first(3 * k_chunk_bytes);
  {
    const Held syncer(syncer_);
    ASSERT_TRUE(careful_->write(0, bytes));
    EXPECT_FALSE(careful_->may_take(bytes.size()));
    run_what_was_posted(hashers_);
    EXPECT_FALSE(careful_->may_take(bytes.size()));
    EXPECT_EQ(journalled(), 0U);
  }
  EXPECT_TRUE(test::eventually([&] { return careful_->may_take(bytes.size()); }));
  EXPECT_EQ(journalled(), bytes.size());
}

// A file that is too small for journals: nothing is synced before its last byte is there.
class LandingOfTheLastBytesTest : public LandingTest {
 protected:
  LandingOfTheLastBytesTest() {
    disk_.set_rule([this](const test::FaultyFileSystem::Call& call) {
      if (call.name != "sync" || call.path != scratch_.path("data")) return 0;
      ++syncs_;
      return disk_error_.load();
    });
  }
  ~LandingOfTheLastBytesTest() override {
    hashers_.stop();
    syncer_.stop();
  }
  void write_all() {
    landing_of_three_->step();
    const auto bytes = std::as_bytes(std::span(three_chunks_));
    ASSERT_TRUE(landing_of_three_->write(0, bytes));
    ASSERT_TRUE(landing_of_three_->is_complete());
  }

  const std::string three_chunks_ = std::string(3 * k_chunk_bytes, 'c');
  std::atomic<int> syncs_ = 0;
  std::atomic<int> disk_error_ = 0;
  test::FaultyFileSystem disk_{files_};
  FetchRequest whole_{"a file",
                      base::sha256_of(three_chunks_),
                      ByteCount(three_chunks_.size()),
                      {},
                      scratch_.path()};
  std::shared_ptr<Landing> landing_of_three_ =
      std::make_shared<Landing>(disk_, whole_, workers_, nullptr);
};

TEST_F(LandingOfTheLastBytesTest, TheyAreSyncedWhileTheyAreHashed) {
  const Held hashers(hashers_);
  write_all();
  EXPECT_FALSE(landing_of_three_->step().whole);
  run_what_was_posted(syncer_);
  EXPECT_EQ(syncs_, 1);
  EXPECT_FALSE(landing_of_three_->step().whole);
  run_what_was_posted(syncer_);
  EXPECT_EQ(syncs_, 1) << "once is enough";
}

TEST_F(LandingOfTheLastBytesTest, AnArchiveThatOnlyServesIsNotSynced) {
  whole_.unpack = UnpackRequest{UnpackKind::bz2, "", Digest::of_empty(), ByteCount()};
  landing_of_three_ = std::make_shared<Landing>(disk_, whole_, workers_, nullptr);
  const Held hashers(hashers_);
  const auto bytes = std::as_bytes(std::span(three_chunks_));
  ASSERT_TRUE(landing_of_three_->write(0, bytes));
  landing_of_three_->step();
  run_what_was_posted(syncer_);
  EXPECT_EQ(syncs_, 0);
}

// The next sync would find nothing wrong.
TEST_F(LandingOfTheLastBytesTest, ThatTheyCannotBeSyncedIsToldThoughAllIsHashed) {
  disk_error_ = EIO;
  {
    const Held syncer(syncer_);
    {
      const Held hashers(hashers_);
      write_all();
      landing_of_three_->step();
    }
    run_what_was_posted(hashers_);
    EXPECT_FALSE(landing_of_three_->step().whole) << "the disk has not said yes";
  }
  std::optional<Error> error;
  ASSERT_TRUE(test::eventually([&] {
    Landing::News news = landing_of_three_->step();
    EXPECT_FALSE(news.whole);
    error = std::move(news.error);
    return error.has_value();
  }));
  EXPECT_EQ(error->code, ErrorCode::io_error);
}

TEST_F(LandingTest, WhatCameIsHashedBeforeTheNextStep) {
  write_until(2 * k_chunk_bytes);
  run_what_was_posted(hashers_);
  ASSERT_TRUE(is_idle());
  write_until(4 * k_chunk_bytes);
  ASSERT_TRUE(is_idle());
  const Result<Journal> journal = load_journal(files_, scratch_.path("journal"));
  ASSERT_TRUE(journal);
  const Digest chunk = base::sha256_of(std::string_view(body_).substr(0, k_chunk_bytes));
  EXPECT_THAT(journal->chunks, ::testing::Contains(::testing::Pair(0, chunk)));
  EXPECT_THAT(journal->chunks, ::testing::Contains(::testing::Pair(1, chunk)));
}

}  // namespace
}  // namespace modelhub::transfer
