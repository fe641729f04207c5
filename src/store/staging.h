// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/file_system.h"
#include "modelhub/byte_count.h"
#include "modelhub/digest.h"
#include "modelhub/log.h"
#include "modelhub/result.h"
#include "store/blobs.h"
#include "store/chunk_record.h"
#include "store/claim.h"
#include "store/layout.h"
#include "store/ticket.h"

namespace modelhub::store {

// What a pull has once for all of its files.
struct PullSigns {
  Pulse pulse;
  ClaimText claim_text;
  SharedFolder shared_folder;
};

// Where a file comes in.
enum class StagingPlace {
  own_folder,  // a partial is kept for the next pull
  // Beside the other small files of its pull: spares two folders, and keeps no partial.
  shared_folder
};
// Smaller than what a transfer writes at once: there is nothing worth keeping of a part.
inline constexpr ByteCount k_small_file(256 * 1024);

// What the staged files of one store share.
//
// Thread safety: all methods from any thread.
class StagingArea {
 public:
  StagingArea(Layout layout, base::FileSystem& files, const base::Clock& clock,
              std::chrono::milliseconds patience, LogSink log);
  StagingArea(const StagingArea&) = delete;
  StagingArea& operator=(const StagingArea&) = delete;

  // One for all files of a pull.
  std::shared_ptr<PullSigns> signs_of(const Ticket& ticket);
  void warn(const std::string& message) const;

  // Constant after construction.
  const Layout layout;
  base::FileSystem& files;
  const base::Clock& clock;
  const std::chrono::milliseconds patience;
  const Blobs blobs;
  const Claims claims;

 private:
  const LogSink log_;
  std::mutex mutex_;
  std::map<std::string, std::weak_ptr<PullSigns>> signs_;  // guarded by mutex_
};

// A local file that may hold parts of the wanted one. Only to be read, never trusted.
struct PartialSeed {
  std::string data;
  std::string journal;         // beside it; may not exist
  std::vector<Digest> chunks;  // of each 4 MiB of the wanted file; empty while unknown
};

// What the holder of a claim shows.
struct HolderProgress {
  ByteCount done;
  std::chrono::steady_clock::duration unchanged{0};  // how long no sign of life was seen
};

// A place for one file that is being fetched, and an announcement that its blob is wanted: while
// that exists nobody removes that blob. The folder of its own is at the same time the announcement;
// in a shared one there is a file for that. Made by Store::stage(), used up by Store::publish().
//
// Invariants:    of all who stage a digest, in all processes, one is_mine() and fetches; the others
//                wait with look_again(). That only saves work: whoever fetches all the same does no
//                harm.
// Ownership:     the place and what is in it; dropped without publication, it is removed or, after
//                keep_partial() of what has a folder of its own, left for the next pull. In a
//                forked child it belongs to the parent and is left alone. REQUIRES: the file system
//                and the clock that the store was opened with live on.
// Thread safety: one thread at a time; report() may run beside the others, not beside a move or the
//                destructor.
// Errors:        io_error, no_space, cancelled.
class StagedFile {
 public:
  // Announces the digest, then looks whether the blob is there, then claims it. REQUIRES: the
  // ticket announces a digest once at a time (else invalid_argument).
  static Result<StagedFile> announce(std::shared_ptr<StagingArea> area, const Ticket& ticket,
                                     const Digest& digest, ByteCount bytes, StagingPlace place,
                                     const std::stop_token& stop);
  StagedFile(StagedFile&& other) noexcept;
  StagedFile& operator=(StagedFile&& other) noexcept;
  ~StagedFile();

  const Digest& digest() const { return digest_; }
  ByteCount bytes() const { return bytes_; }
  // The store has this blob, whole: there is nothing to fetch, and complete() need not be called.
  bool is_present() const { return state_ == State::present; }
  // We hold the claim: fetch into folder(), which may hold the `data` and `journal` of somebody who
  // died.
  bool is_mine() const { return state_ == State::mine || state_ == State::complete; }
  // The folder, for what a transfer keeps beside the data, and what all names there begin with.
  const std::string& folder() const { return folder_; }
  const std::string& prefix() const { return prefix_; }
  // Where the bytes go. Only this object's owner writes there.
  std::string data_path() const { return path_of("data"); }
  // Other files whose parts may be copied: partials of others, and a damaged blob.
  const std::vector<PartialSeed>& seeds() const { return seeds_; }

