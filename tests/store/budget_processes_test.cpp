// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// Real processes pull under a budget that holds a few of their models, and some are killed, while
// the test adds up what lies on the disk at every instant.
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <random>
#include <set>
#include <tuple>

#include <signal.h>

#include "store/budget_fixture.h"

namespace modelhub::store {
namespace {

constexpr std::uint64_t k_tight_blocks = 12;
constexpr std::uint32_t k_names = 6;

std::string process_content(const std::string& what, std::uint64_t count) {
  std::string content = what;
  content.resize(count * k_block, '.');
  return content;
}

Contents process_model(const std::string& name) {
  return {{"own.bin", process_content("own " + name, 3)},
          {"shared.bin", process_content("shared", 1)}};
}

// One pull as the hub does it. Returns what went wrong.
std::optional<std::string> pull_once(Store& store, const std::string& name) {
  const Contents contents = process_model(name);
  const Ticket ticket = Store::new_ticket();
  std::vector<StagedFile> staged;
  ByteCount wanted;
  for (const auto& [path, content] : contents) {
    Result<StagedFile> file = store.stage(ticket, digest_of(content), ByteCount(content.size()));
    if (!file) return file.error().to_string();
    if (!file->is_present()) wanted += round_to_blocks(file->bytes());
    staged.push_back(*std::move(file));
  }
  const Result<Reservation> room = store.reserve(ticket, wanted);
  if (!room) {
    if (room.error().code == ErrorCode::no_space) return std::nullopt;
    return room.error().to_string();
  }
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  while (true) {
    bool is_waiting = false;
    for (std::size_t i = 0; i < staged.size(); ++i) {
      if (staged[i].is_mine()) {
        const auto done = fetch(base::FileSystem::real(), staged[i], contents[i].second);
        if (!done) return done.error().to_string();
      }
      is_waiting = is_waiting || (!staged[i].is_present() && !staged[i].is_mine());
    }
    if (!is_waiting) break;
    // Its holder may be waiting for the room that we hold: then this pull comes back later.
    if (std::chrono::steady_clock::now() > end) return std::nullopt;
    if (Result<void> done = store.put_blobs(staged); !done) return done.error().to_string();
    for (StagedFile& file : staged) {
      if (Result<void> done = file.look_again(); !done) return done.error().to_string();
    }
  }
  const auto model = store.publish(record_of({name, "1", "v"}, contents), std::move(staged));
  if (!model && model.error().code != ErrorCode::busy) return model.error().to_string();
  return std::nullopt;
}

// Holds a model for a moment and looks whether its files stay.
std::optional<std::string> use_once(Store& store, const std::string& name) {
  const auto found = store.find({name, "1", "v"});
  if (!found) return found.error().to_string();
  if (!*found) return std::nullopt;
  const Result<StoreLease> lease = store.lease(**found);
  if (!lease) {
    if (lease.error().code == ErrorCode::not_found) return std::nullopt;
    return lease.error().to_string();
  }
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  for (const InstalledFile& file : (*found)->files) {
    // A removal may hold a blob for the moment of its second look.
    while (!base::FileSystem::real().stat(file.location)) {
      if (std::chrono::steady_clock::now() > deadline) return name + " lost a file while leased";
    }
  }
  if (!store.find({name, "1", "v"})) return name + " cannot be found while leased";
  return std::nullopt;
}

[[noreturn]] void work_until(const std::string& home, std::uint32_t seed,
                             std::chrono::steady_clock::time_point end) {
  std::mt19937 random(seed);
  StoreOptions options;
  options.home = home;
  options.reserve_patience = std::chrono::milliseconds(200);
  std::optional<std::string> wrong;
  const auto store = Store::open(std::move(options)).value();
  while (!wrong && std::chrono::steady_clock::now() < end) {
    const std::string name = "m" + std::to_string(random() % k_names);
    wrong = random() % 3 == 0 ? use_once(*store, name) : pull_once(*store, name);
  }
  if (wrong) (void)!::write(STDERR_FILENO, (*wrong + "\n").data(), wrong->size() + 1);
  ::_exit(wrong ? 1 : 0);
}

// A file as it was when somebody looked.
struct Seen {
  std::string path;
  ino_t inode;
  std::int64_t mtime_ns;
  std::uint64_t blocks;
  bool operator<(const Seen& other) const {
    return std::tie(path, inode, mtime_ns, blocks) <
           std::tie(other.path, other.inode, other.mtime_ns, other.blocks);
  }
};

// All content below blobs, staging and views.
std::set<Seen> look_at(const std::string& home) {
  std::set<Seen> seen;
  for (const char* folder : {"/blobs/sha256", "/staging", "/views"}) {
    std::error_code failure;
    for (std::filesystem::recursive_directory_iterator entry(home + folder, failure), end;
         !failure && entry != end; entry.increment(failure)) {
      struct stat raw {};
      if (::lstat(entry->path().c_str(), &raw) != 0 || !S_ISREG(raw.st_mode)) continue;
      const std::string name = entry->path().filename();
      // Only content counts, not claims and signs of life.
      if (folder == std::string("/staging") && name != "data" && name != "blob") continue;
      if (raw.st_size == 0) continue;
      seen.insert({entry->path().string(), raw.st_ino,
                   raw.st_mtim.tv_sec * 1'000'000'000 + raw.st_mtim.tv_nsec,
                   (static_cast<std::uint64_t>(raw.st_size) + k_block - 1) / k_block});
    }
  }
  return seen;
}

// What was there in both of two looks was there in the instant between them; each inode once.
std::uint64_t blocks_between(const std::set<Seen>& before, const std::set<Seen>& after) {
  std::set<ino_t> inodes;
  std::uint64_t sum = 0;
  for (const Seen& file : before) {
    if (after.count(file) != 0 && inodes.insert(file.inode).second) sum += file.blocks;
  }
  return sum;
}

TEST(BudgetProcessesTest, ManyProcessesOfWhichSomeDieNeverExceedTheBudget) {
  const TemporaryFolder folder;
  const std::string home = folder / "home";
  ASSERT_TRUE(open_store(home)->set_budget(blocks(k_tight_blocks)));
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(3);
  std::set<pid_t> children;
  const auto start = [&](std::uint32_t seed) {
    const pid_t child = ::fork();
    if (child == 0) work_until(home, seed, end);
    children.insert(child);
  };
  std::uint32_t next_seed = 1;
  for (int i = 0; i < 8; ++i) start(next_seed++);
  std::mt19937 random(7);
  std::uint64_t most = 0;
  std::uint64_t looks = 0;
  int failures = 0;
  std::set<Seen> before;
  while (!children.empty()) {
    std::set<Seen> after = look_at(home);
    most = std::max(most, blocks_between(before, after));
    before = std::move(after);
    ++looks;
    if (looks % 40 == 0 && std::chrono::steady_clock::now() < end) {
      auto victim = children.begin();
      std::advance(victim, random() % children.size());
      ::kill(*victim, SIGKILL);
    }
    int status = 0;
    while (!children.empty()) {
      const pid_t child = ::waitpid(-1, &status, WNOHANG);
      if (child <= 0) break;
      children.erase(child);
      if (WIFSIGNALED(status)) {
        EXPECT_EQ(WTERMSIG(status), SIGKILL);
        start(next_seed++);
      } else if (WEXITSTATUS(status) != 0) {
        ++failures;
      }
    }
  }
  EXPECT_EQ(failures, 0);
  EXPECT_LE(most, k_tight_blocks) << "in " << looks << " looks";
  EXPECT_GT(most, 4u) << "something was pulled";

  const auto store = open_store(home);
  SweepOptions now;
  now.partial_age = std::chrono::seconds(0);
  now.unnamed_age = std::chrono::seconds(0);
  ASSERT_TRUE(store->sweep(now));
  const Listing listing = store->list().value();
  EXPECT_TRUE(listing.broken.empty());
  for (const InstalledModel& model : listing.models) {
    EXPECT_TRUE(store->verify({model.name, "1", "v"}, VerifyMode::full).value().is_whole());
  }
  base::FileSystem& files = base::FileSystem::real();
  EXPECT_TRUE(files.list(store->layout().reservations()).value().empty());
  EXPECT_TRUE(files.list(store->layout().leases()).value().empty());
  const StoreStatistics statistics = store->statistics().value();
  EXPECT_EQ(statistics.used, statistics.blobs);
  EXPECT_LE(statistics.used, blocks(k_tight_blocks));
}

}  // namespace
}  // namespace modelhub::store
