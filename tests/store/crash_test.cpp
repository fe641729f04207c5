// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// Every operation that writes is interrupted at each of its steps, in every way that an
// interruption can look.
#include <cerrno>
#include <functional>

#include "store/store_fixture.h"
#include "support/faulty_file_system.h"
#include "support/memory_file_system.h"
#include "support/sanitized.h"

namespace modelhub::store {
namespace {

using test::FaultyFileSystem;
using test::Loss;
using test::MemoryFileSystem;

const ModelId k_first{"first", "1", "v"};
const ModelId k_second{"second", "1", "v"};
const Contents k_first_files{{"own.onnx", "bytes of the first only"},
                             {"shared.bin", "bytes that both have"}};
const Contents k_second_files{{"sub/own.onnx", "bytes of the second only"},
                              {"shared.bin", "bytes that both have"}};
const Contents k_second_files_anew{{"own.onnx", "newer bytes of the second"},
                                   {"shared.bin", "bytes that both have"}};
const std::string k_home = "/var/lib/models";

using Operation = std::function<bool(Store&, base::FileSystem&)>;  // true when it succeeded
using Setup = std::function<void(Store&, base::FileSystem&)>;

bool publish_second(Store& store, base::FileSystem& files) {
  return publish(store, files, k_second, k_second_files).has_value();
}
bool publish_second_anew(Store& store, base::FileSystem& files) {
  return publish(store, files, k_second, k_second_files_anew).has_value();
}
// More files than are synced one by one.
const Contents k_many_files = [] {
  Contents contents = k_second_files;
  for (int i = 0; i < 20; ++i)
    contents.emplace_back("part" + std::to_string(i), "bytes of part " + std::to_string(i));
  return contents;
}();
bool publish_many(Store& store, base::FileSystem& files) {
  return publish(store, files, k_second, k_many_files).has_value();
}
bool publish_many_small(Store& store, base::FileSystem& files) {
  return publish(store, files, k_second, k_many_files, StagingPlace::shared_folder).has_value();
}
bool publish_second_small(Store& store, base::FileSystem& files) {
  return publish(store, files, k_second, k_second_files, StagingPlace::shared_folder).has_value();
}
// Moves the files in without a manifest, as a pull does that waits for others.
bool put_the_blobs_of_second(Store& store, base::FileSystem& files) {
  const Ticket ticket;
  std::vector<StagedFile> staged;
  for (const auto& [path, content] : k_second_files) {
    auto one = store.stage(ticket, digest_of(content), ByteCount(content.size()));
    if (!one) return false;
    if (one->is_mine() && !fetch(files, *one, content)) return false;
    staged.push_back(*std::move(one));
  }
  return store.put_blobs(staged).has_value();
}
// Fetches half and leaves it for the next pull.
bool leave_half_of_second(Store& store, base::FileSystem& files) {
  const std::string& content = k_second_files.front().second;
  auto staged = store.stage(digest_of(content), ByteCount(content.size()));
  if (!staged || !staged->is_mine()) return staged.has_value();
  auto file = files.create(staged->data_path(), base::CreateMode::truncate, 0666);
  if (!file) return false;
  const auto half = std::as_bytes(std::span(content.data(), content.size() / 2));
  if (!(*file)->write_at(0, half) || !(*file)->close()) return false;
  staged->keep_partial();
  return true;
}
bool remove_second(Store& store, base::FileSystem&) {
  const auto removal = store.remove(k_second);
  return removal && removal->leftovers.empty();
}
bool view_second(Store& store, base::FileSystem&) {
  const auto model = store.find(k_second);
  return model && *model && store.view(**model);
}

bool pin_second(Store& store, base::FileSystem&) { return store.pin(k_second).has_value(); }
bool set_a_budget_and_a_default(Store& store, base::FileSystem&) {
  return store.set_budget(ByteCount(20'000'000'000)) && store.set_default("second", "1:v");
}
// More than is left: the second model has to go.
bool reserve_too_much(Store& store, base::FileSystem&) {
  const ByteCount used = store.statistics().value_or(StoreStatistics()).used;
  std::stop_source stop;  // nobody else will make room
  const auto on_wait = [&](const auto&...) { stop.request_stop(); };
  return store.set_budget(used) &&
         store.reserve(Store::new_ticket(), ByteCount(1), stop.get_token(), on_wait);
}
bool mend_second(Store& store, base::FileSystem& files) {
  const auto plan = store.plan_repair(k_second);
  if (!plan) return false;
  const Ticket ticket;
  std::vector<StagedFile> staged;
  for (const RepairBlob& bad : plan->blobs) {
    auto one = store.stage(ticket, bad.digest, bad.bytes);
    if (!one) return false;
    const bool is_own = bad.digest == digest_of(k_second_files.front().second);
    const std::string& content = k_second_files[is_own ? 0 : 1].second;
    if (one->is_mine() && !fetch(files, *one, content)) return false;
    staged.push_back(*std::move(one));
  }
  return store.put_blobs(staged).has_value();
}

void nothing_yet(Store&, base::FileSystem&) {}
void with_first(Store& store, base::FileSystem& files) {
  ASSERT_TRUE(publish(store, files, k_first, k_first_files));
}
void with_both(Store& store, base::FileSystem& files) {
  with_first(store, files);
  ASSERT_TRUE(publish(store, files, k_second, k_second_files));
}

void with_both_and_the_first_pinned(Store& store, base::FileSystem& files) {
  with_both(store, files);
  ASSERT_TRUE(store.pin(k_first));
}
// A disk has lost a byte of the second model, and somebody has looked.
void with_both_of_which_one_is_damaged(Store& store, base::FileSystem& files) {
  with_both(store, files);
  const std::string& content = k_second_files.front().second;
  std::string damaged = content;
  damaged[3] = static_cast<char>(damaged[3] ^ 1);
  auto file =
      files.create(store.layout().blob(digest_of(content)), base::CreateMode::append, 0444).value();
  ASSERT_TRUE(file->write_at(0, std::as_bytes(std::span(damaged.data(), damaged.size()))));
  ASSERT_TRUE(file->sync());
  ASSERT_FALSE(store.verify(k_second, VerifyMode::full).value().is_whole());
}

// A process has died while it fetched a file of the second model: its claim, and half of the file.
void with_first_and_a_dead_partial(Store& store, base::FileSystem& files) {
  with_first(store, files);
  static const std::string dead = dead_owner().to_string() + ".7";
  const std::string& content = k_second_files.front().second;
  const std::string parent = store.layout().staging(digest_of(content));
  const auto write = [&files](const std::string& path, const std::string& text) {
    auto file = files.create(path, base::CreateMode::truncate, 0666).value();
    ASSERT_TRUE(file->write_at(0, std::as_bytes(std::span(text.data(), text.size()))));
    ASSERT_TRUE(file->sync());
  };
  ASSERT_TRUE(files.make_directories(base::join_path(parent, dead)));
  write(base::join_path(parent, dead + "/data"), content.substr(0, content.size() / 2));
  write(base::join_path(parent, dead + "/journal"), "of the dead");
  write(store.layout().claim(digest_of(content)), dead + "\n");
}

// The process that was interrupted goes on as this test; from now on the home shows it as dead.
void bury(base::FileSystem& files, const std::string& folder, const std::string& name,
          const std::string& dead) {
  const auto entries = files.list(folder);
  if (!entries) return;
  for (const base::DirectoryEntry& entry : *entries) {
    std::string path = base::join_path(folder, entry.name);
    if (const std::size_t at = entry.name.find(name); at != std::string::npos) {
      const std::string renamed = std::string(entry.name).replace(at, name.size(), dead);
      ASSERT_TRUE(files.rename(path, base::join_path(folder, renamed)));
      path = base::join_path(folder, renamed);
    }
    if (entry.kind == base::FileKind::directory) bury(files, path, name, dead);
    if (!entry.name.ends_with(Layout::k_claim)) continue;  // also the claims of small files
    std::string text = base::read_whole_file(files, path, ByteCount(1000)).value();
    const std::size_t at = text.find(name);
    if (at == std::string::npos) continue;
    const std::string claim = text.replace(at, name.size(), dead);
    auto file = files.create(path, base::CreateMode::truncate, 0666).value();
    ASSERT_TRUE(file->write_at(0, std::as_bytes(std::span(claim.data(), claim.size()))));
  }
}
void bury(base::FileSystem& files) {
  static const std::string dead = dead_owner().to_string();
  bury(files, k_home, base::Owner::current().to_string(), dead);
}

// What is there whenever the operation stops, in one state or another.
enum class Kept { nothing, first, both };

// The home tells no lie: what is listed is whole, and what has a blob's name has its bytes.
void expect_no_lie(base::FileSystem& files, Kept kept) {
  const auto store = open_store(k_home, files);
  const Listing listing = store->list().value();
  for (const Error& broken : listing.broken) ADD_FAILURE() << broken.to_string();
  EXPECT_TRUE(store->budget());
  EXPECT_TRUE(store->default_of("second"));
  for (const InstalledModel& model : listing.models) {
    const ModelId id{model.name, model.version, model.variant};
    for (const VerifyMode mode : {VerifyMode::stamps, VerifyMode::full}) {
      for (const VerifiedFile& file : store->verify(id, mode).value().files) {
        EXPECT_EQ(file.verdict, FileVerdict::ok) << file.detail;
      }
    }
  }
  if (kept != Kept::nothing) {
    EXPECT_TRUE(store->find(k_first).value());
  }
  if (kept == Kept::both) {
    EXPECT_TRUE(store->find(k_second).value());
  }
  for (const auto& entry :
       files.list(store->layout().blobs()).value_or(std::vector<base::DirectoryEntry>())) {
    const Result<Digest> digest = Digest::parse(entry.name);
    if (!digest) continue;
    const std::string path = base::join_path(store->layout().blobs(), entry.name);
    EXPECT_EQ(digest_of(base::read_whole_file(files, path, ByteCount(1000)).value()), *digest);
  }
}

// The home can go on: the same operations succeed afterwards.
void expect_recovers(base::FileSystem& files) {
  const auto store = open_store(k_home, files);
  const auto published = publish(*store, files, k_second, k_second_files);
  ASSERT_TRUE(published) << published.error().to_string();
  EXPECT_TRUE(store->verify(k_second, VerifyMode::full).value().is_whole());
  EXPECT_TRUE(store->view(*published));
  EXPECT_TRUE(store->remove(k_second));
}

struct Cut {
  Loss loss;
  std::uint32_t seed;
};

// A sanitizer looks for faults that each step shows as well as any other: it gets some of them.
constexpr std::uint64_t k_stride = test::k_is_sanitized ? 8 : 1;

// Cuts at every `stride`th step, and does what is to be done `afterwards`. Returns how many steps
// the operation has.
std::uint64_t cut_at_each_step(const Setup& setup, const Operation& operation, Kept kept, Cut cut,
                               std::uint64_t stride = k_stride,
                               const Operation& afterwards = nullptr) {
  for (std::uint64_t step = 1 + cut.seed / 1000 % stride;; step += stride) {
    SCOPED_TRACE("cut at step " + std::to_string(step) + ", loss " +
                 std::to_string(static_cast<int>(cut.loss)) + ", seed " + std::to_string(cut.seed));
    MemoryFileSystem memory;
    setup(*open_store(k_home, memory), memory);
    memory.power_cut(Loss::nothing, 0);
    bool is_done = false;
    {
      FaultyFileSystem faulty(memory);
      const auto store = open_store(k_home, faulty);
      faulty.set_rule(FaultyFileSystem::dead_from(step));
      is_done = operation(*store, faulty);
      is_done = is_done && faulty.mutations() < step;
    }
    memory.power_cut(cut.loss, cut.seed + static_cast<std::uint32_t>(step));
    bury(memory);
    if (afterwards) {
      EXPECT_TRUE(afterwards(*open_store(k_home, memory), memory));
    }
    expect_no_lie(memory, kept);
    expect_recovers(memory);
    if (is_done || testing::Test::HasFailure()) return step;
  }
}

class PowerCutTest : public testing::TestWithParam<Cut> {};

TEST_P(PowerCutTest, DuringTheFirstPublicationOfAHome) {
  EXPECT_GT(cut_at_each_step(nothing_yet, publish_second, Kept::nothing, GetParam()), 40u);
}

TEST_P(PowerCutTest, DuringAPublicationThatSharesABlob) {
  EXPECT_GT(cut_at_each_step(with_first, publish_second, Kept::first, GetParam()), 20u);
}

TEST_P(PowerCutTest, DuringAPublicationThatReplacesAnother) {
  EXPECT_GT(cut_at_each_step(with_both, publish_second_anew, Kept::both, GetParam()), 20u);
}

TEST_P(PowerCutTest, DuringAPublicationOfManyFiles) {
  // The random losses begin at different steps: together they cut at each.
  const std::uint64_t stride = test::k_is_sanitized ? 40 : 3;
  EXPECT_GT(cut_at_each_step(with_first, publish_many, Kept::first, GetParam(), stride), 200u);
}

TEST_P(PowerCutTest, DuringAPublicationOfSmallFiles) {
  EXPECT_GT(cut_at_each_step(nothing_yet, publish_second_small, Kept::nothing, GetParam()), 40u);
  EXPECT_GT(cut_at_each_step(with_first, publish_second_small, Kept::first, GetParam()), 20u);
}

TEST_P(PowerCutTest, DuringAPublicationOfManySmallFiles) {
  const std::uint64_t stride = test::k_is_sanitized ? 40 : 3;
  EXPECT_GT(cut_at_each_step(with_first, publish_many_small, Kept::first, GetParam(), stride),
            150u);
}

TEST_P(PowerCutTest, DuringAPublicationThatAdoptsWhatADeadProcessLeft) {
  EXPECT_GT(
      cut_at_each_step(with_first_and_a_dead_partial, publish_second, Kept::first, GetParam()),
      20u);
}

TEST_P(PowerCutTest, WhileBlobsAreMovedInWithoutAManifest) {
  EXPECT_GT(cut_at_each_step(with_first, put_the_blobs_of_second, Kept::first, GetParam()), 20u);
}

TEST_P(PowerCutTest, WhileAPartialIsLeftForTheNextPull) {
  EXPECT_GT(cut_at_each_step(with_first, leave_half_of_second, Kept::first, GetParam()), 8u);
}

TEST_P(PowerCutTest, DuringARemoval) {
  EXPECT_GT(cut_at_each_step(with_both, remove_second, Kept::first, GetParam()), 5u);
}

TEST_P(PowerCutTest, WhileAViewIsMade) {
  EXPECT_GT(cut_at_each_step(with_both, view_second, Kept::both, GetParam()), 5u);
}

TEST_P(PowerCutTest, WhileAModelIsPinned) {
  EXPECT_GT(cut_at_each_step(with_both, pin_second, Kept::both, GetParam(), 1), 2u);
}

TEST_P(PowerCutTest, WhileABudgetAndADefaultAreSet) {
  EXPECT_GT(cut_at_each_step(with_both, set_a_budget_and_a_default, Kept::both, GetParam(), 1), 5u);
}

TEST_P(PowerCutTest, WhileAModelMakesRoom) {
  EXPECT_GT(cut_at_each_step(with_both_and_the_first_pinned, reserve_too_much, Kept::first,
                             GetParam(), 1),
            8u);
}

TEST_P(PowerCutTest, DuringARepair) {
  EXPECT_GT(cut_at_each_step(with_both_of_which_one_is_damaged, mend_second, Kept::both, GetParam(),
                             1, mend_second),
            10u);
}

// What was reported as done is still done after a power cut that loses all that was not synced.
TEST_P(PowerCutTest, AfterTheOperationReturned) {
  MemoryFileSystem memory;
  const auto store = open_store(k_home, memory);
  with_both(*store, memory);
  memory.power_cut(GetParam().loss, GetParam().seed);
  EXPECT_TRUE(store->verify(k_first, VerifyMode::full).value().is_whole());
  EXPECT_TRUE(store->verify(k_second, VerifyMode::full).value().is_whole());
  ASSERT_TRUE(remove_second(*store, memory));
  memory.power_cut(GetParam().loss, GetParam().seed);
  EXPECT_FALSE(store->find(k_second).value());
  expect_no_lie(memory, Kept::first);
}

INSTANTIATE_TEST_SUITE_P(AllLosses, PowerCutTest,
                         testing::Values(Cut{Loss::nothing, 0}, Cut{Loss::all, 0},
                                         Cut{Loss::bytes, 0}, Cut{Loss::random, 1000},
                                         Cut{Loss::random, 2000}, Cut{Loss::random, 3000},
                                         Cut{Loss::random, 4000}));

struct Fault {
  int error_number;
  bool is_lasting;  // all later calls fail as well, until somebody makes room
};

// A disk that fails at one step: an error that says so or, where the step only saves work, success.
void fail_at_each_step(const Setup& setup, const Operation& operation, Kept kept, Fault fault) {
  for (std::uint64_t step = 1;; step += k_stride) {
    SCOPED_TRACE("fault at step " + std::to_string(step));
    MemoryFileSystem memory;
    setup(*open_store(k_home, memory), memory);
    FaultyFileSystem faulty(memory);
    const auto store = open_store(k_home, faulty);
    faulty.set_rule(fault.is_lasting ? FaultyFileSystem::fail_from(step, fault.error_number)
                                     : FaultyFileSystem::fail_once_at(step, fault.error_number));
    (void)operation(*store, faulty);
    const bool was_reached = faulty.mutations() >= step;
    expect_no_lie(memory, kept);
    faulty.set_rule(nullptr);
    bury(memory);
    (void)operation(*store, faulty);
    expect_no_lie(memory, kept);
    bury(memory);
    expect_recovers(memory);
    if (!was_reached || testing::Test::HasFailure()) return;
  }
}

class FaultTest : public testing::TestWithParam<Fault> {};

TEST_P(FaultTest, DuringTheFirstPublicationOfAHome) {
  fail_at_each_step(nothing_yet, publish_second, Kept::nothing, GetParam());
}
TEST_P(FaultTest, DuringAPublicationOfSmallFiles) {
  fail_at_each_step(with_first, publish_second_small, Kept::first, GetParam());
}
TEST_P(FaultTest, DuringAPublicationThatReplacesAnother) {
  fail_at_each_step(with_both, publish_second_anew, Kept::both, GetParam());
}
TEST_P(FaultTest, DuringAPublicationThatAdoptsWhatADeadProcessLeft) {
  fail_at_each_step(with_first_and_a_dead_partial, publish_second, Kept::first, GetParam());
}
TEST_P(FaultTest, WhileBlobsAreMovedInWithoutAManifest) {
  fail_at_each_step(with_first, put_the_blobs_of_second, Kept::first, GetParam());
}
TEST_P(FaultTest, WhileAPartialIsLeftForTheNextPull) {
  fail_at_each_step(with_first, leave_half_of_second, Kept::first, GetParam());
}
TEST_P(FaultTest, DuringARemoval) {
  fail_at_each_step(with_both, remove_second, Kept::first, GetParam());
}
TEST_P(FaultTest, WhileAViewIsMade) {
  fail_at_each_step(with_both, view_second, Kept::both, GetParam());
}

TEST_P(FaultTest, WhileAModelIsPinned) {
  fail_at_each_step(with_both, pin_second, Kept::both, GetParam());
}
TEST_P(FaultTest, WhileABudgetAndADefaultAreSet) {
  fail_at_each_step(with_both, set_a_budget_and_a_default, Kept::both, GetParam());
}
TEST_P(FaultTest, WhileAModelMakesRoom) {
  fail_at_each_step(with_both_and_the_first_pinned, reserve_too_much, Kept::first, GetParam());
}

// Errors that come out of a publication are those of the disk, whatever step they hit.
TEST_P(FaultTest, IsNamedByThePublication) {
  for (std::uint64_t step = 1;; ++step) {
    MemoryFileSystem memory;
    FaultyFileSystem faulty(memory);
    const auto store = open_store(k_home, faulty);
    faulty.set_rule(FaultyFileSystem::fail_from(step, GetParam().error_number));
    const auto place = step % 2 == 0 ? StagingPlace::own_folder : StagingPlace::shared_folder;
    const auto published = publish(*store, faulty, k_second, k_second_files, place);
    if (faulty.mutations() < step) return;
    if (published) continue;  // only stamps were lost
    EXPECT_EQ(published.error().code,
              GetParam().error_number == ENOSPC ? ErrorCode::no_space : ErrorCode::io_error)
        << step << ": " << published.error().to_string();
    EXPECT_EQ(published.error().subject, Subject::store);
  }
}

INSTANTIATE_TEST_SUITE_P(AllFaults, FaultTest,
                         testing::Values(Fault{ENOSPC, false}, Fault{ENOSPC, true},
                                         Fault{EIO, false}, Fault{EIO, true}));

// A failure in the middle leaves no partial behind: the disk is full, after all.
TEST(FaultCleanupTest, AFailedPublicationLeavesNoStaging) {
  for (std::uint64_t step = 1;; ++step) {
    MemoryFileSystem memory;
    with_first(*open_store(k_home, memory), memory);
    FaultyFileSystem faulty(memory);
    const auto store = open_store(k_home, faulty);
    faulty.set_rule(FaultyFileSystem::fail_once_at(step, ENOSPC));
    const bool is_published = publish_second(*store, faulty);
    if (faulty.mutations() < step) return;
    if (is_published) continue;  // the step was one of the cleaning itself, or only saves work
    EXPECT_EQ(memory.list(store->layout().staging()).value().size(), 1u)
        << "step " << step;  // CACHEDIR.TAG
  }
}

// Neither is it taken for room, again and again, nor is it out of sight until the process ends.
TEST(FaultCleanupTest, WhatCannotBeRemovedStaysAsItWas) {
  for (const char* folder : {"/models", "/blobs"}) {
    SCOPED_TRACE(folder);
    MemoryFileSystem memory;
    with_both_and_the_first_pinned(*open_store(k_home, memory), memory);
    FaultyFileSystem faulty(memory);
    const auto store = open_store(k_home, faulty);
    const std::string place = k_home + folder;
    faulty.set_rule([&place](const FaultyFileSystem::Call& call) {
      return call.name == "remove_file" && call.path.starts_with(place) ? EIO : 0;
    });
    EXPECT_FALSE(reserve_too_much(*store, faulty));
    const auto removal = store->remove(k_second);
    EXPECT_FALSE(removal && removal->leftovers.empty());
    expect_no_lie(memory, place.ends_with("models") ? Kept::both : Kept::first);
    faulty.set_rule(nullptr);
    EXPECT_TRUE(reserve_too_much(*store, faulty));
    expect_no_lie(memory, Kept::first);
  }
}

}  // namespace
}  // namespace modelhub::store
