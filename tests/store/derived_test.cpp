// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "store/derived.h"

#include <cerrno>
#include <thread>

#include "store/budget_fixture.h"
#include "support/faulty_file_system.h"

namespace modelhub::store {
namespace {

using test::FaultyFileSystem;

class DerivedTest : public BudgetTest {
 protected:
  std::string kept(const std::string& name) const { return store_->layout().derived(name); }
  // Makes one of so many blocks.
  void make(const std::string& name, std::uint64_t count) const {
    Result<DerivedFolder> folder = store_->derive(name, blocks(count));
    ASSERT_TRUE(folder) << folder.error().to_string();
    overwrite_file(folder->path() + "/compiled", content_of(name, count));
    const Result<void> done = folder->keep();
    ASSERT_TRUE(done) << done.error().to_string();
  }
  std::vector<std::string> names() const { return names_in(store_->layout().derived()); }
};

TEST_F(DerivedTest, ANewFolderHasItsNameWhenItIsKeptAndIsFoundThen) {
  {
    Result<DerivedFolder> folder = store_->derive("engine-1", blocks(3));
    ASSERT_TRUE(folder) << folder.error().to_string();
    EXPECT_TRUE(folder->is_new());
    EXPECT_NE(folder->path(), kept("engine-1"));
    EXPECT_EQ(reservations().size(), 1U);
    overwrite_file(folder->path() + "/compiled", "x");
    EXPECT_FALSE(std::filesystem::exists(kept("engine-1")));
    ASSERT_TRUE(folder->keep());
    EXPECT_EQ(folder->path(), kept("engine-1"));
    EXPECT_TRUE(reservations().empty());
  }
  const Result<DerivedFolder> found = store_->derive("engine-1", blocks(3));
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->is_new());
  EXPECT_EQ(found->path(), kept("engine-1"));
  EXPECT_TRUE(std::filesystem::exists(found->path() + "/compiled"));
}

TEST_F(DerivedTest, WhatIsNotKeptIsGone) {
  {
    Result<DerivedFolder> folder = store_->derive("engine-1", blocks(3));
    ASSERT_TRUE(folder);
    overwrite_file(folder->path() + "/compiled", "x");
  }
  EXPECT_EQ(names(), std::vector<std::string>{"CACHEDIR.TAG"});
  EXPECT_TRUE(reservations().empty());
}

TEST_F(DerivedTest, AnEmptyFolderIsNotKept) {
  Result<DerivedFolder> folder = store_->derive("engine-1", blocks(3));
  ASSERT_TRUE(folder);
  EXPECT_TRUE(folder->keep());
  EXPECT_EQ(names(), std::vector<std::string>{"CACHEDIR.TAG"});
  // One that was emptied is made anew, with a reservation.
  std::filesystem::create_directories(kept("engine-2"));
  const Result<DerivedFolder> again = store_->derive("engine-2", blocks(3));
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->is_new());
}

TEST_F(DerivedTest, WhatBecameLargerThanItsReservationIsRemovedAndReported) {
  Result<DerivedFolder> folder = store_->derive("engine-1", blocks(3));
  ASSERT_TRUE(folder);
  overwrite_file(folder->path() + "/compiled", content_of("x", 4));
  const Result<void> done = folder->keep();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::no_space);
  EXPECT_EQ(done.error().message, kept("engine-1") + " would take 16.4 kB; reserved were 12.3 kB");
  EXPECT_EQ(names(), std::vector<std::string>{"CACHEDIR.TAG"});
}

TEST_F(DerivedTest, NothingIsEvictedForItAndNobodyWaits) {
  install("model", 8);
  const Result<DerivedFolder> folder = store_->derive("engine-1", blocks(3));
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().code, ErrorCode::no_space);
  EXPECT_TRUE(is_installed("model"));
  EXPECT_EQ(pauses_, 0);
  EXPECT_TRUE(reservations().empty());
  EXPECT_TRUE(store_->derive("engine-1", blocks(2)));
}

