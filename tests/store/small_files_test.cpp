// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// Files that come in side by side in the folder of their pull. What they have in common with those
// that have a folder of their own is in staging_test.cpp; scheduler_test.cpp and crash_test.cpp mix
// both.
#include <cerrno>

#include "store/store_fixture.h"
#include "support/faulty_file_system.h"

namespace modelhub::store {
namespace {

using test::FaultyFileSystem;
using namespace std::chrono_literals;

class SmallFilesTest : public StoreTest {
 protected:
  static Result<StagedFile> stage(Store& store, const Ticket& ticket, const std::string& content) {
    return store.stage(ticket, digest_of(content), ByteCount(content.size()), {},
                       StagingPlace::shared_folder);
  }
  StagedFile stage() { return stage(*store_, Store::new_ticket(), content_).value(); }
  Result<InstalledModel> publish_staged(StagedFile staged) {
    std::vector<StagedFile> all;
    all.push_back(std::move(staged));
    return store_->publish(record_of(id_, {{"a", content_}}), std::move(all));
  }
  std::string claim() const { return store_->layout().shared_claim(digest_of(content_)); }
  std::string folder_of(const std::string& ticket_name) const {
    return store_->layout().shared_folder(ticket_name);
  }
  void expect_nothing_left() const {
    EXPECT_EQ(names_in(store_->layout().staging()), std::vector<std::string>{"CACHEDIR.TAG"});
  }
  // What a process left that died while it fetched.
  std::string make_dead_pull() {
    const std::string name = dead_owner().to_string() + ".5";
    const std::string folder = folder_of(name);
    std::filesystem::create_directories(folder);
    overwrite_file(folder + "/" + digest_of(content_).hex(), name + "\n");
    overwrite_file(folder + "/" + digest_of(content_).hex() + ".data", "what every");
    overwrite_file(claim(), name + "\n");
    return folder;
  }

