// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/file_system.h"
#include "modelhub/log.h"
#include "modelhub/store.h"
#include "store/blobs.h"
#include "store/budget.h"
#include "store/derived.h"
#include "store/evictor.h"
#include "store/home.h"
#include "store/layout.h"
#include "store/leases.h"
#include "store/manifest.h"
#include "store/manifest_index.h"
#include "store/model_id.h"
#include "store/model_removal.h"
#include "store/pins.h"
#include "store/repair.h"
#include "store/reservation.h"
#include "store/staging.h"
#include "store/ticket.h"
#include "store/usage.h"

namespace modelhub::store {

struct StoreOptions {
  StoreOptions() {
  }  // not an aggregate: g++ 12 miscompiles those as defaulted parameters of coroutines

  // need not exist yet; relative to the working directory of the moment when it is not absolute
  std::string home;
  base::FileSystem* files =
      &base::FileSystem::real();  // borrowed, must outlive the store and what it staged
  const base::Clock* clock = &base::Clock::real();  // borrowed
  LogSink log;
  Access access = Access::read_write_if_possible;
  // How long a waiter believes in another owner that shows no sign of life and of which nobody can
  // prove that it is dead: a stopped process, or one on another machine. Longer than a transfer may
  // stall.
  std::chrono::milliseconds patience = std::chrono::seconds(90);
  // How many threads verify() hashes on, and a long list() reads on; 0: as many as there are
  // processors, at most 4.
  unsigned verify_threads = 0;
  // How long reserve() waits while nothing changes.
  std::chrono::milliseconds reserve_patience = std::chrono::seconds(60);
  Pause pause = pause_for_real;
};

// What is installed, by name, version and variant, and the manifests that could not be read. A
// broken manifest never hides the others.
struct Listing {
  std::vector<InstalledModel> models;
  // corrupt_data, unsupported or io_error; each names its file and says what to do
  std::vector<Error> broken;
};

// Whether a listing tells when each model was last used: that costs a look at one more file each.
enum class LastUse { told, left_out };

struct Removal {
  ModelId id;
  ByteCount freed;  // on disk; blobs that another model or a running pull needs are not counted
  std::uint64_t removed_blobs = 0;
  std::uint64_t kept_blobs = 0;  // shared, or named by a running pull
  // the model is gone, but this could not be removed; the next sweep tries again
  std::vector<Error> leftovers;
};

struct SweepOptions {
  SweepOptions() {}

  // How long the partial of a process that died is kept, so that another can go on with it.
  std::chrono::seconds partial_age = std::chrono::hours(24 * 7);
  // How long a blob, view or stamp that no model names is kept. Not for safety, which does not
  // depend on clocks: a pull that failed at its last file finds the others again.
  std::chrono::seconds unnamed_age = std::chrono::hours(24);
  // How long a damaged blob is kept in quarantine.
  std::chrono::seconds quarantine_age = std::chrono::hours(24 * 30);
};

struct SweepReport {
  std::uint64_t removed = 0;  // files and folders
  ByteCount freed;
};

struct PruneOptions {
  PruneOptions() {}

  bool is_dry_run = false;
  // Also removes models, the least recently used first, until the home takes no more than this, or
  // nothing is left that may go.
  std::optional<ByteCount> to;
};

// Whether a model is pinned from the moment when it is visible.
enum class Pinned { no, yes };

// Called while hashing, with what is done of all bytes of the model.
using VerifyProgress = std::function<void(ByteCount done, ByteCount total)>;

// The models that are installed in one home on disk.
//
// Invariants:    a model that list() or find() shows was whole when it was published, and no
//                process using this class takes a file from it; after a crash or a power cut at any
//                moment a model is either not there or whole. A crash leaves garbage, never a lie;
//                sweep() removes it.
// Ownership:     keeps nothing open; the home is the only state.
// Thread safety: all methods from any thread; any number of processes may share one home. Readers
//                take no lock and nothing waits for anybody.
// Errors:        Subject::store: unsupported (newer layout or manifest), corrupt_data, io_error,
//                no_space. Subject::model: not_found, invalid_argument.
// Format:        docs/formats/store.md, version 1.
class Store {
 public:
  // Makes nothing: a home is made by the first write. Errors: unsupported, corrupt_data, io_error.
  static Result<std::unique_ptr<Store>> open(StoreOptions options);