  // Who fetches it when neither is_present() nor is_mine(), as of the last look.
  const std::optional<base::Owner>& holder() const { return holder_; }
  HolderProgress progress() const;
  // Looks once more at what another owner fetches: it may become present, or ours, because its
  // owner gave up, is dead, or showed no sign of life for the store's patience. Does nothing in any
  // other state.
  Result<void> look_again(const std::stop_token& stop = {});

  // Tells the waiters of other processes how far it is, and that this pull goes on: each call is a
  // sign of life for every file of the ticket. Writes at most once a second.
  void report(ByteCount done) const;
  // From now on the destructor leaves what was fetched for a later pull, which may be of another
  // process, if it has a folder of its own. REQUIRES: nothing has the data open any more when the
  // destructor runs.
  void keep_partial() { keeps_partial_ = !is_shared(); }
  bool keeps_partial() const { return keeps_partial_; }

  // Whoever wrote data_path() says what it hashed while writing: the store does not read the bytes
  // again. `chunks` are the digests of each 4 MiB if they are known, else empty. Errors:
  // checksum_mismatch, Subject::model, with both digests; corrupt_data when the size differs.
  Result<void> complete(const Digest& found, ByteCount found_bytes,
                        std::vector<Digest> chunks = {});

 private:
  friend class Publication;
  enum class State {
    elsewhere,  // another owner holds the claim
    mine,
    complete,  // data_path() holds the bytes
    present,
  };
  struct Reporter;  // the state of report()

  StagedFile(std::shared_ptr<StagingArea> area, const Ticket& ticket, const Digest& digest,
             ByteCount bytes, StagingPlace place);
  bool is_shared() const { return !prefix_.empty(); }
  std::string path_of(std::string_view name) const {
    return base::join_path(folder_, std::string(prefix_).append(name));
  }
  // In a shared folder: the announcement.
  std::string announcement() const { return base::join_path(folder_, digest_.hex()); }
  // A second name of the present blob, which keeps its bytes within reach whatever happens to the
  // first.
  std::string hold_path() const { return path_of("blob"); }
  // busy: this ticket has done that already.
  Result<void> announce_it();
  Result<void> make_folder();
  // Remembers that the blob is there, holds on to its bytes, and lets the claim go.
  void mark_present();
  Result<void> look_for_blob(const std::stop_token& stop);
  Result<void> look_for_claim(const std::stop_token& stop);
  // True when the claim may be taken away from whoever wrote `text`.
  bool is_stale(const std::string& text);
  Result<bool> take_claim(const std::stop_token& stop);
  void find_partials();
  void offer_damaged_blob();
  bool adopt(const std::string& partial);
  void stamp_early();
  void drop();
  void leave_or_remove_folder();
  void leave_shared_folder();

  std::shared_ptr<StagingArea> area_;
  Ticket ticket_;
  Digest digest_;
  ByteCount bytes_;
  std::string folder_;  // empty: nothing to drop
  std::string prefix_;  // empty: the folder is its own
  std::string claim_;
  State state_ = State::elsewhere;
  bool has_claim_ = false;
  bool is_first_ = false;    // nothing of others was seen
  bool is_held_ = false;     // there is a file at hold_path()
  bool is_stamped_ = false;  // the record of the blob has the stamp of our data
  bool is_adopted_ = false;  // the data was begun by a process that died
  bool keeps_partial_ = false;
  std::optional<Stamp> damaged_;  // what lies in the blob's place and does not match
  std::vector<Digest> chunks_;
  std::vector<PartialSeed> seeds_;
  std::vector<std::string> abandoned_;  // folders whose owners are gone, of no use once published
  std::optional<base::Owner> holder_;
  ByteCount holder_done_;
  std::string holder_signs_;  // the claim and what its holder wrote, at the last look
  std::chrono::steady_clock::time_point changed_at_;
  std::shared_ptr<Reporter> reporter_;
  std::uint64_t fork_generation_;
};

}  // namespace modelhub::store
