// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "store/staging.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/fork_generation.h"
#include "base/owner.h"
#include "store/home.h"

namespace modelhub::store {
namespace {

constexpr std::string_view k_data = "data";
constexpr std::string_view k_journal = "journal";
constexpr std::string_view k_progress = "progress";
constexpr ByteCount k_max_sign(1024);

std::string text_or_nothing(base::FileSystem& files, const std::string& path) {
  return base::read_whole_file(files, path, k_max_sign).value_or("");
}

}  // namespace

StagingArea::StagingArea(Layout layout_of_home, base::FileSystem& file_system,
                         const base::Clock& a_clock, std::chrono::milliseconds how_long,
                         LogSink log)
    : layout(std::move(layout_of_home)),
      files(file_system),
      clock(a_clock),
      patience(how_long),
      blobs(layout, files),
      claims(files),
      log_(std::move(log)) {}

std::shared_ptr<PullSigns> StagingArea::signs_of(const Ticket& ticket) {
  std::lock_guard lock(mutex_);
  std::erase_if(signs_, [](const auto& entry) { return entry.second.expired(); });
  std::weak_ptr<PullSigns>& known = signs_[ticket.name()];
  std::shared_ptr<PullSigns> signs = known.lock();
  if (!signs) {
    signs.reset(new PullSigns{{files, clock, layout.pulse(ticket.name())},
                              {files, layout.claim_text(ticket.name()), Claims::text_of(ticket)},
                              {files, layout.shared_folder(ticket.name())}});
    known = signs;
  }
  return signs;
}

void StagingArea::warn(const std::string& message) const {
  if (log_) log_(LogLevel::warning, message);
}

struct StagedFile::Reporter {
  Reporter(StagingArea& area, const Ticket& ticket, std::string progress)
      : files(area.files),
        clock(area.clock),
        path(std::move(progress)),
        signs(area.signs_of(ticket)),
        last(clock.steady_now()) {}

  base::FileSystem& files;
  const base::Clock& clock;
  const std::string path;  // empty: it is too small for anybody to care
  const std::shared_ptr<PullSigns> signs;
  std::mutex mutex;
  std::chrono::steady_clock::time_point last;  // guarded by mutex
  ByteCount told;                              // guarded by mutex; no file: 0
};

StagedFile::StagedFile(std::shared_ptr<StagingArea> area, const Ticket& ticket,
                       const Digest& digest, ByteCount bytes, StagingPlace place)
    : area_(std::move(area)),
      ticket_(ticket),
      digest_(digest),
      bytes_(bytes),
      changed_at_(area_->clock.steady_now()),
      fork_generation_(base::fork_generation()) {
  std::string progress;
  if (place == StagingPlace::shared_folder) {
    folder_ = area_->layout.shared_folder(ticket.name());
    prefix_ = digest.hex() + ".";
    claim_ = area_->layout.shared_claim(digest);
  } else {
    folder_ = area_->layout.staging(digest, ticket);
    claim_ = area_->layout.claim(digest);
    progress = path_of(k_progress);
  }
  reporter_ = std::make_shared<Reporter>(*area_, ticket, std::move(progress));
}

StagedFile::StagedFile(StagedFile&& other) noexcept
    : area_(std::move(other.area_)),
      ticket_(std::move(other.ticket_)),
      digest_(other.digest_),
      bytes_(other.bytes_),
      folder_(std::exchange(other.folder_, {})),
      prefix_(std::move(other.prefix_)),
      claim_(std::move(other.claim_)),
      state_(other.state_),
      has_claim_(std::exchange(other.has_claim_, false)),
      is_first_(other.is_first_),
      is_held_(other.is_held_),
      is_stamped_(other.is_stamped_),
      is_adopted_(other.is_adopted_),
      keeps_partial_(other.keeps_partial_),
      damaged_(other.damaged_),
      chunks_(std::move(other.chunks_)),
      seeds_(std::move(other.seeds_)),
      abandoned_(std::move(other.abandoned_)),
      holder_(std::move(other.holder_)),
      holder_done_(other.holder_done_),
      holder_signs_(std::move(other.holder_signs_)),
      changed_at_(other.changed_at_),
      reporter_(std::move(other.reporter_)),
      fork_generation_(other.fork_generation_) {}

StagedFile& StagedFile::operator=(StagedFile&& other) noexcept {
  if (this == &other) return *this;
  std::destroy_at(this);
  return *std::construct_at(this, std::move(other));
}

StagedFile::~StagedFile() { drop(); }

Result<StagedFile> StagedFile::announce(std::shared_ptr<StagingArea> area, const Ticket& ticket,
                                        const Digest& digest, ByteCount bytes, StagingPlace place,
                                        const std::stop_token& stop) {
  StagedFile staged(std::move(area), ticket, digest, bytes, place);
  if (Result<void> done = staged.announce_it(); !done) {
    if (done.error().code != ErrorCode::busy) return as_write_error(std::move(done).error());
    const std::string there = staged.is_shared() ? staged.announcement() : staged.folder_;
    staged.folder_.clear();
    return Error(ErrorCode::invalid_argument, Subject::store,
                 there + " is there already: one pull stages a digest once");
  }
  if (Result<void> done = staged.look_for_blob(stop); !done) return std::move(done).error();
  if (staged.is_present()) return staged;
  if (Result<void> done = staged.look_for_claim(stop); !done) return std::move(done).error();
  return staged;
}

Result<void> StagedFile::announce_it() {
  if (!is_shared()) return make_folder();
  is_first_ = true;
  PullSigns& signs = *reporter_->signs;
  Result<bool> done = false;
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (Result<void> made = signs.shared_folder.make(); !made) return made;
    done = area_->claims.take(announcement(), ticket_, signs.claim_text);
    if (done || done.error().code != ErrorCode::not_found) break;
    signs.shared_folder.is_gone();
  }
  if (!done) return std::move(done).error();
  if (!*done) return Error(ErrorCode::busy, Subject::store, announcement() + " is there already");
  return {};
}

