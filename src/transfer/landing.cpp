// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "transfer/landing.h"

#include <algorithm>
#include <utility>

#include "base/hasher.h"

namespace modelhub::transfer {
namespace {

// A journal is begun after so much, and nothing more is taken when it still is not written after
// the second. With what is on its way in the connections that keeps what a kill can cost below
// 16 MiB.
constexpr std::uint64_t k_journal_step = 6 * 1024 * 1024;
constexpr std::uint64_t k_journal_limit = 12 * 1024 * 1024;
// So far the one that waits for the disk may be behind where there is another for a kill: what
// comes during one sync goes into the next, and the network does not wait for each of them.
constexpr std::uint64_t k_unsynced_limit = 128 * 1024 * 1024;

// The store gives a blob its final permissions when it publishes it.
constexpr std::uint32_t k_data_permissions = 0644;

}  // namespace

Landing::Landing(base::FileSystem& files, const FetchRequest& request, const Workers& workers,
                 std::shared_ptr<void> lease)
    : files_(files),
      workers_(workers),
      path_(request.path_of(request.unpack ? "archive" : "data")),
      journal_path_(request.path_of("journal")),
      boot_(request.bytes.count() > k_journal_limit ? files.boot() : std::string()),
      is_published_(!request.unpack),
      digest_(request.digest),
      bytes_(request.bytes.count()),
      seeds_(request.seeds),
      lease_(std::move(lease)),
      frontier_(files, path_, bytes_, workers.wake) {}

// ---- what is there already ----

void Landing::adopt() {
  if (!digest_) return;
  // Nothing to look at is the ordinary case, and not worth a task.
  if (seeds_.empty() && !has_journal(files_, journal_path_)) return;
  is_adopting_.store(true, std::memory_order_release);
  workers_.hashers.post([self = shared_from_this()] {
    if (const Result<Journal> journal = load_journal(self->files_, self->journal_path_)) {
      self->adopt_own(*journal);
    }
    for (const Seed& seed : self->seeds_) self->adopt_seed(seed);
    self->frontier_.claim(self->claims_);
    self->is_adopting_.store(false, std::memory_order_release);
    self->workers_.wake();
  });
}

// Nothing is hashed here: the frontier does that for all the claims while the rest is fetched.
void Landing::adopt_own(const Journal& journal) {
  if (journal.digest != digest_ || journal.bytes.count() != bytes_) return;
  const Result<base::FileStat> stat = files_.stat(path_);
  if (!stat || stat->kind != base::FileKind::regular) return;
  const std::uint64_t size = stat->size.count();
  for (const auto& [index, digest] : journal.chunks) {
    const ByteRange range = chunk_range(index, bytes_);
    if (range.to > size) continue;
    take_over(range);
    claims_.emplace(index, digest);
  }
  for (const auto& [from, to] : journal.unproved.ranges()) {
    const ByteRange range{from, std::min(to, size)};
    if (range.is_empty()) continue;
    unproved_.add(range);
    take_over(range);
  }
  for (const auto& [index, digest] : claims_) unproved_.remove(chunk_range(index, bytes_));
  if (present_.is_empty()) return;
  source_ = journal.source;
  validator_ = journal.validator;
}

void Landing::take_over(ByteRange range) {
  present_.add(range);
  old_.add(range);
  reused_.add(range);
}

void Landing::adopt_seed(const Seed& seed) {
  std::map<std::size_t, Digest> wanted;
  if (seed.chunks.size() == chunk_count(bytes_)) {
    for (std::size_t i = 0; i < seed.chunks.size(); ++i) wanted.emplace(i, seed.chunks[i]);
  } else if (!seed.journal.empty()) {
    const Result<Journal> journal = load_journal(files_, seed.journal);
    if (journal && journal->digest == digest_ && journal->bytes.count() == bytes_) {
      wanted = journal->chunks;
    }
  }
  if (wanted.empty()) return;
  Result<std::unique_ptr<base::ReadableFile>> file = files_.open(seed.data);
  if (!file) return;
  std::vector<std::byte> chunk(std::min(k_chunk_bytes, bytes_));
  base::Hasher hasher;
  for (const auto& [index, digest] : wanted) {
    if (is_stopping_.load(std::memory_order_relaxed) || error_) return;
    const ByteRange range = chunk_range(index, bytes_);
    if (present_.contains(range)) continue;
    const std::span<std::byte> room = std::span(chunk).first(range.size());
    const Result<std::size_t> count = (*file)->read_at(range.from, room);
    if (!count || *count != room.size()) continue;
    hasher.update(room);
    if (hasher.finish() != digest) continue;
    Result<void> done = open();
    if (done) done = file_->write_at(range.from, room);
    if (!done) {
      error_ = std::move(done).error();
      return;
    }
    unproved_.remove(range);
    take_over(range);
    claims_.insert_or_assign(index, digest);
    wants_journal_ = true;
  }
}

// ---- bytes ----

Result<void> Landing::open() {
  if (file_) return {};
  const auto mode = present_.is_empty() ? base::CreateMode::truncate : base::CreateMode::append;
  Result<std::unique_ptr<base::WritableFile>> file = files_.create(path_, mode, k_data_permissions);
  if (!file) return std::move(file).error();
  file_ = *std::move(file);
  // What lies behind the end was never a part of the wanted file.
  const Result<base::FileStat> stat = files_.stat(path_);
  if (stat && stat->kind == base::FileKind::regular && stat->size.count() > bytes_) {
    return file_->truncate(bytes_);
  }
  return {};
}

Result<void> Landing::write(std::uint64_t at, std::span<const std::byte> bytes) {
  if (bytes.size() > bytes_ || at > bytes_ - bytes.size()) {
    return Error(ErrorCode::internal, Subject::store, "a write beyond the end of " + path_);
  }
  if (Result<void> done = open(); !done) return done;
  if (Result<void> done = file_->write_at(at, bytes); !done) return done;
  present_.add({at, at + bytes.size()});
  came_ += bytes.size();
  // A small file is hashed while its bytes are at hand: nobody has to be woken up for it.
  if (is_small()) {
    if (frontier_.reached() == at) frontier_.take(bytes);
    return {};
  }
  // Between two steps more may come from many connections than may be without a journal.
  hash_more();
  journal_more();
  return {};
}

std::uint64_t Landing::window_end() const {
  // What is old lies on the disk anyway: new bytes need not wait until it was read.
  return old_.end_of_run(reached_) + k_window_bytes;
}

bool Landing::may_take(std::uint64_t at) const {
  if (at >= window_end()) return false;
  if (!digest_) return true;
  const std::uint64_t unsynced = came_since(synced_.load(std::memory_order_acquire));
  if (boot_.empty()) return unsynced < k_journal_limit;
  const std::uint64_t unnoted = came_since(noted_.load(std::memory_order_acquire));
  return unnoted < k_journal_limit && unsynced < k_unsynced_limit;
}

// ---- where they come from ----

std::string Landing::validator_of(const std::string& shown) const {
  return shown == source_ ? validator_ : std::string();
}

void Landing::set_validator(const std::string& shown, std::string validator) {
  source_ = shown;
  validator_ = std::move(validator);
}

void Landing::turn_old() {
  for (const auto& [from, to] : present_.ranges()) old_.add({from, to});
}

Result<void> Landing::forget_all() {
  if (present_.is_empty()) return {};
  const ByteRanges all = present_;
  forget(all);
  rehash();
  if (!file_) return {};
  return file_->truncate(0);
}

Result<void> Landing::forget_new() {
  ByteRanges fresh = present_;
  fresh.remove(old_);
  if (old_.is_empty()) return forget_all();
  if (fresh.is_empty()) return {};
  forget(fresh);
  rehash();
  return {};
}

void Landing::forget(const ByteRanges& ranges) {
  present_.remove(ranges);
  old_.remove(ranges);
  unproved_.remove(ranges);
  reused_.remove(ranges);
  std::erase_if(claims_, [&](const auto& claim) {
    return !present_.contains(chunk_range(claim.first, bytes_));
  });
  wants_journal_ = !present_.is_empty();
}

void Landing::rehash() {
  ++setbacks_;
  frontier_.restart();
  frontier_.claim(claims_);
  reached_ = 0;
}

// ---- hashes ----

Landing::News Landing::step() {
  News news;
  if (is_adopting()) return news;
  const bool is_syncing = syncs_.load(std::memory_order_acquire) > 0;
  hash_more();
  Frontier::News found = frontier_.take_news();
  reached_ = found.reached;
  if (found.refuted) {
    ++setbacks_;
    ByteRanges chunk;
    chunk.add(chunk_range(*found.refuted, bytes_));
    forget(chunk);
  }
  news.error = error_ ? std::move(error_) : std::move(found.error);
  if (!news.error) {
    std::lock_guard lock(mutex_);
    news.error = std::exchange(sync_error_, std::nullopt);
  }
  // What a sync that still runs has to tell, no later one would.
  const bool may_tell = !news.error && !found.is_running && !is_syncing;
  if (may_tell && is_complete()) news.whole = found.whole;
  journal_more();
  if (is_complete() && !is_syncing && !found.whole) sync_while_hashing();
  return news;
}

void Landing::hash_more() {
  frontier_.allow(present_.end_of_run(0));
  if (!frontier_.try_begin()) return;
  if (!is_small()) return post_hash();
  while (frontier_.run()) {
  }
}

void Landing::post_hash() {
  workers_.hashers.post([self = shared_from_this()] {
    if (self->frontier_.run()) self->post_hash();
  });
}

bool Landing::doubt() {
  const ByteRanges doubtful = unproved_.is_empty() ? old_ : unproved_;
  if (doubtful.is_empty()) return false;
  forget(doubtful);
  rehash();
  return true;
}

std::vector<Digest> Landing::chunks() const {
  return is_small() ? std::vector<Digest>() : frontier_.chunks();
}

// ---- the journal ----

Journal Landing::journal() const {
  Journal journal{*digest_, ByteCount(bytes_), source_, validator_, claims_, present_};
  const std::vector<Digest> hashed = frontier_.chunks();
  for (std::size_t i = 0; i < hashed.size(); ++i) {
    if (present_.contains(chunk_range(i, bytes_))) journal.chunks.insert_or_assign(i, hashed[i]);
  }
  for (const auto& [index, digest] : journal.chunks) {
    journal.unproved.remove(chunk_range(index, bytes_));
  }
  return journal;
}

// Of what is present, no more than all: some may have been forgotten since.
std::uint64_t Landing::came_since(std::uint64_t mark) const {
  return std::min(came_ - mark, present_.total());
}

void Landing::journal_more() {
  if (!digest_) return;
  // The last bytes are whole sooner than a journal of them would be of use.
  const auto is_worth_it = [&](std::uint64_t mark) {
    const std::uint64_t came = came_since(mark);
    return came >= k_journal_step && bytes_ - (present_.total() - came) > k_journal_limit;
  };
  const bool may_sync = syncs_.load(std::memory_order_acquire) == 0;
  if (may_sync && (wants_journal_ || is_worth_it(synced_.load(std::memory_order_relaxed))))
    post_lasting();
  const bool may_note = !boot_.empty() && notes_.load(std::memory_order_acquire) == 0;
  if (may_note && is_worth_it(noted_.load(std::memory_order_relaxed))) post_passing();
}

// Who publishes the whole syncs it first, and finds little left to wait for.
void Landing::sync_while_hashing() {
  const bool has_more = came_since(synced_.load(std::memory_order_relaxed)) > 0;
  if (is_published_ && !is_small() && has_more) post_sync(std::nullopt);
}

void Landing::post_lasting() {
  wants_journal_ = false;
  post_sync(journal());
}

void Landing::post_sync(std::optional<Journal> journal) {
  syncs_.fetch_add(1, std::memory_order_relaxed);
  workers_.syncer.post([self = shared_from_this(), journal = std::move(journal), came = came_] {
    if (Result<bool> synced = self->sync_data(); !synced) {
      std::lock_guard lock(self->mutex_);
      self->sync_error_ = std::move(synced).error();
    } else if (*synced && journal) {
      // One that cannot be written is done without: it only saves work, and the next one may do.
      (void)save_journal(self->files_, self->journal_path_, *journal);
    }
    self->synced_.store(came, std::memory_order_release);
    self->syncs_.fetch_sub(1, std::memory_order_release);
    self->workers_.wake();
  });
}

void Landing::post_passing() {
  Journal passing = journal();
  passing.boot = boot_;
  notes_.fetch_add(1, std::memory_order_relaxed);
  workers_.hashers.post([self = shared_from_this(), journal = std::move(passing), came = came_,
                         turn = passing_turn_++] {
    // As the other one: done without where it cannot be written.
    (void)save_passing_journal(self->files_, self->journal_path_, journal, turn);
    self->noted_.store(came, std::memory_order_release);
    self->notes_.fetch_sub(1, std::memory_order_release);
    self->workers_.wake();
  });
}

// Whether all that was written is on the disk. Errors: some of it never will be, and no later sync
// would say so.
Result<bool> Landing::sync_data() {
  // A descriptor of its own: the loop goes on writing through the other.
  Result<std::unique_ptr<base::WritableFile>> data =
      files_.create(path_, base::CreateMode::append, k_data_permissions);
  if (!data) return false;
  if (Result<void> synced = (*data)->sync(); !synced) return std::move(synced).error();
  (void)(*data)->close();
  return true;
}

// ---- how it ends ----

Result<void> Landing::close() {
  if (!file_) return {};
  Result<void> closed = file_->close();
  file_.reset();
  return closed;
}

void Landing::keep() {
  is_stopping_.store(true, std::memory_order_relaxed);
  frontier_.stop();
  // What the journal of an earlier fetch says still holds.
  if (is_adopting()) return;
  file_.reset();
  if (present_.is_empty() || !digest_) return remove();
  post_lasting();
}

void Landing::remove() {
  is_stopping_.store(true, std::memory_order_relaxed);
  frontier_.stop();
  file_.reset();
  if (is_idle()) return remove_files();
  syncs_.fetch_add(1, std::memory_order_relaxed);
  workers_.syncer.post([self = shared_from_this()] {
    self->remove_files();
    self->syncs_.fetch_sub(1, std::memory_order_release);
    self->workers_.wake();
  });
}

void Landing::remove_files() {
  // Not there, or not removable: the first error is the one to tell, and nobody takes the bytes
  // for right.
  (void)files_.remove_file(path_);
  remove_journals(files_, journal_path_);
}

}  // namespace modelhub::transfer
