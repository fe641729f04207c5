// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "store/publication.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "base/hasher.h"
#include "store/home.h"

namespace modelhub::store {

namespace {

// Up to so many files are synced one by one. One sync of the whole file system is faster for more,
// but it also waits for what other programs have written there.
constexpr std::size_t k_few_files = 16;
constexpr std::size_t k_copy_buffer = 1024 * 1024;

}  // namespace

Result<void> Publication::put_blobs(std::vector<StagedFile>& staged) {
  std::vector<StagedFile*> complete;
  for (StagedFile& file : staged) {
    if (file.state_ == StagedFile::State::complete) complete.push_back(&file);
  }
  if (complete.empty()) return {};
  if (Result<void> done = move_in(staged); !done) return done;
  for (StagedFile* file : complete) file->mark_present();
  return {};
}

Result<void> Publication::move_in(std::vector<StagedFile>& staged) {
  std::vector<StagedFile*> complete;
  for (StagedFile& file : staged) {
    if (file.state_ != StagedFile::State::complete) continue;
    if (Result<void> done = check_data(file); !done) return as_write_error(std::move(done).error());
    if (file.state_ == StagedFile::State::complete) complete.push_back(&file);
  }
  if (Result<void> done = make_durable(complete); !done)
    return as_write_error(std::move(done).error());
  std::vector<StagedFile*> moved;
  for (StagedFile* file : complete) {
    const Result<bool> is_moved = put(*file);
    if (!is_moved) return as_write_error(is_moved.error());
    if (*is_moved) moved.push_back(file);
  }
  if (Result<void> done = blobs_.sync(); !done) return as_write_error(std::move(done).error());
  for (StagedFile* file : complete) file->state_ = StagedFile::State::present;
  // Without a stamp the blob is hashed once more at its first verification.
  for (StagedFile* file : moved) {
    if (!file->is_stamped_)
      (void)blobs_.save_stamp(file->digest_, file->bytes_, std::move(file->chunks_));
  }
  return {};
}

Result<Manifest> Publication::run(const ModelRecord& record, std::vector<StagedFile> staged) {
  for (StagedFile& file : staged) {
    if (file.is_present()) {
      if (Result<void> done = put_back(file); !done) return as_write_error(std::move(done).error());
    } else if (file.state_ != StagedFile::State::complete) {
      return Error(
          ErrorCode::invalid_argument, Subject::model,
          file.digest_.hex() + " was staged for " + record.id.to_string() + " but never fetched");
    }
  }
  if (Result<void> done = move_in(staged); !done) return std::move(done).error();
  const Manifest manifest{record, now_};
  if (Result<void> done = write_manifest_file(manifest); !done) return std::move(done).error();
  if (Result<void> done = look_again(record.id, staged); !done) {
    (void)files_.remove_file(layout_.manifest(record.id));
    return std::move(done).error();
  }
  staged.clear();
  remove_what_nobody_names(record);
  return manifest;
}

Result<void> Publication::check_data(StagedFile& staged) const {
  const std::string data = staged.data_path();
  const Result<base::FileStat> stat = files_.stat(data);
  if (!stat && stat.error().code == ErrorCode::not_found) {
    // This process was stopped for so long that others took it for dead. They may have published.
    if (blobs_.is_stamped(staged.digest_, staged.bytes_)) {
      staged.mark_present();
      return {};
    }
    return Error(ErrorCode::io_error, Subject::store,
                 "what was fetched of " + staged.digest_.hex() + " is gone: there is no " + data,
                 "pull the model again")
        .as_retryable();
  }
  if (!stat) return stat.error();
  if (stat->size != staged.bytes_) {
    return Error(ErrorCode::corrupt_data, Subject::model,
                 data + " has " + std::to_string(stat->size.count()) + " bytes, expected " +
                     std::to_string(staged.bytes_.count()),
                 "pull the model again");
  }
  if (!staged.is_adopted_) return {};
  const Result<bool> is_open = files_.is_open_for_writing(data);
  if (!is_open) return is_open.error();
  if (!*is_open) return {};
  area_.warn(data + " is still open for writing somewhere; a copy of it is published");
  return replace_by_copy(staged);
}

// A file of our own with the same bytes, hashed once more: what came after the first hashing may be
// in the old one.
Result<void> Publication::replace_by_copy(const StagedFile& staged) const {
  const std::string copy = staged.data_path() + ".copy";
  const auto from = files_.open(staged.data_path());
  if (!from) return from.error();
  const auto to = files_.create(copy, base::CreateMode::truncate, 0666);
  if (!to) return to.error();
  base::Hasher hasher;
  std::vector<std::byte> buffer(k_copy_buffer);
  for (std::uint64_t at = 0;;) {
    const Result<std::size_t> count = (*from)->read_at(at, buffer);
    if (!count) return count.error();
    if (*count == 0) break;
    const auto bytes = std::span(buffer).first(*count);
    hasher.update(bytes);
    if (Result<void> done = (*to)->write_at(at, bytes); !done) return done;
    at += *count;
  }
  if (Result<void> done = (*to)->close(); !done) return done;
  if (const Digest found = hasher.finish(); found != staged.digest_) {
    return Error(ErrorCode::checksum_mismatch, Subject::model,
                 staged.data_path() + " was changed after it was fetched: it has the SHA-256 " +
                     found.hex() + ", expected " + staged.digest_.hex(),
                 "pull the model again")
        .as_retryable();
  }
  return files_.rename(copy, staged.data_path());
}

Result<void> Publication::make_durable(const std::vector<StagedFile*>& complete) {
  const bool is_few = complete.size() <= k_few_files;
  for (const StagedFile* file : complete) {
    if (is_few) {
      if (Result<void> done = sync_file(file->data_path()); !done) return done;
    }
    if (Result<void> done = make_read_only(*file); !done) return done;
  }
  return is_few ? Result<void>() : files_.sync_file_system(layout_.staging());
}

Result<void> Publication::sync_file(const std::string& data) const {
  Result<std::unique_ptr<base::WritableFile>> file =
      files_.create(data, base::CreateMode::append, 0666);
  if (!file) return std::move(file).error();
  if (Result<void> done = (*file)->sync(); !done) return done;
  return (*file)->close();
}

// The folder was made under the process's umask, which nobody can read without changing it: a
// shared home stays readable for its group, a private one for its owner.
Result<void> Publication::make_read_only(const StagedFile& staged) {
  if (!folder_mode_ || staged.is_adopted_) {
    const Result<base::FileStat> folder = files_.stat(staged.folder_);
    if (!folder) return folder.error();
    if (staged.is_adopted_) return files_.set_permissions(staged.data_path(), folder->mode & 0444U);
    folder_mode_ = folder->mode;
  }
  return files_.set_permissions(staged.data_path(), *folder_mode_ & 0444U);
}

Result<bool> Publication::put(const StagedFile& staged) const {
  // Another repair may have been faster.
  const bool replaces = staged.damaged_ && !blobs_.is_stamped(staged.digest_, staged.bytes_);
  if (replaces) quarantine(staged);
  const std::string data = staged.data_path();
  Result<bool> is_moved = blobs_.put(data, staged.digest_, staged.bytes_,
                                     replaces ? Blobs::Replace::yes : Blobs::Replace::no);
  if (is_moved && !*is_moved) (void)files_.remove_file(data);  // there are the same bytes already
  return is_moved;
}

// A present blob may have been taken away by a removal that has not yet seen our announcement.
// Whoever is first puts it back, perhaps between our looks.
Result<void> Publication::put_back(const StagedFile& staged) const {
  constexpr int k_attempts = 1000;
  Error error;
  for (int attempt = 0; attempt < k_attempts; ++attempt) {
    Result<bool> is_there = blobs_.has(staged.digest_, staged.bytes_);
    if (!is_there) return std::move(is_there).error();
    if (*is_there || blobs_.restore(staged.digest_)) return {};
    Result<bool> done =
        blobs_.put(staged.hold_path(), staged.digest_, staged.bytes_, Blobs::Replace::no);
    if (done) return {};
    error = std::move(done).error();
    if (error.code != ErrorCode::not_found) break;  // else there was no second link to put there
  }
  return error;
}

// Keeps a damaged blob for a while when no part of it could be used for the new one: then nobody
// knows what is wrong with it. Saves nothing that is needed, so failures are passed over.
void Publication::quarantine(const StagedFile& staged) const {
  const std::string blob = layout_.blob(staged.digest_);
  const auto is_blob = [&blob](const PartialSeed& seed) { return seed.data == blob; };
  if (std::any_of(staged.seeds_.begin(), staged.seeds_.end(), is_blob)) return;
  const std::string place = layout_.quarantine(staged.digest_, now_);
  if (!files_.make_directories(layout_.quarantine())) return;
  // A link leaves the blob in its place until the new one takes it.
  if (!files_.link(blob, place) && !files_.rename_without_replacing(blob, place)) return;
  area_.warn("what was damaged in " + blob + " is kept for a while as " + place);
}

Result<void> Publication::write_manifest_file(const Manifest& manifest) {
  const std::string path = layout_.manifest(manifest.record.id);
  Result<std::string> previous = base::read_whole_file(files_, path, k_max_manifest);
  if (previous) {
    const Result<Manifest> old = parse_manifest(*previous, path);
    if (!old && old.error().code == ErrorCode::unsupported) return old.error();
    previous_ = *std::move(previous);
  }
  Result<std::string> text = write_manifest(manifest, previous_);
  if (!text) return std::move(text).error();
  Result<void> done = base::write_file_atomically(files_, path, *text, 0666);
  if (!done) return as_write_error(std::move(done).error());
  return {};
}

Result<void> Publication::look_again(const ModelId& id,
                                     const std::vector<StagedFile>& staged) const {
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
                   layout_.blob(file.digest_) + " vanished while " + id.to_string() +
                       " was published",
                   "pull the model again")
          .as_retryable();
    }
  }
  return {};
}

void Publication::remove_what_nobody_names(const ModelRecord& record) const {
  std::unordered_set<Digest> digests;
  collect_digests(previous_, digests);
  digests.erase(record.key());
  for (const RecordedFile& file : record.files) digests.erase(file.sha256);
  for (const Digest& digest : digests) {  // among them the key of what was replaced
    (void)base::remove_tree(files_, layout_.view(digest));
    (void)files_.remove_file(layout_.use(digest));
  }
  // A removal of this model that came while our announcements stood has left its blobs to us.
  const Result<base::FileStat> manifest = files_.stat(layout_.manifest(record.id));
  if (!manifest && manifest.error().code == ErrorCode::not_found) {
    for (const RecordedFile& file : record.files) digests.insert(file.sha256);
  }
  std::erase_if(digests,
                [this](const Digest& digest) { return !files_.stat(layout_.blob(digest)); });
  (void)blobs_.remove_unnamed({digests.begin(), digests.end()});
}

}  // namespace modelhub::store
