// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "store/blobs.h"

#include <algorithm>
#include <memory>
#include <unordered_set>
#include <utility>

#include "base/owner.h"
#include "store/claim.h"
#include "store/manifest.h"

namespace modelhub::store {

Result<bool> Blobs::has(const Digest& digest, ByteCount bytes) const {
  Result<base::FileStat> stat = files_.stat(layout_.blob(digest));
  if (!stat) {
    if (stat.error().code == ErrorCode::not_found) return false;
    return std::move(stat).error();
  }
  return stat->kind == base::FileKind::regular && stat->size == bytes;
}

Result<BlobCheck> Blobs::check(const Digest& digest, ByteCount bytes, VerifyMode mode,
                               WriteStamps stamps, const HashProgress& progress,
                               const std::stop_token& stop) const {
  CheckOptions options;
  options.mode = mode;
  options.stamps = stamps;
  options.restores = false;
  Result<std::vector<BlobCheck>> checks = check_all({{digest, bytes}}, options, progress, stop);
  if (!checks) return std::move(checks).error();
  return std::move(checks->front());
}

bool Blobs::is_stamped(const Digest& digest, ByteCount bytes) const {
  const Result<base::FileStat> stat = files_.stat(layout_.blob(digest));
  if (!stat || stat->kind != base::FileKind::regular || stat->size != bytes) return false;
  const std::optional<ChunkRecord> record = load_chunk_record(files_, layout_, digest, bytes);
  return record && record->stamp == Stamp::of(*stat);
}

Result<bool> Blobs::put(const std::string& file, const Digest& digest, ByteCount bytes,
                        Replace replace) const {
  const std::string blob = layout_.blob(digest);
  if (replace == Replace::no) {
    Result<void> done = files_.rename_without_replacing(file, blob);
    if (done) return true;
    if (done.error().code != ErrorCode::busy) return std::move(done).error();
    Result<bool> is_there = has(digest, bytes);
    if (!is_there) return std::move(is_there).error();
    if (*is_there) return false;
  }
  if (Result<void> done = files_.rename(file, blob); !done) return std::move(done).error();
  return true;
}

Result<void> Blobs::save_stamp(const Digest& digest, ByteCount bytes,
                               std::vector<Digest> chunks) const {
  Result<base::FileStat> stat = files_.stat(layout_.blob(digest));
  if (!stat) return std::move(stat).error();
  return save_chunk_record(files_, layout_, digest, bytes, {std::move(chunks), Stamp::of(*stat)});
}

Result<void> Blobs::restore(const Digest& digest) const {
  Result<std::vector<base::DirectoryEntry>> entries = files_.list(layout_.blobs());
  if (!entries) return std::move(entries).error();
  Result<void> done =
      Error(ErrorCode::not_found, Subject::store, "there is no blob " + layout_.blob(digest));
  for (const base::DirectoryEntry& entry : *entries) {
    if (!entry.name.starts_with(layout_.removal_prefix(digest))) continue;
    done = files_.rename_without_replacing(base::join_path(layout_.blobs(), entry.name),
                                           layout_.blob(digest));
    // Durable at once: the manifest that names it may be so already.
    if (done) return sync();
    if (done.error().code == ErrorCode::busy) return {};
  }
  return done;
}

Result<std::vector<std::string>> Blobs::shared_folders() const {
  std::vector<std::string> folders;
  const Result<std::vector<base::DirectoryEntry>> entries = files_.list(layout_.staging());
  if (!entries) {
    if (entries.error().code == ErrorCode::not_found) return folders;
    return entries.error();
  }
  for (const base::DirectoryEntry& entry : *entries) {
    const std::optional<std::string_view> ticket = Layout::ticket_of_shared_folder(entry.name);
    if (ticket && !StagingName::parse(*ticket).is_abandoned())
      folders.push_back(base::join_path(layout_.staging(), entry.name));
  }
  return folders;
}

bool Blobs::is_announced(const Digest& digest, const std::vector<std::string>& shared) const {
  const bool is_small = std::any_of(shared.begin(), shared.end(), [&](const std::string& folder) {
    const Result<base::FileStat> stat = files_.stat(base::join_path(folder, digest.hex()));
    return stat || stat.error().code != ErrorCode::not_found;
  });
  if (is_small) return true;
  const Result<std::vector<base::DirectoryEntry>> entries = files_.list(layout_.staging(digest));
  if (!entries) return entries.error().code != ErrorCode::not_found;
  return std::any_of(entries->begin(), entries->end(), [](const base::DirectoryEntry& entry) {
    return entry.kind == base::FileKind::directory &&
           !StagingName::parse(entry.name).is_abandoned();
  });
}

// Announcements first: a pull withdraws its own only after its manifest is there.
std::vector<Digest> Blobs::without_named(std::vector<Digest> candidates) const {
  // A pull that begins after this finds what it wants, or that it is not there any more.
  const Result<std::vector<std::string>> shared = shared_folders();
  if (!shared) return {};
  std::erase_if(candidates, [&](const Digest& digest) { return is_announced(digest, *shared); });
  if (candidates.empty()) return candidates;
  const Result<std::unordered_set<Digest>> named = digests_named_by_manifests(files_, layout_);
  if (!named) return {};
  std::erase_if(candidates, [&named](const Digest& digest) { return named->count(digest) != 0; });
  return candidates;
}

bool Blobs::is_named(const Digest& digest) const { return without_named({digest}).empty(); }

BlobRemoval Blobs::remove_unnamed(const std::vector<Digest>& candidates) const {
  BlobRemoval removal;
  std::vector<Digest> taken;
  std::vector<std::pair<Digest, std::string>> away;
  for (const Digest& digest : without_named(candidates)) {
    std::string path = base::join_path(
        layout_.blobs(), layout_.removal_prefix(digest) + base::Owner::current().unique_suffix());
    if (Result<void> done = files_.rename(layout_.blob(digest), path); done) {
      taken.push_back(digest);
      away.emplace_back(digest, std::move(path));
    } else if (done.error().code != ErrorCode::not_found) {
      removal.failures.push_back(std::move(done).error());
    }
  }
  // Somebody may have begun to need one between the first look and the renaming. From here on
  // nobody can without seeing that it is not there.
  const std::vector<Digest> still_unnamed = without_named(std::move(taken));
  const std::unordered_set<Digest> unnamed(still_unnamed.begin(), still_unnamed.end());
  for (const auto& [digest, path] : away) {
    if (unnamed.count(digest) == 0) {
      Result<void> done = files_.rename_without_replacing(path, layout_.blob(digest));
      if (done) (void)sync();
      if (done || done.error().code != ErrorCode::busy) continue;  // gone: somebody restored it
    }
    const Result<base::FileStat> stat = files_.stat(path);
    Result<void> done = files_.remove_file(path);
    if (!done && done.error().code == ErrorCode::not_found) continue;
    if (!done) {
      removal.failures.push_back(std::move(done).error());
      // Under its own name anybody may try again, under this one only when our process has ended.
      (void)files_.rename_without_replacing(path, layout_.blob(digest));
      continue;
    }
    (void)files_.remove_file(layout_.chunk_record(digest));
    removal.removed.push_back(digest);
    if (stat && stat->links == 1) removal.freed += stat->size;
  }
  return removal;
}

}  // namespace modelhub::store