TEST_F(DerivedTest, ThereIsNoRoomForAnythingElseInWhatWasReservedForIt) {
  const Result<DerivedFolder> folder = store_->derive("engine-1", blocks(8));
  ASSERT_TRUE(folder);
  EXPECT_EQ(reserve(3).error().code, ErrorCode::no_space);
  EXPECT_TRUE(reserve(2));
}

TEST_F(DerivedTest, TheLeastRecentlyUsedGoesFirstAndBeforeAnyModel) {
  install("model", 2);
  make("engine-1", 3);
  make("engine-2", 3);
  clock_.now = std::chrono::system_clock::now() + std::chrono::hours(1);
  EXPECT_FALSE(store_->derive("engine-1", blocks(3))->is_new());
  ASSERT_TRUE(reserve(4));
  EXPECT_TRUE(std::filesystem::exists(kept("engine-1")));
  EXPECT_FALSE(std::filesystem::exists(kept("engine-2")));
  EXPECT_TRUE(is_installed("model"));
}

TEST_F(DerivedTest, OfTwoThatMakeTheSameOneIsKept) {
  Result<DerivedFolder> first = store_->derive("engine-1", blocks(2));
  Result<DerivedFolder> second = store_->derive("engine-1", blocks(2));
  ASSERT_TRUE(first && second);
  overwrite_file(first->path() + "/compiled", "first");
  overwrite_file(second->path() + "/compiled", "second");
  EXPECT_TRUE(second->keep());
  EXPECT_TRUE(first->keep());
  EXPECT_EQ(first->path(), kept("engine-1"));
  EXPECT_EQ(names().size(), 2U);
  EXPECT_EQ(read_file(kept("engine-1") + "/compiled"), "second");
}

TEST_F(DerivedTest, RefusesNamesThatAreNone) {
  for (const std::string name : {"", ".", "..", "a/b", "../x", ".hidden", "a.tmp.b", "a b"}) {
    const Result<DerivedFolder> folder = store_->derive(name, blocks(1));
    ASSERT_FALSE(folder) << name;
    EXPECT_EQ(folder.error().code, ErrorCode::invalid_argument) << name;
  }
  EXPECT_FALSE(store_->derive(std::string(200, 'a'), blocks(1)));
}

TEST_F(DerivedTest, AHomeForReadingGivesWhatIsThereAndMakesNothing) {
  make("engine-1", 1);
  const auto reader = open_here(files_, Access::read_only);
  const Result<DerivedFolder> found = reader->derive("engine-1", blocks(1));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->path(), kept("engine-1"));
  const Result<DerivedFolder> missing = reader->derive("engine-2", blocks(1));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::io_error);
}

TEST_F(DerivedTest, ADiskThatTakesNothingIsAnErrorAndLeavesNothing) {
  FaultyFileSystem faulty(files_);
  const auto store = open_here(faulty);
  ASSERT_TRUE(store->derive("warm-up", blocks(1)));
  faulty.set_rule(FaultyFileSystem::refuse("make_directories", EIO));
  const Result<DerivedFolder> folder = store->derive("engine-1", blocks(1));
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().code, ErrorCode::io_error);
  faulty.set_rule({});
  {
    Result<DerivedFolder> unnamed = store->derive("engine-1", blocks(1));
    ASSERT_TRUE(unnamed);
    overwrite_file(unnamed->path() + "/compiled", "x");
    faulty.set_rule(FaultyFileSystem::refuse("rename", EIO));
    EXPECT_EQ(unnamed->keep().error().code, ErrorCode::io_error);
    faulty.set_rule({});
  }
  EXPECT_EQ(names(), std::vector<std::string>{"CACHEDIR.TAG"});
}

TEST_F(DerivedTest, WhatADeadProcessWasMakingIsSwept) {
  const std::string left = kept("engine-1") + ".tmp." + dead_owner().to_string() + ".4";
  std::filesystem::create_directories(left);
  overwrite_file(left + "/compiled", "x");
  ASSERT_TRUE(store_->sweep());
  EXPECT_FALSE(std::filesystem::exists(left));
}

}  // namespace
}  // namespace modelhub::store
