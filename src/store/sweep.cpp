// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <optional>
#include <unordered_set>

#include "store/claim.h"
#include "store/store.h"

namespace modelhub::store {
namespace {

using base::DirectoryEntry;
using base::FileKind;
using base::Owner;

// One pass over a home. Whatever cannot be looked at or removed is left for the next pass.
class Sweep {
 public:
  Sweep(base::FileSystem& files, const Layout& layout, const Blobs& blobs,
        std::chrono::system_clock::time_point now, const SweepOptions& options)
      : files_(files), layout_(layout), blobs_(blobs), now_(now), options_(options) {}

  Result<SweepReport> run() {
    for (const std::string& folder : layout_.folders()) sweep_temporary_files(folder);
    sweep_temporary_files(layout_.home());
    sweep_temporary_files(layout_.catalog());
    sweep_temporary_files(base::parent_path(layout_.blobs()));
    sweep_staging();
    sweep_quarantine();
    sweep_interrupted_removals();
    sweep_reservations();
    Result<std::unordered_set<Digest>> named = digests_named_by_manifests(files_, layout_);
    if (!named) {
      if (named.error().code == ErrorCode::not_found) return report_;  // no home
      return std::move(named).error();
    }
    sweep_unnamed_blobs(*named);
    sweep_unnamed(layout_.views(), "", *named);
    sweep_unnamed(layout_.uses(), "", *named);
    sweep_unnamed(layout_.chunks(), ".json", *named);
    return report_;
  }

 private:
  std::vector<DirectoryEntry> entries_of(const std::string& folder) const {
    return files_.list(folder).value_or(std::vector<DirectoryEntry>());
  }

  bool is_older(const std::string& path, std::chrono::seconds age) const {
    const auto stat = files_.stat(path);
    if (!stat) return false;
    return now_.time_since_epoch() - std::chrono::nanoseconds(stat->mtime_ns) > age;
  }

  static bool is_dead(const Result<Owner>& owner) {
    return owner && owner->liveness() == Owner::Liveness::dead;
  }

  void remove(const std::string& path, FileKind kind) {
    ByteCount bytes;
    if (const auto stat = files_.stat(path); stat && kind == FileKind::regular && stat->links == 1)
      bytes = stat->size;
    const Result<void> done =
        kind == FileKind::directory ? base::remove_tree(files_, path) : files_.remove_file(path);
    if (!done) return;
    ++report_.removed;
    report_.freed += bytes;
  }

  void sweep_temporary_files(const std::string& folder) {
    for (const DirectoryEntry& entry : entries_of(folder)) {
      if (entry.name.find(".tmp.") == std::string::npos) continue;
      if (is_dead(Owner::parse_unique_suffix(entry.name)))
        remove(base::join_path(folder, entry.name), entry.kind);
    }
  }

  void sweep_staging() {
    for (const DirectoryEntry& entry : entries_of(layout_.staging())) {
      const std::string path = base::join_path(layout_.staging(), entry.name);
      const std::string_view name = entry.name;
      const std::string_view stem = name.substr(0, name.rfind('.'));
      const bool is_claim = name.ends_with(Layout::k_claim_suffix);
      if (is_claim && Digest::parse(stem)) {
        sweep_claim(path);
      } else if (is_claim || name.ends_with(Layout::k_pulse_suffix)) {
        if (is_dead(Owner::parse_unique_suffix(stem))) remove(path, entry.kind);
      } else if (const auto ticket = Layout::ticket_of_shared_folder(name)) {
        // Nobody goes on with small files.
        if (is_dead(Owner::parse_unique_suffix(*ticket))) remove_partial(path);
      } else if (Digest::parse(name) && entry.kind == FileKind::directory) {
        sweep_staged(path);
      }
    }
  }

  // staging/<hex>/: the claim of a process that died, and folders to which nobody will come back,
  // once nothing in them was written for a while.
  void sweep_staged(const std::string& folder) {
    sweep_temporary_files(folder);
    for (const DirectoryEntry& entry : entries_of(folder)) {
      const std::string path = base::join_path(folder, entry.name);
      if (entry.name == Layout::k_claim) sweep_claim(path);
      if (entry.kind == FileKind::directory && StagingName::parse(entry.name).is_abandoned())
        sweep_partial(path);
    }
    (void)files_.remove_empty_directory(folder);  // fails while there is somebody
  }

  void sweep_claim(const std::string& claim) {
    const Claims claims(files_);
    const Result<std::optional<std::string>> text = claims.read(claim);
    if (!text || !*text) return;
    const std::optional<Owner> holder = Claims::holder_of(**text);
    const bool is_stale = holder ? holder->liveness() == Owner::Liveness::dead
                                 : is_older(claim, options_.partial_age);
    if (!is_stale) return;
    const Result<bool> removed = claims.remove(claim, **text);
    if (removed && *removed) ++report_.removed;
  }

