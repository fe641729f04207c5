// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "store/reservation.h"

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <thread>
#include <utility>

#include "base/owner.h"
#include "store/budget_fixture.h"
#include "support/faulty_file_system.h"

namespace modelhub::store {
namespace {

using test::FaultyFileSystem;

class ReservationTest : public BudgetTest {};

TEST_F(ReservationTest, WhatFitsIsHeldUntilItIsDropped) {
  {
    const auto held = reserve(10);
    ASSERT_TRUE(held) << held.error().to_string();
    ASSERT_EQ(reservations().size(), 1u);
    EXPECT_TRUE(reservations().front().starts_with("40960."));
    EXPECT_TRUE(reservations().front().ends_with(".held"));
    EXPECT_EQ(held->bytes(), blocks(10));
  }
  EXPECT_TRUE(reservations().empty());
  EXPECT_TRUE(log_.empty());
}

TEST_F(ReservationTest, NothingNeedsNoReservation) {
  EXPECT_EQ(reserve(0).value().bytes(), ByteCount());
  EXPECT_TRUE(reservations().empty());
}

TEST_F(ReservationTest, BytesAreRoundedUpToBlocks) {
  EXPECT_EQ(store_->reserve(store_->new_ticket(), ByteCount(1)).value().bytes(), blocks(1));
  EXPECT_EQ(store_->reserve(store_->new_ticket(), ByteCount(4097)).value().bytes(), blocks(2));
}

// A model that somebody takes away: its blob has another name before it is gone.
class ReservationWhileABlobIsRenamedTest : public ReservationTest {
 protected:
  ReservationWhileABlobIsRenamedTest() {
    const InstalledFile file = install("first", 8).files.front();
    blob_ = file.location;
    aside_ = store_->layout().blobs() + "/" + store_->layout().removal_prefix(file.sha256) +
             base::Owner::current().unique_suffix();
  }

