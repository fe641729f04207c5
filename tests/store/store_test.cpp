// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "store/store.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "store/store_fixture.h"
#include "support/faulty_file_system.h"

namespace modelhub::store {
namespace {

using test::FaultyFileSystem;

TEST_F(StoreTest, APublishedModelIsListedWithEverythingThatWasRecorded) {
  const InstalledModel published =
      publish(id_, {{"sub/graph.onnx", "graph"}, {"labels.txt", "labels"}}).value();
  const Listing listing = store_->list().value();
  ASSERT_EQ(listing.models.size(), 1u);
  EXPECT_TRUE(listing.broken.empty());
  const InstalledModel& model = listing.models.front();
  EXPECT_EQ(model.name, "yolox_s");
  EXPECT_EQ(model.version, "0.1.1");
  EXPECT_EQ(model.variant, "onnx-fp32");
  EXPECT_EQ(model.task, "detect");
  EXPECT_EQ(model.license, "Apache-2.0");
  EXPECT_EQ(model.format, "onnx");
  EXPECT_EQ(model.key, published.key);
  EXPECT_EQ(model.bytes, ByteCount(11));
  EXPECT_EQ(model.sources, std::vector<std::string>{"https://example.org/yolox_s"});
  EXPECT_EQ(model.installed_at, clock_.now);
  ASSERT_EQ(model.files.size(), 2u);
  EXPECT_EQ(model.files[0].path.string(), "sub/graph.onnx");
  EXPECT_EQ(model.files[0].role, "graph");
  EXPECT_EQ(model.files[0].sha256, digest_of("graph"));
  EXPECT_EQ(read_file(model.files[0].location), "graph");
  EXPECT_EQ(read_file(model.files[1].location), "labels");
}

TEST_F(StoreTest, FindKnowsTheExactModelAndAllVersionsOfAName) {
  ASSERT_TRUE(publish(id_, {{"a", "one"}}));
  ASSERT_TRUE(publish({"yolox_s", "0.1.2", "onnx-fp32"}, {{"a", "two"}}));
  ASSERT_TRUE(publish({"yolox_s_more", "1", "onnx-fp32"}, {{"a", "three"}}));
  EXPECT_EQ(store_->find(id_).value()->version, "0.1.1");
  EXPECT_FALSE(store_->find({"yolox_s", "0.1.3", "onnx-fp32"}).value());
  const Listing versions = store_->find_any_version("yolox_s").value();
  ASSERT_EQ(versions.models.size(), 2u);
  EXPECT_EQ(versions.models[0].version, "0.1.1");
  EXPECT_EQ(versions.models[1].version, "0.1.2");
  EXPECT_EQ(store_->find({"../x", "1", "v"}).error().code, ErrorCode::invalid_argument);
}

TEST_F(StoreTest, NothingIsVisibleWhileAFileIsBeingFetched) {
  auto staged = store_->stage(digest_of("content"), ByteCount(7)).value();
  EXPECT_FALSE(staged.is_present());
  ASSERT_TRUE(fetch(files_, staged, "content"));
  EXPECT_FALSE(store_->has_blob(digest_of("content"), ByteCount(7)).value());
  EXPECT_TRUE(names_in(store_->layout().blobs()).empty());
}

TEST_F(StoreTest, AStagedFileThatIsDroppedLeavesNothing) {
  {
    auto staged = store_->stage(digest_of("content"), ByteCount(7)).value();
    ASSERT_TRUE(fetch(files_, staged, "content"));
    StagedFile moved = std::move(staged);
    EXPECT_EQ(names_in(store_->layout().staging()).size(), 3u);  // with CACHEDIR.TAG and the claim
  }
  EXPECT_EQ(names_in(store_->layout().staging()), std::vector<std::string>{"CACHEDIR.TAG"});
}

TEST_F(StoreTest, TwoWritersOfOneDigestHaveFoldersOfTheirOwn) {
  auto first = store_->stage(digest_of("content"), ByteCount(7)).value();
  auto second = store_->stage(digest_of("content"), ByteCount(7)).value();
  EXPECT_NE(first.data_path(), second.data_path());
}

TEST_F(StoreTest, AForkedChildLeavesTheStagingOfItsParentAlone) {
  auto staged =
      std::make_unique<StagedFile>(store_->stage(digest_of("content"), ByteCount(7)).value());
  ASSERT_TRUE(fetch(files_, *staged, "content"));
  const pid_t child = ::fork();
  if (child == 0) {
    staged.reset();
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(read_file(staged->data_path()), "content");
}

TEST_F(StoreTest, WhatWasHashedMustBeWhatWasWanted) {
  auto staged = store_->stage(digest_of("content"), ByteCount(7)).value();
  const Error digest = staged.complete(digest_of("c0ntent"), ByteCount(7)).error();
  EXPECT_EQ(digest.code, ErrorCode::checksum_mismatch);
  EXPECT_EQ(exit_code_of(digest), 5);
  EXPECT_NE(digest.message.find(digest_of("content").hex()), std::string::npos);
  EXPECT_NE(digest.message.find(digest_of("c0ntent").hex()), std::string::npos);
  EXPECT_EQ(staged.complete(digest_of("content"), ByteCount(8)).error().code,
            ErrorCode::corrupt_data);
}

TEST_F(StoreTest, WhatWasNeverFetchedIsNotPublished) {
  std::vector<StagedFile> staged;
  staged.push_back(store_->stage(digest_of("content"), ByteCount(7)).value());
  const ModelRecord record = record_of(id_, {{"a", "content"}});
  EXPECT_EQ(store_->publish(record, std::move(staged)).error().code, ErrorCode::invalid_argument);
  const Error absent = store_->publish(record, {}).error();
  EXPECT_EQ(absent.code, ErrorCode::not_found);
  EXPECT_EQ(absent.subject, Subject::model);
  EXPECT_TRUE(store_->list().value().models.empty());
}

TEST_F(StoreTest, AStagedFileThatWasCutAfterItsHashingIsNotPublished) {
  std::vector<StagedFile> staged;
  staged.push_back(store_->stage(digest_of("content"), ByteCount(7)).value());
  ASSERT_TRUE(fetch(files_, staged.front(), "content"));
  std::filesystem::resize_file(staged.front().data_path(), 3);
  const Error error =
      store_->publish(record_of(id_, {{"a", "content"}}), std::move(staged)).error();
  EXPECT_EQ(error.code, ErrorCode::corrupt_data);
  EXPECT_FALSE(store_->find(id_).value());
  EXPECT_TRUE(names_in(store_->layout().blobs()).empty());
}

TEST_F(StoreTest, RecordsThatCannotBeTrueAreRefused) {
  const std::vector<Contents> wrong{{}, {{"a", "x"}, {"a", "y"}}, {{"a", "x"}, {"a/b", "y"}}};
  for (const Contents& contents : wrong) {
    EXPECT_EQ(publish(id_, contents).error().code, ErrorCode::invalid_argument);
  }
  ModelRecord two_sizes = record_of(id_, {{"a", "x"}, {"b", "x"}});
  two_sizes.files[1].bytes = ByteCount(2);
  EXPECT_EQ(store_->publish(two_sizes, {}).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(publish({"a/b", "1", "v"}, {{"a", "x"}}).error().code, ErrorCode::invalid_argument);
}

TEST_F(StoreTest, TextThatIsNotUtf8IsRefused) {
  ModelRecord record = record_of(id_, {{"a", "x"}});
  record.license = "\xff";
  std::vector<StagedFile> staged;
  staged.push_back(store_->stage(digest_of("x"), ByteCount(1)).value());
  ASSERT_TRUE(fetch(files_, staged.front(), "x"));
  EXPECT_EQ(store_->publish(record, std::move(staged)).error().code, ErrorCode::invalid_argument);
}

TEST_F(StoreTest, ABlobThatIsThereIsNotFetchedAgain) {
  ASSERT_TRUE(publish(id_, {{"a", "shared"}}));
  const auto inode = files_.stat(blob("shared")).value().inode;
  EXPECT_TRUE(store_->stage(digest_of("shared"), ByteCount(6)).value().is_present());
  ASSERT_TRUE(publish(other_id_, {{"b", "shared"}, {"c", "own"}}));
  EXPECT_EQ(files_.stat(blob("shared")).value().inode, inode);
  EXPECT_EQ(store_->list().value().models.size(), 2u);
}

TEST_F(StoreTest, OfTwoWritersTheSecondKeepsTheFirstOnesBlob) {
  auto first = store_->stage(digest_of("shared"), ByteCount(6)).value();
  auto second = store_->stage(digest_of("shared"), ByteCount(6)).value();
  ASSERT_TRUE(fetch(files_, first, "shared"));
  ASSERT_TRUE(fetch(files_, second, "shared"));
  std::vector<StagedFile> one, two;
  one.push_back(std::move(first));
  two.push_back(std::move(second));
  ASSERT_TRUE(store_->publish(record_of(id_, {{"a", "shared"}}), std::move(one)));
  const auto inode = files_.stat(blob("shared")).value().inode;
  ASSERT_TRUE(store_->publish(record_of(other_id_, {{"b", "shared"}}), std::move(two)));
  EXPECT_EQ(files_.stat(blob("shared")).value().inode, inode);
}

TEST_F(StoreTest, TwoFilesOfOneContentAreOneBlob) {
  const InstalledModel model = publish(id_, {{"a", "same"}, {"b", "same"}}).value();
  EXPECT_EQ(model.bytes, ByteCount(4));
  EXPECT_EQ(names_in(store_->layout().blobs()).size(), 1u);
  EXPECT_EQ(store_->remove(id_).value().freed, ByteCount(4));
}

TEST_F(StoreTest, PublishingAgainReplacesTheRecordAndDropsWhatOnlyTheOldOneNamed) {
  const InstalledModel old = publish(id_, {{"a", "old"}, {"b", "both"}}).value();
  ASSERT_TRUE(store_->view(old));
  clock_.now += std::chrono::hours(1);
  const InstalledModel fresh = publish(id_, {{"a", "new"}, {"b", "both"}}).value();
  EXPECT_NE(fresh.key, old.key);
  EXPECT_EQ(store_->list().value().models.size(), 1u);
  EXPECT_EQ(store_->find(id_).value()->installed_at, clock_.now);
  EXPECT_FALSE(std::filesystem::exists(blob("old")));
  EXPECT_FALSE(std::filesystem::exists(store_->layout().view(old.key)));
  EXPECT_FALSE(std::filesystem::exists(store_->layout().use(old.key)));
  EXPECT_TRUE(store_->verify(id_, VerifyMode::full).value().is_whole());
}

TEST_F(StoreTest, RemovalTakesEverythingOfTheModelAndTellsWhatItFreed) {
  const InstalledModel model = publish(id_, {{"a", "content"}, {"b", "more"}}).value();
  ASSERT_TRUE(store_->view(model));
  ASSERT_TRUE(store_->verify(id_, VerifyMode::full));
  const Removal removal = store_->remove(id_).value();
  EXPECT_EQ(removal.freed, ByteCount(11));
  EXPECT_EQ(removal.removed_blobs, 2u);
  EXPECT_EQ(removal.kept_blobs, 0u);
  EXPECT_TRUE(removal.leftovers.empty());
  EXPECT_FALSE(store_->find(id_).value());
  for (const std::string& folder : {store_->layout().blobs(), store_->layout().models(),
                                    store_->layout().uses(), store_->layout().chunks()}) {
    EXPECT_TRUE(names_in(folder).empty()) << folder;
  }
  EXPECT_EQ(names_in(store_->layout().views()), std::vector<std::string>{"CACHEDIR.TAG"});
}

TEST_F(StoreTest, RemovalLeavesWhatAnotherModelShares) {
  ASSERT_TRUE(publish(id_, {{"a", "shared"}, {"b", "own"}}));
  ASSERT_TRUE(publish(other_id_, {{"c", "shared"}}));
  const Removal removal = store_->remove(id_).value();
  EXPECT_EQ(removal.freed, ByteCount(3));
  EXPECT_EQ(removal.kept_blobs, 1u);
  EXPECT_TRUE(store_->verify(other_id_, VerifyMode::full).value().is_whole());
  EXPECT_EQ(store_->remove(other_id_).value().freed, ByteCount(6));
}

TEST_F(StoreTest, RemovalLeavesWhatARunningPullHasAnnounced) {
  ASSERT_TRUE(publish(id_, {{"a", "shared"}}));
  std::vector<StagedFile> staged;
  staged.push_back(store_->stage(digest_of("shared"), ByteCount(6)).value());
  const Removal removal = store_->remove(id_).value();
  EXPECT_EQ(removal.freed, ByteCount());
  EXPECT_EQ(removal.kept_blobs, 1u);
  ASSERT_TRUE(store_->publish(record_of(other_id_, {{"b", "shared"}}), std::move(staged)));
  EXPECT_TRUE(store_->verify(other_id_, VerifyMode::full).value().is_whole());
}

TEST_F(StoreTest, APublicationPutsBackABlobThatSomebodyTookAway) {
  ASSERT_TRUE(publish(id_, {{"a", "shared"}}));
  std::vector<StagedFile> staged;
  staged.push_back(store_->stage(digest_of("shared"), ByteCount(6)).value());
  std::filesystem::remove(blob("shared"));
  ASSERT_TRUE(store_->publish(record_of(other_id_, {{"b", "shared"}}), std::move(staged)));
  EXPECT_EQ(read_file(blob("shared")), "shared");
}

TEST_F(StoreTest, RemovingWhatIsNotThereSaysSo) {
  const Error error = store_->remove(id_).error();
  EXPECT_EQ(error.code, ErrorCode::not_found);
  EXPECT_EQ(error.subject, Subject::model);
  EXPECT_EQ(exit_code_of(error), 3);
  EXPECT_NE(error.message.find("yolox_s@0.1.1:onnx-fp32"), std::string::npos);
}

TEST_F(StoreTest, ABlobThatCannotBeRemovedIsReportedAndTheModelIsGone) {
  ASSERT_TRUE(publish(id_, {{"a", "content"}}));
  FaultyFileSystem faulty(files_);
  const auto store = open_store(home_, faulty);
  faulty.set_rule([](const FaultyFileSystem::Call& call) {
    return call.name == "rename" && call.path.find("blobs") != std::string::npos ? EIO : 0;
  });
  const Removal removal = store->remove(id_).value();
  ASSERT_EQ(removal.leftovers.size(), 1u);
  EXPECT_EQ(removal.leftovers.front().code, ErrorCode::io_error);
  EXPECT_FALSE(store_->find(id_).value());
}

TEST_F(StoreTest, UsingAModelIsRemembered) {
  const InstalledModel model = publish(id_, {{"a", "content"}}).value();
  EXPECT_EQ(model.last_used, clock_.now);
  clock_.now += std::chrono::hours(2);
  store_->touch_use(model.key);
  EXPECT_EQ(store_->find(id_).value()->last_used, clock_.now);
  EXPECT_EQ(store_->find(id_).value()->installed_at, clock_.now - std::chrono::hours(2));
  EXPECT_EQ(store_->list().value().models.front().last_used, clock_.now);
  EXPECT_EQ(store_->list(LastUse::left_out).value().models.front().last_used, model.installed_at);
  std::filesystem::remove(store_->layout().use(model.key));
  EXPECT_EQ(store_->find(id_).value()->last_used, model.installed_at);
}

// Of a file that belongs to another user only the time "now" may be set; a shared home must not
// depend on it.
TEST_F(StoreTest, AUseStampOfAnotherUserIsReplaced) {
  const InstalledModel model = publish(id_, {{"a", "content"}}).value();
  clock_.now += std::chrono::hours(2);
  FaultyFileSystem faulty(files_);
  const auto store = open_store(home_, faulty, clock_);
  bool is_refused = false;
  faulty.set_rule([&is_refused](const FaultyFileSystem::Call& call) {
    return call.name == "set_modification_time" && !std::exchange(is_refused, true) ? EPERM : 0;
  });
  store->touch_use(model.key);
  EXPECT_EQ(store_->find(id_).value()->last_used, clock_.now);
}

TEST_F(StoreTest, FullDisksAndDeadDisksAreToldApart) {
  FaultyFileSystem faulty(files_);
  const auto store = open_store(home_, faulty);
  ASSERT_TRUE(store->stage(digest_of("x"), ByteCount(1)));
  for (const auto& [error_number, code] :
       {std::pair(ENOSPC, ErrorCode::no_space), std::pair(EDQUOT, ErrorCode::no_space),
        std::pair(EIO, ErrorCode::io_error)}) {
    faulty.set_rule(FaultyFileSystem::refuse("write_at", error_number));
    const Error error = store::publish(*store, faulty, id_, {{"a", "content"}}).error();
    EXPECT_EQ(error.code, code);
    EXPECT_EQ(exit_code_of(error), 6);
  }
}

}  // namespace
}  // namespace modelhub::store
