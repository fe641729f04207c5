// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "store/derived.h"

#include <algorithm>
#include <cctype>
#include <utility>
#include <vector>

#include "base/fork_generation.h"
#include "store/home.h"

namespace modelhub::store {
namespace {

// What a file system takes for a name, with the tail that it has while it is made.
constexpr std::size_t k_longest_name = 128;

// Of the files in a folder; a folder of ours has no others below it.
Result<ByteCount> bytes_in(base::FileSystem& files, const std::string& folder) {
  const Result<std::vector<base::DirectoryEntry>> entries = files.list(folder);
  if (!entries) return entries.error();
  ByteCount sum;
  for (const base::DirectoryEntry& entry : *entries) {
    const Result<base::FileStat> stat = files.stat(base::join_path(folder, entry.name));
    if (!stat) return stat.error();
    sum += round_to_blocks(stat->size);
  }
  return sum;
}

}  // namespace

DerivedFolder::DerivedFolder(base::FileSystem& files, std::string path)
    : files_(&files), path_(std::move(path)) {}

DerivedFolder::DerivedFolder(base::FileSystem& files, std::string path, std::string kept_path,
                             Reservation reservation)
    : files_(&files),
      path_(std::move(path)),
      kept_path_(std::move(kept_path)),
      reservation_(std::move(reservation)),
      fork_generation_(base::fork_generation()) {}

DerivedFolder::DerivedFolder(DerivedFolder&& other) noexcept
    : files_(other.files_),
      path_(std::move(other.path_)),
      kept_path_(std::exchange(other.kept_path_, {})),
      reservation_(std::move(other.reservation_)),
      fork_generation_(other.fork_generation_) {}

DerivedFolder::~DerivedFolder() { discard(); }

void DerivedFolder::discard() {
  if (kept_path_.empty() || fork_generation_ != base::fork_generation()) return;
  kept_path_.clear();
  (void)base::remove_tree(*files_, path_);  // what stays goes when this process has ended
  reservation_.release();
}

Result<void> DerivedFolder::keep() {
  if (kept_path_.empty()) return {};
  const Result<ByteCount> bytes = bytes_in(*files_, path_);
  if (!bytes) return bytes.error();
  if (bytes->count() == 0) {
    discard();
    return {};
  }
  if (*bytes > reservation_.bytes()) {
    Error error(ErrorCode::no_space, Subject::store,
                kept_path_ + " would take " + bytes->to_string() + "; reserved were " +
                    reservation_.bytes().to_string());
    discard();
    return error;
  }
  if (Result<void> done = files_->rename(path_, kept_path_); !done) {
    std::string other = kept_path_;
    const bool has_other = files_->stat(other).has_value();
    discard();
    if (has_other) {
      path_ = std::move(other);
      return {};
    }
    return as_write_error(std::move(done).error());
  }
  path_ = std::exchange(kept_path_, {});
  reservation_.release();
  return {};
}

Result<void> DerivedFolders::check_name(std::string_view name) {
  const bool is_good = !name.empty() && name.size() <= k_longest_name && name.front() != '.' &&
                       name.find(".tmp.") == std::string_view::npos &&
                       std::all_of(name.begin(), name.end(), [](unsigned char c) {
                         return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_';
                       });
  if (is_good) return {};
  return Error(ErrorCode::invalid_argument, Subject::store,
               "'" + std::string(name) + "' cannot be the name of a folder in derived/");
}

std::optional<DerivedFolder> DerivedFolders::find(std::string_view name, bool is_writable) const {
  const std::string path = layout_.derived(name);
  const Result<base::FileStat> stat = files_.stat(path);
  if (!stat || stat->kind != base::FileKind::directory) return std::nullopt;
  if (is_writable) {
    // An empty one is as good as none, and a new one's size is reserved.
    if (files_.remove_empty_directory(path)) return std::nullopt;
    (void)files_.set_modification_time(path, clock_.system_now());
  }
  return DerivedFolder(files_, path);
}

Result<DerivedFolder> DerivedFolders::make(std::string_view name, ByteCount bytes) const {
  const Ticket ticket;
  Result<Reservation> reservation = reserver_.try_reserve(ticket, bytes);
  if (!reservation) return std::move(reservation).error();
  DerivedFolder folder(files_, layout_.derived(name, ticket), layout_.derived(name),
                       *std::move(reservation));
  if (Result<void> done = files_.make_directories(folder.path()); !done)
    return as_write_error(std::move(done).error());
  return folder;
}

}  // namespace modelhub::store
