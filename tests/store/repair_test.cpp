// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "store/repair.h"

#include <cerrno>
#include <fstream>

#include "store/chunk_record.h"
#include "store/store_fixture.h"
#include "support/faulty_file_system.h"

namespace modelhub::store {
namespace {

using test::FaultyFileSystem;

// Three chunks, the last one short. Made once: it takes a while.
const std::string& big_content() {
  static const std::string content = [] {
    std::string bytes(2 * k_chunk_bytes + 5000, '\0');
    std::uint32_t state = 1;
    for (char& byte : bytes) {
      state = state * 1664525U + 1013904223U;
      byte = static_cast<char>(state >> 24U);
    }
    return bytes;
  }();
  return content;
}

// As the hub does it: chunks from the seeds where they hash right, the rest from the network.
// Returns what came from there.
ByteCount fetch_what_is_bad(base::FileSystem& files, StagedFile& staged,
                            const std::string& content) {
  std::string data = content;
  ByteCount fetched;
  for (std::size_t at = 0; at < content.size(); at += k_chunk_bytes) {
    const std::size_t size = std::min<std::size_t>(k_chunk_bytes, content.size() - at);
    bool is_found = false;
    for (const PartialSeed& seed : staged.seeds()) {
      if (seed.chunks.empty()) continue;
      const std::string old =
          base::read_whole_file(files, seed.data, ByteCount(100'000'000)).value();
      if (old.size() < at + size ||
          digest_of(old.substr(at, size)) != seed.chunks[at / k_chunk_bytes])
        continue;
      data.replace(at, size, old, at, size);
      is_found = true;
    }
    if (!is_found) fetched += ByteCount(size);
  }
  EXPECT_TRUE(fetch(files, staged, data));
  return fetched;
}

class RepairTest : public StoreTest {
 protected:
  void SetUp() override {
    StoreOptions options;
    options.home = home_;
    options.clock = &clock_;
    options.log = [this](LogLevel, std::string_view message) {
      told_ += std::string(message) + "\n";
    };
    store_ = Store::open(std::move(options)).value();
    ASSERT_TRUE(publish(id_, {{"big.onnx", content_}, {"labels.txt", "labels"}}));
    ASSERT_TRUE(publish(other_id_, {{"shared.onnx", content_}}));
  }

  void know_chunks() { ASSERT_TRUE(store_->verify(id_, VerifyMode::full).value().is_whole()); }
  void flip(std::size_t at) {
    std::filesystem::permissions(blob(content_), std::filesystem::perms::owner_all);
    std::fstream file(blob(content_), std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(at));
    file.put(static_cast<char>(content_[at] ^ 1));
  }
  // Returns what had to be fetched.
  ByteCount repair(const RepairPlan& plan) {
    ByteCount fetched;
    const Ticket ticket;
    std::vector<StagedFile> staged;
    for (const RepairBlob& bad : plan.blobs) {
      staged.push_back(store_->stage(ticket, bad.digest, bad.bytes).value());
      EXPECT_TRUE(staged.back().is_mine());
      fetched += fetch_what_is_bad(files_, staged.back(),
                                   bad.digest == digest_of(content_) ? content_ : "labels");
    }
    const auto done = store_->put_blobs(staged);
    EXPECT_TRUE(done) << done.error().to_string();
    return fetched;
  }
  void expect_all_whole() {
    for (const ModelId& id : {id_, other_id_})
      EXPECT_TRUE(store_->verify(id, VerifyMode::full).value().is_whole());
    EXPECT_EQ(names_in(store_->layout().staging()), std::vector<std::string>{"CACHEDIR.TAG"});
  }

