// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/file_system.h"
#include "base/owner.h"
#include "modelhub/digest.h"
#include "store/layout.h"

namespace modelhub::store {

// Whether a process lives, asked once for each: an answer costs a read of /proc.
//
// Thread safety: one thread at a time.
class LivenessCache {
 public:
  base::Owner::Liveness of(const base::Owner& owner);

 private:
  std::unordered_map<std::string, base::Owner::Liveness> known_;
};

// "process 4711", or "process 4711 on another machine"; "an unknown process" of no owner.
std::string describe_holder(const std::optional<base::Owner>& owner);

// Keeps a model from being evicted or removed, until it is destroyed or its process ends.
//
// Ownership:     one file in leases/<key>/; removed at destruction, except in a forked child, where
//                it is the parent's. REQUIRES: the file system of the store lives on.
// Thread safety: one thread at a time.
class StoreLease {
 public:
  StoreLease() = default;  // of nothing: in a home that cannot be written there are no leases
  StoreLease(StoreLease&& other) noexcept;
  StoreLease& operator=(StoreLease&& other) noexcept;
  ~StoreLease();

  bool is_empty() const { return path_.empty(); }
  void release();

 private:
  friend class Leases;
  StoreLease(base::FileSystem& files, std::string path);

  base::FileSystem* files_ = nullptr;
  std::string path_;  // empty: nothing to remove
  std::uint64_t fork_generation_ = 0;
};

// Who holds which model of a home: leases/<key>/<owner>.<n>.
//
// Invariants:    a lease's file has its name from the moment it is made until it is removed, so a
//                listing that begins later and ends earlier shows it.
// Thread safety: all methods from any thread, and from several processes.
// Errors:        io_error, no_space.
class Leases {
 public:
  Leases(const Layout& layout, base::FileSystem& files) : layout_(layout), files_(files) {}

  // Makes the file. Whoever asks must then look again whether the model is still there.
  Result<StoreLease> create(const Digest& key) const;

  // One for each lease whose process is not provably dead; nothing for a name that is no owner's,
  // which counts as alive. Errors: io_error: then nobody knows.
  Result<std::vector<std::optional<base::Owner>>> holders(const Digest& key) const;
  // The keys that somebody holds, with their holders. Cannot tell: every key that has a folder.
  std::unordered_map<Digest, std::vector<std::optional<base::Owner>>> all() const;

  // Removes the leases of processes that are provably dead; returns how many.
  std::uint64_t remove_dead() const;

 private:
  const Layout& layout_;
  base::FileSystem& files_;
};

}  // namespace modelhub::store