  std::string blob_;
  std::string aside_;
  FaultyFileSystem faulty_{files_};
};

TEST_F(ReservationWhileABlobIsRenamedTest, ItIsCounted) {
  const auto store = open_here(faulty_);
  bool is_renamed = false;
  faulty_.set_rule([&](const FaultyFileSystem::Call& call) {
    if (call.name == "stat" && call.path == blob_ && !std::exchange(is_renamed, true))
      std::filesystem::rename(blob_, aside_);
    return 0;
  });
  EXPECT_EQ(store->statistics().value().blobs, blocks(8));
  EXPECT_TRUE(is_renamed);
  std::filesystem::rename(aside_, blob_);
}

TEST_F(ReservationWhileABlobIsRenamedTest, NothingIsHeldWhereItNeverStays) {
  const auto store = open_here(faulty_);
  faulty_.set_rule([&](const FaultyFileSystem::Call& call) {
    if (call.name == "stat" && call.path == blob_) std::filesystem::rename(blob_, aside_);
    if (call.name == "stat" && call.path == aside_) std::filesystem::rename(aside_, blob_);
    return 0;
  });
  const auto held = store->reserve(store->new_ticket(), blocks(3));
  ASSERT_FALSE(held);
  EXPECT_EQ(held.error().code, ErrorCode::busy);
  EXPECT_TRUE(held.error().retryable);
  EXPECT_TRUE(reservations().empty());
}

TEST_F(ReservationTest, OneTicketMayReserveTwice) {
  const Ticket ticket = store_->new_ticket();
  const auto first = store_->reserve(ticket, blocks(3));
  const auto second = store_->reserve(ticket, blocks(3));
  ASSERT_TRUE(first && second);
  EXPECT_EQ(reservations().size(), 2u);
  EXPECT_FALSE(reserve(4)) << "3 + 3 + 4, and a little so that the names differ";
}

TEST_F(ReservationTest, EvictsTheLeastRecentlyUsedModelsAndSaysSoInOneLineEach) {
  install("first", 4);
  install("second", 4);
  clock_.now += std::chrono::minutes(1);
  store_->touch_use(store_->find(id_of("first")).value()->key);
  ASSERT_TRUE(reserve(5));
  EXPECT_TRUE(is_installed("first"));
  EXPECT_FALSE(is_installed("second"));
  ASSERT_EQ(log_.size(), 1u);
  EXPECT_EQ(
      log_.front(),
      "evicted second@1:v (16.4 kB, last used 2026-11-23T05:02:00Z) to make room for 20.5 kB");
}

TEST_F(ReservationTest, AUseAfterTheLastDecisionCounts) {
  install("first", 3);
  install("second", 3);
  install("third", 3);
  { ASSERT_TRUE(reserve(1)); }
  { EXPECT_EQ(reserve(11).error().code, ErrorCode::no_space); }  // has looked at every stamp
  clock_.now += std::chrono::minutes(1);
  store_->touch_use(store_->find(id_of("first")).value()->key);
  ASSERT_TRUE(reserve(4));
  EXPECT_TRUE(is_installed("first"));
  EXPECT_FALSE(is_installed("second"));
}

TEST_F(ReservationTest, QuarantineDerivedFilesAndAbandonedPartialsGoBeforeAnyModel) {
  install("model", 4);
  const Layout& layout = store_->layout();
  std::filesystem::create_directories(layout.quarantine());
  overwrite_file(layout.quarantine() + "/bad", content_of("bad", 2));
  std::filesystem::create_directories(layout.derived() + "/graph");
  overwrite_file(layout.derived() + "/graph/compiled", content_of("compiled", 2));
  const std::string partial =
      layout.staging(digest_of("partial")) + "/" + dead_owner().to_string() + ".3";
  std::filesystem::create_directories(partial);
  overwrite_file(partial + "/data", content_of("partial", 1));
  { ASSERT_TRUE(reserve(1)); }
  EXPECT_TRUE(log_.empty()) << log_.front();
  { ASSERT_TRUE(reserve(3)); }
  EXPECT_EQ(log_.size(), 1u);
  EXPECT_FALSE(std::filesystem::exists(layout.quarantine() + "/bad"));
  EXPECT_TRUE(std::filesystem::exists(layout.derived() + "/graph"));
  { ASSERT_TRUE(reserve(6)); }
  EXPECT_FALSE(std::filesystem::exists(layout.derived() + "/graph"));
  EXPECT_FALSE(std::filesystem::exists(partial));
  EXPECT_TRUE(is_installed("model"));
}

TEST_F(ReservationTest, APartialOfTheTicketItselfIsPartOfItsReservation) {
  const Ticket ticket = store_->new_ticket();
  const std::string partial = store_->layout().staging(digest_of("x")) + "/" + ticket.name();
  std::filesystem::create_directories(partial);
  overwrite_file(partial + "/data", content_of("x", 6));
  EXPECT_TRUE(store_->reserve(ticket, blocks(10)));
  EXPECT_EQ(reserve(10).error().code, ErrorCode::no_space) << "for another it is in the way";
}

TEST_F(ReservationTest, ASecondLinkToABlobCountsOnceAndGoesOnCountingWhenTheBlobIsGone) {
  install("model", 6);
  const std::string hold =
      store_->layout().staging(digest_of(content_of("model", 6))) + "/" + Ticket().name();
  std::filesystem::create_directories(hold);
  std::filesystem::create_hard_link(blob(content_of("model", 6)), hold + "/blob");
  EXPECT_TRUE(reserve(4));
  std::filesystem::remove(blob(content_of("model", 6)));
  EXPECT_TRUE(open_here(files_)->reserve(store_->new_ticket(), blocks(4)));
  EXPECT_EQ(open_here(files_)->reserve(store_->new_ticket(), blocks(5)).error().code,
            ErrorCode::no_space);
}

TEST_F(ReservationTest, MoreThanTheBudgetIsRefusedAtOnceAndNothingIsLost) {
  install("model", 4);
  const Error error = reserve(11).error();
  EXPECT_EQ(error.code, ErrorCode::no_space);
  EXPECT_EQ(error.subject, Subject::store);
  EXPECT_EQ(exit_code_of(error), 6);
  EXPECT_FALSE(error.retryable);
  EXPECT_NE(error.message.find("more than all of it"), std::string::npos) << error.message;
  EXPECT_NE(error.hint.find("'modelhub cache budget 1GB'"), std::string::npos) << error.hint;
  EXPECT_EQ(pauses_, 0);
  EXPECT_TRUE(is_installed("model"));
  EXPECT_TRUE(reservations().empty());
}

TEST_F(ReservationTest, WhatPinsAndLeasesHoldIsNamedAtOnce) {
  install("pinned", 4);
  const InstalledModel used = install("used", 3);
  install("idle", 2);
  ASSERT_TRUE(store_->pin(id_of("pinned")));
  const auto lease = store_->lease(used);
  ASSERT_TRUE(lease);
  const Error error = reserve(4).error();
  EXPECT_EQ(error.code, ErrorCode::no_space);
  const std::string pid = std::to_string(::getpid());
  EXPECT_NE(error.message.find("16.4 kB pinned (pinned@1:v)"), std::string::npos) << error.message;
  EXPECT_NE(error.message.find("12.3 kB in use (used@1:v by process " + pid + " (this one))"),
            std::string::npos)
      << error.message;
  EXPECT_NE(error.hint.find("'modelhub unpin pinned@1:v'"), std::string::npos) << error.hint;
  EXPECT_EQ(pauses_, 0);
  EXPECT_TRUE(is_installed("idle"));
  EXPECT_TRUE(reserve(3)) << "that much can be had";
  EXPECT_FALSE(is_installed("idle"));
}

TEST_F(ReservationTest, WaitsForAPullThatHoldsTheSpaceAndSaysForWhom) {
  const std::string other = reserve_as(unknown_owner(), 8);
  on_pause_ = [&] { std::filesystem::remove(other); };
  std::vector<std::string> reasons;
  const auto held = store_->reserve(store_->new_ticket(), blocks(4), {},
                                    [&](const std::string& why) { reasons.push_back(why); });
  ASSERT_TRUE(held) << held.error().to_string();
  EXPECT_EQ(pauses_, 1);
  ASSERT_EQ(reasons.size(), 1u);
  EXPECT_EQ(reasons.front(), "waiting for 16.4 kB: 32.8 kB reserved by running pulls (process " +
                                 std::to_string(::getpid()) + " on another machine)");
}

TEST_F(ReservationTest, GivesUpWhenNothingChangesForAMinute) {
  reserve_as(unknown_owner(), 8);
  const auto begin = clock_.now;
  const Error error = reserve(4).error();
  EXPECT_EQ(error.code, ErrorCode::no_space);
  EXPECT_TRUE(error.retryable);
  EXPECT_NE(error.message.find("reserved by running pulls (process "), std::string::npos);
  EXPECT_GE(clock_.now - begin, std::chrono::seconds(60));
  EXPECT_LT(clock_.now - begin, std::chrono::seconds(62));
}

TEST_F(ReservationTest, EveryProgressOfAnotherPullRenewsThePatience) {
  const std::string other = reserve_as(unknown_owner(), 8);
  const std::string folder =
      store_->layout().staging(digest_of("x")) + "/" + unknown_owner().to_string() + ".7";
  std::filesystem::create_directories(folder);
  const auto begin = clock_.now;
  int steps = 0;
  std::function<void()> progress = [&] {
    if (clock_.now - begin > std::chrono::seconds(50) * (steps + 1)) {
      ++steps;
      overwrite_file(folder + "/data", content_of("x", static_cast<std::uint64_t>(steps)));
    }
    if (steps == 4) {
      std::filesystem::remove(other);
      std::filesystem::remove_all(folder);
    } else {
      on_pause_ = progress;
    }
  };
  on_pause_ = progress;
  EXPECT_TRUE(reserve(4));
  EXPECT_GT(clock_.now - begin, std::chrono::seconds(200));
}

TEST_F(ReservationTest, AStopEndsTheWaiting) {
  reserve_as(unknown_owner(), 8);
  std::stop_source source;
  on_pause_ = [&] { source.request_stop(); };
  const auto held = store_->reserve(store_->new_ticket(), blocks(4), source.get_token());
  EXPECT_EQ(held.error().code, ErrorCode::cancelled);
  EXPECT_EQ(reservations().size(), 1u);
}

TEST_F(ReservationTest, ReservationsOfDeadProcessesAreRemovedByWhoeverNeedsTheSpace) {
  reserve_as(dead_owner(), 8);
  reserve_as(dead_owner(), 8, "want");
  EXPECT_TRUE(reserve(10));
  EXPECT_EQ(pauses_, 0);
  EXPECT_TRUE(reservations().empty());
}

TEST_F(ReservationTest, NobodyIsEvictedForAWantOfAnotherThatMayBeWithdrawn) {
  install("model", 5);
  const std::string other = reserve_as(unknown_owner(), 5, "want");
  on_pause_ = [&] { std::filesystem::remove(other); };
  EXPECT_TRUE(reserve(5));
  EXPECT_EQ(pauses_, 1);
  EXPECT_TRUE(is_installed("model"));
}

TEST_F(ReservationTest, NamesInReserveThatAreNoReservationsAreLeftAlone) {
  for (const char* name : {"README", "12.held", "12.nobody.3.held", "x.want"})
    overwrite_file(store_->layout().reservations() + "/" + name, "");
  EXPECT_TRUE(reserve(10));
  EXPECT_EQ(reservations().size(), 4u);
}

TEST_F(ReservationTest, AModelThatWasBeingRemovedWhenItsProcessDiedIsAModelAgain) {
  install("model", 4);
  const std::string path = store_->layout().manifest(id_of("model"));
  std::filesystem::rename(path, path + ".evicting." + dead_owner().to_string() + ".0");
  EXPECT_FALSE(is_installed("model"));
  EXPECT_TRUE(store_->list().value().models.empty());
  EXPECT_TRUE(store_->list().value().broken.empty());
  EXPECT_TRUE(reserve(7)) << "it can be evicted";
  EXPECT_TRUE(names_in(store_->layout().blobs()).empty());
}

TEST_F(ReservationTest, APublicationAtAnyMomentOfTheAddingUpIsSeenAtLeastOnce) {
  constexpr std::uint64_t k_listings = 16;  // more than one adding up has
  for (std::uint64_t n = 1; n <= k_listings; ++n) {
    std::optional<Reservation> other = reserve(8).value();
    FaultyFileSystem interrupted(files_);
    std::uint64_t lists = 0;
    interrupted.set_rule([&](const FaultyFileSystem::Call& call) {
      if (call.name == "list" && ++lists == n) {
        install("model", 8);
        EXPECT_TRUE(store_->pin(id_of("model")));
        other.reset();
      }
      return 0;
    });
    const auto store = open_here(interrupted);
    lists = 0;
    const auto held = store->reserve(store->new_ticket(), blocks(4));
    ASSERT_FALSE(held) << "at listing " << n;
    EXPECT_EQ(held.error().code, ErrorCode::no_space);
    (void)store_->remove(id_of("model"));
  }
}

TEST_F(ReservationTest, AnAdoptionAtAnyMomentOfTheAddingUpIsSeenAtLeastOnce) {
  const std::string content = content_of("half", 8);
  const auto stage = [&] {
    return store_->stage(digest_of(content), ByteCount(content.size())).value();
  };
  constexpr std::uint64_t k_listings = 24;  // more than one adding up has
  int refusals = 0;
  for (std::uint64_t n = 1; n <= k_listings; ++n) {
    {
      auto left = stage();
      overwrite_file(left.data_path(), content);
      left.keep_partial();
    }
    std::optional<StagedFile> adopted;
    FaultyFileSystem interrupted(files_);
    std::uint64_t lists = 0;
    interrupted.set_rule([&](const FaultyFileSystem::Call& call) {
      if (call.name == "list" && ++lists == n) adopted.emplace(stage());
      return 0;
    });
    const auto store = open_here(interrupted);
    lists = 0;
    const auto held = store->reserve(store->new_ticket(), blocks(4));
    ASSERT_TRUE(adopted || lists < n);
    const bool is_there = adopted && std::filesystem::exists(adopted->data_path());
    // What nobody has adopted yet makes room.
    EXPECT_EQ(held.has_value(), !is_there) << "at listing " << n;
    if (!held) ++refusals;
  }
  EXPECT_GT(refusals, 3);
}

// A disk with room for a number of blocks beside what is there.
class SmallDisk final : public base::FileSystem {
 public:
  SmallDisk(base::FileSystem& below, std::string home) : below_(below), home_(std::move(home)) {}
  Result<ByteCount> free_space(const std::string&) override {
    const std::uint64_t taken = bytes_on_disk();
    return ByteCount(size > taken ? size - taken : 0);
  }
  std::string boot() override { return below_.boot(); }
  std::uint64_t size = 0;

