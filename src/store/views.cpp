// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "store/views.h"

#include <algorithm>
#include <chrono>
#include <span>
#include <vector>

#include "base/hasher.h"
#include "base/owner.h"
#include "store/home.h"

namespace modelhub::store {
namespace {

constexpr std::size_t k_copy_bytes = 1024 * 1024;

Error missing_blob(const InstalledModel& model, const InstalledFile& file) {
  return {ErrorCode::corrupt_data, Subject::model,
          "'" + file.path.string() + "' of " + model.name + "@" + model.version + ":" +
              model.variant + " is missing in the store: there is no " + file.location,
          "pull the model again"};
}

}  // namespace

bool Views::is_current(const InstalledModel& model) const {
  const std::string folder = layout_.view(model.key);
  return std::all_of(model.files.begin(), model.files.end(), [&](const InstalledFile& file) {
    const auto there = files_.stat(base::join_path(folder, file.path.string()));
    const auto blob = files_.stat(file.location);
    if (!there || !blob || there->size != blob->size) return false;
    return (there->inode == blob->inode && there->device == blob->device) ||
           there->mtime_ns == blob->mtime_ns;
  });
}

Result<void> Views::build(const InstalledModel& model, const Ticket& ticket,
                          const MakeRoom& make_room) const {
  const std::string folder = layout_.view(model.key) + ".tmp" + ticket.suffix();
  Result<void> done = fill(model, folder, make_room);
  if (done) done = put_in_place(model, folder);
  if (!done) (void)base::remove_tree(files_, folder);
  return done;
}

Result<void> Views::fill(const InstalledModel& model, const std::string& folder,
                         const MakeRoom& make_room) const {
  for (const InstalledFile& file : model.files) {
    Result<bool> is_there = blobs_.has(file.sha256, file.bytes);
    if (!is_there) return std::move(is_there).error();
    if (!*is_there && !blobs_.restore(file.sha256)) return missing_blob(model, file);
    const std::string path = base::join_path(folder, file.path.string());
    if (Result<void> done = files_.make_directories(base::parent_path(path)); !done) {
      return as_write_error(std::move(done).error());
    }
    if (Result<void> done = add(file, path, make_room); !done) return done;
  }
  return {};
}

Result<void> Views::add(const InstalledFile& file, const std::string& path,
                        const MakeRoom& make_room) const {
  Result<void> linked = files_.link(file.location, path);
  if (linked) return linked;
  if (linked.error().code == ErrorCode::no_space) return linked;
  // No hard links here, too many of them, or (protected_hardlinks) not to another user's file.
  if (Result<void> done = make_room(); !done) return done;
  Result<void> copied = copy(file, path);
  if (copied || copied.error().code == ErrorCode::checksum_mismatch) return copied;
  return as_write_error(std::move(copied).error());
}

// A copy is checked while it is made: what an engine reads later is not checked again.
Result<void> Views::copy(const InstalledFile& file, const std::string& path) const {
  auto from = files_.open(file.location);
  if (!from) return std::move(from).error();
  auto to = files_.create(path, base::CreateMode::exclusive, 0666);
  if (!to) return std::move(to).error();
  base::Hasher hasher;
  std::vector<std::byte> buffer(k_copy_bytes);
  for (std::uint64_t at = 0;;) {
    Result<std::size_t> count = (*from)->read_at(at, buffer);
    if (!count) return std::move(count).error();
    if (*count == 0) break;
    const auto bytes = std::span(buffer).first(*count);
    hasher.update(bytes);
    if (Result<void> done = (*to)->write_at(at, bytes); !done) return done;
    at += *count;
  }
  if (const Digest found = hasher.finish(); found != file.sha256) {
    return Error(
        ErrorCode::checksum_mismatch, Subject::model,
        file.location + " has the SHA-256 " + found.hex() + ", expected " + file.sha256.hex(),
        "remove the model and pull it again");
  }
  // Synced, because size and time alone must be enough to believe it later.
  if (Result<void> done = (*to)->sync(); !done) return done;
  if (Result<void> done = (*to)->close(); !done) return done;
  const auto stat = (*from)->stat();
  if (!stat) return stat.error();
  if (Result<void> done = files_.set_permissions(path, stat->mode & 0444U); !done) return done;
  return files_.set_modification_time(
      path, std::chrono::system_clock::time_point(std::chrono::nanoseconds(stat->mtime_ns)));
}

Result<void> Views::put_in_place(const InstalledModel& model, const std::string& folder) const {
  const std::string place = layout_.view(model.key);
  constexpr int k_attempts = 16;  // others may build the same view at the same time
  Result<void> done;
  for (int attempt = 0; attempt < k_attempts; ++attempt) {
    done = files_.rename(folder, place);
    if (done) return done;
    if (is_current(model)) return base::remove_tree(files_, folder);
    // What is there is stale: aside with it, in one step.
    const std::string aside = place + ".tmp" + base::Owner::current().unique_suffix();
    if (files_.rename(place, aside) && !base::remove_tree(files_, aside)) {
      (void)files_.remove_file(aside);  // it was no folder
    }
  }
  return as_write_error(std::move(done).error());
}

}  // namespace modelhub::store
