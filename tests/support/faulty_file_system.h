// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.h"

namespace modelhub::test {

// A file system that fails on script and otherwise passes every call to another one.
//
// Thread safety: all methods from any thread; the rule is called under a lock.
class FaultyFileSystem : public base::FileSystem {
 public:
  struct Call {
    std::string_view name;       // of the method: "rename", "write_at", ...
    const std::string& path;     // the first path
    bool is_mutating = false;    // changes the disk, or makes a change durable
    std::uint64_t mutation = 0;  // how many mutating calls there were, this one included
  };
  // An errno for a call that shall fail, else 0.
  using Rule = std::function<int(const Call&)>;

  explicit FaultyFileSystem(base::FileSystem& below) : below_(below) {}

  void set_rule(Rule rule);
  std::uint64_t mutations() const;

  // The n-th mutating call fails, counted from 1; of a write, half arrives.
  static Rule fail_once_at(std::uint64_t n, int error_number);
  // All mutating calls from the n-th on fail: a full disk stays full.
  static Rule fail_from(std::uint64_t n, int error_number);
  // From the n-th mutating call on no call arrives, as after kill -9.
  static Rule dead_from(std::uint64_t n);
  // Every call of that name fails.
  static Rule refuse(std::string name, int error_number);
  // Nothing can be written.
  static Rule refuse_writing(int error_number) { return fail_from(1, error_number); }

  Result<std::unique_ptr<base::WritableFile>> create(const std::string& path, base::CreateMode mode,
                                                     std::uint32_t permissions) override;
  Result<std::unique_ptr<base::ReadableFile>> open(const std::string& path) override;
  Result<base::FileStat> stat(const std::string& path) override;
  Result<std::vector<base::DirectoryEntry>> list(const std::string& directory) override;
  Result<void> make_directories(const std::string& path) override;
  Result<void> make_directory(const std::string& path) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> rename_without_replacing(const std::string& from, const std::string& to) override;
  Result<void> link(const std::string& from, const std::string& to) override;
  Result<void> remove_file(const std::string& path) override;
  Result<void> remove_empty_directory(const std::string& path) override;
  Result<void> sync_directory(const std::string& path) override;
  Result<void> sync_file_system(const std::string& path) override;
  Result<bool> is_open_for_writing(const std::string& path) override;
  Result<void> set_permissions(const std::string& path, std::uint32_t permissions) override;
  Result<void> set_modification_time(const std::string& path,
                                     std::chrono::system_clock::time_point time) override;
  Result<ByteCount> free_space(const std::string& path) override;
  std::string boot() override { return below_.boot(); }

 private:
  class FaultyWritableFile;
  class FaultyReadableFile;

  Result<void> before(std::string_view name, const std::string& path, bool is_mutating);

  base::FileSystem& below_;
  mutable std::mutex mutex_;
  Rule rule_;                    // guarded by mutex_
  std::uint64_t mutations_ = 0;  // guarded by mutex_
};

}  // namespace modelhub::test
