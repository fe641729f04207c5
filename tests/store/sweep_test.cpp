// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "store/store_fixture.h"

namespace modelhub::store {
namespace {

constexpr std::chrono::hours k_month(24 * 30);

class SweepTest : public StoreTest {
 protected:
  void SetUp() override {
    // The real time, since files get theirs from the system.
    clock_.now = std::chrono::system_clock::now();
    ASSERT_TRUE(publish(id_, {{"a", "content"}}));
  }

  std::string make_partial(const base::Owner& owner) {
    const std::string folder =
        store_->layout().staging(digest_of("partial")) + "/" + owner.to_string() + ".0";
    std::filesystem::create_directories(folder);
    overwrite_file(folder + "/data", "part");
    return folder;
  }
  void expect_model_is_whole() {
    EXPECT_TRUE(store_->verify(id_, VerifyMode::full).value().is_whole());
  }

  const base::Owner dead_ = dead_owner();
};

TEST_F(SweepTest, ACleanHomeLosesNothing) {
  clock_.now += k_month;
  const SweepReport report = store_->sweep().value();
  EXPECT_EQ(report.removed, 0u);
  expect_model_is_whole();
}

TEST_F(SweepTest, PartialsGoOnlyWhenTheirOwnerIsDeadAndTheyAreOld) {
  const std::string dead = make_partial(dead_);
  const std::string unknown = make_partial(unknown_owner());
  const std::string alive = make_partial(base::Owner::current());
  const std::string strange = store_->layout().staging(digest_of("partial")) + "/other";
  overwrite_file(strange, "of a later version");
  EXPECT_EQ(store_->sweep().value().removed, 0u);
  clock_.now += k_month;
  const SweepReport report = store_->sweep().value();
  EXPECT_EQ(report.removed, 1u);
  EXPECT_EQ(report.freed, ByteCount(4));
  EXPECT_FALSE(std::filesystem::exists(dead));
  EXPECT_TRUE(std::filesystem::exists(unknown));
  EXPECT_TRUE(std::filesystem::exists(alive));
  EXPECT_TRUE(std::filesystem::exists(strange));
}

TEST_F(SweepTest, APartialThatWasWrittenLatelyIsKept) {
  const std::string dead = make_partial(dead_);
  clock_.now += k_month;
  files_.set_modification_time(dead + "/data", clock_.now - std::chrono::hours(1)).value();
  EXPECT_EQ(store_->sweep().value().removed, 0u);
  EXPECT_TRUE(std::filesystem::exists(dead));
}

// What a person sees may be old or young; what decides is that nobody will come back to it.
TEST_F(SweepTest, APartialThatItsOwnerLeftBehindGoesByAgeAlthoughTheOwnerLives) {
  {
    auto staged = store_->stage(digest_of("partial"), ByteCount(7)).value();
    ASSERT_TRUE(fetch(files_, staged, "partial"));
    staged.keep_partial();
  }
  const std::string parent = store_->layout().staging(digest_of("partial"));
  ASSERT_EQ(names_in(parent).size(), 1u);
  EXPECT_EQ(store_->sweep().value().removed, 0u);
  clock_.now += k_month;
  EXPECT_EQ(store_->sweep().value().freed, ByteCount(7));
  EXPECT_FALSE(std::filesystem::exists(parent));
}

TEST_F(SweepTest, ClaimsAndSignsOfLifeGoWithTheirOwners) {
  const auto claim_of = [this](const std::string& content, const std::string& text) {
    const std::string folder = store_->layout().staging(digest_of(content));
    std::filesystem::create_directories(folder);
    overwrite_file(folder + "/claim", text);
    return folder + "/claim";
  };
  const std::string dead = claim_of("dead", dead_.to_string() + ".1\n");
  const std::string torn = claim_of("torn", "");
  const std::string unknown = claim_of("unknown", unknown_owner().to_string() + ".1\n");
  const std::string alive = claim_of("alive", base::Owner::current().to_string() + ".1\n");
  const std::string aside = dead + ".tmp." + dead_.to_string() + ".2";
  overwrite_file(aside, "");
  const std::string dead_pulse = store_->layout().pulse(dead_.to_string() + ".1");
  const std::string alive_pulse = store_->layout().pulse(base::Owner::current().to_string() + ".1");
  overwrite_file(dead_pulse, "7\n");
  overwrite_file(alive_pulse, "7\n");
  const std::string dead_text = store_->layout().claim_text(dead_.to_string() + ".1");
  overwrite_file(dead_text, dead_.to_string() + ".1\n");
  EXPECT_EQ(store_->sweep().value().removed, 4u);
  EXPECT_FALSE(std::filesystem::exists(base::parent_path(dead)));
  EXPECT_FALSE(std::filesystem::exists(dead_pulse));
  EXPECT_FALSE(std::filesystem::exists(dead_text));
  EXPECT_TRUE(std::filesystem::exists(torn));
  clock_.now += k_month;
  EXPECT_EQ(store_->sweep().value().removed, 1u);
  EXPECT_FALSE(std::filesystem::exists(torn));
  for (const std::string& path : {unknown, alive, alive_pulse})
    EXPECT_TRUE(std::filesystem::exists(path)) << path;
}

TEST_F(SweepTest, WhatIsInQuarantineGoesAfterAMonthByTheTimeInItsName) {
  const std::string path = store_->layout().quarantine(digest_of("bad"), clock_.now);
  std::filesystem::create_directories(store_->layout().quarantine());
  overwrite_file(path, "bad");
  overwrite_file(store_->layout().quarantine() + "/notes.txt", "mine");
  // The time of the file is that of the blob it was.
  files_.set_modification_time(path, clock_.now - 10 * k_month).value();
  clock_.now += k_month - std::chrono::minutes(1);
  EXPECT_EQ(store_->sweep().value().removed, 0u);
  clock_.now += std::chrono::minutes(2);
  EXPECT_EQ(store_->sweep().value().freed, ByteCount(3));
  EXPECT_EQ(names_in(store_->layout().quarantine()), std::vector<std::string>{"notes.txt"});
}

TEST_F(SweepTest, TemporaryFilesOfDeadProcessesGoAtOnce) {
  const auto tail = [](const base::Owner& owner) { return ".tmp." + owner.to_string() + ".3"; };
  const std::vector<std::string> places{
      home_ + "/format", store_->layout().manifest(id_), store_->layout().chunks() + "/x.json",
      store_->layout().view(digest_of("k")), store_->layout().catalog() + "/registered.a@1.json"};
  std::filesystem::create_directories(store_->layout().catalog());
  for (const std::string& place : places) {
    overwrite_file(place + tail(dead_), "torn");
    overwrite_file(place + tail(base::Owner::current()), "being written");
    overwrite_file(place + tail(unknown_owner()), "being written elsewhere");
    overwrite_file(place + ".tmp.mine", "of somebody else");
  }
  EXPECT_EQ(store_->sweep().value().removed, places.size());
  for (const std::string& place : places) {
    EXPECT_FALSE(std::filesystem::exists(place + tail(dead_)));
    EXPECT_TRUE(std::filesystem::exists(place + tail(base::Owner::current())));
    EXPECT_TRUE(std::filesystem::exists(place + tail(unknown_owner())));
    EXPECT_TRUE(std::filesystem::exists(place + ".tmp.mine"));
  }
}

TEST_F(SweepTest, OldBlobsViewsAndStampsThatNoModelNamesGo) {
  overwrite_file(blob("orphan"), "orphan");
  overwrite_file(store_->layout().use(digest_of("orphan")), "");
  overwrite_file(store_->layout().chunk_record(digest_of("orphan")), "{}");
  std::filesystem::create_directories(store_->layout().view(digest_of("orphan")) + "/sub");
  EXPECT_EQ(store_->sweep().value().removed, 0u);
  clock_.now += k_month;
  const SweepReport report = store_->sweep().value();
  EXPECT_EQ(report.freed, ByteCount(6));
  EXPECT_FALSE(std::filesystem::exists(blob("orphan")));
  EXPECT_FALSE(std::filesystem::exists(store_->layout().use(digest_of("orphan"))));
  EXPECT_FALSE(std::filesystem::exists(store_->layout().chunk_record(digest_of("orphan"))));
  EXPECT_FALSE(std::filesystem::exists(store_->layout().view(digest_of("orphan"))));
  expect_model_is_whole();
}

TEST_F(SweepTest, ABlobThatARunningPullHasAnnouncedIsKept) {
  overwrite_file(blob("orphan"), "orphan");
  const auto staged = store_->stage(digest_of("orphan"), ByteCount(6)).value();
  clock_.now += k_month;
  ASSERT_TRUE(store_->sweep());
  EXPECT_EQ(read_file(blob("orphan")), "orphan");
}

TEST_F(SweepTest, WhenAManifestCannotBeReadNoBlobIsRemoved) {
  overwrite_file(blob("orphan"), "orphan");
  overwrite_file(home_ + "/models/huge@1@v.json", std::string(k_max_manifest.count() + 1, ' '));
  clock_.now += k_month;
  EXPECT_EQ(store_->sweep().error().code, ErrorCode::corrupt_data);
  EXPECT_EQ(read_file(blob("orphan")), "orphan");
}

TEST_F(SweepTest, AnInterruptedRemovalIsUndoneWhenTheBlobIsNamedAndEndedWhenNot) {
  const std::string tail = ".removing." + dead_.to_string() + ".0";
  const std::string alive_tail = ".removing." + base::Owner::current().to_string() + ".0";
  std::filesystem::rename(blob("content"), blob("content") + tail);
  overwrite_file(blob("orphan") + tail, "orphan");
  overwrite_file(blob("other") + alive_tail, "other");
  const SweepReport report = store_->sweep().value();
  EXPECT_EQ(report.removed, 1u);
  EXPECT_EQ(report.freed, ByteCount(6));
  EXPECT_TRUE(std::filesystem::exists(blob("other") + alive_tail));
  expect_model_is_whole();
}

TEST_F(SweepTest, ThingsThatAreNotOursStay) {
  overwrite_file(store_->layout().blobs() + "/notes.txt", "mine");
  overwrite_file(home_ + "/notes.tmp", "mine");
  std::filesystem::create_directories(store_->layout().local());
  overwrite_file(store_->layout().local() + "/only_copy.onnx", "mine");
  clock_.now += k_month;
  EXPECT_EQ(store_->sweep().value().removed, 0u);
  EXPECT_EQ(read_file(store_->layout().local() + "/only_copy.onnx"), "mine");
}

TEST_F(SweepTest, AFolderThatIsNoStoreIsNotSwept) {
  const std::string folder = folder_ / "documents";
  const std::string mine = folder + "/blobs/sha256/" + digest_of("mine").hex();
  std::filesystem::create_directories(folder + "/blobs/sha256");
  overwrite_file(mine, "mine");
  clock_.now += k_month;
  EXPECT_EQ(open_store(folder, files_, clock_)->sweep().value().removed, 0u);
  EXPECT_EQ(read_file(mine), "mine");
}

TEST_F(SweepTest, TheFirstPullOfAProcessSweepsAndSaysSo) {
  const std::string dead = make_partial(dead_);
  clock_.now += k_month;
  std::string told;
  StoreOptions options;
  options.home = home_;
  options.clock = &clock_;
  options.log = [&told](LogLevel, std::string_view message) { told += message; };
  const auto store = Store::open(std::move(options)).value();
  EXPECT_TRUE(std::filesystem::exists(dead));
  ASSERT_TRUE(store->stage(digest_of("x"), ByteCount(1)));
  EXPECT_FALSE(std::filesystem::exists(dead));
  EXPECT_NE(told.find("swept 1 "), std::string::npos) << told;
}

}  // namespace
}  // namespace modelhub::store
