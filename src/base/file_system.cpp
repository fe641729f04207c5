// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "base/file_system.h"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "base/owner.h"

namespace modelhub::base {

Error error_from_errno(int error_number, std::string_view action, const std::string& path) {
  ErrorCode code = ErrorCode::io_error;
  std::string hint;
  switch (error_number) {
    case ENOENT: code = ErrorCode::not_found; break;
    case EEXIST: code = ErrorCode::busy; break;
    case ENOSPC:
    case EDQUOT:
      code = ErrorCode::no_space;
      hint =
          "free some space on that file system, or choose another home with --home or "
          "MODELHUB_HOME";
      break;
    case EACCES:
    case EPERM:
    case EROFS: hint = "choose a home that can be written with --home or MODELHUB_HOME"; break;
    default: break;
  }
  return {code, Subject::store,
          "cannot " + std::string(action) + " " + path + ": " +
              std::generic_category().message(error_number),
          hint};
}

Result<std::string> read_whole_file(FileSystem& files, const std::string& path, ByteCount limit) {
  Result<std::unique_ptr<ReadableFile>> file = files.open(path);
  if (!file) return std::move(file).error();
  Result<FileStat> stat = (*file)->stat();
  if (!stat) return std::move(stat).error();
  if (stat->kind == FileKind::directory) return error_from_errno(EISDIR, "read", path);
  if (stat->size > limit) {
    return Error(ErrorCode::corrupt_data, Subject::store,
                 path + " has " + stat->size.to_string() + ", more than the " + limit.to_string() +
                     " it may have");
  }
  std::string content(stat->size.count(), '\0');
  Result<std::size_t> count =
      (*file)->read_at(0, std::as_writable_bytes(std::span(content.data(), content.size())));
  if (!count) return std::move(count).error();
  content.resize(*count);
  return content;
}

namespace {

// How the temporary file comes to its name.
using Place = Result<void> (FileSystem::*)(const std::string& from, const std::string& to);

Result<void> write_beside(FileSystem& files, const std::string& path, std::string_view content,
                          std::uint32_t permissions, Place place) {
  const std::string temporary = path + ".tmp" + Owner::current().unique_suffix();
  const auto write = [&]() -> Result<void> {
    Result<std::unique_ptr<WritableFile>> file =
        files.create(temporary, CreateMode::exclusive, permissions);
    if (!file) return std::move(file).error();
    if (Result<void> done =
            (*file)->write_at(0, std::as_bytes(std::span(content.data(), content.size())));
        !done) {
      return done;
    }
    if (Result<void> done = (*file)->sync(); !done) return done;
    if (Result<void> done = (*file)->close(); !done) return done;
    return (files.*place)(temporary, path);
  };
  if (Result<void> done = write(); !done) {
    (void)files.remove_file(temporary);  // litter at most; the first error is the one to tell
    return done;
  }
  return files.sync_directory(parent_path(path));
}

}  // namespace

Result<void> write_file_atomically(FileSystem& files, const std::string& path,
                                   std::string_view content, std::uint32_t permissions) {
  return write_beside(files, path, content, permissions, &FileSystem::rename);
}

Result<void> write_new_file_atomically(FileSystem& files, const std::string& path,
                                       std::string_view content, std::uint32_t permissions) {
  return write_beside(files, path, content, permissions, &FileSystem::rename_without_replacing);
}

namespace {

// Whether `path` itself is a symbolic link: stat() follows links, the folder's listing does not.
bool is_symlink(FileSystem& files, const std::string& path) {
  const Result<std::vector<DirectoryEntry>> siblings = files.list(parent_path(path));
  if (!siblings) return false;
  const std::string name = path.substr(path.rfind('/') + 1);
  return std::any_of(siblings->begin(), siblings->end(), [&](const DirectoryEntry& entry) {
    return entry.name == name && entry.kind == FileKind::symlink;
  });
}

// REQUIRES: `path` is a folder, and not a link to one.
Result<void> remove_folder(FileSystem& files, const std::string& path) {
  Result<std::vector<DirectoryEntry>> entries = files.list(path);
  if (!entries) return std::move(entries).error();
  for (const DirectoryEntry& entry : *entries) {
    const std::string child = join_path(path, entry.name);
    Result<void> removed =
        entry.kind == FileKind::directory ? remove_folder(files, child) : files.remove_file(child);
    // Somebody else may be removing the same tree.
    if (!removed && removed.error().code != ErrorCode::not_found) return removed;
  }
  return files.remove_empty_directory(path);
}

}  // namespace

Result<void> remove_tree(FileSystem& files, const std::string& path) {
  std::string folder = path;
  while (folder.size() > 1 && folder.back() == '/') folder.pop_back();
  Result<void> removed =
      is_symlink(files, folder) ? files.remove_file(folder) : remove_folder(files, folder);
  if (!removed && removed.error().code == ErrorCode::not_found) return {};
  return removed;
}

std::string join_path(std::string_view directory, std::string_view name) {
  if (directory.empty()) return std::string(name);
  std::string path(directory);
  if (path.back() != '/') path += '/';
  return path += name;
}

std::string parent_path(std::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return std::string(slash == 0 ? "/" : path.substr(0, slash));
}

}  // namespace modelhub::base