  const std::string content_ = "what everybody wants";
  const std::string other_ = "what few want";
};

TEST_F(SmallFilesTest, OfAPullShareOneFolderThatGoesWithThem) {
  const Ticket ticket;
  const std::string folder = folder_of(ticket.name());
  std::vector<StagedFile> staged;
  staged.push_back(stage(*store_, ticket, content_).value());
  staged.push_back(stage(*store_, ticket, other_).value());
  const std::string one = digest_of(content_).hex();
  const std::string two = digest_of(other_).hex();
  EXPECT_EQ(names_in(folder), (one < two ? std::vector{one, two} : std::vector{two, one}));
  EXPECT_EQ(staged[0].data_path(), folder + "/" + one + ".data");
  ASSERT_TRUE(fetch(files_, staged[0], content_));
  ASSERT_TRUE(fetch(files_, staged[1], other_));
  const auto record = record_of(id_, {{"a", content_}, {"b", other_}});
  ASSERT_TRUE(store_->publish(record, std::move(staged)));
  EXPECT_EQ(read_file(blob(content_)), content_);
  EXPECT_TRUE(store_->verify(id_, VerifyMode::full).value().is_whole());
  expect_nothing_left();
}

TEST_F(SmallFilesTest, OfTwoPullsOneFetchesAndTheOtherSeesItCome) {
  auto mine = stage();
  auto waiting = stage();
  EXPECT_TRUE(mine.is_mine());
  EXPECT_FALSE(waiting.is_mine());
  ASSERT_TRUE(waiting.holder());
  EXPECT_EQ(waiting.holder()->pid, static_cast<std::uint64_t>(::getpid()));
  clock_.now += 30s;
  mine.report(ByteCount(7));
  ASSERT_TRUE(waiting.look_again());
  EXPECT_EQ(waiting.progress().unchanged, 0s) << "its pull lives";
  EXPECT_EQ(names_in(mine.folder()), std::vector{digest_of(content_).hex()}) << "nobody counts";
  ASSERT_TRUE(fetch(files_, mine, content_));
  ASSERT_TRUE(publish_staged(std::move(mine)));
  ASSERT_TRUE(waiting.look_again());
  EXPECT_TRUE(waiting.is_present());
}

TEST_F(SmallFilesTest, OneTicketStagesADigestOnce) {
  const Ticket ticket;
  const auto staged = stage(*store_, ticket, content_).value();
  EXPECT_EQ(stage(*store_, ticket, content_).error().code, ErrorCode::invalid_argument);
  EXPECT_TRUE(std::filesystem::exists(staged.folder() + "/" + digest_of(content_).hex()))
      << "the first announcement stands";
}

TEST_F(SmallFilesTest, APartIsNotKept) {
  {
    auto staged = stage();
    overwrite_file(staged.data_path(), "what every");
    overwrite_file(staged.folder() + "/" + staged.prefix() + "journal", "of a transfer");
    staged.keep_partial();
  }
  expect_nothing_left();
}

TEST_F(SmallFilesTest, ADeadPullStopsNobodyAndIsSweptAtOnce) {
  const std::string folder = make_dead_pull();
  const auto staged = stage();
  EXPECT_TRUE(staged.is_mine());
  EXPECT_FALSE(std::filesystem::exists(folder)) << "the first pull of a process sweeps";
}

TEST_F(SmallFilesTest, ASweepSaysWhatADeadPullHeld) {
  ASSERT_TRUE(publish(other_id_, {{"b", "b"}}));
  (void)make_dead_pull();
  const SweepReport report = store_->sweep().value();
  EXPECT_EQ(report.removed, 2u) << "the folder and the claim";
  EXPECT_GE(report.freed, ByteCount(10));
  expect_nothing_left();
}

TEST_F(SmallFilesTest, APullOnAnotherMachineIsLeftAlone) {
  ASSERT_TRUE(publish(other_id_, {{"b", "b"}}));
  const std::string folder = folder_of(unknown_owner().to_string() + ".5");
  std::filesystem::create_directories(folder);
  overwrite_file(folder + "/" + digest_of("b").hex(), "here");
  ASSERT_TRUE(store_->sweep());
  EXPECT_TRUE(std::filesystem::exists(folder));
  ASSERT_TRUE(store_->remove(other_id_));
  EXPECT_TRUE(std::filesystem::exists(blob("b"))) << "it wants this blob";
}

TEST_F(SmallFilesTest, ARemovalKeepsABlobThatAPullHasAnnounced) {
  ASSERT_TRUE(publish(id_, {{"a", content_}}));
  auto staged = stage();
  EXPECT_TRUE(staged.is_present());
  ASSERT_TRUE(store_->remove(id_));
  EXPECT_TRUE(std::filesystem::exists(blob(content_)));
  ASSERT_TRUE(publish_staged(std::move(staged)));
  EXPECT_TRUE(store_->verify(id_, VerifyMode::full).value().is_whole());
  ASSERT_TRUE(store_->remove(id_));
  EXPECT_FALSE(std::filesystem::exists(blob(content_))) << "nobody wants it any more";
  expect_nothing_left();
}

TEST_F(SmallFilesTest, ADamagedBlobIsReplaced) {
  ASSERT_TRUE(publish(id_, {{"a", content_}}));
  overwrite_file(blob(content_), std::string(content_.size(), '?'));
  std::vector<StagedFile> staged;
  staged.push_back(stage());
  ASSERT_TRUE(staged.front().is_mine());
  ASSERT_TRUE(fetch(files_, staged.front(), content_));
  ASSERT_TRUE(store_->put_blobs(staged));
  staged.clear();
  EXPECT_TRUE(store_->verify(id_, VerifyMode::full).value().is_whole());
  expect_nothing_left();
}

TEST_F(SmallFilesTest, WhatSomebodyElseHasPublishedMeanwhileIsNotKeptTwice) {
  auto impatient = open_store(home_, files_, clock_, 0ms);
  auto slow = stage();
  ASSERT_TRUE(fetch(files_, slow, content_));
  auto fast = stage(*impatient, Store::new_ticket(), content_).value();
  ASSERT_TRUE(fast.is_mine());
  ASSERT_TRUE(fetch(files_, fast, content_));
  ASSERT_TRUE(publish_staged(std::move(fast)));
  ASSERT_TRUE(publish_staged(std::move(slow)));
  EXPECT_EQ(std::filesystem::hard_link_count(blob(content_)), 1u);
  expect_nothing_left();
}

TEST_F(SmallFilesTest, AFolderThatAPersonRemovedIsMadeAgain) {
  const Ticket ticket;
  const auto first = stage(*store_, ticket, other_).value();
  std::filesystem::remove_all(store_->layout().staging());
  const auto staged = stage(*store_, ticket, content_);
  ASSERT_TRUE(staged) << staged.error().to_string();
  EXPECT_TRUE(staged->is_mine());
}

TEST_F(SmallFilesTest, WhereThereAreNoHardLinksEachAnnouncementIsAFile) {
  FaultyFileSystem faulty(files_);
  const auto store = open_store(home_, faulty, clock_);
  faulty.set_rule(FaultyFileSystem::refuse("link", EPERM));
  {
    auto staged = stage(*store, Store::new_ticket(), content_).value();
    EXPECT_TRUE(staged.is_mine());
    EXPECT_FALSE(stage().is_mine());
    ASSERT_TRUE(fetch(files_, staged, content_));
    ASSERT_TRUE(publish_staged(std::move(staged)));
  }
  EXPECT_TRUE(store_->verify(id_, VerifyMode::full).value().is_whole());
  expect_nothing_left();
}

TEST_F(SmallFilesTest, AFullDiskIsToldBeforeAnythingIsFetched) {
  ASSERT_TRUE(publish(other_id_, {{"b", "b"}}));
  for (const std::string call : {"make_directory", "write_at"}) {
    FaultyFileSystem faulty(files_);
    const auto store = open_store(home_, faulty, clock_);
    faulty.set_rule(FaultyFileSystem::refuse(call, ENOSPC));
    EXPECT_EQ(stage(*store, Store::new_ticket(), content_).error().code, ErrorCode::no_space);
    expect_nothing_left();
  }
}

}  // namespace
}  // namespace modelhub::store
