// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// Processes that want the same file, one that is stopped and comes back, and two users of one home.
#include <grp.h>
#include <sys/stat.h>

#include <atomic>
#include <cerrno>

#include "crash/children.h"
#include "store/store_fixture.h"
#include "support/faulty_file_system.h"
#include "support/sanitized.h"
#include "support/scratch.h"

namespace modelhub::store {
namespace {

using namespace std::chrono_literals;
using test::FaultyFileSystem;

const ModelId k_wanted{"wanted", "1", "v"};
const std::string k_bytes = "what all want " + std::string(300'000, 'w');
const Contents k_files{{"wanted.onnx", k_bytes}};

std::optional<std::string> text_of(const Error& error) { return error.to_string(); }

enum class HardLinks { work, refused };

class ManyProcessesTest : public testing::TestWithParam<HardLinks> {
 protected:
  struct Counters {
    std::atomic<int> ready = 0;
    std::atomic<int> fetched = 0;
  };
  static constexpr int k_processes = test::k_is_sanitized ? 16 : 64;

  std::optional<std::string> pull() {
    FaultyFileSystem files(base::FileSystem::real());
    if (GetParam() == HardLinks::refused) files.set_rule(FaultyFileSystem::refuse("link", EPERM));
    const auto store = open_store(home_, files);
    ++counters_->ready;
    if (!test::eventually([this] { return counters_->ready == k_processes; }, 60s))
      return "the others did not start";
    Result<StagedFile> staged = store->stage(digest_of(k_bytes), ByteCount(k_bytes.size()));
    if (!staged) return text_of(staged.error());
    Result<void> looked;
    const bool is_settled = test::eventually(
        [&] {
          looked = staged->look_again();
          return !looked || staged->is_present() || staged->is_mine();
        },
        60s);
    if (!looked) return text_of(looked.error());
    if (!is_settled) return "waited for ever";
    if (staged->is_mine()) {
      ++counters_->fetched;
      if (Result<void> done = fetch(files, *staged, k_bytes); !done) return text_of(done.error());
    }
    std::vector<StagedFile> all;
    all.push_back(*std::move(staged));
    const auto model = store->publish(record_of(k_wanted, k_files), std::move(all));
    if (!model) return text_of(model.error());
    if (read_file(model->files.front().location) != k_bytes) return "has other bytes";
    return std::nullopt;
  }

  const TemporaryFolder folder_;
  const std::string home_ = folder_ / "home";
  Shared<Counters> counters_;
};

TEST_P(ManyProcessesTest, OfManyThatWantAFileExactlyOneFetchesIt) {
  std::vector<pid_t> children;
  for (int i = 0; i < k_processes; ++i) children.push_back(start_child([this] { return pull(); }));
  for (const pid_t child : children) EXPECT_EQ(end_of_child(child), 0);
  EXPECT_EQ(counters_->fetched, 1);
  const auto store = open_store(home_);
  EXPECT_TRUE(store->verify(k_wanted, VerifyMode::full).value().is_whole());
  auto& files = base::FileSystem::real();
  EXPECT_EQ(files.list(store->layout().staging()).value().size(), 1u);  // CACHEDIR.TAG
}

INSTANTIATE_TEST_SUITE_P(Links, ManyProcessesTest,
                         testing::Values(HardLinks::work, HardLinks::refused));

// A process that stages, writes half and is stopped there; later it goes on as if nothing were.
class StoppedOwnerTest : public StoreTest {
 protected:
  void SetUp() override {
    ASSERT_EQ(::pipe(ready_.data()), 0);
    ASSERT_EQ(::pipe(go_.data()), 0);
    child_ = start_child([this] { return fetch_slowly(); });
    char byte = 0;
    ASSERT_EQ(::read(ready_[0], &byte, 1), 1);
    ASSERT_EQ(::kill(child_, SIGSTOP), 0);
    int status = 0;
    ASSERT_EQ(::waitpid(child_, &status, WUNTRACED), child_);
    ASSERT_TRUE(WIFSTOPPED(status));
  }
  void TearDown() override {
    ::kill(child_, SIGKILL);
    for (const int fd : {ready_[0], ready_[1], go_[0], go_[1]}) ::close(fd);
  }

  std::optional<std::string> fetch_slowly() {
    const auto store = open_store(home_);
    Result<StagedFile> staged = store->stage(digest_of(k_bytes), ByteCount(k_bytes.size()));
    if (!staged) return text_of(staged.error());
    auto file = files_.create(staged->data_path(), base::CreateMode::exclusive, 0666);
    if (!file) return text_of(file.error());
    const auto bytes = std::as_bytes(std::span(k_bytes.data(), k_bytes.size()));
    if (Result<void> done = (*file)->write_at(0, bytes.first(1000)); !done)
      return text_of(done.error());
    char byte = 'x';
    if (::write(ready_[1], &byte, 1) != 1 || ::read(go_[0], &byte, 1) != 1) return "no pipe";
    // Whatever it writes now, first nonsense, then what is right, goes into its own file.
    const std::string nonsense(k_bytes.size(), '?');
    if (Result<void> done =
            (*file)->write_at(0, std::as_bytes(std::span(nonsense.data(), nonsense.size())));
        !done) {
      return text_of(done.error());
    }
    if (::write(ready_[1], &byte, 1) != 1 || ::read(go_[0], &byte, 1) != 1) return "no pipe";
    if (Result<void> done = (*file)->write_at(0, bytes); !done) return text_of(done.error());
    if (Result<void> done = (*file)->close(); !done) return text_of(done.error());
    if (Result<void> done = staged->complete(digest_of(k_bytes), ByteCount(k_bytes.size())); !done)
      return text_of(done.error());
    std::vector<StagedFile> all;
    all.push_back(*std::move(staged));
    const auto model = store->publish(record_of(id_, k_files), std::move(all));
    if (!model) return text_of(model.error());
    return std::nullopt;
  }

  void expect_right_bytes(std::uint64_t inode) {
    EXPECT_EQ(read_file(blob(k_bytes)), k_bytes);
    EXPECT_EQ(files_.stat(blob(k_bytes)).value().inode, inode);
  }
  // Publishes as another process, then lets the stopped one go on, and looks at every stage.
  void publish_and_continue(StagedFile staged) {
    ASSERT_TRUE(fetch(files_, staged, k_bytes));
    std::vector<StagedFile> all;
    all.push_back(std::move(staged));
    ASSERT_TRUE(store_->publish(record_of(k_wanted, k_files), std::move(all)));
    const std::uint64_t inode = files_.stat(blob(k_bytes)).value().inode;
    char byte = 'x';
    ASSERT_EQ(::write(go_[1], &byte, 1), 1);
    ASSERT_EQ(::kill(child_, SIGCONT), 0);
    ASSERT_EQ(::read(ready_[0], &byte, 1), 1);
    expect_right_bytes(inode);  // the nonsense was written by now
    ASSERT_EQ(::write(go_[1], &byte, 1), 1);
    EXPECT_EQ(end_of_child(child_), 0);
    expect_right_bytes(inode);
    for (const ModelId& id : {k_wanted, id_})
      EXPECT_TRUE(store_->verify(id, VerifyMode::full).value().is_whole());
  }

  std::array<int, 2> ready_{};
  std::array<int, 2> go_{};
  pid_t child_ = 0;
};

TEST_F(StoppedOwnerTest, IsTakenOverAfterThePatienceAndComesBackHarmless) {
  store_ = open_store(home_, files_, clock_);
  auto staged = store_->stage(digest_of(k_bytes), ByteCount(k_bytes.size())).value();
  EXPECT_FALSE(staged.is_mine());
  EXPECT_EQ(staged.holder()->pid, static_cast<std::uint64_t>(child_));
  clock_.now += 91s;
  ASSERT_TRUE(staged.look_again());
  ASSERT_TRUE(staged.is_mine());
  EXPECT_EQ(staged.seeds().size(), 1u);
  publish_and_continue(std::move(staged));
}

// Somebody takes it for dead though it is not: no such way is known, and still no harm is done.
TEST_F(StoppedOwnerTest, WhoseFolderIsTakenForThatOfADeadOneComesBackHarmless) {
  const std::string parent = store_->layout().staging(digest_of(k_bytes));
  const std::string dead = dead_owner().to_string() + ".0";
  for (const auto& entry : files_.list(parent).value()) {
    if (entry.kind == base::FileKind::directory)
      std::filesystem::rename(parent + "/" + entry.name, parent + "/" + dead);
  }
  overwrite_file(parent + "/claim", dead + "\n");
  auto staged = store_->stage(digest_of(k_bytes), ByteCount(k_bytes.size())).value();
  ASSERT_TRUE(staged.is_mine());
  EXPECT_EQ(staged.seeds().size(), 1u);  // it is still open there
  publish_and_continue(std::move(staged));
}

// A group's home: made with umask 002 by one user, used by another.
class TwoUsersTest : public testing::Test {
 protected:
  static constexpr gid_t k_group = 21000;
  static constexpr uid_t k_first = 21001;
  static constexpr uid_t k_second = 21002;

  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root to become two users";
    ASSERT_EQ(::chmod((folder_ / "").c_str(), 0777), 0);
  }
  int run_as(uid_t user, const std::function<std::optional<std::string>(Store&)>& what) {
    return end_of_child(start_child([&]() -> std::optional<std::string> {
      if (::setgroups(0, nullptr) != 0 || ::setgid(k_group) != 0 || ::setuid(user) != 0)
        return "cannot become user " + std::to_string(user);
      ::umask(0002);
      return what(*open_store(home_));
    }));
  }
  static std::optional<std::string> pull(Store& store, const ModelId& id,
                                         const Contents& contents) {
    const auto model = publish(store, base::FileSystem::real(), id, contents);
    return model ? std::nullopt : text_of(model.error());
  }

  const TemporaryFolder folder_;
  const std::string home_ = folder_ / "home";
  const ModelId first_{"first", "1", "v"};
  const ModelId second_{"second", "1", "v"};
};

TEST_F(TwoUsersTest, TheSecondListsVerifiesPullsRepairsAndRemovesWhatTheFirstHasPulled) {
  ASSERT_EQ(run_as(k_first, [&](Store& store) { return pull(store, first_, k_files); }), 0);
  EXPECT_EQ(run_as(k_second,
                   [&](Store& store) -> std::optional<std::string> {
                     const auto listing = store.list();
                     if (!listing || listing->models.size() != 1) return "does not list it";
                     const auto report = store.verify(first_, VerifyMode::full);
                     if (!report || !report->is_whole()) return "does not verify it";
                     if (!store.view(report->model)) return "has no view of it";
                     store.touch_use(report->model.key);
                     return pull(store, second_, {{"x", k_bytes}, {"y", "its own"}});
                   }),
            0);
  // A damaged blob of the first user's, mended by the second.
  const std::string blob = Layout(home_).blob(digest_of(k_bytes));
  overwrite_file(blob, std::string(k_bytes.size(), '?'));
  ASSERT_EQ(::chown(blob.c_str(), k_first, k_group), 0);
  EXPECT_EQ(run_as(k_second,
                   [&](Store& store) -> std::optional<std::string> {
                     if (store.verify(first_, VerifyMode::full)->is_whole()) return "is whole";
                     return pull(store, second_, {{"x", k_bytes}, {"y", "its own"}});
                   }),
            0);
  EXPECT_EQ(run_as(k_first,
                   [&](Store& store) -> std::optional<std::string> {
                     for (const ModelId& id : {first_, second_}) {
                       if (!store.verify(id, VerifyMode::full)->is_whole()) return "is damaged";
                       const auto removal = store.remove(id);
                       if (!removal) return text_of(removal.error());
                       if (!removal->leftovers.empty()) return text_of(removal->leftovers.front());
                     }
                     return std::nullopt;
                   }),
            0);
  EXPECT_TRUE(base::FileSystem::real().list(Layout(home_).blobs())->empty());
}

TEST_F(TwoUsersTest, TheSecondCopiesFromThePartialThatTheFirstLeft) {
  ASSERT_EQ(run_as(k_first,
                   [&](Store& store) -> std::optional<std::string> {
                     auto staged = store.stage(digest_of(k_bytes), ByteCount(k_bytes.size()));
                     if (!staged) return text_of(staged.error());
                     overwrite_file(staged->data_path(), "what all");
                     staged->keep_partial();
                     return std::nullopt;
                   }),
            0);
  EXPECT_EQ(run_as(k_second,
                   [&](Store& store) -> std::optional<std::string> {
                     auto staged = store.stage(digest_of(k_bytes), ByteCount(k_bytes.size()));
                     if (!staged) return text_of(staged.error());
                     if (!staged->is_mine() || staged->seeds().size() != 1) return "has no seed";
                     if (read_file(staged->seeds().front().data) != "what all") return "no bytes";
                     auto& files = base::FileSystem::real();
                     if (auto done = fetch(files, *staged, k_bytes); !done)
                       return text_of(done.error());
                     std::vector<StagedFile> all;
                     all.push_back(*std::move(staged));
                     auto model = store.publish(record_of(second_, k_files), std::move(all));
                     return model ? std::nullopt : text_of(model.error());
                   }),
            0);
  EXPECT_EQ(base::FileSystem::real().list(Layout(home_).staging())->size(), 1u);
}

TEST_F(TwoUsersTest, AHomeThatTheSecondMayOnlyReadServesItAndSaysWhatItCannotDo) {
  ASSERT_EQ(run_as(k_first,
                   [&](Store& store) {
                     ::umask(0022);
                     return pull(store, first_, k_files);
                   }),
            0);
  EXPECT_EQ(run_as(k_second,
                   [&](Store& store) -> std::optional<std::string> {
                     const auto report = store.verify(first_, VerifyMode::full);
                     if (!report || !report->is_whole()) return "does not verify it";
                     if (read_file(report->model.files.front().location) != k_bytes)
                       return "does not read it";
                     const auto staged = store.stage(digest_of("x"), ByteCount(1));
                     if (staged || staged.error().code != ErrorCode::io_error) return "stages";
                     if (staged.error().hint.find("MODELHUB_HOME") == std::string::npos)
                       return "does not say what to do";
                     const auto removed = store.remove(first_);
                     if (removed || removed.error().code != ErrorCode::io_error) return "removes";
                     return std::nullopt;
                   }),
            0);
}

}  // namespace
}  // namespace modelhub::store