  // "<hex>.<seconds>.<owner>.<n>": when it came there.
  void sweep_quarantine() {
    for (const DirectoryEntry& entry : entries_of(layout_.quarantine())) {
      const std::string_view name = entry.name;
      const std::size_t digits = 2 * Digest::k_bytes;
      if (name.size() <= digits || name[digits] != '.' || !Digest::parse(name.substr(0, digits)))
        continue;
      std::int64_t seconds = 0;
      const auto [end, error] =
          std::from_chars(name.data() + digits + 1, name.data() + name.size(), seconds);
      if (error != std::errc() || end == name.data() + name.size() || *end != '.') continue;
      if (now_.time_since_epoch() - std::chrono::seconds(seconds) > options_.quarantine_age)
        remove(base::join_path(layout_.quarantine(), entry.name), entry.kind);
    }
  }

  void sweep_partial(const std::string& folder) {
    if (!is_older(folder, options_.partial_age)) return;
    for (const DirectoryEntry& entry : entries_of(folder)) {
      const std::string path = base::join_path(folder, entry.name);
      const auto stat = files_.stat(path);
      // links > 1: the hold on a blob, whose time is the blob's
      if (stat && stat->links == 1 && !is_older(path, options_.partial_age)) return;
    }
    remove_partial(folder);
  }

  void remove_partial(const std::string& folder) {
    ByteCount bytes;
    for (const DirectoryEntry& entry : entries_of(folder)) {
      const auto stat = files_.stat(base::join_path(folder, entry.name));
      if (stat && stat->links == 1) bytes += stat->size;
    }
    const std::uint64_t before = report_.removed;
    remove(folder, FileKind::directory);
    if (report_.removed != before) report_.freed += bytes;
  }

  // "<hex>.removing.<owner>.<n>": the process died between taking the blob away and deciding.
  void sweep_interrupted_removals() {
    for (const DirectoryEntry& entry : entries_of(layout_.blobs())) {
      const Result<Digest> digest =
          Digest::parse(std::string_view(entry.name).substr(0, 2 * Digest::k_bytes));
      if (!digest || !entry.name.starts_with(layout_.removal_prefix(*digest) + ".")) continue;
      if (!is_dead(Owner::parse_unique_suffix(entry.name))) continue;
      const std::string path = base::join_path(layout_.blobs(), entry.name);
      if (blobs_.is_named(*digest)) {
        const Result<void> done = files_.rename_without_replacing(path, layout_.blob(*digest));
        if (done || done.error().code != ErrorCode::busy) continue;
      }
      remove(path, entry.kind);
    }
  }

  // Space that a process had reserved which died.
  void sweep_reservations() {
    for (const DirectoryEntry& entry : entries_of(layout_.reservations())) {
      const auto parsed = ReservationEntry::parse(entry.name);
      if (parsed && parsed->owner.liveness() == Owner::Liveness::dead)
        remove(base::join_path(layout_.reservations(), entry.name), entry.kind);
    }
  }

  void sweep_unnamed_blobs(const std::unordered_set<Digest>& named) {
    std::vector<Digest> unnamed;
    for (const DirectoryEntry& entry : entries_of(layout_.blobs())) {
      const Result<Digest> digest = Digest::parse(entry.name);
      if (!digest || entry.kind != FileKind::regular || named.count(*digest) != 0) continue;
      if (is_older(base::join_path(layout_.blobs(), entry.name), options_.unnamed_age))
        unnamed.push_back(*digest);
    }
    const BlobRemoval removal = blobs_.remove_unnamed(unnamed);
    report_.removed += removal.removed.size();
    report_.freed += removal.freed;
  }

  // Views, stamps and chunk records of what no manifest names.
  void sweep_unnamed(const std::string& folder, std::string_view suffix,
                     const std::unordered_set<Digest>& named) {
    for (const DirectoryEntry& entry : entries_of(folder)) {
      if (!entry.name.ends_with(suffix)) continue;
      const Result<Digest> digest =
          Digest::parse(std::string_view(entry.name).substr(0, entry.name.size() - suffix.size()));
      if (!digest || named.count(*digest) != 0) continue;
      const std::string path = base::join_path(folder, entry.name);
      if (is_older(path, options_.unnamed_age)) remove(path, entry.kind);
    }
  }

  base::FileSystem& files_;
  const Layout& layout_;
  const Blobs& blobs_;
  const std::chrono::system_clock::time_point now_;
  const SweepOptions& options_;
  SweepReport report_;
};

}  // namespace

Result<SweepReport> Store::sweep(const SweepOptions& options) {
  const auto there = files_.stat(layout_.format_file());
  if (!there && there.error().code == ErrorCode::not_found)
    return SweepReport();  // no store, so nothing of ours
  if (Result<void> done = home_.prepare_for_writing(); !done) return std::move(done).error();
  // Models first: what they name stays.
  const std::uint64_t recovered = removal_.recover();
  if (recovered != 0)
    log(LogLevel::info, std::to_string(recovered) + " models in " + layout_.home() +
                            " are back that a process had begun to remove when it ended");
  Result<SweepReport> report =
      Sweep(files_, layout_, blobs_, options_.clock->system_now(), options).run();
  if (report) report->removed += leases_.remove_dead();
  return report;
}

void Store::sweep_once() {
  if (is_swept_.exchange(true)) return;
  const Result<SweepReport> report = sweep();
  if (report && report->removed != 0) {
    log(LogLevel::info, "swept " + std::to_string(report->removed) +
                            " leftovers of earlier crashes from " + layout_.home() + ", " +
                            report->freed.to_string() + " freed");
  }
}

}  // namespace modelhub::store
