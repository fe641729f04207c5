// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "store/store.h"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <iterator>
#include <system_error>
#include <thread>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

#include "store/publication.h"
#include "store/views.h"

namespace modelhub::store {
namespace {

std::chrono::system_clock::time_point to_time(std::int64_t ns_since_epoch) {
  return std::chrono::system_clock::time_point(
      std::chrono::duration_cast<std::chrono::system_clock::duration>(
          std::chrono::nanoseconds(ns_since_epoch)));
}

Error not_installed(const ModelId& id, const Layout& layout) {
  return {ErrorCode::not_found, Subject::model,
          id.to_string() + " is not installed in " + layout.home(),
          "'modelhub list' shows what is installed"};
}

std::string sentence_of(const VerifiedFile& file) {
  switch (file.verdict) {
    case FileVerdict::ok: return {};
    case FileVerdict::missing: return file.location + " is missing";
    case FileVerdict::wrong_size:
      return file.location + " has " + std::to_string(file.found_bytes->count()) +
             " bytes, expected " + std::to_string(file.expected_bytes.count());
    case FileVerdict::digest_differs:
      return file.location + " has the SHA-256 " + file.found->hex() + ", expected " +
             file.expected.hex();
    case FileVerdict::unreadable: return file.detail;
  }
  return {};
}

VerifiedFile to_verified(const InstalledFile& file, const BlobCheck& check) {
  VerifiedFile verified{file.path,   file.location,     check.verdict, file.sha256,     file.bytes,
                        check.found, check.found_bytes, check.detail,  check.bad_chunks};
  verified.detail = sentence_of(verified);
  return verified;
}

unsigned threads_of(unsigned wanted) {
  constexpr unsigned k_most = 4;
  if (wanted != 0) return wanted;
  return std::clamp(std::thread::hardware_concurrency(), 1U, k_most);
}

// work(0) to work(parts - 1), the calling thread among those that do it. Where no more threads can
// be had it does all.
void run_on_threads(std::size_t parts, const std::function<void(std::size_t)>& work) {
  std::vector<std::jthread> others;
  std::size_t next = 1;
  try {
    for (; next < parts; ++next) others.emplace_back(work, next);
  } catch (const std::system_error&) {
    for (; next < parts; ++next) work(next);
  }
  work(0);
}

}  // namespace

Result<std::unique_ptr<Store>> Store::open(StoreOptions options) {
  if (options.home.empty()) {
    return Error(ErrorCode::invalid_argument, Subject::store, "the home of the store is empty",
                 "give a folder with --home or MODELHUB_HOME");
  }
  std::error_code failure;
  // The working directory may change later; the home stays where it was.
  options.home = std::filesystem::absolute(options.home, failure).string();
  if (failure) {
    return Error(ErrorCode::io_error, Subject::store,
                 "cannot tell the working directory: " + failure.message(),
                 "give an absolute path with --home or MODELHUB_HOME");
  }
  std::unique_ptr<Store> store(new Store(std::move(options)));
  if (Result<void> done = store->home_.check_readable(); !done) return std::move(done).error();
  return store;
}

Store::Store(StoreOptions options)
    : options_(std::move(options)),
      layout_(options_.home),
      files_(*options_.files),
      blobs_(layout_, files_),
      leases_(layout_, files_),
      pins_(layout_, files_),
      removal_(layout_, files_, blobs_, leases_, pins_),
      home_(layout_, files_, options_.access),
      area_(std::make_shared<StagingArea>(layout_, files_, *options_.clock, options_.patience,
                                          options_.log)),
      index_(layout_, files_, *options_.clock),
      usage_(layout_, files_, *options_.clock),
      evictor_({layout_, files_, blobs_, leases_, pins_, index_, removal_}, options_.log),
      reserver_({layout_, files_, *options_.clock, usage_, evictor_, removal_},
                options_.reserve_patience, options_.pause),
      derived_(layout_, files_, *options_.clock, reserver_) {}

void Store::log(LogLevel level, const std::string& message) const {
  if (options_.log) options_.log(level, message);
}

InstalledModel Store::to_installed(Manifest manifest, LastUse last_use) const {
  ModelRecord& record = manifest.record;
  const Digest key = manifest.key ? *manifest.key : record.key();
  std::vector<InstalledFile> files;
  files.reserve(record.files.size());
  for (const RecordedFile& file : record.files)
    files.push_back({file.path, file.role, file.bytes, file.sha256, layout_.blob(file.sha256)});
  ByteCount bytes;
  for (const RecordedFile& blob : record.distinct_blobs()) bytes += blob.bytes;
  InstalledModel model{std::move(record.id.name),
                       std::move(record.id.version),
                       std::move(record.id.variant),
                       std::move(record.task),
                       std::move(record.license),
                       std::move(record.format),
                       key,
                       std::move(files),
                       bytes,
                       std::move(record.sources),
                       manifest.installed_at,
                       manifest.installed_at};
  if (last_use == LastUse::left_out) return model;
  if (const auto stamp = files_.stat(layout_.use(key))) model.last_used = to_time(stamp->mtime_ns);
  return model;
}

Result<void> Store::check_writable() {
  if (Result<void> readable = home_.check_readable(); !readable) return readable;
  std::string folder = layout_.home();
  for (Result<base::FileStat> stat = files_.stat(folder); !stat; stat = files_.stat(folder)) {
    if (stat.error().code != ErrorCode::not_found || base::parent_path(folder) == folder)
      return std::move(stat).error();
    folder = base::parent_path(folder);
  }
  const std::string probe =
      base::join_path(folder, ".modelhub-probe" + base::Owner::current().unique_suffix());
  // With content: a full disk still takes names.
  Result<void> done = write_new_file(files_, probe, "modelhub looks whether it can write here\n");
  Result<void> removed = files_.remove_file(probe);
  if (!done) return as_write_error(std::move(done).error());
  return removed;
}

Result<Listing> Store::list(LastUse last_use) const { return list_matching("", last_use); }

Result<Listing> Store::find_any_version(std::string_view name) const {
  return list_matching(std::string(name) + "@", LastUse::told);
}

Result<Listing> Store::list_matching(std::string_view prefix, LastUse last_use) const {
  Listing listing;
  const Result<std::vector<base::DirectoryEntry>> entries = files_.list(layout_.models());
  if (!entries) {
    if (entries.error().code == ErrorCode::not_found) return listing;
    return entries.error();
  }
  std::vector<ModelId> ids;
  ids.reserve(entries->size());
  for (const base::DirectoryEntry& entry : *entries) {
    // Else a temporary file, or not ours.
    if (!entry.name.starts_with(prefix) || !entry.name.ends_with(".json")) continue;
    Result<ModelId> id = ModelId::parse_manifest_name(entry.name);
    if (id) {
      ids.push_back(*std::move(id));
    } else {
      listing.broken.push_back(std::move(id)
                                   .error()
                                   .with_context("list " + layout_.models())
                                   .with_hint("remove that file if it is not yours to keep"));
    }
  }
  std::vector<const ModelId*> sorted;  // an id is three strings: many are slow to move about
  sorted.reserve(ids.size());
  for (const ModelId& id : ids) sorted.push_back(&id);
  std::sort(sorted.begin(), sorted.end(),
            [](const ModelId* a, const ModelId* b) { return *a < *b; });
  // A thread costs about as much as reading ten manifests.
  constexpr std::size_t k_names_for_a_thread = 500;
  const std::size_t parts = std::clamp<std::size_t>(ids.size() / k_names_for_a_thread, 1,
                                                    threads_of(options_.verify_threads));
  std::vector<std::optional<Result<InstalledModel>>> found(ids.size());
  run_on_threads(parts, [&](std::size_t part) {
    for (std::size_t i = part; i < ids.size(); i += parts) {
      Result<Manifest> manifest = read_manifest(files_, layout_, *sorted[i]);
      if (manifest) {
        found[i].emplace(to_installed(*std::move(manifest), last_use));
      } else {
        found[i].emplace(std::move(manifest).error());
      }
    }
  });
  listing.models.reserve(found.size());
  for (std::optional<Result<InstalledModel>>& one : found) {
    if (*one) {
      listing.models.push_back(**std::move(one));
    } else if (one->error().code != ErrorCode::not_found) {  // else removed since it was listed
      listing.broken.push_back(std::move(*one).error());
    }
  }
  std::sort(listing.broken.begin(), listing.broken.end(),
            [](const Error& a, const Error& b) { return a.message < b.message; });
  return listing;
}

Result<std::optional<InstalledModel>> Store::find(const ModelId& id) const {
  if (Result<void> done = id.check(); !done) return std::move(done).error();
  const Result<std::shared_ptr<const Manifest>> manifest = index_.find(id);
  if (manifest) return std::optional<InstalledModel>(to_installed(**manifest));
  if (manifest.error().code == ErrorCode::not_found) return std::optional<InstalledModel>();
  return manifest.error();
}

Result<StagedFile> Store::stage(const Ticket& ticket, const Digest& digest, ByteCount bytes,
                                const std::stop_token& stop, StagingPlace place) {
  if (Result<void> done = home_.prepare_for_writing(); !done) return std::move(done).error();
  sweep_once();
  return StagedFile::announce(area_, ticket, digest, bytes, place, stop);
}

Result<void> Store::put_blobs(std::vector<StagedFile>& staged) {
  if (Result<void> done = home_.prepare_for_writing(); !done) return done;
  return Publication(*area_, options_.clock->system_now()).put_blobs(staged);
}

Result<InstalledModel> Store::publish(const ModelRecord& record, std::vector<StagedFile> staged,
                                      Pinned pinned) {
  if (Result<void> done = record.check(); !done) return std::move(done).error();
  for (const RecordedFile& blob : record.distinct_blobs()) {
    const auto same = [&blob](const StagedFile& file) { return file.digest() == blob.sha256; };
    if (std::any_of(staged.begin(), staged.end(), same)) continue;
    // A removal may have taken it away for a moment.
    if (!files_.stat(layout_.blob(blob.sha256))) (void)blobs_.restore(blob.sha256);
    Result<StagedFile> present = stage(blob.sha256, blob.bytes);
    if (!present) return std::move(present).error();
    if (!present->is_present()) {
      return Error(ErrorCode::not_found, Subject::model,
                   "'" + blob.path.string() + "' of " + record.id.to_string() + " (" +
                       blob.sha256.hex() + ") was neither fetched nor is it in the store",
                   "pull the model again");
    }
    staged.push_back(*std::move(present));
  }
  if (Result<void> done = home_.prepare_for_writing(); !done) return std::move(done).error();
  const Result<std::optional<Digest>> old_pin = carry_pin(record);
  if (!old_pin) return old_pin.error();
  if (pinned == Pinned::yes) {
    if (Result<void> done = pins_.add(record.key(), record.id.to_string()); !done)
      return as_write_error(std::move(done).error());
  }
  Publication publication(*area_, options_.clock->system_now());
  Result<Manifest> manifest = publication.run(record, std::move(staged));
  if (!manifest) {
    if (pinned == Pinned::yes) (void)pins_.remove(record.key());
    return std::move(manifest).error();
  }
  if (*old_pin) (void)pins_.remove(**old_pin);
  touch_use(record.key());
  return to_installed(*manifest);
}

Result<VerifyReport> Store::verify(const ModelId& id, VerifyMode mode,
                                   const VerifyProgress& progress, const std::stop_token& stop) {
  Result<std::optional<InstalledModel>> model = find(id);
  if (!model) return std::move(model).error();
  if (!*model) return not_installed(id, layout_);
  VerifyReport report{**std::move(model), mode, {}, ByteCount()};
  const auto stamps =
      home_.prepare_for_writing() ? Blobs::WriteStamps::yes : Blobs::WriteStamps::no;
  std::unordered_map<Digest, std::size_t> places;
  std::vector<BlobQuery> queries;
  for (const InstalledFile& file : report.model.files) {
    if (places.emplace(file.sha256, queries.size()).second)
      queries.push_back({file.sha256, file.bytes});
  }
  ByteCount done;
  const ByteCount total = report.model.bytes;
  const HashProgress on_hashed = [&](ByteCount bytes) {
    done = std::min(done + bytes, total);
    if (progress) progress(done, total);
  };
  CheckOptions options;
  options.mode = mode;
  options.stamps = stamps;
  options.threads = threads_of(options_.verify_threads);
  const Result<std::vector<BlobCheck>> checks = blobs_.check_all(queries, options, on_hashed, stop);
  if (!checks) return checks.error();
  if (progress) progress(total, total);
  for (const BlobCheck& check : *checks) report.hashed += check.hashed;
  for (const InstalledFile& file : report.model.files)
    report.files.push_back(to_verified(file, (*checks)[places.at(file.sha256)]));
  return report;
}

Result<std::string> Store::view(const InstalledModel& model) {
  const Views views(layout_, files_, blobs_);
  if (views.is_current(model)) return layout_.view(model.key);
  if (Result<void> done = home_.prepare_for_writing(); !done) return std::move(done).error();
  const Ticket ticket = new_ticket();
  std::optional<Reservation> room;  // until the view is in its place
  StoreLease in_use;                // the room must not be made of the model itself
  const Views::MakeRoom make_room = [&]() -> Result<void> {
    if (room) return {};
    Result<StoreLease> leased = lease(model);
    if (!leased) return std::move(leased).error();
    in_use = *std::move(leased);
    ByteCount bytes;
    for (const InstalledFile& file : model.files) bytes += round_to_blocks(file.bytes);
    Result<Reservation> reserved = reserve(ticket, bytes);
    if (!reserved) return std::move(reserved).error();
    room = *std::move(reserved);
    return {};
  };
  if (Result<void> done = views.build(model, ticket, make_room); !done)
    return std::move(done).error();
  return layout_.view(model.key);
}

void Store::touch_use(const Digest& key) {
  if (!home_.prepare_for_writing()) return;
  const std::string path = layout_.use(key);
  const auto now = options_.clock->system_now();
  const Result<base::FileStat> before = files_.stat(path);
  const std::uint64_t uses = before ? before->size.count() : 0;
  // Its size counts the uses: a file without content, so it takes no room.
  const auto stamp = [&]() -> Result<void> {
    const auto file = files_.create(path, base::CreateMode::append, 0666);
    if (!file) return file.error();
    if (Result<void> done = (*file)->truncate(uses + 1); !done) return done;
    if (Result<void> done = (*file)->close(); !done) return done;
    return files_.set_modification_time(path, now);
  };
  if (stamp()) return;
  // Another user's, which can only be replaced.
  (void)files_.remove_file(path);
  (void)stamp();
}

}  // namespace modelhub::store

namespace modelhub {

std::string_view name_of(FileVerdict verdict) {
  switch (verdict) {
    case FileVerdict::ok: return "ok";
    case FileVerdict::missing: return "missing";
    case FileVerdict::wrong_size: return "wrong_size";
    case FileVerdict::digest_differs: return "digest_differs";
    case FileVerdict::unreadable: return "unreadable";
  }
  return "unreadable";
}

}  // namespace modelhub
