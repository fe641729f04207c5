// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/file_system.h"
#include "store/layout.h"
#include "store/reservation.h"

namespace modelhub::store {

// A folder for what was computed from a model and can be computed again: derived/<name>.
//
// A new one has another name, which nobody looks for, until keep(). What is in it then must not be
// changed, but a file may be replaced by a rename.
//
// Ownership:     a new folder that was not kept is removed at destruction, except in a forked
//                child, where it is the parent's. REQUIRES: the file system of the store lives on.
//                The folder may be evicted at any time, also while somebody reads there.
// Thread safety: one thread at a time.
class DerivedFolder {
 public:
  DerivedFolder(DerivedFolder&& other) noexcept;
  DerivedFolder& operator=(DerivedFolder&&) = delete;
  ~DerivedFolder();

  const std::string& path() const { return path_; }
  bool is_new() const { return !kept_path_.empty(); }

  // Gives a new folder its name; of two that make the same, the first one's is kept, and path() is
  // that one's. Nothing is
  // kept of an empty one. Errors: no_space when it has become larger than was reserved for it: then
  // it is removed; io_error.
  Result<void> keep();

 private:
  friend class DerivedFolders;
  DerivedFolder(base::FileSystem& files, std::string path);
  DerivedFolder(base::FileSystem& files, std::string path, std::string kept_path,
                Reservation reservation);

  void discard();

  base::FileSystem* files_;
  std::string path_;
  std::string kept_path_;  // where it goes; empty: nothing to keep
  Reservation reservation_;
  std::uint64_t fork_generation_ = 0;
};

// Thread safety: all methods from any thread, and from several processes.
class DerivedFolders {
 public:
  // All borrowed.
  DerivedFolders(const Layout& layout, base::FileSystem& files, const base::Clock& clock,
                 Reserver& reserver)
      : layout_(layout), files_(files), clock_(clock), reserver_(reserver) {}

  // Errors: invalid_argument when `name` could not be a file's.
  static Result<void> check_name(std::string_view name);

  // The one that was kept under this name; in a home that can be written it is the last that is
  // evicted now. Nothing when there is none. REQUIRES: a checked name.
  std::optional<DerivedFolder> find(std::string_view name, bool is_writable) const;
  // A new, empty one. REQUIRES: a checked name; the home is prepared for writing. Errors: no_space,
  // when there is no room without evicting anything; io_error.
  Result<DerivedFolder> make(std::string_view name, ByteCount bytes) const;

 private:
  const Layout& layout_;
  base::FileSystem& files_;
  const base::Clock& clock_;
  Reserver& reserver_;
};

}  // namespace modelhub::store
