// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "modelhub/byte_count.h"
#include "modelhub/result.h"

namespace modelhub::base {

enum class FileKind { regular, directory, symlink, other };

struct FileStat {
  FileKind kind = FileKind::other;
  ByteCount size;
  ByteCount allocated;  // what it takes on disk (st_blocks * 512)
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t links = 0;
  std::int64_t mtime_ns = 0;  // since the epoch
  std::uint32_t mode = 0;     // permission bits
};

struct DirectoryEntry {
  std::string name;
  FileKind kind = FileKind::other;
  // Tells a file from the one that had its name before, among listings of one folder; 0: unknown.
  std::uint64_t inode = 0;
};

// A file open for writing. Nothing is durable before sync(). The destructor closes without syncing.
// Thread safety: one thread at a time.
class WritableFile {
 public:
  virtual ~WritableFile() = default;
  // Writes all of `bytes` at `offset`, or fails. Errors: no_space, io_error.
  virtual Result<void> write_at(std::uint64_t offset, std::span<const std::byte> bytes) = 0;
  virtual Result<void> truncate(std::uint64_t size) = 0;
  virtual Result<void> sync() = 0;
  // Closing tells of late write errors; further calls are io_error.
  virtual Result<void> close() = 0;
};

// A file open for reading. Thread safety: all methods from any thread.
class ReadableFile {
 public:
  virtual ~ReadableFile() = default;
  // Fills `bytes` from `offset`; fewer are returned only at the end of the file.
  virtual Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> bytes) const = 0;
  virtual Result<FileStat> stat() const = 0;
};

enum class CreateMode {
  exclusive,  // busy when something is there already
  truncate,   // replaces what is there
  append,     // opens what is there, or creates it; writing is still by offset
};

// Every call that modelhub's store makes to a file system goes through here, so that tests can drop
// unsynced writes, fill the disk or cut the power at each step. Paths are absolute or relative to
// the working directory; links are followed.
//
// Errors (all methods): not_found, busy (exists already), no_space, io_error; Subject::store; the
// message names the path.
// Thread safety:        all methods from any thread.
class FileSystem {
 public:
  virtual ~FileSystem() = default;

  virtual Result<std::unique_ptr<WritableFile>> create(const std::string& path, CreateMode mode,
                                                       std::uint32_t permissions) = 0;
  virtual Result<std::unique_ptr<ReadableFile>> open(const std::string& path) = 0;
  virtual Result<FileStat> stat(const std::string& path) = 0;
  // In no order; without "." and "..". Links are told as links, not as what they lead to.
  virtual Result<std::vector<DirectoryEntry>> list(const std::string& directory) = 0;
  // Makes missing parents as well; no error when it is there.
  virtual Result<void> make_directories(const std::string& path) = 0;
  // Makes this one alone; busy when there is something of that name, not_found without its parent.
  virtual Result<void> make_directory(const std::string& path) = 0;
  // Atomic; replaces a file that is there.
  virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
  // Atomic; busy when `to` exists.
  virtual Result<void> rename_without_replacing(const std::string& from, const std::string& to) = 0;
  // A hard link; busy when `to` exists.
  virtual Result<void> link(const std::string& from, const std::string& to) = 0;
  virtual Result<void> remove_file(const std::string& path) = 0;
  virtual Result<void> remove_empty_directory(const std::string& path) = 0;
  // Makes renames, links and removals inside durable.
  virtual Result<void> sync_directory(const std::string& path) = 0;
  // Makes everything durable that was written to the file system of `path`, by any program: one
  // step in place of a sync for each of many files. Kernels before 5.8 do not tell of write errors
  // here.
  virtual Result<void> sync_file_system(const std::string& path) = 0;
  // Whether any process has the file open for writing, this one included. False also where the file
  // system cannot tell: many network ones, and files of other users.
  virtual Result<bool> is_open_for_writing(const std::string& path) = 0;
  virtual Result<void> set_permissions(const std::string& path, std::uint32_t permissions) = 0;
  virtual Result<void> set_modification_time(const std::string& path,
                                             std::chrono::system_clock::time_point time) = 0;
  // What an ordinary user may still write on the file system of `path`.
  virtual Result<ByteCount> free_space(const std::string& path) = 0;
  // Names the run of the machine: as long as it is the same, what was written is read again, synced
  // or not. Another machine has another one. Empty where nobody can tell.
  virtual std::string boot() = 0;

  // The machine's own; lives as long as the process.
  static FileSystem& real();
};

// Compositions of the above, the same on every FileSystem.

// corrupt_data when the file is larger than `limit`: no document of ours is.
Result<std::string> read_whole_file(FileSystem& files, const std::string& path, ByteCount limit);
// Readers see the old content or the new, whole, also after a power cut: a temporary file beside it
// (`.tmp` and a unique tail), sync, rename, sync of the directory.
Result<void> write_file_atomically(FileSystem& files, const std::string& path,
                                   std::string_view content, std::uint32_t permissions);
// The same for a file that must not be there: busy when it is, whoever made it. Of two who make it
// at once one succeeds.
Result<void> write_new_file_atomically(FileSystem& files, const std::string& path,
                                       std::string_view content, std::uint32_t permissions);
// Removes a folder and what is in it; links are removed, not followed. No error when it is not
// there.
Result<void> remove_tree(FileSystem& files, const std::string& path);

// "a/b" for ("a", "b"); an empty first part gives the second.
std::string join_path(std::string_view directory, std::string_view name);
// The folder part of a path; "." when there is none.
std::string parent_path(std::string_view path);

// An Error from errno, in one place: ENOSPC and EDQUOT are no_space, ENOENT not_found, EEXIST busy,
// the rest io_error.
Error error_from_errno(int error_number, std::string_view action, const std::string& path);

}  // namespace modelhub::base
