// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "store/publication.h"

#include <unordered_set>
#include <utility>

#include "store/home.h"

namespace modelhub::store {

Result<Manifest> Publication::run(std::vector<StagedFile> staged) {
  for (const StagedFile& file : staged) {
    if (Result<void> done = make_durable(file); !done)
      return as_write_error(std::move(done).error());
  }
  for (const StagedFile& file : staged) {
    if (Result<void> done = put(file); !done) return as_write_error(std::move(done).error());
  }
  if (Result<void> done = blobs_.sync(); !done) return as_write_error(std::move(done).error());
  if (Result<void> done = write_manifest_file(); !done) return std::move(done).error();
  if (Result<void> done = look_again(staged); !done) {
    (void)files_.remove_file(layout_.manifest(manifest_.record.id));
    return std::move(done).error();
  }
  for (StagedFile& file : staged) {
    // Without a stamp the blob is hashed once more at its first verification.
    if (file.state_ == StagedFile::State::complete) {
      (void)blobs_.save_stamp(file.digest_, file.bytes_, std::move(file.chunks_));
    }
  }
  staged.clear();
  remove_what_nobody_names();
  return manifest_;
}

Result<void> Publication::make_durable(const StagedFile& staged) const {
  if (staged.is_present()) return {};
  if (staged.state_ != StagedFile::State::complete) {
    return Error(ErrorCode::invalid_argument, Subject::model,
                 staged.digest_.hex() + " was staged for " + manifest_.record.id.to_string() +
                     " but never fetched");
  }
  const std::string data = staged.data_path();
  Result<base::FileStat> stat = files_.stat(data);
  if (!stat) return std::move(stat).error();
  if (stat->size != staged.bytes_) {
    return Error(ErrorCode::corrupt_data, Subject::model,
                 data + " has " + std::to_string(stat->size.count()) + " bytes, expected " +
                     std::to_string(staged.bytes_.count()),
                 "pull the model again");
  }
  Result<std::unique_ptr<base::WritableFile>> file =
      files_.create(data, base::CreateMode::append, 0666);
  if (!file) return std::move(file).error();
  if (Result<void> done = (*file)->sync(); !done) return done;
  if (Result<void> done = (*file)->close(); !done) return done;
  // The folder was made under the process's umask, which nobody can read without changing it: a
  // shared home stays readable for its group, a private one for its owner.
  const Result<base::FileStat> folder = files_.stat(staged.folder_);
  if (!folder) return folder.error();
  return files_.set_permissions(data, folder->mode & 0444U);
}

Result<void> Publication::put(const StagedFile& staged) const {
  if (!staged.is_present()) {
    return blobs_.put(staged.data_path(), staged.digest_, staged.bytes_,
                      staged.replaces_damaged_ ? Blobs::Replace::yes : Blobs::Replace::no);
  }
  Result<bool> is_there = blobs_.has(staged.digest_, staged.bytes_);
  if (!is_there) return std::move(is_there).error();
  if (*is_there) return {};
  // A removal has taken it away and not yet seen our announcement. Whoever is first puts it back.
  if (blobs_.restore(staged.digest_)) return {};
  return blobs_.put(staged.hold_path(), staged.digest_, staged.bytes_, Blobs::Replace::no);
}

Result<void> Publication::write_manifest_file() {
  const std::string path = layout_.manifest(manifest_.record.id);
  Result<std::string> previous = base::read_whole_file(files_, path, k_max_manifest);
  if (previous) {
    const Result<Manifest> old = parse_manifest(*previous, path);
    if (!old && old.error().code == ErrorCode::unsupported) return old.error();
    previous_ = *std::move(previous);
  }
  Result<std::string> text = write_manifest(manifest_, previous_);
  if (!text) return std::move(text).error();
  Result<void> done = base::write_file_atomically(files_, path, *text, 0666);
  if (!done) return as_write_error(std::move(done).error());
  return {};
}

Result<void> Publication::look_again(const std::vector<StagedFile>& staged) const {
  for (const StagedFile& file : staged) {
    // A removal that looked before our announcement may hold the blob for a moment, and gives it
    // back itself.
    constexpr int k_attempts = 1000;
    Result<bool> is_there = false;
    for (int attempt = 0; attempt < k_attempts; ++attempt) {
      is_there = blobs_.has(file.digest_, file.bytes_);
      if (!is_there) return std::move(is_there).error();
      if (*is_there) break;
      (void)blobs_.restore(file.digest_);
    }
    if (!*is_there) {
      return Error(ErrorCode::busy, Subject::store,
                   layout_.blob(file.digest_) + " vanished while " +
                       manifest_.record.id.to_string() + " was published",
                   "pull the model again")
          .as_retryable();
    }
  }
  return {};
}

void Publication::remove_what_nobody_names() const {
  std::unordered_set<Digest> digests;
  collect_digests(previous_, digests);
  digests.erase(manifest_.record.key());
  for (const RecordedFile& file : manifest_.record.files) digests.erase(file.sha256);
  for (const Digest& digest : digests) {  // among them the key of what was replaced
    (void)base::remove_tree(files_, layout_.view(digest));
    (void)files_.remove_file(layout_.use(digest));
  }
  // A removal of this model that came while our announcements stood has left its blobs to us.
  const Result<base::FileStat> manifest = files_.stat(layout_.manifest(manifest_.record.id));
  if (!manifest && manifest.error().code == ErrorCode::not_found) {
    for (const RecordedFile& file : manifest_.record.files) digests.insert(file.sha256);
  }
  std::erase_if(digests,
                [this](const Digest& digest) { return !files_.stat(layout_.blob(digest)); });
  (void)blobs_.remove_unnamed({digests.begin(), digests.end()});
}

}  // namespace modelhub::store
