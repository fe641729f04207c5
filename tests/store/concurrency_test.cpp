// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// Threads and processes publish, remove and read the same models in one home, without any lock.
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <optional>
#include <random>
#include <thread>

#include "store/store_fixture.h"
#include "support/faulty_file_system.h"

namespace modelhub::store {
namespace {

// Every model has a file of its own and one that all have: the one that removals and publications
// fight about.
const std::vector<ModelId> k_ids{{"a", "1", "v"}, {"b", "1", "v"}, {"c", "1", "v"}};

Contents contents_of(const ModelId& id) {
  return {{"own.onnx", "only in " + id.name + std::string(5000, 'x')},
          {"shared.bin", std::string(9000, 's')}};
}

// A model that can be found can be read and has the right bytes, unless it was removed in the
// meantime.
std::optional<std::string> find_lie(Store& store, const ModelId& id) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (true) {
    const auto found = store.find(id);
    if (!found) return found.error().to_string();
    if (!*found) return std::nullopt;
    bool is_readable = true;
    for (const InstalledFile& file : (*found)->files) {
      const auto content =
          base::read_whole_file(base::FileSystem::real(), file.location, ByteCount(100'000));
      if (content && digest_of(*content) != file.sha256) return file.location + " has wrong bytes";
      if (!content && content.error().code != ErrorCode::not_found)
        return content.error().to_string();
      is_readable = is_readable && content.has_value();
    }
    // A blob may be away for the moment in which a removal looks again.
    if (is_readable) return std::nullopt;
    if (std::chrono::steady_clock::now() > deadline)
      return id.to_string() + " is listed but stays without a blob";
  }
}

// One worker's share. Returns what went wrong.
std::optional<std::string> work(const std::string& home, std::uint32_t seed, int rounds) {
  const auto store = open_store(home);
  std::mt19937 random(seed);
  for (int round = 0; round < rounds; ++round) {
    const ModelId& id = k_ids[random() % k_ids.size()];
    switch (random() % 4) {
      case 0:
      case 1: {
        const auto published = publish(*store, base::FileSystem::real(), id, contents_of(id));
        if (!published) return published.error().to_string();
        break;
      }
      case 2: {
        const auto removal = store->remove(id);
        if (!removal && removal.error().code != ErrorCode::not_found)
          return removal.error().to_string();
        if (removal && !removal->leftovers.empty()) return removal->leftovers.front().to_string();
        break;
      }
      default: {
        const auto listing = store->list();
        if (!listing) return listing.error().to_string();
        if (!listing->broken.empty()) return listing->broken.front().to_string();
        if (auto lie = find_lie(*store, id)) return lie;
        break;
      }
    }
  }
  return std::nullopt;
}

// When all is quiet: what is listed is whole, and nothing is left of what is not.
void expect_clean_and_whole(const std::string& home) {
  const auto store = open_store(home);
  std::size_t expected_blobs = 0;
  const Listing listing = store->list().value();
  for (const InstalledModel& model : listing.models) {
    const VerifyReport report =
        store->verify({model.name, model.version, model.variant}, VerifyMode::full).value();
    EXPECT_TRUE(report.is_whole()) << model.name;
    ++expected_blobs;
  }
  if (expected_blobs != 0) ++expected_blobs;  // the shared one
  const Layout& layout = store->layout();
  base::FileSystem& files = base::FileSystem::real();
  EXPECT_EQ(files.list(layout.blobs()).value().size(), expected_blobs);
  EXPECT_EQ(files.list(layout.staging()).value().size(), 1u);  // CACHEDIR.TAG
  EXPECT_EQ(files.list(layout.models()).value().size(), listing.models.size());
  for (const ModelId& id : k_ids) (void)store->remove(id);
  EXPECT_TRUE(files.list(layout.blobs()).value().empty());
}

TEST(ConcurrencyTest, EightThreadsWithStoresOfTheirOwn) {
  const TemporaryFolder folder;
  std::vector<std::optional<std::string>> wrong(8);
  {
    std::vector<std::jthread> threads;
    for (std::uint32_t i = 0; i < wrong.size(); ++i) {
      threads.emplace_back([&, i] { wrong[i] = work(folder / "home", 100 + i, 60); });
    }
  }
  for (const auto& what : wrong) EXPECT_FALSE(what) << *what;
  expect_clean_and_whole(folder / "home");
}

TEST(ConcurrencyTest, EightThreadsWithOneStore) {
  const TemporaryFolder folder;
  const auto store = open_store(folder / "home");
  std::atomic<int> failures = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] {
        const ModelId& id = k_ids[static_cast<std::size_t>(i) % k_ids.size()];
        for (int round = 0; round < 20; ++round) {
          const auto model = publish(*store, base::FileSystem::real(), id, contents_of(id));
          if (!model || !store->view(*model) ||
              !store->verify(id, VerifyMode::stamps).value().is_whole())
            ++failures;
          store->touch_use(model.value().key);
          if (!store->list() || !store->sweep()) ++failures;
        }
      });
    }
  }
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(store->list().value().models.size(), k_ids.size());
  expect_clean_and_whole(folder / "home");
}

