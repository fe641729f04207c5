// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// Several processes, each a thread here, work on one home. Every call to the file system is one
// step; a seeded scheduler decides at each who goes on, who pauses for long, and who dies. After
// every change the home is looked at as a whole.
//
// MODELHUB_TEST_SEED=n runs that seed alone, MODELHUB_TEST_STEPS=n so many steps.
#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <thread>

#include "store/budget_fixture.h"
#include "store/stepping_file_system.h"
#include "support/manual_clock.h"
#include "support/memory_file_system.h"
#include "support/sanitized.h"

namespace modelhub::store {
namespace {

constexpr std::size_t k_actors = 4;
constexpr std::uint64_t k_budget_blocks = 9;
const std::string k_world_home = "/models";

// Every file takes one block, so the sizes below are numbers of files.
const std::map<std::string, Contents> k_world_models{
    {"a", {{"1", "a1"}, {"2", "a2"}}},
    {"b", {{"1", "b1"}, {"s", "shared"}}},
    {"c", {{"1", "c1"}, {"2", "c2"}, {"s", "shared"}}},
    {"d", {{"1", "d1"}, {"2", "d2"}, {"3", "d3"}}},
    {"e", {{"1", "e1"}}},
    {"f", {{"s", "shared"}, {"t", "e1"}}},
};

// Some files are small ones, some are not, whoever pulls them.
StagingPlace place_of(const std::string& content) {
  return content == "shared" || content.ends_with('2') ? StagingPlace::shared_folder
                                                       : StagingPlace::own_folder;
}

ModelId world_id(const std::string& name) { return {name, "1", "v"}; }

class World {
 public:
  World(std::uint32_t seed, std::uint64_t steps)
      : scheduler_(seed, k_actors, steps, [this] { check(); }) {
    clock_.advance(std::chrono::hours(24 * 365 * 20));  // every change is old when it is seen
    for (const auto& [name, contents] : k_world_models) {
      for (const auto& [path, content] : contents) digests_.emplace(digest_of(content).hex());
    }
    const std::vector<std::string> folders = layout_.folders();
    std::set<std::string> constant(folders.begin(), folders.end());
    constant.insert({layout_.home(), layout_.format_file(), layout_.budget_file()});
    for (const std::string& folder : layout_.rebuildable_folders())
      constant.insert(folder + "/CACHEDIR.TAG");
    for (std::size_t i = 0; i < k_actors; ++i)
      files_.push_back(std::make_unique<SteppingFileSystem>(disk_, scheduler_, i, constant));
    scheduler_.on_crash = [this](std::size_t actor) {
      files_[actor]->bury_names();
      std::erase_if(leased_, [&](const auto& lease) { return lease.first == actor; });
      promises_.erase(actor);
    };
    const auto store = open(disk_, {});
    EXPECT_TRUE(store->set_budget(blocks(k_budget_blocks)));
  }

  void run() {
    {
      std::vector<std::jthread> actors;
      for (std::size_t i = 0; i < k_actors; ++i) actors.emplace_back([this, i] { live(i); });
      scheduler_.start();
    }
    EXPECT_EQ(failure_, "") << "at step " << scheduler_.steps();
    if (failure_.empty()) check_what_is_left();
  }

  std::uint64_t steps() const { return scheduler_.steps(); }
  std::string tally() const {
    std::string text;
    for (const auto& [what, count] : tally_) text += what + " " + std::to_string(count) + ", ";
    return text;
  }

 private:
  std::unique_ptr<Store> open(base::FileSystem& files, Pause pause) {
    StoreOptions options;
    options.home = k_world_home;
    options.files = &files;
    options.clock = &clock_;
    options.reserve_patience = std::chrono::milliseconds(300);
    options.pause = std::move(pause);
    auto store = Store::open(std::move(options));
    return store ? *std::move(store) : nullptr;
  }

  void live(std::size_t self) {
    scheduler_.wait_for_turn(self);
    while (!scheduler_.is_over()) {
      {
        const auto store = open(*files_[self], [this, self](std::chrono::milliseconds, auto&) {
          clock_.advance(std::chrono::milliseconds(20));  // no jitter: a seed is one interleaving
          (void)scheduler_.step(self);
        });
        std::vector<std::pair<std::string, StoreLease>> held;
        while (store && !scheduler_.is_over() && !scheduler_.is_dead(self)) act(self, *store, held);
        while (!held.empty()) release(self, held, 0);
      }
      if (scheduler_.is_dead(self)) ++tally_["crashes"];
      scheduler_.revive(self);
    }
    scheduler_.leave(self);
  }

