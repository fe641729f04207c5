// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/executor.h"
#include "base/file_system.h"
#include "modelhub/digest.h"
#include "modelhub/result.h"
#include "transfer/byte_ranges.h"
#include "transfer/frontier.h"
#include "transfer/journal.h"
#include "transfer/transfer.h"

namespace modelhub::transfer {

// The threads that do what the loop's must not wait for.
struct Workers {
  base::Executor& hashers;
  base::Executor& syncer;      // one thread: disks do not get faster by more
  std::function<void()> wake;  // the loop; any thread
};

// Where the bytes of one file come down: the file, what of it is there and where that came from,
// its hashes, and the journal from which a later process goes on.
//
// Invariants:    nothing is written beyond the catalogued size; all but the last 16 MiB that were
//                written are in a journal, all but the last 128 MiB in one whose data was synced
//                before it was written.
// Ownership:     of the file and its journal in the folder. Shared with the tasks of the workers.
// Thread safety: the loop's thread only; what workers do is inside.
// Errors:        no_space, io_error, not_found (the folder is missing); Subject::store.
class Landing : public std::enable_shared_from_this<Landing> {
 public:
  // `lease` is dropped when nothing is written any more.
  Landing(base::FileSystem& files, const FetchRequest& request, const Workers& workers,
          std::shared_ptr<void> lease);

  // Looks what an earlier fetch and the seeds have of the file; is_adopting() until that is known.
  void adopt();
  bool is_adopting() const { return is_adopting_.load(std::memory_order_acquire); }

  // ---- bytes ----
  Result<void> write(std::uint64_t at, std::span<const std::byte> bytes);
  // Whether bytes at this place may come now. Those far ahead of the hash wait, so that it reads
  // from memory; and all, while a journal is too far behind.
  bool may_take(std::uint64_t at) const;
  std::uint64_t window_end() const;
  const ByteRanges& present() const { return present_; }
  std::uint64_t bytes() const { return bytes_; }
  std::uint64_t reused() const { return reused_.total(); }
  bool is_complete() const { return present_.total() == bytes_; }
  // Bytes that are certain to be those that the hash has seen.
  std::uint64_t hashed() const { return reached_; }
  // Bytes/s; 0 while nothing was hashed.
  double hash_rate() const { return frontier_.rate(); }
  // How often hashed() has gone back: what was read of the file before counts no more.
  std::uint64_t setbacks() const { return setbacks_; }

  // ---- where they come from ----
  // The validator of the source `shown`; empty when it gave none, or when another source's bytes
  // are here.
  std::string validator_of(const std::string& shown) const;
  void set_validator(const std::string& shown, std::string validator);
  // What is here came from elsewhere than what will come.
  void turn_old();
  // Starts anew. Errors: as write().
  Result<void> forget_all();
  // What came since turn_old() and adopt() is not the wanted file.
  Result<void> forget_new();

  // ---- hashes ----
  struct News {
    std::optional<Error> error;
    std::optional<Digest> whole;
  };
  // Starts hashing and journalling what has come; tells what was found.
  News step();
  // The whole has the wrong digest: forgets what is doubtful, first what no digest of its own ever
  // proved, then all that is old. False when nothing is: then the source's file is another one.
  bool doubt();
  // After News::whole; empty for a file of one chunk.
  std::vector<Digest> chunks() const;

  // ---- how it ends ----
  // Closes the file.
  Result<void> close();
  // What is there can be gone on with: writes the journal, on a worker. With nothing there, removes
  // the files.
  void keep();
  void remove();
  // No worker writes anything.
  bool is_idle() const {
    return syncs_.load(std::memory_order_acquire) + notes_.load(std::memory_order_acquire) == 0;
  }

 private:
  void adopt_own(const Journal& journal);
  void adopt_seed(const Seed& seed);
  Result<void> open();
  void take_over(ByteRange range);
  void hash_more();
  void post_hash();
  void journal_more();
  void post_lasting();
  void post_passing();
  void post_sync(std::optional<Journal> journal);
  void sync_while_hashing();
  Result<bool> sync_data();
  std::uint64_t came_since(std::uint64_t mark) const;
  void remove_files();
  void forget(const ByteRanges& ranges);
  void rehash();
  Journal journal() const;
  bool is_small() const { return bytes_ <= k_chunk_bytes; }

  // Constant after construction.
  base::FileSystem& files_;
  const Workers& workers_;
  const std::string path_;
  const std::string journal_path_;
  const std::string boot_;   // empty: not known, or nobody needs to; there are no passing journals
  const bool is_published_;  // else it serves for what is in it
  const std::optional<Digest> digest_;  // nothing: nobody could go on with a part, so none is kept
  const std::uint64_t bytes_;
  const std::vector<Seed> seeds_;
  const std::shared_ptr<void> lease_;

  // Used by the task of adopt(), then by the loop.
  std::unique_ptr<base::WritableFile> file_;
  ByteRanges present_;
  ByteRanges old_;       // of present_: not from the present source
  ByteRanges unproved_;  // of old_: no digest of their own says that they are what they were
  ByteRanges reused_;    // of present_: from the journal and the seeds
  std::map<std::size_t, Digest> claims_;  // what chunks of old_ should be
  std::string source_;
  std::string validator_;
  std::optional<Error> error_;

  std::atomic<bool> is_adopting_{false};
  std::atomic<bool> is_stopping_{false};
  std::atomic<int> syncs_{0};  // tasks of the syncer that were posted and are not done
  std::atomic<int> notes_{0};  // passing journals that were posted and are not written
  // What came_ was when it went into the last journal of each kind.
  std::atomic<std::uint64_t> synced_{0};
  std::atomic<std::uint64_t> noted_{0};
  std::mutex mutex_;
  std::optional<Error> sync_error_;  // guarded by mutex_

  // The loop's.
  std::uint64_t came_ = 0;  // bytes that were written
  std::uint64_t passing_turn_ = 0;
  bool wants_journal_ = false;
  std::uint64_t reached_ = 0;  // of the frontier, as last seen
  std::uint64_t setbacks_ = 0;
  Frontier frontier_;
};

}  // namespace modelhub::transfer