  const Layout& layout() const { return layout_; }

  // Whether a model could be published: writes a small file and removes it again. A home that does
  // not exist is not made; the folder that it would be made in is tried then. Errors: unsupported,
  // io_error, no_space.
  Result<void> check_writable();

  // With the last uses left out, those are the times of installation.
  Result<Listing> list(LastUse last_use = LastUse::told) const;
  // All installed versions and variants of a name.
  Result<Listing> find_any_version(std::string_view name) const;
  // Looks at the manifest only, not at the blobs: that is what verify() is for.
  Result<std::optional<InstalledModel>> find(const ModelId& id) const;

  Result<bool> has_blob(const Digest& digest, ByteCount bytes) const {
    return blobs_.has(digest, bytes);
  }

  // One pull's right to write; made without touching the disk.
  static Ticket new_ticket() { return Ticket(); }

  // Announces that a blob is wanted and makes a place to fetch it into; makes the home when there
  // is none. A blob that is there already is believed by its stamp, else hashed first (`stop` ends
  // that: cancelled). Then claims it, see StagedFile. A ticket stages a digest once.
  Result<StagedFile> stage(const Ticket& ticket, const Digest& digest, ByteCount bytes,
                           const std::stop_token& stop = {},
                           StagingPlace place = StagingPlace::own_folder);
  // With a ticket of its own.
  Result<StagedFile> stage(const Digest& digest, ByteCount bytes,
                           const std::stop_token& stop = {}) {
    return stage(new_ticket(), digest, bytes, stop);
  }

  // Puts those that are complete() under the names of their blobs, durably, in the place of damaged
  // ones too: that is a repair. They are present then and their claims free, so that others who
  // wait for them go on. REQUIRES of a pull that has fetched what is its own and still waits for
  // others' files: calls this before it waits, or two pulls could wait for each other.
  Result<void> put_blobs(std::vector<StagedFile>& staged);

  // Makes a model visible from staged files: each complete() or is_present(). What the record names
  // and `staged` lacks must be in the store. Publishing a model again replaces its record; blobs
  // that only the old one named are removed. Errors: as the class; invalid_argument and not_found
  // when the record and the staged files do not fit together.
  Result<InstalledModel> publish(const ModelRecord& record, std::vector<StagedFile> staged,
                                 Pinned pinned = Pinned::no);

  // Also a pinned model. Errors: not_found, Subject::model; busy, Subject::model, when a process
  // holds a lease, with its id.
  Result<Removal> remove(const ModelId& id);

  // Space for what the ticket's pull will write, in whole blocks: all its files, archives included,
  // less what is present. Evicts models for it, least recently used first, and waits while others
  // hold the space. Files that the ticket has staged already count as part of it, so stage first.
  // The reservation is to be dropped after publication, and several of one ticket together. Errors:
  // as the class; no_space names who holds the space; cancelled.
  Result<Reservation> reserve(const Ticket& ticket, ByteCount bytes,
                              const std::stop_token& stop = {}, const OnWait& on_wait = {});

  // Keeps the model from being evicted or removed. Empty where the home cannot be written: nobody
  // can evict there through this home either. Errors: not_found, Subject::model, when it is not
  // installed any more, or not with these files.
  Result<StoreLease> lease(const InstalledModel& model);

  // A pinned model is never evicted. Errors: not_found, Subject::model.
  Result<void> pin(const ModelId& id);
  Result<void> unpin(const ModelId& id);
  Result<bool> is_pinned(const ModelId& id) const;

