// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/hasher.h"
#include "store/store.h"

namespace modelhub::store {

// A folder that goes with the test.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string form = (std::filesystem::temp_directory_path() / "modelhub-store-XXXXXX").string();
    path_ = ::mkdtemp(form.data());
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

class ManualClock final : public base::Clock {
 public:
  std::chrono::steady_clock::time_point steady_now() const override {
    return std::chrono::steady_clock::time_point(now.time_since_epoch());
  }
  std::chrono::system_clock::time_point system_now() const override { return now; }

  std::chrono::system_clock::time_point now =
      std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + std::chrono::hours(5);
};

using Contents = std::vector<std::pair<std::string, std::string>>;  // path, bytes

inline Digest digest_of(const std::string& content) { return base::sha256_of(content); }

inline ModelRecord record_of(const ModelId& id, const Contents& contents) {
  ModelRecord record{id, "detect", "Apache-2.0", "onnx", {}, {"https://example.org/" + id.name}};
  for (const auto& [path, content] : contents) {
    const char* role = path.starts_with("labels") ? "labels" : "graph";
    record.files.push_back(
        {RelPath::parse(path).value(), role, ByteCount(content.size()), digest_of(content)});
  }
  return record;
}

// As a transfer does it: the bytes into the staging folder, then what was hashed on the way.
inline Result<void> fetch(base::FileSystem& files, StagedFile& staged, const std::string& content) {
  auto file = files.create(staged.data_path(), base::CreateMode::truncate, 0666);
  if (!file) return std::move(file).error();
  const auto bytes = std::as_bytes(std::span(content.data(), content.size()));
  if (Result<void> done = (*file)->write_at(0, bytes); !done) return done;
  if (Result<void> done = (*file)->close(); !done) return done;
  return staged.complete(digest_of(content), ByteCount(content.size()));
}

// Looks until nobody else fetches it.
inline Result<void> wait_for_claim(StagedFile& staged,
                                   std::chrono::seconds deadline = std::chrono::seconds(60)) {
  const auto end = std::chrono::steady_clock::now() + deadline;
  while (!staged.is_present() && !staged.is_mine()) {
    if (Result<void> done = staged.look_again(); !done) return done;
    if (std::chrono::steady_clock::now() > end)
      return Error(ErrorCode::timed_out, Subject::store, "somebody else holds it for ever");
    std::this_thread::yield();
  }
  return {};
}

// As a pull does it: all are announced, what is ours is fetched and put in its place, then the
// others are waited for.
inline Result<InstalledModel> publish(Store& store, base::FileSystem& files, const ModelId& id,
                                      const Contents& contents,
                                      StagingPlace place = StagingPlace::own_folder) {
  const Ticket ticket = Store::new_ticket();
  std::vector<StagedFile> all;
  std::map<Digest, std::string> wanted;
  for (const auto& [path, content] : contents) {
    if (!wanted.emplace(digest_of(content), content).second) continue;
    Result<StagedFile> staged =
        store.stage(ticket, digest_of(content), ByteCount(content.size()), {}, place);
    if (!staged) return std::move(staged).error();
    all.push_back(*std::move(staged));
  }
  const auto fetch_ours = [&]() -> Result<void> {
    for (StagedFile& staged : all) {
      if (!staged.is_mine()) continue;
      if (Result<void> done = fetch(files, staged, wanted.at(staged.digest())); !done) return done;
    }
    return {};
  };
  if (Result<void> done = fetch_ours(); !done) return std::move(done).error();
  const auto is_elsewhere = [](const StagedFile& staged) {
    return !staged.is_present() && !staged.is_mine();
  };
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (std::any_of(all.begin(), all.end(), is_elsewhere)) {
    if (Result<void> done = store.put_blobs(all); !done) return std::move(done).error();
    for (StagedFile& staged : all) {
      if (Result<void> done = staged.look_again(); !done) return std::move(done).error();
    }
    if (Result<void> done = fetch_ours(); !done) return std::move(done).error();
    if (std::chrono::steady_clock::now() > end)
      return Error(ErrorCode::timed_out, Subject::store, "somebody else holds a file for ever");
    std::this_thread::yield();
  }
  return store.publish(record_of(id, contents), std::move(all));
}

// The owner that a process had which has ended and been waited for.
inline base::Owner dead_owner() {
  std::array<int, 2> ends{};
  EXPECT_EQ(::pipe(ends.data()), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const std::string text = base::Owner::current().to_string();
    const ssize_t written = ::write(ends[1], text.data(), text.size());
    ::_exit(written > 0 ? 0 : 1);
  }
  std::array<char, 200> text{};
  const ssize_t count = ::read(ends[0], text.data(), text.size());
  ::waitpid(child, nullptr, 0);
  ::close(ends[0]);
  ::close(ends[1]);
  return base::Owner::parse(std::string_view(text.data(), static_cast<std::size_t>(count))).value();
}

// One on another machine: nobody here can tell whether it lives.
inline base::Owner unknown_owner() {
  base::Owner owner = base::Owner::current();
  owner.machine = "00000000";
  return owner;
}

inline std::string read_file(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

// Replaces the file, as a careless tool does: also where the old one may not be written.
inline void overwrite_file(const std::string& path, const std::string& content) {
  std::filesystem::remove(path);
  std::ofstream(path, std::ios::binary) << content;
}

inline std::unique_ptr<Store> open_store(
    const std::string& home, base::FileSystem& files = base::FileSystem::real(),
    const base::Clock& clock = base::Clock::real(),
    std::chrono::milliseconds patience = StoreOptions().patience) {
  StoreOptions options;
  options.home = home;
  options.files = &files;
  options.clock = &clock;
  options.patience = patience;
  return Store::open(std::move(options)).value();
}

class StoreTest : public testing::Test {
 protected:
  Result<InstalledModel> publish(const ModelId& id, const Contents& contents) {
    return store::publish(*store_, files_, id, contents);
  }
  std::string blob(const std::string& content) const {
    return store_->layout().blob(digest_of(content));
  }
  std::vector<std::string> names_in(const std::string& folder) const {
    std::vector<std::string> names;
    for (const auto& entry : files_.list(folder).value()) names.push_back(entry.name);
    std::sort(names.begin(), names.end());
    return names;
  }

  base::FileSystem& files_ = base::FileSystem::real();
  TemporaryFolder folder_;
  const std::string home_ = folder_ / "home";
  ManualClock clock_;
  std::unique_ptr<Store> store_ = open_store(home_, files_, clock_);
  const ModelId id_{"yolox_s", "0.1.1", "onnx-fp32"};
  const ModelId other_id_{"yunet", "2023mar", "onnx-fp32"};
};

}  // namespace modelhub::store