  void act(std::size_t self, Store& store, std::vector<std::pair<std::string, StoreLease>>& held) {
    auto model = k_world_models.begin();
    std::advance(model, scheduler_.random()() % k_world_models.size());
    const std::string& name = model->first;
    switch (scheduler_.random()() % 22) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4: return pull(self, store, name, model->second);
      case 5:
      case 6:
      case 16:
      case 17:
      case 18:
      case 19: return lease(self, store, name, held);
      case 7:
      case 8:
        if (!held.empty()) release(self, held, scheduler_.random()() % held.size());
        return;
      case 9: return pin(self, store, name);
      case 10:
      case 11: return unpin(self, store, name);
      case 12: return remove(self, store, name);
      case 13:
      case 20:
      case 21: return make_room(self, store);
      case 14: return tidy_up(self, store);
      default: return look_around(self, store, name);
    }
  }

  // As the hub does it: announce and claim all, reserve for what is not there, fetch what is ours,
  // put it in its place, wait for the others' share.
  void pull(std::size_t self, Store& store, const std::string& name, const Contents& contents) {
    const Ticket ticket = Store::new_ticket();
    std::vector<StagedFile> staged;
    std::map<std::string, std::string> promised;  // digest -> where it is written
    std::map<std::string, std::string> bytes;
    for (const auto& [path, content] : contents) {
      Result<StagedFile> file =
          store.stage(ticket, digest_of(content), ByteCount(content.size()), {}, place_of(content));
      if (!file) return expect_code(self, file.error(), {}, "stage");
      if (!file->is_present()) promised[file->digest().hex()] = file->data_path();
      bytes[file->digest().hex()] = content;
      if (file->is_mine() && disk_.stat(file->data_path())) ++tally_["adoptions"];
      staged.push_back(*std::move(file));
    }
    Result<Reservation> room = store.reserve(ticket, blocks(promised.size()));
    if (!room) return expect_code(self, room.error(), {ErrorCode::no_space}, "reserve");
    if (!scheduler_.is_dead(self)) promises_[self] = promised;
    const bool is_fetched = fetch_all(self, store, staged, bytes);
    if (!is_fetched) {
      promises_.erase(self);
      for (StagedFile& file : staged) file.keep_partial();
      staged.clear();  // before the reservation goes
      ++tally_["pulls given up"];
      return;
    }
    const auto published = store.publish(record_of(world_id(name), contents), std::move(staged));
    promises_.erase(self);
    if (!published) return expect_code(self, published.error(), {ErrorCode::busy}, "publish");
    ++tally_["pulls"];
  }

  // False when the pull is given up.
  bool fetch_all(std::size_t self, Store& store, std::vector<StagedFile>& staged,
                 std::map<std::string, std::string>& bytes) {
    constexpr int k_looks = 6;
    for (int look = 0; look < k_looks; ++look) {
      bool is_waiting = false;
      for (StagedFile& file : staged) {
        if (file.is_mine() && !fetch(*files_[self], file, bytes[file.digest().hex()])) return false;
        if (scheduler_.random()() % 20 == 0) return false;
        is_waiting = is_waiting || (!file.is_present() && !file.is_mine());
      }
      if (!is_waiting) return true;
      if (!store.put_blobs(staged)) return false;
      clock_.advance(std::chrono::seconds(20));
      for (StagedFile& file : staged) {
        if (!file.look_again()) return false;
      }
    }
    return false;
  }

  void lease(std::size_t self, Store& store, const std::string& name,
             std::vector<std::pair<std::string, StoreLease>>& held) {
    const auto found = store.find(world_id(name));
    if (!found) return expect_code(self, found.error(), {}, "find");
    if (!*found) return;
    Result<StoreLease> lease = store.lease(**found);
    if (!lease) return expect_code(self, lease.error(), {ErrorCode::not_found}, "lease");
    if (scheduler_.is_dead(self)) return;
    if (lease->is_empty()) return fail("a lease is empty");
    ++tally_["leases"];
    leased_.emplace(self, name);
    held.emplace_back(name, *std::move(lease));
    check();
  }

  void release(std::size_t self, std::vector<std::pair<std::string, StoreLease>>& held,
               std::size_t i) {
    const auto mine = leased_.find({self, held[i].first});
    if (mine != leased_.end()) leased_.erase(mine);
    held.erase(held.begin() + static_cast<std::ptrdiff_t>(i));
  }