  Result<std::unique_ptr<base::WritableFile>> create(const std::string& path, base::CreateMode mode,
                                                     std::uint32_t permissions) override {
    // A quite full disk has no room for a new name either.
    if (bytes_on_disk() >= size && !below_.stat(path))
      return base::error_from_errno(ENOSPC, "create", path);
    return below_.create(path, mode, permissions);
  }
  Result<std::unique_ptr<base::ReadableFile>> open(const std::string& path) override {
    return below_.open(path);
  }
  Result<base::FileStat> stat(const std::string& path) override { return below_.stat(path); }
  Result<std::vector<base::DirectoryEntry>> list(const std::string& directory) override {
    return below_.list(directory);
  }
  Result<void> make_directories(const std::string& path) override {
    return below_.make_directories(path);
  }
  Result<void> make_directory(const std::string& path) override {
    return below_.make_directory(path);
  }
  Result<void> rename(const std::string& from, const std::string& to) override {
    return below_.rename(from, to);
  }
  Result<void> rename_without_replacing(const std::string& from, const std::string& to) override {
    return below_.rename_without_replacing(from, to);
  }
  Result<void> link(const std::string& from, const std::string& to) override {
    return below_.link(from, to);
  }
  Result<void> remove_file(const std::string& path) override { return below_.remove_file(path); }
  Result<void> remove_empty_directory(const std::string& path) override {
    return below_.remove_empty_directory(path);
  }
  Result<void> sync_directory(const std::string& path) override {
    return below_.sync_directory(path);
  }
  Result<void> sync_file_system(const std::string& path) override {
    return below_.sync_file_system(path);
  }
  Result<bool> is_open_for_writing(const std::string& path) override {
    return below_.is_open_for_writing(path);
  }
  Result<void> set_permissions(const std::string& path, std::uint32_t permissions) override {
    return below_.set_permissions(path, permissions);
  }
  Result<void> set_modification_time(const std::string& path,
                                     std::chrono::system_clock::time_point time) override {
    return below_.set_modification_time(path, time);
  }

