// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "store/staging.h"

#include <cerrno>

#include "store/store_fixture.h"
#include "support/faulty_file_system.h"

namespace modelhub::store {
namespace {

using test::FaultyFileSystem;
using namespace std::chrono_literals;

class StagingTest : public StoreTest {
 protected:
  Result<StagedFile> stage(Store& store) {
    return store.stage(digest_of(content_), ByteCount(content_.size()));
  }
  StagedFile stage() { return stage(*store_).value(); }
  std::string parent() const { return store_->layout().staging(digest_of(content_)); }
  std::string claim() const { return store_->layout().claim(digest_of(content_)); }

  // What a process left that had fetched a part.
  std::string make_partial(const std::string& name, const std::string& part) {
    const std::string folder = parent() + "/" + name;
    std::filesystem::create_directories(folder);
    overwrite_file(folder + "/data", part);
    overwrite_file(folder + "/journal", "of " + name);
    return folder;
  }
  Result<InstalledModel> publish_staged(Store& store, StagedFile staged) {
    std::vector<StagedFile> all;
    all.push_back(std::move(staged));
    return store.publish(record_of(id_, {{"a", content_}}), std::move(all));
  }
  void expect_nothing_left() const {
    EXPECT_EQ(names_in(store_->layout().staging()), std::vector<std::string>{"CACHEDIR.TAG"});
  }