  // How much the home may take on disk; k_default_budget until it is set. Lowering it removes
  // nothing: the next reserve() or prune() does.
  Result<ByteCount> budget() const;
  Result<void> set_budget(ByteCount budget);

  // Which version the user prefers, of a model that need not be installed: "0.1.1:onnx-fp32" or
  // "0.1.1". Errors: invalid_argument.
  Result<void> set_default(std::string_view name, std::string_view version);
  Result<void> set_default(std::string_view name, const DefaultVersion& version);
  Result<std::optional<DefaultVersion>> default_of(std::string_view name) const;
  Result<void> clear_default(std::string_view name);

  Result<StoreStatistics> statistics();
  // Removes what nobody needs: quarantine, derived files, partials of processes that ended, blobs
  // that no model names; and models when asked to.
  Result<PruneReport> prune(const PruneOptions& options = {});

  // A damaged file is the report's verdict, not an error. A file that turns out good gets a new
  // stamp, one that is damaged loses its stamp, so that the next pull fetches it again. Errors:
  // not_found, cancelled, those of find().
  Result<VerifyReport> verify(const ModelId& id, VerifyMode mode,
                              const VerifyProgress& progress = {},
                              const std::stop_token& stop = {});

  // What has to be fetched to make a model whole again: of a damaged blob whose chunks are known
  // only the bad ones. Reads chunk records, no blobs.
  RepairPlan plan_repair(const VerifyReport& report) const;
  // After verifying it in full. Errors: those of verify().
  Result<RepairPlan> plan_repair(const ModelId& id, const VerifyProgress& progress = {},
                                 const std::stop_token& stop = {});

  // A folder with the model's files under their own names, for engines that need one; made at the
  // first call, then kept until the model is removed. Hard links to the blobs, or copies where the
  // file system has none: never write there. Errors: as the class; checksum_mismatch when a file
  // that had to be copied is damaged.
  Result<std::string> view(const InstalledModel& model);

  // A folder for what somebody computes from a model, kept under `name` (letters, digits, '.', '-',
  // '_'; not a model's, as several may be made of one) until the room is needed: such folders go
  // before any model. `bytes` is what a new one may take at most. Errors: no_space, when there is
  // no room without evicting anything; invalid_argument; as the class.
  Result<DerivedFolder> derive(std::string_view name, ByteCount bytes);

  // Remembers that the model was used now. Does nothing where the home cannot be written.
  void touch_use(const Digest& key);

  // Removes what crashes have left: partials, claims and temporary files of processes that are
  // provably dead, old blobs, views and stamps that no model names, and what has been in quarantine
  // for long. Never what a process that lives, or of which one cannot know, has. stage() does it
  // once for each Store.
  Result<SweepReport> sweep(const SweepOptions& options = {});

 private:
  explicit Store(StoreOptions options);

  InstalledModel to_installed(Manifest manifest, LastUse last_use = LastUse::told) const;
  Result<Listing> list_matching(std::string_view prefix, LastUse last_use) const;
  void log(LogLevel level, const std::string& message) const;
  void sweep_once();
  Result<std::shared_ptr<const Manifest>> find_manifest(const ModelId& id) const;
  Result<std::optional<Digest>> carry_pin(const ModelRecord& record);

  // Constant after construction.
  const StoreOptions options_;
  const Layout layout_;
  base::FileSystem& files_;
  const Blobs blobs_;
  const Leases leases_;
  const Pins pins_;
  const ModelRemoval removal_;
  // Safe from any thread.
  Home home_;
  const std::shared_ptr<StagingArea> area_;  // shared with what was staged
  mutable ManifestIndex index_;
  UsageReader usage_;
  Evictor evictor_;
  Reserver reserver_;
  const DerivedFolders derived_;
  std::atomic<bool> is_swept_ = false;
};

}  // namespace modelhub::store