 private:
  std::uint64_t bytes_on_disk() const {
    std::uint64_t sum = 0;
    for (const auto& entry : std::filesystem::directory_iterator(home_ + "/blobs/sha256"))
      sum += (entry.file_size() + k_block - 1) / k_block * k_block;
    return sum;
  }

  base::FileSystem& below_;
  const std::string home_;
};

class SmallDiskTest : public ReservationTest {
 protected:
  SmallDiskTest() { EXPECT_TRUE(store_->set_budget(blocks(1000))); }
  SmallDisk disk_{files_, home_};
};

TEST_F(SmallDiskTest, WhatTheDiskCannotHoldIsRefusedBeforeAByteIsWritten) {
  install("model", 4);
  disk_.size = blocks(8).count();
  const auto store = open_here(disk_);
  const Error error = store->reserve(store->new_ticket(), blocks(9)).error();
  EXPECT_EQ(error.code, ErrorCode::no_space);
  EXPECT_EQ(error.message, "the disk of " + home_ +
                               " has 16.4 kB free, 36.9 kB are needed, and only 16.4 kB could be "
                               "evicted");
  EXPECT_NE(error.hint.find("free some space"), std::string::npos);
  EXPECT_EQ(pauses_, 0);
  EXPECT_TRUE(is_installed("model"));
  EXPECT_TRUE(reservations().empty());
}

TEST_F(SmallDiskTest, ADiskThatIsTooSmallIsMadeRoomOnLikeABudget) {
  install("model", 4);
  disk_.size = blocks(8).count();
  const auto store = open_here(disk_);
  EXPECT_TRUE(store->reserve(store->new_ticket(), blocks(6)));
  EXPECT_FALSE(is_installed("model"));
}

TEST_F(SmallDiskTest, WhatOthersHaveReservedAndNotWrittenYetIsNotFree) {
  disk_.size = blocks(8).count();
  const std::string other = reserve_as(unknown_owner(), 5);
  const auto store = open_here(disk_);
  EXPECT_EQ(store->reserve(store->new_ticket(), blocks(4)).error().code, ErrorCode::no_space);
  EXPECT_GT(pauses_, 0);
  EXPECT_TRUE(store->reserve(store->new_ticket(), blocks(3)));
}

TEST_F(SmallDiskTest, WorksOnADiskOnWhichNotEvenANameFindsRoom) {
  install("first", 4);
  install("second", 4);
  disk_.size = blocks(8).count();
  const auto store = open_here(disk_);
  const auto held = store->reserve(store->new_ticket(), blocks(3));
  ASSERT_TRUE(held) << held.error().to_string();
  EXPECT_FALSE(is_installed("first"));
  EXPECT_TRUE(is_installed("second"));
}

TEST_F(SmallDiskTest, AFullDiskOnWhichNothingCanGoIsNamed) {
  install("model", 8);
  ASSERT_TRUE(store_->pin(id_of("model")));
  disk_.size = blocks(8).count();
  const auto store = open_here(disk_);
  const Error error = store->reserve(store->new_ticket(), blocks(1)).error();
  EXPECT_EQ(error.code, ErrorCode::no_space);
  EXPECT_EQ(error.message, "the disk of " + home_ + " has 0 B free, 4.10 kB are needed");
}

// No write but removals and renames works.
TEST_F(ReservationTest, EvictionNeedsNoNewFile) {
  install("model", 8);
  FaultyFileSystem full(files_);
  bool is_full = true;
  full.set_rule([&](const FaultyFileSystem::Call& call) {
    if (call.name == "remove_file" && call.path.find("/blobs/") != std::string::npos)
      is_full = false;
    return is_full && call.name == "create" ? ENOSPC : 0;
  });
  const auto store = open_here(full);
  EXPECT_TRUE(store->reserve(store->new_ticket(), blocks(4)));
  EXPECT_FALSE(is_installed("model"));
}

TEST_F(ReservationTest, AHomeThatCannotBeWrittenGivesNoReservation) {
  const auto store = open_here(files_, Access::read_only);
  EXPECT_EQ(store->reserve(store->new_ticket(), blocks(1)).error().code, ErrorCode::io_error);
}

TEST_F(ReservationTest, AForkedChildLeavesItsParentsReservation) {
  auto held = reserve(3);
  const pid_t child = ::fork();
  if (child == 0) {
    held->release();
    ::_exit(0);
  }
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(reservations().size(), 1u);
}

TEST_F(ReservationTest, ThreadsNeverHoldMoreThanTheBudgetTogether) {
  std::atomic<std::uint64_t> held_blocks = 0;
  std::atomic<std::uint64_t> most = 0;
  std::atomic<int> failures = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] {
        StoreOptions options;  // the real clock and real waiting
        options.home = home_;
        const auto store = Store::open(std::move(options)).value();
        for (int round = 0; round < 20; ++round) {
          const auto count = static_cast<std::uint64_t>(1 + (i + round) % 5);
          const auto held = store->reserve(store->new_ticket(), blocks(count));
          if (!held) {
            ++failures;
            continue;
          }
          const std::uint64_t now = held_blocks += count;
          for (std::uint64_t seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
          }
          held_blocks -= count;
        }
      });
    }
  }
  EXPECT_EQ(failures, 0);
  EXPECT_LE(most, 10u);
  EXPECT_TRUE(reservations().empty());
}

}  // namespace
}  // namespace modelhub::store
