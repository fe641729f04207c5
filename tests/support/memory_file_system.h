// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/file_system.h"

namespace modelhub::test {

// What a power cut leaves of that which was not synced.
enum class Loss {
  all,  // neither the names nor the bytes
  // the names are there, the bytes are not: files are empty or as they were when last synced
  bytes,
  random,   // each name and each content as it was, as it is, or torn
  nothing,  // as after kill -9
};

// A file system in memory that remembers what was synced and what was not, as strictly as POSIX
// allows: a name is durable when its folder was synced after it changed, the bytes when the file
// was. It has no symbolic links and takes no notice of permissions.
//
// Thread safety: all methods from any thread.
class MemoryFileSystem final : public base::FileSystem {
 public:
  MemoryFileSystem();
  ~MemoryFileSystem() override;

  // Everything is durable from here on, as after the next start of the machine.
  void power_cut(Loss loss, std::uint32_t seed);

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
  std::string boot() override;

 private:
  struct Node;
  class OpenFile;
  using NodePtr = std::shared_ptr<Node>;
  using Entries = std::map<std::string, NodePtr>;

  NodePtr new_node(base::FileKind kind, std::uint32_t mode);
  NodePtr find(const std::string& path) const;
  // The folder that holds the last part of `path` (null when it is missing), and that part.
  std::pair<NodePtr, std::string> find_parent(const std::string& path) const;
  Result<void> move(const std::string& from, const std::string& to);
  base::FileStat stat_of(const Node& node) const;
  static void make_durable(const NodePtr& node);
  static void settle(const NodePtr& node, Loss loss, std::mt19937& random,
                     std::set<Node*>& settled);
  static void count_links(const NodePtr& node);

  mutable std::mutex mutex_;
  NodePtr root_;                  // guarded by mutex_, and all nodes with it
  std::uint64_t next_inode_ = 2;  // guarded by mutex_
  std::int64_t now_ns_;           // guarded by mutex_; ticks at each change
  int boots_ = 1;                 // guarded by mutex_
};

}  // namespace modelhub::test