  void pin(std::size_t self, Store& store, const std::string& name) {
    // More pinned than this and nothing else would ever happen. Who pins and unpins at the same
    // time may get either.
    if (pinned_.size() + changing_pins_ > 0) return;
    ++changing_pins_;
    const auto done = store.pin(world_id(name));
    --changing_pins_;
    if (!done) return expect_code(self, done.error(), {ErrorCode::not_found}, "pin");
    if (scheduler_.is_dead(self)) return;
    ++tally_["pins"];
    pinned_.insert(name);
    check();
  }

  void unpin(std::size_t self, Store& store, const std::string& name) {
    if (changing_pins_ > 0) return;
    pinned_.erase(name);
    ++changing_pins_;
    const auto done = store.unpin(world_id(name));
    --changing_pins_;
    if (!done) return expect_code(self, done.error(), {ErrorCode::not_found}, "unpin");
  }

  void remove(std::size_t self, Store& store, const std::string& name) {
    if (pinned_.count(name) != 0) return;
    being_removed_.insert(name);
    const auto removal = store.remove(world_id(name));
    being_removed_.erase(being_removed_.find(name));
    if (removal || scheduler_.is_dead(self)) pinned_.erase(name);  // pinned in the meantime
    if (!removal) {
      return expect_code(self, removal.error(), {ErrorCode::not_found, ErrorCode::busy}, "remove");
    }
    ++tally_["removals"];
  }

  void make_room(std::size_t self, Store& store) {
    const auto room =
        store.reserve(store.new_ticket(), blocks(1 + scheduler_.random()() % k_budget_blocks));
    if (!room) return expect_code(self, room.error(), {ErrorCode::no_space}, "reserve");
    ++tally_["rooms"];
  }

  void tidy_up(std::size_t self, Store& store) {
    if (scheduler_.random()() % 2 == 0) {
      const auto swept = store.sweep(impatient());
      if (!swept) expect_code(self, swept.error(), {ErrorCode::busy}, "sweep");
    } else {
      PruneOptions options;
      options.to = blocks(k_budget_blocks / 2);
      const auto pruned = store.prune(options);
      if (!pruned) expect_code(self, pruned.error(), {ErrorCode::busy}, "prune");
      ++tally_["prunes"];
    }
  }

  void look_around(std::size_t self, Store& store, const std::string& name) {
    const auto listing = store.list();
    if (!listing) return expect_code(self, listing.error(), {}, "list");
    if (!listing->broken.empty() && !scheduler_.is_dead(self))
      fail("a broken manifest: " + listing->broken.front().to_string());
    const auto found = store.find(world_id(name));
    if (found && *found) store.touch_use((*found)->key);
  }

  static SweepOptions impatient() {
    SweepOptions options;
    options.partial_age = std::chrono::seconds(0);
    options.unnamed_age = std::chrono::seconds(0);
    return options;
  }

  void expect_code(std::size_t self, const Error& error, std::initializer_list<ErrorCode> allowed,
                   const std::string& what) {
    if (scheduler_.is_dead(self)) return;  // nothing of what it was told was true
    ++tally_[what + " refused"];
    if (std::find(allowed.begin(), allowed.end(), error.code) == allowed.end())
      fail(what + ": " + error.to_string());
  }

  void fail(const std::string& what) {
    if (failure_.empty()) failure_ = what;
    scheduler_.stop();
  }

  std::vector<std::string> names(const std::string& folder) const {
    std::vector<std::string> names;
    const auto entries = disk_.list(folder);
    if (!entries) return names;
    for (const auto& entry : *entries) names.push_back(entry.name);
    return names;
  }

  // The state of the world, looked at without the code under test.
  void check() {
    if (!failure_.empty()) return;
    std::set<std::string> there;     // blobs, also those on their way out
    std::set<std::uint64_t> inodes;  // with content
    const auto count = [&](const std::string& path) {
      const auto stat = disk_.stat(path);
      if (stat && stat->size.count() != 0) inodes.insert(stat->inode);
    };
    for (const std::string& name : names(layout_.blobs())) {
      there.insert(name.substr(0, 64));
      count(layout_.blobs() + "/" + name);
    }
    for (const std::string& digest : names(layout_.staging())) {
      const std::string folder = layout_.staging() + "/" + digest;
      if (digest.ends_with(Layout::k_shared_folder_suffix)) {
        for (const std::string& file : names(folder)) {
          if (file.size() > 64) count(folder + "/" + file);  // no announcement
        }
        continue;
      }
      for (const std::string& owner : names(folder)) {
        for (const std::string& file : names(folder + "/" + owner))
          count(folder + "/" + owner + "/" + file);
      }
    }
    std::uint64_t promised = 0;
    for (const auto& [actor, files] : promises_) {
      for (const auto& [digest, path] : files) {
        const auto written = disk_.stat(path);
        if (there.count(digest) == 0 && (!written || written->size.count() == 0)) ++promised;
      }
    }
    if (inodes.size() + promised > k_budget_blocks) {
      fail(std::to_string(inodes.size()) + " blocks on disk and " + std::to_string(promised) +
           " promised, of " + std::to_string(k_budget_blocks));
    }
    check_models(there);
  }