Result<void> StagedFile::make_folder() {
  // The folder above goes with whoever leaves it last, perhaps between its making and ours.
  constexpr int k_attempts = 16;
  Result<void> made;
  for (int attempt = 0; attempt < k_attempts; ++attempt) {
    made = area_->files.make_directory(base::parent_path(folder_));
    is_first_ = made.has_value();
    // A person may remove the folder of all of them.
    if (!made && made.error().code == ErrorCode::not_found)
      made = area_->files.make_directories(base::parent_path(folder_));
    if (!made && made.error().code != ErrorCode::busy) return made;
    made = area_->files.make_directory(folder_);
    if (made || made.error().code != ErrorCode::not_found) break;
  }
  return made;
}

void StagedFile::mark_present() {
  state_ = State::present;
  // Where there are no hard links, the announcement alone has to do.
  is_held_ = area_->files.link(area_->layout.blob(digest_), hold_path()).has_value();
  if (std::exchange(has_claim_, false)) area_->claims.release(claim_, ticket_);
}

Result<void> StagedFile::look_for_blob(const std::stop_token& stop) {
  const Result<BlobCheck> check =
      area_->blobs.check(digest_, bytes_, VerifyMode::stamps, Blobs::WriteStamps::yes, {}, stop);
  if (!check) return check.error();
  damaged_.reset();
  if (check->verdict == FileVerdict::ok) {
    mark_present();
  } else if (check->verdict != FileVerdict::missing) {
    damaged_ = check->stamp.value_or(Stamp());
    area_->warn(area_->layout.blob(digest_) + " is damaged (" +
                std::string(name_of(check->verdict)) + ") and will be fetched again");
  }
  return {};
}

Result<void> StagedFile::look_again(const std::stop_token& stop) {
  if (state_ != State::elsewhere) return {};
  // A blob without a stamp is either the damaged one or on its way: its holder stamps it before the
  // claim goes. So nobody who waits has to read it.
  if (area_->blobs.is_stamped(digest_, bytes_)) {
    mark_present();
    return {};
  }
  return look_for_claim(stop);
}

Result<void> StagedFile::look_for_claim(const std::stop_token& stop) {
  constexpr int k_attempts = 16;  // others may take and leave it at the same time
  for (int attempt = 0; attempt < k_attempts; ++attempt) {
    const Result<std::optional<std::string>> text =
        is_first_ ? std::optional<std::string>() : area_->claims.read(claim_);
    if (!text) return text.error();
    if (*text) {
      if (!is_stale(**text)) return {};
      const Result<bool> removed = area_->claims.remove(claim_, **text);
      if (!removed) return as_write_error(removed.error());
    }
    const Result<bool> taken = take_claim(stop);
    if (!taken) return taken.error();
    if (*taken) return {};
    is_first_ = false;  // somebody else was faster
  }
  return {};
}

