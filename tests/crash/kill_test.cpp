// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// Several processes work in one home and are killed at random moments, round after round. After
// each round every visible model is whole, and the next process can finish the work.
#include <sched.h>

#include <atomic>
#include <cstdlib>
#include <random>

#include "crash/children.h"
#include "store/store_fixture.h"
#include "support/faulty_file_system.h"
#include "support/sanitized.h"

namespace modelhub::store {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t k_seed = 20261123;
constexpr std::size_t k_workers = 4;
using Steps = std::array<std::atomic<std::uint64_t>, k_workers>;

const std::vector<ModelId> k_models{{"a", "1", "v"}, {"b", "1", "v"}, {"c", "1", "v"}};
// The one whose file is damaged again and again: it need not be whole before it is repaired.
const ModelId k_damaged{"d", "1", "v"};
const std::string k_target = "what is damaged " + std::string(70'000, 'd');

Contents contents_of(const ModelId& id) {
  if (id == k_damaged) return {{"only.onnx", k_target}};
  return {{"own.onnx", "only in " + id.name + std::string(90'000, 'x')},
          {"shared.bin", std::string(120'000, 's')},
          {"small.txt", "small " + id.name}};
}

std::optional<std::string> complaint(const Error& error) { return error.to_string(); }

// Flips a byte in its place, as a failing disk does.
void damage_target(const Store& store) {
  const std::string path = store.layout().blob(digest_of(k_target));
  auto& files = base::FileSystem::real();
  if (!files.stat(path) || !files.set_permissions(path, 0644)) return;
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  if (file) file.seekp(1000).put('!');
}

std::optional<std::string> repair_target(Store& store, base::FileSystem& files) {
  const auto plan = store.plan_repair(k_damaged);
  if (!plan) {
    if (plan.error().code == ErrorCode::not_found) return std::nullopt;
    return complaint(plan.error());
  }
  for (const RepairBlob& bad : plan->blobs) {
    std::vector<StagedFile> staged;
    Result<StagedFile> one = store.stage(bad.digest, bad.bytes);
    if (!one) return complaint(one.error());
    if (Result<void> done = wait_for_claim(*one); !done) return complaint(done.error());
    if (one->is_present()) continue;
    if (Result<void> done = fetch(files, *one, k_target); !done) return complaint(done.error());
    staged.push_back(*std::move(one));
    if (Result<void> done = store.put_blobs(staged); !done) return complaint(done.error());
  }
  return std::nullopt;
}

std::optional<std::string> leave_a_partial(Store& store, base::FileSystem& files,
                                           const std::string& content) {
  Result<StagedFile> staged = store.stage(digest_of(content), ByteCount(content.size()));
  if (!staged) return complaint(staged.error());
  if (!staged->is_mine()) return std::nullopt;
  auto file = files.create(staged->data_path(), base::CreateMode::truncate, 0666);
  if (!file) return complaint(file.error());
  const auto half = std::as_bytes(std::span(content.data(), content.size() / 2));
  if (Result<void> done = (*file)->write_at(0, half); !done) return complaint(done.error());
  if (Result<void> done = (*file)->close(); !done) return complaint(done.error());
  staged->keep_partial();
  return std::nullopt;
}

std::optional<std::string> do_something(Store& store, base::FileSystem& files,
                                        std::mt19937& random) {
  const ModelId& id = k_models[random() % k_models.size()];
  const Contents contents = contents_of(id);
  switch (random() % 8) {
    case 0: {
      const auto removal = store.remove(id);
      if (!removal && removal.error().code != ErrorCode::not_found)
        return complaint(removal.error());
      return std::nullopt;
    }
    case 1: return leave_a_partial(store, files, contents[random() % contents.size()].second);
    case 2: damage_target(store); return std::nullopt;
    case 3: return repair_target(store, files);
    case 4: {
      const auto published = publish(store, files, k_damaged, contents_of(k_damaged));
      return published ? std::nullopt : complaint(published.error());
    }
    default: {
      const auto published = publish(store, files, id, contents);
      return published ? std::nullopt : complaint(published.error());
    }
  }
}

// Works until it is killed, counting its steps.
std::optional<std::string> work(const std::string& home, std::uint32_t seed,
                                std::atomic<std::uint64_t>& steps) {
  test::FaultyFileSystem counting(base::FileSystem::real());
  counting.set_rule([&steps](const test::FaultyFileSystem::Call&) {
    ++steps;
    return 0;
  });
  std::mt19937 random(seed);
  while (true) {
    const auto store = open_store(home, counting);
    for (int i = 0; i < 5; ++i) {
      if (auto wrong = do_something(*store, counting, random)) return wrong;
    }
  }
}

class KillTest : public testing::Test {
 protected:
  // Kills every worker after a random number of its steps.
  void run_and_kill(std::mt19937& random) {
    Shared<Steps> steps;
    std::array<std::pair<pid_t, std::uint64_t>, k_workers> workers;
    for (std::size_t i = 0; i < k_workers; ++i) {
      const std::uint32_t seed = random();
      workers[i] = {start_child([&] { return work(home_, seed, (*steps)[i]); }),
                    1 + random() % 700};
    }
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    std::size_t running = k_workers;
    while (running != 0) {
      for (std::size_t i = 0; i < k_workers; ++i) {
        auto& [child, last_step] = workers[i];
        if (child == 0) continue;
        const bool is_late = std::chrono::steady_clock::now() > deadline;
        if ((*steps)[i] < last_step && !is_late) continue;
        EXPECT_FALSE(is_late) << "a worker got stuck at step " << (*steps)[i];
        ::kill(child, SIGKILL);
        EXPECT_EQ(end_of_child(child), 128 + SIGKILL);
        child = 0;
        --running;
      }
      ::sched_yield();
    }
  }

  void expect_no_lie() {
    const auto store = open_store(home_);
    const Listing listing = store->list().value();
    for (const Error& broken : listing.broken) ADD_FAILURE() << broken.to_string();
    for (const InstalledModel& model : listing.models) {
      const ModelId id{model.name, model.version, model.variant};
      for (const VerifiedFile& file : store->verify(id, VerifyMode::full).value().files) {
        if (id != k_damaged) {
          EXPECT_EQ(file.verdict, FileVerdict::ok) << file.detail;
        }
      }
    }
  }

  // Nobody has to wait for the dead.
  void expect_goes_on() {
    const auto before = std::chrono::steady_clock::now();
    const auto store = open_store(home_);
    auto& files = base::FileSystem::real();
    EXPECT_EQ(repair_target(*store, files).value_or(""), "");
    for (const ModelId& id : {k_models[0], k_models[1], k_models[2], k_damaged}) {
      const auto published = publish(*store, files, id, contents_of(id));
      ASSERT_TRUE(published) << published.error().to_string();
      EXPECT_TRUE(store->verify(id, VerifyMode::full).value().is_whole());
    }
    EXPECT_LT(std::chrono::steady_clock::now() - before, 60s);
  }

  void expect_no_litter() {
    ManualClock later;
    later.now = std::chrono::system_clock::now() + std::chrono::hours(24 * 60);
    const auto store = open_store(home_, base::FileSystem::real(), later);
    ASSERT_TRUE(store->sweep());
    const Layout& layout = store->layout();
    auto& files = base::FileSystem::real();
    for (const auto& entry : files.list(layout.staging()).value())
      EXPECT_EQ(entry.name, Layout::k_cache_tag);
    EXPECT_EQ(files.list(layout.blobs()).value().size(), 8u);
    EXPECT_EQ(files.list(layout.models()).value().size(), 4u);
    EXPECT_TRUE(
        files.list(layout.quarantine()).value_or(std::vector<base::DirectoryEntry>()).empty());
    for (const ModelId& id : k_models) EXPECT_TRUE(store->remove(id));
    EXPECT_TRUE(store->remove(k_damaged));
    EXPECT_TRUE(files.list(layout.blobs()).value().empty());
  }

  const TemporaryFolder folder_;
  const std::string home_ = folder_ / "home";
};

TEST_F(KillTest, AfterEveryRoundOfKillsTheModelsAreWholeAndTheWorkGoesOn) {
  const char* wanted = std::getenv("MODELHUB_TEST_ROUNDS");
  const int rounds = wanted != nullptr ? std::atoi(wanted) : test::k_is_sanitized ? 6 : 25;
  std::mt19937 random(k_seed);
  for (int round = 0; round < rounds; ++round) {
    SCOPED_TRACE("round " + std::to_string(round) + " of seed " + std::to_string(k_seed));
    run_and_kill(random);
    expect_no_lie();
    // Not after every round: the litter of several shall meet.
    if (round % 3 == 2 || round + 1 == rounds) expect_goes_on();
    if (HasFailure()) return;
  }
  expect_no_litter();
}

}  // namespace
}  // namespace modelhub::store
