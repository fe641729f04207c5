// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "store/budget.h"

#include <cerrno>

#include "store/budget_fixture.h"
#include "support/faulty_file_system.h"

namespace modelhub::store {
namespace {

class BudgetFileTest : public BudgetTest {};
class DefaultTest : public BudgetTest {};
class StatisticsTest : public BudgetTest {};
class PruneTest : public BudgetTest {};

TEST(NewHomeTest, HasTenGigabytesOfBudgetAndNothingInIt) {
  const TemporaryFolder folder;
  const auto store = open_store(folder / "home");
  EXPECT_EQ(store->budget().value(), ByteCount(10'000'000'000));
  const StoreStatistics statistics = store->statistics().value();
  EXPECT_EQ(statistics.used, ByteCount());
  EXPECT_EQ(statistics.models, 0u);
  PruneOptions dry;
  dry.is_dry_run = true;
  EXPECT_TRUE(store->prune(dry).value().items.empty());
  EXPECT_FALSE(store->default_of("model").value());
  EXPECT_FALSE(std::filesystem::exists(folder / "home"));
}

TEST_F(BudgetFileTest, IsALineThatPeopleCanWrite) {
  EXPECT_EQ(read_file(home_ + "/budget"), "40960\n");
  overwrite_file(home_ + "/budget", "20GB  \nsomething of a later version\n");
  EXPECT_EQ(store_->budget().value(), ByteCount(20'000'000'000));
  EXPECT_EQ(open_store(home_)->budget().value(), ByteCount(20'000'000'000)) << "for all processes";
}

TEST_F(BudgetFileTest, AndTheDefaultAreAsTheGoldenFilesSay) {
  const std::string golden = MODELHUB_STORE_GOLDEN;
  ASSERT_TRUE(store_->set_budget(ByteCount(20'000'000'000)));
  EXPECT_EQ(read_file(home_ + "/budget"), read_file(golden + "/budget"));
  ASSERT_TRUE(store_->set_default("yolox_s", "0.1.1:onnx-fp32"));
  EXPECT_EQ(read_file(home_ + "/defaults/yolox_s"), read_file(golden + "/default"));
}

TEST_F(BudgetFileTest, WhatIsNoSizeIsNamedAndNothingIsReserved) {
  for (const char* text : {"", "plenty\n", "0\n", "-5\n", "4096", "40960"}) {
    overwrite_file(home_ + "/budget", text);
    const Error error = store_->budget().error();
    EXPECT_EQ(error.code, ErrorCode::corrupt_data) << text;
    EXPECT_EQ(error.message, home_ + "/budget does not say how many bytes");
    EXPECT_EQ(reserve(1).error().code, ErrorCode::corrupt_data) << text;
  }
  EXPECT_TRUE(reservations().empty());
  ASSERT_TRUE(store_->set_budget(blocks(5)));
  EXPECT_TRUE(reserve(5));
}

TEST_F(BudgetFileTest, ABudgetOfNothingIsRefused) {
  EXPECT_EQ(store_->set_budget(ByteCount()).error().code, ErrorCode::invalid_argument);
}

TEST_F(BudgetFileTest, LoweringItRemovesNothingAndBelowWhatIsPinnedStopsNewPulls) {
  install("pinned", 4);
  install("idle", 4);
  ASSERT_TRUE(store_->pin(id_of("pinned")));
  ASSERT_TRUE(store_->set_budget(blocks(3)));
  EXPECT_EQ(store_->list().value().models.size(), 2u);
  const Error error = reserve(1).error();
  EXPECT_EQ(error.code, ErrorCode::no_space);
  EXPECT_NE(error.message.find("16.4 kB pinned (pinned@1:v)"), std::string::npos) << error.message;
  EXPECT_TRUE(is_installed("idle"));
}

TEST_F(DefaultTest, IsKeptForAllProcessesUntilItIsCleared) {
  EXPECT_FALSE(store_->default_of("model").value());
  ASSERT_TRUE(store_->set_default("model", "2.1:onnx-int8"));
  EXPECT_EQ(read_file(home_ + "/defaults/model"), "2.1:onnx-int8\n");
  const auto found = open_store(home_)->default_of("model").value();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->version, "2.1");
  EXPECT_EQ(found->variant, "onnx-int8");
  ASSERT_TRUE(store_->set_default("model", "3"));
  EXPECT_EQ(store_->default_of("model").value()->to_string(), "3");
  ASSERT_TRUE(store_->clear_default("model"));
  ASSERT_TRUE(store_->clear_default("model"));
  EXPECT_FALSE(store_->default_of("model").value());
}

TEST_F(DefaultTest, NamesThatCannotBeAreRefusedAndADamagedFileIsNamed) {
  EXPECT_EQ(store_->set_default("../x", "1").error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(store_->set_default("model", "").error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(store_->set_default("model", "1:").error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(store_->set_default("model", "1/2").error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(store_->default_of("a/b").error().code, ErrorCode::invalid_argument);
  overwrite_file(home_ + "/defaults/model", "../../etc\n");
  EXPECT_EQ(store_->default_of("model").error().code, ErrorCode::corrupt_data);
}

TEST_F(StatisticsTest, EverythingIsCountedAndSharedContentOnce) {
  const std::string shared = content_of("shared", 2);
  install("a", Contents{{"own", content_of("a", 1)}, {"shared", shared}});
  const InstalledModel b = install("b", Contents{{"own", content_of("b", 1)}, {"shared", shared}});
  install("c", 1);
  ASSERT_TRUE(store_->pin(id_of("a")));
  const auto lease = store_->lease(b);
  const auto held = reserve(2);
  ASSERT_TRUE(held);
  const Layout& layout = store_->layout();
  std::filesystem::create_directories(layout.quarantine());
  overwrite_file(layout.quarantine() + "/bad", "x");
  std::filesystem::create_directories(layout.derived() + "/k");
  overwrite_file(layout.derived() + "/k/compiled", "x");
  const std::string partial =
      layout.staging(digest_of("partial")) + "/" + dead_owner().to_string() + ".3";
  std::filesystem::create_directories(partial);
  overwrite_file(partial + "/data", content_of("x", 1));
  overwrite_file(layout.blob(digest_of("nobody")), "nobody");
  overwrite_file(layout.models() + "/broken@1@v.json", "{");
  store_->touch_use(b.key);
  store_->touch_use(b.key);

  const StoreStatistics statistics = store_->statistics().value();
  EXPECT_EQ(statistics.budget, blocks(10));
  EXPECT_EQ(statistics.models, 3u);
  EXPECT_EQ(statistics.broken_manifests, 1u);
  EXPECT_EQ(statistics.blobs, blocks(6));
  EXPECT_EQ(statistics.saved_by_sharing, blocks(2));
  EXPECT_EQ(statistics.pinned, blocks(3));
  EXPECT_EQ(statistics.leased, blocks(3));
  EXPECT_EQ(statistics.reserved, blocks(2));
  EXPECT_EQ(statistics.quarantine, blocks(1));
  EXPECT_EQ(statistics.derived, blocks(1));
  EXPECT_EQ(statistics.abandoned, blocks(1));
  EXPECT_EQ(statistics.partials, blocks(1));
  EXPECT_EQ(statistics.unnamed, blocks(1));
  EXPECT_EQ(statistics.evictable, blocks(5)) << "c, and the four above";
  EXPECT_EQ(statistics.used, blocks(9));
  EXPECT_EQ(statistics.hits, 2u);
  EXPECT_EQ(statistics.bytes_saved, ByteCount(2 * 3 * k_block));
  EXPECT_GT(statistics.free_on_disk, ByteCount());
}

TEST_F(StatisticsTest, AHomeThatIsNotThereYetHasTheFreeSpaceOfItsDisk) {
  const TemporaryFolder disk;
  const auto store = open_store(disk / "not/there/yet", base::FileSystem::real());
  const StoreStatistics statistics = store->statistics().value();
  EXPECT_EQ(statistics.models, 0u);
  EXPECT_GT(statistics.free_on_disk, ByteCount());
}

TEST_F(StatisticsTest, AHomeThatCannotBeWrittenHasThemToo) {
  install("a", 1);
  reserve_as(dead_owner(), 2);
  const auto store = open_here(files_, Access::read_only);
  EXPECT_EQ(store->statistics().value().used, blocks(1));
  EXPECT_EQ(reservations().size(), 1u) << "nothing is written";
  EXPECT_EQ(store->set_budget(blocks(1)).error().code, ErrorCode::io_error);
  EXPECT_EQ(store->pin(id_of("a")).error().code, ErrorCode::io_error);
  EXPECT_EQ(store->remove(id_of("a")).error().code, ErrorCode::io_error);
  EXPECT_EQ(store->prune().error().code, ErrorCode::io_error);
  store->touch_use(store->find(id_of("a")).value()->key);
  EXPECT_TRUE(is_installed("a"));
}

TEST_F(PruneTest, WithoutATargetRemovesWhatNobodyNeedsAndNoModel) {
  install("model", 2);
  const Layout& layout = store_->layout();
  std::filesystem::create_directories(layout.quarantine());
  overwrite_file(layout.quarantine() + "/bad", "x");
  std::filesystem::create_directories(layout.derived() + "/k/sub");
  overwrite_file(layout.derived() + "/k/sub/compiled", "x");
  overwrite_file(layout.blob(digest_of("nobody")), "nobody");
  const std::string digest_folder = layout.staging(digest_of("partial"));
  const std::string partial = digest_folder + "/" + dead_owner().to_string() + ".3";
  std::filesystem::create_directories(partial);
  overwrite_file(partial + "/data", "x");

  PruneOptions dry;
  dry.is_dry_run = true;
  const PruneReport planned = store_->prune(dry).value();
  ASSERT_EQ(planned.items.size(), 4u);
  EXPECT_EQ(planned.items[0].kind, PrunedKind::quarantine);
  EXPECT_EQ(planned.items[1].kind, PrunedKind::derived);
  EXPECT_EQ(planned.items[2].kind, PrunedKind::partial);
  EXPECT_EQ(planned.items[2].what, partial);
  EXPECT_EQ(planned.items[3].kind, PrunedKind::unnamed);
  EXPECT_EQ(planned.freed, blocks(4));
  EXPECT_TRUE(std::filesystem::exists(partial));
  EXPECT_TRUE(log_.empty());

  const PruneReport done = store_->prune().value();
  EXPECT_EQ(done.items.size(), 4u);
  EXPECT_EQ(done.freed, blocks(4));
  EXPECT_EQ(done.used, blocks(2));
  EXPECT_EQ(log_.size(), 4u);
  EXPECT_FALSE(std::filesystem::exists(digest_folder));
  EXPECT_TRUE(std::filesystem::exists(layout.derived() + "/CACHEDIR.TAG"));
  EXPECT_TRUE(names_in(layout.quarantine()).empty());
  EXPECT_TRUE(store_->verify(id_of("model"), VerifyMode::full).value().is_whole());
  EXPECT_TRUE(store_->prune().value().items.empty());
}

// A full disk is when people remove things. (`create` alone needs space for what it makes.)
TEST_F(PruneTest, NothingThatRemovesNeedsSpace) {
  install("first", 2);
  install("second", 2);
  std::filesystem::create_directories(store_->layout().quarantine());
  overwrite_file(store_->layout().quarantine() + "/bad", "x");
  test::FaultyFileSystem full(files_);
  full.set_rule([](const test::FaultyFileSystem::Call& call) {
    const bool takes_space = call.name == "create" || call.name == "write_at" ||
                             call.name == "link" || call.name == "make_directory" ||
                             call.name == "make_directories";
    return takes_space ? ENOSPC : 0;
  });
  const auto store = open_here(full);
  const Result<Removal> removal = store->remove(id_of("first"));
  ASSERT_TRUE(removal) << removal.error().to_string();
  EXPECT_TRUE(removal->leftovers.empty());
  EXPECT_FALSE(is_installed("first"));
  const Result<PruneReport> pruned = store->prune();
  ASSERT_TRUE(pruned) << pruned.error().to_string();
  EXPECT_EQ(pruned->freed, blocks(1));
  const Result<SweepReport> swept = store->sweep();
  EXPECT_TRUE(swept) << swept.error().to_string();
  EXPECT_TRUE(is_installed("second"));
}

TEST_F(PruneTest, WithATargetRemovesTheLeastRecentlyUsedModelsUntilItHolds) {
  install("first", 2);
  install("second", 2);
  install("third", 2);
  PruneOptions options;
  options.to = blocks(3);
  options.is_dry_run = true;
  EXPECT_EQ(store_->prune(options).value().items.size(), 2u);
  options.is_dry_run = false;
  const PruneReport report = store_->prune(options).value();
  ASSERT_EQ(report.items.size(), 2u);
  EXPECT_EQ(report.items.front().what, "first@1:v");
  EXPECT_TRUE(report.items.front().last_used);
  EXPECT_EQ(report.used, blocks(2));
  EXPECT_TRUE(is_installed("third"));
}

TEST_F(PruneTest, ATargetThatCannotBeReachedRemovesAllThatMayGo) {
  const InstalledModel used = install("used", 2);
  install("pinned", 2);
  install("idle", 2);
  ASSERT_TRUE(store_->pin(id_of("pinned")));
  const auto lease = store_->lease(used);
  PruneOptions options;
  options.to = ByteCount(0);
  const PruneReport report = store_->prune(options).value();
  EXPECT_EQ(report.items.size(), 1u);
  EXPECT_EQ(report.used, blocks(4));
  EXPECT_FALSE(is_installed("idle"));
}

TEST_F(PruneTest, LeavesPartialsOfProcessesThatLiveOrThatNobodyKnows) {
  const Layout& layout = store_->layout();
  for (const base::Owner& owner : {base::Owner::current(), unknown_owner()}) {
    const std::string partial = layout.staging(digest_of("p")) + "/" + owner.to_string() + ".3";
    std::filesystem::create_directories(partial);
    overwrite_file(partial + "/data", "x");
  }
  EXPECT_TRUE(store_->prune().value().items.empty());
}

TEST_F(PruneTest, AViewThatHadToBeCopiedCountsAndIsReserved) {
  const InstalledModel model = install("model", 3);
  install("idle", 3);
  test::FaultyFileSystem no_links(files_);
  no_links.set_rule(test::FaultyFileSystem::refuse("link", EPERM));
  const auto store = open_here(no_links);
  ASSERT_TRUE(store->view(model));
  EXPECT_EQ(store_->statistics().value().view_copies, blocks(3));
  EXPECT_EQ(store_->statistics().value().used, blocks(9));
  EXPECT_TRUE(reservations().empty());
  ASSERT_TRUE(store_->set_budget(blocks(8)));
  std::filesystem::remove_all(store_->layout().view(model.key));
  ASSERT_TRUE(store->view(model)) << "room is made, but not of the model itself";
  EXPECT_FALSE(is_installed("idle"));
  EXPECT_TRUE(is_installed("model"));
  ASSERT_TRUE(store_->set_budget(blocks(4)));
  std::filesystem::remove_all(store_->layout().view(model.key));
  EXPECT_EQ(store->view(model).error().code, ErrorCode::no_space);
}

}  // namespace
}  // namespace modelhub::store