  void check_models(const std::set<std::string>& there) {
    std::set<std::string> manifests;  // also those that are aside
    for (const std::string& file : names(layout_.models())) {
      if (file.find(".tmp.") != std::string::npos) continue;
      manifests.insert(file.substr(0, file.find('@')));
      if (!file.ends_with(".json")) continue;
      std::unordered_set<Digest> named;
      collect_digests(
          base::read_whole_file(disk_, layout_.models() + "/" + file, ByteCount(100'000)).value(),
          named);
      for (const Digest& digest : named) {
        if (digests_.count(digest.hex()) != 0 && there.count(digest.hex()) == 0)
          fail(file + " names a blob that is not there");
      }
    }
    for (const auto& [actor, name] : leased_) check_held(name, "leased", manifests, there);
    for (const std::string& name : pinned_) {
      if (being_removed_.count(name) == 0) check_held(name, "pinned", manifests, there);
    }
  }

  void check_held(const std::string& name, const std::string& how,
                  const std::set<std::string>& manifests, const std::set<std::string>& there) {
    if (manifests.count(name) == 0) fail(name + " is " + how + " and has no manifest");
    for (const auto& [path, content] : k_world_models.at(name)) {
      if (there.count(digest_of(content).hex()) == 0) fail(name + " is " + how + " and not whole");
    }
  }

  // When everybody has ended, one sweep leaves nothing but models, each of them whole.
  void check_what_is_left() {
    const auto store = open(disk_, {});
    ASSERT_TRUE(store->sweep(impatient()));
    std::set<std::string> named;
    for (const InstalledModel& model : store->list().value().models) {
      const ModelId id{model.name, model.version, model.variant};
      EXPECT_TRUE(store->verify(id, VerifyMode::full).value().is_whole()) << model.name;
      for (const InstalledFile& file : model.files) named.insert(file.sha256.hex());
    }
    const auto blobs = names(layout_.blobs());
    EXPECT_EQ(std::set<std::string>(blobs.begin(), blobs.end()), named);
    EXPECT_EQ(names(layout_.models()).size(), store->list().value().models.size());
    EXPECT_TRUE(names(layout_.reservations()).empty());
    EXPECT_TRUE(names(layout_.leases()).empty());
    EXPECT_EQ(names(layout_.staging()), std::vector<std::string>{"CACHEDIR.TAG"});
  }

  mutable test::MemoryFileSystem disk_;
  test::ManualClock clock_;
  const Layout layout_{k_world_home};
  StepScheduler scheduler_;
  std::vector<std::unique_ptr<SteppingFileSystem>> files_;
  std::set<std::string> digests_;
  std::string failure_;
  std::map<std::string, std::uint64_t> tally_;

  // What was told to the actors, and must be so. A pin outlives the process.
  std::multiset<std::pair<std::size_t, std::string>> leased_;
  std::set<std::string> pinned_;
  std::uint64_t changing_pins_ = 0;
  std::multiset<std::string> being_removed_;
  std::map<std::size_t, std::map<std::string, std::string>> promises_;
};

std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

void run_world(std::uint32_t seed, std::uint64_t steps) {
  World world(seed, steps);
  world.run();
  std::printf("seed %u: %llu steps: %s\n", seed, static_cast<unsigned long long>(world.steps()),
              world.tally().c_str());
  if (testing::Test::HasFailure())
    std::printf("again with MODELHUB_TEST_SEED=%u MODELHUB_TEST_STEPS=%llu\n", seed,
                static_cast<unsigned long long>(steps));
}

TEST(SchedulerTest, NoInterleavingOfStepsBreaksTheBudgetALeaseAPinOrAModel) {
  const std::uint64_t steps =
      number_from_environment("MODELHUB_TEST_STEPS", test::k_is_sanitized ? 3'000 : 25'000);
  if (const std::uint64_t seed = number_from_environment("MODELHUB_TEST_SEED", 0); seed != 0)
    return run_world(static_cast<std::uint32_t>(seed), steps);
  for (std::uint32_t seed = 1; seed <= 4 && !HasFailure(); ++seed) run_world(seed, steps);
}

}  // namespace
}  // namespace modelhub::store
