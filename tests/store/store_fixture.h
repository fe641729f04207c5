// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
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
  auto file = files.create(staged.data_path(), base::CreateMode::exclusive, 0666);
  if (!file) return std::move(file).error();
  const auto bytes = std::as_bytes(std::span(content.data(), content.size()));
  if (Result<void> done = (*file)->write_at(0, bytes); !done) return done;
  if (Result<void> done = (*file)->close(); !done) return done;
  return staged.complete(digest_of(content), ByteCount(content.size()));
}

inline Result<InstalledModel> publish(Store& store, base::FileSystem& files, const ModelId& id,
                                      const Contents& contents) {
  std::vector<StagedFile> all;
  for (const auto& [path, content] : contents) {
    Result<StagedFile> staged = store.stage(digest_of(content), ByteCount(content.size()));
    if (!staged) return std::move(staged).error();
    if (!staged->is_present()) {
      if (Result<void> done = fetch(files, *staged, content); !done) return std::move(done).error();
    }
    all.push_back(*std::move(staged));
  }
  return store.publish(record_of(id, contents), std::move(all));
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

inline std::unique_ptr<Store> open_store(const std::string& home,
                                         base::FileSystem& files = base::FileSystem::real(),
                                         const base::Clock& clock = base::Clock::real()) {
  StoreOptions options;
  options.home = home;
  options.files = &files;
  options.clock = &clock;
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