bool StagedFile::is_stale(const std::string& text) {
  holder_ = Claims::holder_of(text);
  if (!holder_ || holder_->liveness() == base::Owner::Liveness::dead) return true;
  const std::string name = text.substr(0, text.size() - 1);
  std::string done;
  if (!is_shared()) {
    const std::string folder = base::join_path(area_->layout.staging(digest_), name);
    done = text_or_nothing(area_->files, base::join_path(folder, k_progress));
  }
  std::uint64_t bytes = 0;
  (void)std::from_chars(done.data(), done.data() + done.size(), bytes);
  holder_done_ = std::min(ByteCount(bytes), bytes_);
  std::string signs = text + done + text_or_nothing(area_->files, area_->layout.pulse(name));
  const auto now = area_->clock.steady_now();
  if (signs != holder_signs_) {
    holder_signs_ = std::move(signs);
    changed_at_ = now;
  }
  if (now - changed_at_ < area_->patience) return false;
  area_->warn(
      "process " + std::to_string(holder_->pid) + " has fetched nothing of " + digest_.hex() +
      " for " +
      std::to_string(std::chrono::duration_cast<std::chrono::seconds>(now - changed_at_).count()) +
      " s; this one goes on with it");
  return true;
}

// Everything that has to be looked at once nobody else fetches the blob.
Result<bool> StagedFile::take_claim(const std::stop_token& stop) {
  const Result<bool> taken = area_->claims.take(claim_, ticket_, reporter_->signs->claim_text);
  if (!taken && taken.error().code == ErrorCode::no_space) return taken.error();
  if (taken && !*taken) return false;
  // Where no claim can be made, everybody fetches for himself.
  has_claim_ = taken.has_value();
  holder_.reset();
  // The holder before us may have published since we looked.
  const auto there = area_->files.stat(area_->layout.blob(digest_));
  if (there && damaged_ != Stamp::of(*there)) {
    if (Result<void> done = look_for_blob(stop); !done) return std::move(done).error();
    if (is_present()) return true;
  }
  state_ = State::mine;
  find_partials();
  return true;
}

void StagedFile::find_partials() {
  base::FileSystem& files = area_->files;
  const std::string parent = area_->layout.staging(digest_);
  struct Partial {
    std::string folder;
    bool is_abandoned;
    ByteCount allocated;
  };
  std::vector<Partial> partials;
  std::vector<base::DirectoryEntry> entries;
  if (!is_first_ && !is_shared()) entries = files.list(parent).value_or(std::move(entries));
  for (const base::DirectoryEntry& entry : entries) {
    if (entry.kind != base::FileKind::directory || entry.name == ticket_.name()) continue;
    const std::string folder = base::join_path(parent, entry.name);
    const bool is_abandoned = StagingName::parse(entry.name).is_abandoned();
    if (is_abandoned) abandoned_.push_back(folder);
    const auto data = files.stat(base::join_path(folder, k_data));
    if (data) partials.push_back({folder, is_abandoned, data->allocated});
  }
  std::sort(partials.begin(), partials.end(),
            [](const Partial& a, const Partial& b) { return a.allocated > b.allocated; });
  for (const Partial& partial : partials) {
    if (partial.is_abandoned && !is_adopted_ && adopt(partial.folder)) {
      is_adopted_ = true;
      std::erase(abandoned_, partial.folder);
      continue;
    }
    seeds_.push_back(
        {base::join_path(partial.folder, k_data), base::join_path(partial.folder, k_journal), {}});
  }
  if (damaged_) offer_damaged_blob();
}

// Only where the digests of its chunks tell which of them are right.
void StagedFile::offer_damaged_blob() {
  const std::string blob = area_->layout.blob(digest_);
  const auto stat = area_->files.stat(blob);
  if (!stat || stat->kind != base::FileKind::regular) return;
  const std::optional<ChunkRecord> record =
      load_chunk_record(area_->files, area_->layout, digest_, bytes_);
  if (record && !record->chunks.empty()) seeds_.push_back({blob, {}, record->chunks});
}