  const std::string& content_ = big_content();
  std::string told_;
};

TEST_F(RepairTest, AWholeModelNeedsNothing) {
  const RepairPlan plan = store_->plan_repair(id_).value();
  EXPECT_TRUE(plan.blobs.empty());
  EXPECT_EQ(plan.to_fetch, ByteCount());
  EXPECT_EQ(plan.model.name, "yolox_s");
}

TEST_F(RepairTest, OnlyTheBadChunkIsFetchedAndBothModelsThatShareItAreWholeAgain) {
  know_chunks();
  flip(k_chunk_bytes + 17);
  const VerifyReport report = store_->verify(id_, VerifyMode::full).value();
  EXPECT_EQ(report.files[0].bad_chunks, std::vector<std::uint32_t>{1});
  EXPECT_TRUE(report.files[1].bad_chunks.empty());
  const RepairPlan plan = store_->plan_repair(report);
  ASSERT_EQ(plan.blobs.size(), 1u);
  EXPECT_EQ(plan.blobs[0].digest, digest_of(content_));
  EXPECT_EQ(plan.blobs[0].location, blob(content_));
  EXPECT_EQ(plan.blobs[0].chunks.size(), 3u);
  EXPECT_EQ(plan.blobs[0].bad_chunks, std::vector<std::uint32_t>{1});
  EXPECT_EQ(plan.to_fetch, ByteCount(k_chunk_bytes));
  const std::string manifest = read_file(store_->layout().manifest(id_));
  const auto inode = files_.stat(blob(content_)).value().inode;
  clock_.now += std::chrono::hours(1);
  EXPECT_EQ(repair(plan), ByteCount(k_chunk_bytes));
  EXPECT_NE(files_.stat(blob(content_)).value().inode, inode);
  EXPECT_EQ(read_file(store_->layout().manifest(id_)), manifest);
  EXPECT_FALSE(std::filesystem::exists(store_->layout().quarantine()));
  expect_all_whole();
  EXPECT_EQ(store_->verify(other_id_, VerifyMode::stamps).value().hashed, ByteCount());
}

TEST_F(RepairTest, WithoutChunkDigestsAllIsFetchedAndTheBadFileIsKeptForAWhile) {
  ASSERT_TRUE(files_.remove_file(store_->layout().chunk_record(digest_of(content_))));
  flip(3);
  const RepairPlan plan = store_->plan_repair(id_).value();
  ASSERT_EQ(plan.blobs.size(), 1u);
  EXPECT_TRUE(plan.blobs[0].chunks.empty());
  EXPECT_EQ(plan.blobs[0].bad_chunks.size(), 3u);
  EXPECT_EQ(plan.to_fetch, ByteCount(content_.size()));
  EXPECT_EQ(repair(plan), ByteCount(content_.size()));
  const auto kept = names_in(store_->layout().quarantine());
  ASSERT_EQ(kept.size(), 1u);
  EXPECT_TRUE(kept.front().starts_with(digest_of(content_).hex() + "."));
  EXPECT_NE(told_.find(kept.front()), std::string::npos) << told_;
  expect_all_whole();
}

TEST_F(RepairTest, OfATruncatedBlobTheWholeChunksAreKept) {
  know_chunks();
  std::filesystem::permissions(blob(content_), std::filesystem::perms::owner_all);
  std::filesystem::resize_file(blob(content_), k_chunk_bytes + 100);
  const RepairPlan plan = store_->plan_repair(id_).value();
  ASSERT_EQ(plan.blobs.size(), 1u);
  EXPECT_EQ(plan.blobs[0].verdict, FileVerdict::wrong_size);
  EXPECT_EQ(plan.blobs[0].bad_chunks, (std::vector<std::uint32_t>{1, 2}));
  EXPECT_EQ(repair(plan), ByteCount(k_chunk_bytes + 5000));
  expect_all_whole();
}

TEST_F(RepairTest, ABlobThatIsMissingIsFetchedWhole) {
  std::filesystem::remove(blob(content_));
  const RepairPlan plan = store_->plan_repair(id_).value();
  ASSERT_EQ(plan.blobs.size(), 1u);
  EXPECT_EQ(plan.blobs[0].verdict, FileVerdict::missing);
  EXPECT_EQ(plan.to_fetch, ByteCount(content_.size()));
  EXPECT_EQ(repair(plan), ByteCount(content_.size()));
  expect_all_whole();
}

TEST_F(RepairTest, AFolderInThePlaceOfABlobGoesToQuarantine) {
  know_chunks();
  std::filesystem::remove(blob(content_));
  std::filesystem::create_directories(blob(content_) + "/sub");
  repair(store_->plan_repair(id_).value());
  EXPECT_EQ(names_in(store_->layout().quarantine()).size(), 1u);
  expect_all_whole();
}

TEST_F(RepairTest, ANextPullMendsAsARepairDoes) {
  know_chunks();
  flip(5);
  ASSERT_FALSE(store_->verify(id_, VerifyMode::full).value().is_whole());
  auto staged = store_->stage(digest_of(content_), ByteCount(content_.size())).value();
  EXPECT_TRUE(staged.is_mine());
  EXPECT_EQ(fetch_what_is_bad(files_, staged, content_), ByteCount(k_chunk_bytes));
  std::vector<StagedFile> all;
  all.push_back(std::move(staged));
  ASSERT_TRUE(store_->publish(record_of(id_, {{"big.onnx", content_}, {"labels.txt", "labels"}}),
                              std::move(all)));
  expect_all_whole();
}

TEST_F(RepairTest, OfTwoRepairsTheSecondLeavesWhatTheFirstHasMended) {
  know_chunks();
  flip(5);
  ASSERT_FALSE(store_->verify(id_, VerifyMode::full).value().is_whole());
  const auto impatient = open_store(home_, files_, clock_, std::chrono::milliseconds(0));
  const ByteCount bytes(content_.size());
  std::vector<StagedFile> one, two;
  one.push_back(store_->stage(digest_of(content_), bytes).value());
  two.push_back(impatient->stage(digest_of(content_), bytes).value());
  ASSERT_TRUE(fetch(files_, one.front(), content_));
  ASSERT_TRUE(fetch(files_, two.front(), content_));
  ASSERT_TRUE(store_->put_blobs(one));
  const auto inode = files_.stat(blob(content_)).value().inode;
  ASSERT_TRUE(impatient->put_blobs(two));
  EXPECT_EQ(files_.stat(blob(content_)).value().inode, inode);
}

TEST_F(RepairTest, AFlippedBitInAChunkRecordMakesNoGoodBlobBad) {
  know_chunks();
  const std::string path = store_->layout().chunk_record(digest_of(content_));
  const std::string text = read_file(path);
  for (std::size_t at = 0; at < text.size(); at += 3) {
    std::string flipped = text;
    flipped[at] = static_cast<char>(flipped[at] ^ 1);
    overwrite_file(path, flipped);
    const VerifyReport report = store_->verify(id_, VerifyMode::stamps).value();
    EXPECT_TRUE(report.is_whole()) << flipped;
    if (at % 60 == 0) {
      overwrite_file(path, flipped);
      EXPECT_TRUE(store_->verify(id_, VerifyMode::full).value().is_whole()) << flipped;
    }
  }
  EXPECT_EQ(read_file(path), text);
}

TEST_F(RepairTest, AnyNumberOfThreadsFindsTheSame) {
  know_chunks();
  flip(1);
  flip(2 * k_chunk_bytes);
  std::filesystem::remove(blob("labels"));
  for (const unsigned threads : {1U, 2U, 4U, 16U}) {
    StoreOptions options;
    options.home = home_;
    options.verify_threads = threads;
    const auto store = Store::open(std::move(options)).value();
    ByteCount last;
    const VerifyReport report = store
                                    ->verify(id_, VerifyMode::full,
                                             [&last](ByteCount done, ByteCount total) {
                                               EXPECT_GE(done, last);
                                               EXPECT_LE(done, total);
                                               last = done;
                                             })
                                    .value();
    EXPECT_EQ(report.files[0].bad_chunks, (std::vector<std::uint32_t>{0, 2}));
    EXPECT_EQ(report.files[0].verdict, FileVerdict::digest_differs);
    EXPECT_EQ(report.files[1].verdict, FileVerdict::missing);
    EXPECT_EQ(last, report.model.bytes);
  }
}

TEST_F(RepairTest, ADiskThatIsFullDuringARepairLeavesTheHomeAsItWas) {
  const std::string small = "small content";
  ASSERT_TRUE(publish(id_, {{"a", small}}));
  overwrite_file(blob(small), "small c0ntent");
  FaultyFileSystem faulty(files_);
  for (std::uint64_t step = 1;; ++step) {
    const auto store = open_store(home_, faulty, clock_);
    const std::uint64_t before = faulty.mutations();
    faulty.set_rule(FaultyFileSystem::fail_from(before + step, ENOSPC));
    const bool is_done = [&] {
      auto staged = store->stage(digest_of(small), ByteCount(small.size()));
      if (!staged) {
        EXPECT_EQ(staged.error().code, ErrorCode::no_space) << staged.error().to_string();
        return false;
      }
      if (staged->is_present() || !fetch(faulty, *staged, small)) return staged->is_present();
      std::vector<StagedFile> all;
      all.push_back(*std::move(staged));
      const auto done = store->put_blobs(all);
      if (!done) {
        EXPECT_EQ(done.error().code, ErrorCode::no_space) << done.error().to_string();
      }
      return done.has_value();
    }();
    const bool was_reached = faulty.mutations() >= before + step;
    faulty.set_rule(nullptr);
    const std::string now = read_file(blob(small));
    EXPECT_TRUE(now == small || (!is_done && now == "small c0ntent")) << step << ": " << now;
    if (is_done && !was_reached) break;
    // Whatever the full disk left: bad again, for the next step.
    std::filesystem::remove_all(store_->layout().staging(digest_of(small)));
    overwrite_file(blob(small), "small c0ntent");
    ASSERT_LT(step, 100u);
  }
  EXPECT_TRUE(store_->verify(id_, VerifyMode::full).value().is_whole());
}

// Every file of a home, flipped, truncated and removed: opening, listing or verifying names it, or
// it is one that saves work only; and the next pull or repair makes the model whole again.
TEST_F(RepairTest, EveryFileOfAHomeCanBeDamaged) {
  const std::string home = folder_ / "small";
  const Contents contents{{"a.onnx", "some graph"}, {"labels.txt", "some labels"}};
  std::optional<StoreLease> lease;
  // With a file of each kind that a home may have.
  const auto make = [&] {
    lease.reset();
    std::filesystem::remove_all(home);
    const auto store = open_store(home, files_, clock_);
    const Layout& layout = store->layout();
    const auto model = store::publish(*store, files_, id_, contents);
    ASSERT_TRUE(model);
    ASSERT_TRUE(store->set_budget(ByteCount(1'000'000)));
    ASSERT_TRUE(store->set_default(id_.name, id_.version));
    ASSERT_TRUE(store->pin(id_));
    ASSERT_TRUE(store->view(*model));
    store->touch_use(model->key);
    const std::string derived = store->derive("compiled-1", ByteCount(4096)).value().path();
    overwrite_file(derived + "/graph", "compiled");
    overwrite_file(layout.blob(digest_of("nobody")), "nobody");
    std::filesystem::create_directories(layout.quarantine());
    overwrite_file(layout.quarantine() + "/bad", "bad");
    const std::string partial =
        layout.staging(digest_of("part")) + "/" + dead_owner().to_string() + ".3";
    std::filesystem::create_directories(partial);
    for (const std::string name : {"data", "journal", "journal-passing-0", "progress"})
      overwrite_file(partial + "/" + name, "of the dead");
    overwrite_file(layout.claim(digest_of("part")), dead_owner().to_string() + ".3\n");
    lease = store->lease(*model).value();
  };
  make();
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(home)) {
    if (entry.is_regular_file()) paths.push_back(entry.path().string());
  }
  ASSERT_GE(paths.size(), 20u);
  for (const std::string& path : paths) {
    for (const std::string damage : {"flipped", "truncated", "removed"}) {
      SCOPED_TRACE(path + " " + damage);
      make();
      std::string text = read_file(path);
      std::filesystem::remove(path);
      if (damage == "flipped" && !text.empty()) text[text.size() / 2] ^= 4;
      if (damage == "truncated") text.resize(text.size() / 2);
      if (damage != "removed") overwrite_file(path, text);

      StoreOptions options;
      options.home = home;
      const auto store = Store::open(std::move(options));
      if (!store) {
        EXPECT_TRUE(path.ends_with("/format"));
        EXPECT_NE(store.error().message.find(path), std::string::npos);
        continue;
      }
      // What cannot be had without that file is an error that names it.
      const auto expect_told = [&](const auto& result) {
        if (result) return;
        EXPECT_NE(result.error().to_string().find(path), std::string::npos)
            << result.error().to_string();
      };
      expect_told((*store)->budget());
      expect_told((*store)->default_of(id_.name));
      expect_told((*store)->statistics());
      expect_told((*store)->reserve(Store::new_ticket(), ByteCount(4096)));
      expect_told((*store)->sweep());
      const Listing listing = (*store)->list().value();
      const bool is_named = !listing.broken.empty();
      const auto report = (*store)->verify(id_, VerifyMode::full);
      const bool is_bad = report && !report->is_whole();
      if (path.find("/blobs/sha256/") != std::string::npos &&
          !path.ends_with(digest_of("nobody").hex())) {
        EXPECT_TRUE(is_bad);
      }
      if (path.find("/models/") != std::string::npos) {
        EXPECT_TRUE(is_named || damage == "removed" || report) << "a manifest";
      }
      const auto pulled = store::publish(**store, files_, id_, contents);
      ASSERT_TRUE(pulled) << pulled.error().to_string();
      EXPECT_TRUE((*store)->verify(id_, VerifyMode::full).value().is_whole());
      EXPECT_TRUE((*store)->list().value().broken.empty());
      expect_told((*store)->prune());
      EXPECT_TRUE((*store)->verify(id_, VerifyMode::full).value().is_whole());
    }
  }
}

}  // namespace
}  // namespace modelhub::store