  const std::string content_ = "what everybody wants";
  const std::string dead_ = dead_owner().to_string() + ".5";
};

TEST_F(StagingTest, TheStampIsThereBeforeTheBlobAndFitsIt) {
  FaultyFileSystem counting(files_);
  const auto store = open_store(home_, counting, clock_);
  auto staged = stage(*store).value();
  const ByteCount bytes(content_.size());
  ASSERT_TRUE(fetch(files_, staged, content_));
  const auto record = load_chunk_record(files_, store_->layout(), digest_of(content_), bytes);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->stamp, Stamp::of(files_.stat(staged.data_path()).value()));
  std::uint64_t writes = 0;
  counting.set_rule([&](const FaultyFileSystem::Call& call) {
    const bool is_record = call.path.find("/chunks/") != std::string::npos;
    writes += call.name == "create" && is_record ? 1 : 0;
    return 0;
  });
  ASSERT_TRUE(publish_staged(*store, std::move(staged)));
  const VerifyReport report = store->verify(id_, VerifyMode::stamps).value();
  EXPECT_TRUE(report.is_whole());
  EXPECT_EQ(report.hashed, ByteCount()) << "the stamp is believed";
  EXPECT_EQ(writes, 0u);
}

TEST_F(StagingTest, WithoutAPublicationTheStampGoesToo) {
  {
    auto staged = stage();
    ASSERT_TRUE(fetch(files_, staged, content_));
  }
  EXPECT_TRUE(names_in(store_->layout().chunks()).empty());
}

// It may be that of the damaged blob: what of its parts is right, the fetch has just read.
TEST_F(StagingTest, ARecordThatIsThereStaysUntilTheBlobIsReplaced) {
  ASSERT_TRUE(publish(id_, {{"a", content_}}));
  overwrite_file(blob(content_), std::string(content_.size(), '?'));
  const std::string path = store_->layout().chunk_record(digest_of(content_));
  std::vector<StagedFile> staged;
  staged.push_back(stage());
  const std::string before = read_file(path);
  ASSERT_TRUE(fetch(files_, staged.front(), content_));
  EXPECT_EQ(read_file(path), before);
  ASSERT_TRUE(store_->put_blobs(staged));
  EXPECT_NE(read_file(path), before);
  EXPECT_EQ(store_->verify(id_, VerifyMode::stamps).value().hashed, ByteCount());
}

TEST_F(StagingTest, OfTwoWhoWantAFileOneFetchesAndTheOtherSeesHowFarItIs) {
  auto first = stage();
  auto second = stage();
  EXPECT_TRUE(first.is_mine());
  EXPECT_FALSE(second.is_mine());
  EXPECT_FALSE(second.is_present());
  ASSERT_TRUE(second.holder());
  EXPECT_EQ(second.holder()->pid, static_cast<std::uint64_t>(::getpid()));
  first.report(ByteCount(3));  // too soon to be worth a file
  ASSERT_TRUE(second.look_again());
  EXPECT_EQ(second.progress().done, ByteCount());
  clock_.now += 2s;
  first.report(ByteCount(5));
  ASSERT_TRUE(second.look_again());
  EXPECT_EQ(second.progress().done, ByteCount(5));
  EXPECT_EQ(second.progress().unchanged, 0s);
  clock_.now += 30s;
  ASSERT_TRUE(second.look_again());
  EXPECT_EQ(second.progress().unchanged, 30s);
  EXPECT_FALSE(second.is_mine());
}

TEST_F(StagingTest, AFolderThatAPersonRemovedIsMadeAgain) {
  ASSERT_TRUE(stage().is_mine());
  std::filesystem::remove_all(store_->layout().staging());
  const auto again = stage(*store_);
  ASSERT_TRUE(again) << again.error().to_string();
  EXPECT_TRUE(again->is_mine());
}

TEST_F(StagingTest, AFileThatHasNotBegunLeavesNoTraceOfItsProgress) {
  auto first = stage();
  auto second = stage();
  clock_.now += 2s;
  first.report(ByteCount());
  EXPECT_TRUE(names_in(first.folder()).empty());
  ASSERT_TRUE(second.look_again());
  EXPECT_EQ(second.progress().done, ByteCount());
  EXPECT_EQ(second.progress().unchanged, 0s) << "the pull lives all the same";
  clock_.now += 2s;
  first.report(ByteCount(7));
  ASSERT_TRUE(second.look_again());
  EXPECT_EQ(second.progress().done, ByteCount(7));
}

TEST_F(StagingTest, AWaiterSeesTheBlobAsSoonAsItIsInItsPlaceAndReadsNothing) {
  std::vector<StagedFile> mine;
  mine.push_back(stage());
  FaultyFileSystem counting(files_);
  std::uint64_t reads = 0;
  counting.set_rule([&](const FaultyFileSystem::Call& call) {
    reads += call.name == "read_at" && call.path == blob(content_) ? 1 : 0;
    return 0;
  });
  const auto store = open_store(home_, counting, clock_);
  auto waiting = stage(*store).value();
  ASSERT_TRUE(fetch(files_, mine.front(), content_));
  ASSERT_TRUE(waiting.look_again());
  EXPECT_FALSE(waiting.is_present());
  ASSERT_TRUE(store_->put_blobs(mine));
  EXPECT_TRUE(mine.front().is_present());
  ASSERT_TRUE(waiting.look_again());
  EXPECT_TRUE(waiting.is_present());
  EXPECT_EQ(reads, 0u);
  ASSERT_TRUE(publish_staged(*store, std::move(waiting)));
  mine.clear();
  EXPECT_TRUE(store_->verify(id_, VerifyMode::full).value().is_whole());
  expect_nothing_left();
}

// Two pulls that have fetched what they could and wait for each other's file.
TEST_F(StagingTest, TwoPullsThatWaitForEachOtherGoOn) {
  const Ticket first, second;
  std::vector<StagedFile> one, two;
  one.push_back(store_->stage(first, digest_of("a"), ByteCount(1)).value());
  two.push_back(store_->stage(second, digest_of("b"), ByteCount(1)).value());
  one.push_back(store_->stage(first, digest_of("b"), ByteCount(1)).value());
  two.push_back(store_->stage(second, digest_of("a"), ByteCount(1)).value());
  ASSERT_TRUE(fetch(files_, one[0], "a"));
  ASSERT_TRUE(fetch(files_, two[0], "b"));
  ASSERT_TRUE(store_->put_blobs(one));
  ASSERT_TRUE(store_->put_blobs(two));
  ASSERT_TRUE(one[1].look_again());
  ASSERT_TRUE(two[1].look_again());
  ASSERT_TRUE(store_->publish(record_of(id_, {{"x", "a"}, {"y", "b"}}), std::move(one)));
  ASSERT_TRUE(store_->publish(record_of(other_id_, {{"x", "a"}, {"y", "b"}}), std::move(two)));
  expect_nothing_left();
}

TEST_F(StagingTest, AWaiterGoesOnWhenTheHolderGivesUp) {
  auto waiting = [this] {
    const auto first = stage();
    return stage();
  }();
  EXPECT_FALSE(waiting.is_mine());
  ASSERT_TRUE(waiting.look_again());
  EXPECT_TRUE(waiting.is_mine());
  EXPECT_FALSE(waiting.holder());
}

TEST_F(StagingTest, TheClaimOfADeadProcessBlocksNobody) {
  std::filesystem::create_directories(parent());
  overwrite_file(claim(), dead_ + "\n");
  EXPECT_TRUE(stage().is_mine());
}

TEST_F(StagingTest, AClaimThatNamesNobodyBlocksNobody) {
  for (const char* torn : {"", "\n", "x\n", "00000000-00000000-1-1-1-00000000.1"}) {
    std::filesystem::create_directories(parent());
    overwrite_file(claim(), torn);
    EXPECT_TRUE(stage().is_mine()) << torn;
  }
}

TEST_F(StagingTest, AHolderOfWhichNobodyKnowsIsWaitedForAsLongAsItShowsLife) {
  const std::string name = unknown_owner().to_string() + ".1";
  const std::string folder = make_partial(name, "what every");
  overwrite_file(claim(), name + "\n");
  auto waiting = stage();
  for (int i = 0; i < 4; ++i) {
    clock_.now += 60s;
    overwrite_file(folder + "/progress", std::to_string(i) + "\n");
    ASSERT_TRUE(waiting.look_again());
    EXPECT_FALSE(waiting.is_mine());
    EXPECT_EQ(waiting.progress().done, ByteCount(static_cast<std::uint64_t>(i)));
  }
  clock_.now += 60s;
  // Another file of the same pull goes on.
  overwrite_file(store_->layout().pulse(name), "9\n");
  ASSERT_TRUE(waiting.look_again());
  clock_.now += 89s;
  ASSERT_TRUE(waiting.look_again());
  EXPECT_FALSE(waiting.is_mine());
  clock_.now += 2s;
  ASSERT_TRUE(waiting.look_again());
  EXPECT_TRUE(waiting.is_mine());
  // It may come back and write: its bytes are copied from, not adopted.
  EXPECT_EQ(read_file(folder + "/data"), "what every");
  ASSERT_EQ(waiting.seeds().size(), 1u);
  EXPECT_EQ(waiting.seeds().front().data, folder + "/data");
  EXPECT_EQ(waiting.seeds().front().journal, folder + "/journal");
  EXPECT_EQ(names_in(waiting.folder()).size(), 0u);
}

TEST_F(StagingTest, ThePartialOfADeadProcessIsAdoptedInPlaceTheLargestFirst) {
  const std::string small = make_partial(dead_, "what");
  const std::string large = make_partial(dead_ + "5", std::string(10'000, 'x'));
  overwrite_file(claim(), dead_ + "5\n");
  auto staged = stage();
  EXPECT_TRUE(staged.is_mine());
  EXPECT_EQ(read_file(staged.data_path()), std::string(10'000, 'x'));
  EXPECT_EQ(read_file(staged.folder() + "/journal"), "of " + dead_ + "5");
  EXPECT_FALSE(std::filesystem::exists(large));
  ASSERT_EQ(staged.seeds().size(), 1u);
  EXPECT_EQ(staged.seeds().front().data, small + "/data");
  ASSERT_TRUE(fetch(files_, staged, content_));
  ASSERT_TRUE(publish_staged(*store_, std::move(staged)));
  expect_nothing_left();
}

TEST_F(StagingTest, APartialThatWasMadeReadOnlyForItsPublicationIsAdopted) {
  const std::string folder = make_partial(dead_, content_);
  ASSERT_TRUE(files_.set_permissions(folder + "/data", 0444));
  auto staged = stage();
  EXPECT_EQ(read_file(staged.data_path()), content_);
  EXPECT_NE(files_.stat(staged.data_path()).value().mode & 0200U, 0u);
}

TEST_F(StagingTest, WhatAPullLeavesTheNextOneGoesOnWith) {
  std::string before;
  {
    auto staged = stage();
    overwrite_file(staged.data_path(), "what every");
    staged.keep_partial();
    before = staged.folder();
  }
  EXPECT_FALSE(std::filesystem::exists(claim()));
  EXPECT_FALSE(std::filesystem::exists(before));
  auto staged = stage();
  EXPECT_TRUE(staged.is_mine());
  EXPECT_EQ(read_file(staged.data_path()), "what every");
  EXPECT_TRUE(staged.seeds().empty());
}

TEST_F(StagingTest, APartialThatWasLeftBehindAnnouncesNothing) {
  ASSERT_TRUE(publish(id_, {{"a", content_}}));
  make_partial("left." + base::Owner::current().to_string() + ".9", "part");
  EXPECT_EQ(store_->remove(id_).value().removed_blobs, 1u);
}

TEST_F(StagingTest, NothingIsLeftOfAPullThatFetchedNothing) {
  stage().keep_partial();
  expect_nothing_left();
}

// A child of the dead process may have kept the descriptor.
TEST_F(StagingTest, APartialThatSomebodyHasOpenForWritingIsOnlyCopiedFrom) {
  const std::string folder = make_partial(dead_, "what every");
  const auto writer = files_.create(folder + "/data", base::CreateMode::append, 0666).value();
  const auto staged = stage();
  EXPECT_TRUE(staged.is_mine());
  EXPECT_FALSE(std::filesystem::exists(staged.data_path()));
  ASSERT_EQ(staged.seeds().size(), 1u);
  EXPECT_EQ(staged.seeds().front().data, folder + "/data");
}

TEST_F(StagingTest, AnAdoptedFileThatSomebodyHasOpenIsPublishedAsACopy) {
  make_partial(dead_, "what every");
  auto staged = stage();
  const auto writer = files_.create(staged.data_path(), base::CreateMode::append, 0666).value();
  ASSERT_TRUE(fetch(files_, staged, content_));
  ASSERT_TRUE(publish_staged(*store_, std::move(staged)));
  const std::string late = "W";
  ASSERT_TRUE(writer->write_at(0, std::as_bytes(std::span(late.data(), late.size()))));
  EXPECT_EQ(read_file(blob(content_)), content_);
  expect_nothing_left();
}

// As on many network file systems, where leases do nothing.
class LeaselessFileSystem final : public FaultyFileSystem {
 public:
  using FaultyFileSystem::FaultyFileSystem;
  Result<bool> is_open_for_writing(const std::string&) override { return false; }
};

TEST_F(StagingTest, WhereNobodyCanTellWhatIsOpenAPausedOwnerSpoilsNothing) {
  LeaselessFileSystem leaseless(files_);
  const auto impatient = open_store(home_, leaseless, clock_, 0ms);
  const auto paused = stage();
  const auto writer = files_.create(paused.data_path(), base::CreateMode::truncate, 0666).value();
  const auto write = [&](const std::string& text) {
    ASSERT_TRUE(writer->write_at(0, std::as_bytes(std::span(text.data(), text.size()))));
  };
  write("what");
  auto other = stage(*impatient).value();
  EXPECT_TRUE(other.is_mine());
  EXPECT_NE(other.folder(), paused.folder());
  ASSERT_TRUE(fetch(leaseless, other, content_));
  write("late");
  ASSERT_TRUE(publish_staged(*impatient, std::move(other)));
  write("LATE");
  EXPECT_EQ(read_file(blob(content_)), content_);
}

TEST_F(StagingTest, AnAdoptedFileThatWasChangedAfterItsHashingIsNotPublished) {
  make_partial(dead_, "what every");
  auto staged = stage();
  const auto writer = files_.create(staged.data_path(), base::CreateMode::append, 0666).value();
  ASSERT_TRUE(fetch(files_, staged, content_));
  const std::string late = "W";
  ASSERT_TRUE(writer->write_at(0, std::as_bytes(std::span(late.data(), late.size()))));
  const Error error = publish_staged(*store_, std::move(staged)).error();
  EXPECT_EQ(error.code, ErrorCode::checksum_mismatch);
  EXPECT_TRUE(error.retryable);
  EXPECT_FALSE(std::filesystem::exists(blob(content_)));
}

TEST_F(StagingTest, BothOfTwoWhoBelieveThatTheyHoldTheClaimCanPublish) {
  const auto impatient = open_store(home_, files_, clock_, 0ms);
  auto first = stage();
  auto second = stage(*impatient).value();
  EXPECT_TRUE(first.is_mine());
  EXPECT_TRUE(second.is_mine());
  EXPECT_NE(first.folder(), second.folder());
  ASSERT_TRUE(fetch(files_, first, content_));
  ASSERT_TRUE(fetch(files_, second, content_));
  ASSERT_TRUE(publish_staged(*impatient, std::move(second)));
  const auto inode = files_.stat(blob(content_)).value().inode;
  ASSERT_TRUE(publish_staged(*store_, std::move(first)));
  EXPECT_EQ(files_.stat(blob(content_)).value().inode, inode);
  expect_nothing_left();
}

TEST_F(StagingTest, WhoComesBackAfterHisClaimWasTakenLeavesTheNewOne) {
  const auto impatient = open_store(home_, files_, clock_, 0ms);
  std::optional<StagedFile> first = stage();
  const auto second = stage(*impatient).value();
  const std::string text = read_file(claim());
  first.reset();
  EXPECT_EQ(read_file(claim()), text);
  EXPECT_FALSE(stage().is_mine());
}

TEST_F(StagingTest, WhoFindsHisFolderGoneSaysSoUnlessOthersHavePublished) {
  const auto impatient = open_store(home_, files_, clock_, 0ms);
  auto first = stage();
  auto second = stage(*impatient).value();
  ASSERT_TRUE(fetch(files_, first, content_));
  ASSERT_TRUE(fetch(files_, second, content_));
  std::filesystem::remove_all(first.folder());
  std::filesystem::remove_all(second.folder());
  const Error error = publish_staged(*impatient, std::move(second)).error();
  EXPECT_EQ(error.code, ErrorCode::io_error);
  EXPECT_TRUE(error.retryable);
  EXPECT_NE(error.message.find("is gone"), std::string::npos) << error.message;
  EXPECT_NE(error.hint.find("pull"), std::string::npos);
  auto third = stage(*impatient).value();
  ASSERT_TRUE(fetch(files_, third, content_));
  std::vector<StagedFile> all;
  all.push_back(std::move(third));
  ASSERT_TRUE(impatient->put_blobs(all));
  ASSERT_TRUE(publish_staged(*store_, std::move(first)));
  EXPECT_TRUE(store_->verify(id_, VerifyMode::full).value().is_whole());
}

TEST_F(StagingTest, WhereNoClaimCanBeMadeEverybodyFetches) {
  FaultyFileSystem faulty(files_);
  const auto store = open_store(home_, faulty, clock_);
  faulty.set_rule([](const FaultyFileSystem::Call& call) {
    const bool is_claim = call.path.find("/claim") != std::string::npos;
    const bool makes_it = call.name == "rename_without_replacing" && is_claim;
    return makes_it || call.name == "link" ? EPERM : 0;
  });
  auto staged = stage(*store).value();
  EXPECT_TRUE(staged.is_mine());
  EXPECT_TRUE(stage(*store).value().is_mine());
  ASSERT_TRUE(fetch(files_, staged, content_));
  ASSERT_TRUE(publish_staged(*store, std::move(staged)));
  expect_nothing_left();
}

TEST_F(StagingTest, TheClaimsOfAPullAreNamesOfOneFileAndAllGoWithIt) {
  const Ticket ticket;
  const std::string other = "what few want";
  const std::string text = store_->layout().claim_text(ticket.name());
  {
    auto staged = store_->stage(ticket, digest_of(content_), ByteCount(content_.size())).value();
    auto second = store_->stage(ticket, digest_of(other), ByteCount(other.size())).value();
    EXPECT_TRUE(staged.is_mine() && second.is_mine());
    EXPECT_EQ(read_file(claim()), ticket.name() + "\n");
    EXPECT_TRUE(std::filesystem::equivalent(claim(), text));
    EXPECT_TRUE(std::filesystem::equivalent(store_->layout().claim(digest_of(other)), text));
    EXPECT_FALSE(stage().is_mine());
  }
  expect_nothing_left();
}

TEST_F(StagingTest, WhereThereAreNoHardLinksEachClaimIsAFile) {
  FaultyFileSystem faulty(files_);
  const auto store = open_store(home_, faulty, clock_);
  faulty.set_rule(FaultyFileSystem::refuse("link", EPERM));
  {
    const auto staged = stage(*store).value();
    EXPECT_TRUE(staged.is_mine());
    EXPECT_EQ(std::filesystem::hard_link_count(claim()), 1u);
    EXPECT_FALSE(stage(*store).value().is_mine());
  }
  expect_nothing_left();
}

TEST_F(StagingTest, AFullDiskIsToldBeforeAnythingIsFetched) {
  ASSERT_TRUE(publish(other_id_, {{"b", "b"}}));
  FaultyFileSystem faulty(files_);
  const auto store = open_store(home_, faulty, clock_);
  faulty.set_rule(FaultyFileSystem::refuse("write_at", ENOSPC));
  EXPECT_EQ(stage(*store).error().code, ErrorCode::no_space);
  expect_nothing_left();
}

TEST_F(StagingTest, OneTicketStagesADigestOnce) {
  const Ticket ticket;
  const ByteCount bytes(content_.size());
  auto staged = store_->stage(ticket, digest_of(content_), bytes).value();
  EXPECT_EQ(staged.folder(), parent() + "/" + ticket.name());
  EXPECT_EQ(store_->stage(ticket, digest_of(content_), bytes).error().code,
            ErrorCode::invalid_argument);
  EXPECT_TRUE(staged.is_mine());
}

TEST_F(StagingTest, ManyFilesAreMadeDurableInOneStepAndAFewOneByOne) {
  for (const std::size_t count : {std::size_t{3}, std::size_t{40}}) {
    FaultyFileSystem counting(files_);
    std::map<std::string, int> syncs;
    counting.set_rule([&syncs](const FaultyFileSystem::Call& call) {
      const bool is_data = call.path.ends_with("/data");
      if (call.name == "sync_file_system" || (call.name == "sync" && is_data))
        ++syncs[std::string(call.name)];
      return 0;
    });
    Contents contents;
    for (std::size_t i = 0; i < count; ++i)
      contents.emplace_back("f" + std::to_string(i),
                            std::to_string(count) + " " + std::to_string(i));
    const auto store = open_store(home_, counting, clock_);
    ASSERT_TRUE(store::publish(*store, counting, id_, contents));
    EXPECT_EQ(syncs["sync"], count == 3 ? 3 : 0);
    EXPECT_EQ(syncs["sync_file_system"], count == 3 ? 0 : 1);
    EXPECT_TRUE(store->verify(id_, VerifyMode::full).value().is_whole());
  }
}

TEST_F(StagingTest, TheDigestOfASmallFileIsThatOfItsOnlyChunk) {
  ASSERT_TRUE(publish(id_, {{"a", content_}}));
  const auto record =
      load_chunk_record(files_, store_->layout(), digest_of(content_), ByteCount(content_.size()));
  ASSERT_TRUE(record);
  EXPECT_EQ(record->chunks, std::vector<Digest>{digest_of(content_)});
}

}  // namespace
}  // namespace modelhub::store