// Takes the place of an owner who cannot come back. What is another user's, or is open for writing
// (a child of the owner may have kept it), can only be copied from.
bool StagedFile::adopt(const std::string& partial) {
  base::FileSystem& files = area_->files;
  const std::string data = base::join_path(partial, k_data);
  const auto mode = files.stat(partial);
  // Only its user may do that; and its owner may have died between making it read-only and
  // publishing it.
  if (!mode || !files.set_permissions(data, mode->mode & 0666U)) return false;
  const Result<bool> is_open = files.is_open_for_writing(data);
  if (!is_open || *is_open) return false;
  // Our own folder is empty, and a rename may put a folder in the place of an empty one.
  return files.rename(partial, folder_).has_value();
}

HolderProgress StagedFile::progress() const {
  return {holder_done_, area_->clock.steady_now() - changed_at_};
}

void StagedFile::report(ByteCount done) const {
  reporter_->signs->pulse.beat();
  std::lock_guard lock(reporter_->mutex);
  const auto now = reporter_->clock.steady_now();
  if (now - reporter_->last < k_report_interval) return;
  reporter_->last = now;
  // Of a thousand files most have not begun.
  if (done == reporter_->told || reporter_->path.empty()) return;
  reporter_->told = done;
  (void)write_rebuildable_file(reporter_->files, reporter_->path,
                               std::to_string(done.count()) + "\n");
}

void StagedFile::drop() {
  if (folder_.empty() || fork_generation_ != base::fork_generation()) return;
  is_shared() ? leave_shared_folder() : leave_or_remove_folder();
  if (is_stamped_ && !is_present())
    (void)area_->files.remove_file(area_->layout.chunk_record(digest_));
  if (is_present()) {
    for (const std::string& partial : abandoned_) (void)base::remove_tree(area_->files, partial);
  }
  if (std::exchange(has_claim_, false)) area_->claims.release(claim_, ticket_);
  // The folder of the digest goes with the last writer; it is not empty while there is another.
  if (!is_shared()) (void)area_->files.remove_empty_directory(base::parent_path(folder_));
  folder_.clear();
}

// What stays because of a failure is swept later.
void StagedFile::leave_or_remove_folder() {
  base::FileSystem& files = area_->files;
  if (keeps_partial_ && !is_present() && files.stat(data_path())) {
    // Its name says that nobody will come back to it.
    (void)files.rename(folder_, area_->layout.left_partial(digest_, ticket_));
    return;
  }
  if (is_held_) (void)files.remove_file(hold_path());
  if (!files.remove_empty_directory(folder_)) (void)base::remove_tree(files, folder_);
}

// The folder itself goes with the pull, and with it what a transfer has left beside the data.
void StagedFile::leave_shared_folder() {
  base::FileSystem& files = area_->files;
  if (!is_present()) (void)files.remove_file(data_path());
  if (is_held_) (void)files.remove_file(hold_path());
  (void)files.remove_file(announcement());
}

Result<void> StagedFile::complete(const Digest& found, ByteCount found_bytes,
                                  std::vector<Digest> chunks) {
  if (found_bytes != bytes_) {
    return Error(ErrorCode::corrupt_data, Subject::model,
                 data_path() + " has " + std::to_string(found_bytes.count()) + " bytes, expected " +
                     std::to_string(bytes_.count()),
                 "pull again; if it happens again the source does not serve the catalogued file");
  }
  if (found != digest_) {
    return Error(ErrorCode::checksum_mismatch, Subject::model,
                 data_path() + " has the SHA-256 " + found.hex() + ", expected " + digest_.hex(),
                 "pull again; if it happens again the source does not serve the catalogued file");
  }
  state_ = State::complete;
  chunks_ = std::move(chunks);
  if (chunks_.empty() && bytes_.count() <= k_chunk_bytes) chunks_.push_back(digest_);
  stamp_early();
  return {};
}

// The first record of a blob can be written while other files are still on their way: of its stamp
// nothing changes when the data gets its name, and until then it fits nothing. One that is there
// already is of a blob that is there, or was.
void StagedFile::stamp_early() {
  if (is_adopted_) return;  // a copy may be published in its place
  const Result<base::FileStat> stat = area_->files.stat(data_path());
  if (!stat || stat->size != bytes_) return;
  const ChunkRecord record{chunks_, Stamp::of(*stat)};
  is_stamped_ =
      create_chunk_record(area_->files, area_->layout, digest_, bytes_, record).has_value();
}

}  // namespace modelhub::store