TEST(ConcurrencyTest, FourProcessesWithOneHome) {
  const TemporaryFolder folder;
  std::vector<pid_t> children;
  for (std::uint32_t i = 0; i < 4; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      const std::optional<std::string> wrong = work(folder / "home", 200 + i, 80);
      if (wrong) (void)!::write(STDERR_FILENO, wrong->data(), wrong->size());
      ::_exit(wrong ? 1 : 0);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  expect_clean_and_whole(folder / "home");
}

// The moments at which another process can come in between, one by one: when a store makes its
// first call that `matches`, `other` runs as if it were somebody else, before the call.
class InterleavingTest : public StoreTest {
 protected:
  using Call = test::FaultyFileSystem::Call;

  std::unique_ptr<Store> store_interrupted_at(std::function<bool(const Call&)> matches,
                                              std::function<void()> other) {
    auto store = open_store(home_, interrupted_, clock_);
    interrupted_.set_rule(
        [this, matches = std::move(matches), other = std::move(other)](const Call& call) {
          if (call.name == "rename") renamed_.push_back(call.path);
          if (!was_interrupted_ && matches(call)) {
            was_interrupted_ = true;
            other();
          }
          return 0;
        });
    return store;
  }
  void TearDown() override { EXPECT_TRUE(was_interrupted_); }

  test::FaultyFileSystem interrupted_{files_};
  bool was_interrupted_ = false;
  std::vector<std::string> renamed_;  // by the store that was interrupted
};

TEST_F(InterleavingTest, ARemovalGivesBackABlobThatWasPublishedAfterItsFirstLook) {
  ASSERT_TRUE(publish(id_, {{"a", "shared"}}));
  const auto removing = store_interrupted_at(
      [this](const Call& call) { return call.name == "rename" && call.path == blob("shared"); },
      [this] {
        EXPECT_TRUE(publish(other_id_, {{"b", "shared"}}));
      });
  EXPECT_EQ(removing->remove(id_).value().kept_blobs, 1u);
  EXPECT_EQ(read_file(blob("shared")), "shared");
  EXPECT_TRUE(store_->verify(other_id_, VerifyMode::full).value().is_whole());
}

TEST_F(InterleavingTest, ARemovalGivesBackABlobThatWasAnnouncedAfterItsFirstLook) {
  ASSERT_TRUE(publish(id_, {{"a", "shared"}}));
  std::optional<StagedFile> staged;
  const auto removing = store_interrupted_at(
      [this](const Call& call) { return call.name == "rename" && call.path == blob("shared"); },
      [&] { staged = store_->stage(digest_of("shared"), ByteCount(6)).value(); });
  EXPECT_EQ(removing->remove(id_).value().kept_blobs, 1u);
  EXPECT_TRUE(staged->is_present());
  EXPECT_EQ(read_file(blob("shared")), "shared");
}

TEST_F(InterleavingTest, APublicationLooksAgainForBlobsThatARemovalTookAway) {
  ASSERT_TRUE(publish(id_, {{"a", "shared"}}));
  const std::string away = blob("shared") + ".removing" + base::Owner::current().unique_suffix();
  const auto publishing = store_interrupted_at(
      [this](const Call& call) {
        return call.name == "sync_directory" && call.path == store_->layout().models();
      },
      [&] { std::filesystem::rename(blob("shared"), away); });
  ASSERT_TRUE(store::publish(*publishing, interrupted_, other_id_, {{"b", "shared"}}));
  EXPECT_EQ(read_file(blob("shared")), "shared");
}

TEST_F(InterleavingTest, APublicationWhoseBlobIsGoneForGoodFailsAndShowsNothing) {
  const auto publishing = store_interrupted_at(
      [this](const Call& call) {
        return call.name == "sync_directory" && call.path == store_->layout().models();
      },
      [this] { std::filesystem::remove(blob("content")); });
  const Error error = store::publish(*publishing, interrupted_, id_, {{"a", "content"}}).error();
  EXPECT_EQ(error.code, ErrorCode::busy);
  EXPECT_TRUE(error.retryable);
  EXPECT_FALSE(store_->find(id_).value());
}

TEST_F(InterleavingTest, OfAModelThatIsRemovedWhileItIsPublishedNothingStays) {
  const auto publishing = store_interrupted_at(
      [this](const Call& call) {
        return call.name == "sync_directory" && call.path == store_->layout().models();
      },
      [this] { EXPECT_EQ(store_->remove(id_).value().kept_blobs, 1u); });
  ASSERT_TRUE(store::publish(*publishing, interrupted_, id_, {{"a", "content"}}));
  EXPECT_FALSE(store_->find(id_).value());
  EXPECT_TRUE(names_in(store_->layout().blobs()).empty());
}

TEST_F(InterleavingTest, ManifestsThatChangeWhileTheyAreReadAreReadAgain) {
  ASSERT_TRUE(publish(id_, {{"a", "shared"}}));
  ASSERT_TRUE(publish(other_id_, {{"b", "shared"}}));
  const ModelId third{"third", "1", "v"};
  const auto removing = store_interrupted_at(
      // When the manifests are scanned, the one that names the blob has gone and another has come
      // that names it.
      [this](const Call& call) {
        return call.name == "open" && call.path == store_->layout().manifest(other_id_);
      },
      [&] {
        EXPECT_TRUE(publish(third, {{"c", "shared"}}));
        EXPECT_TRUE(store_->remove(other_id_));
      });
  EXPECT_EQ(removing->remove(id_).value().kept_blobs, 1u);
  EXPECT_TRUE(store_->verify(third, VerifyMode::full).value().is_whole());
  // Without the second reading it would be taken away, and given back after the second look.
  EXPECT_EQ(std::count(renamed_.begin(), renamed_.end(), blob("shared")), 0);
}

}  // namespace
}  // namespace modelhub::store
