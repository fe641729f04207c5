// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/file_system.h"
#include "base/owner.h"
#include "store/layout.h"
#include "store/ticket.h"

namespace modelhub::store {

// What a folder in staging/<hex>/ is, by its name.
struct StagingName {
  enum class Kind {
    announced,  // "<owner>.<n>", or "<owner>" as modelhub 0.1 wrote it
    left,       // "left.<owner>.<n>": nobody's
    unknown,
  };
  Kind kind = Kind::unknown;
  std::optional<base::Owner> owner;

  static StagingName parse(std::string_view name);
  // The owner cannot come back to it.
  bool is_abandoned() const;
};

// The text of all claims of one pull, written once: the file staging/<owner>.<n>.claim, of which
// each claim is a further name, and so is each announcement of a small file. A model of a thousand
// files would need a thousand files of one line otherwise, and file systems are slow to make them
// and to forget them.
//
// Ownership:     removes its own name in the end; claims that are left keep theirs.
// Thread safety: all methods from any thread.
class ClaimText {
 public:
  // Nothing is written before the first claim.
  ClaimText(base::FileSystem& files, std::string path, std::string text);
  ~ClaimText();
  ClaimText(const ClaimText&) = delete;
  ClaimText& operator=(const ClaimText&) = delete;

  // Errors: busy when there is a file already; others where it cannot be written or linked.
  Result<void> link_as(const std::string& claim);

 private:
  base::FileSystem& files_;
  const std::string path_;
  const std::string text_;
  const std::uint64_t fork_generation_;
  std::mutex mutex_;
  bool is_written_ = false;  // guarded by mutex_
};

// Who fetches a blob: the file staging/<hex>/claim, or staging/<hex>.claim of a small one, which
// names the pull of its holder.
//
// Invariants:    only saves work. Every writer has a place of its own, and what two have fetched
//                is published once: nothing goes wrong when two believe that they hold a claim.
//                The file has its whole content from the moment at which it has its name.
// Thread safety: all methods from any thread, and from several processes.
// Errors:        io_error, no_space.
class Claims {
 public:
  explicit Claims(base::FileSystem& files) : files_(files) {}

  // Its text; nothing when there is none.
  Result<std::optional<std::string>> read(const std::string& claim) const;
  // Who wrote that text; nothing when it names nobody, as after a power cut.
  static std::optional<base::Owner> holder_of(std::string_view text);

  static std::string text_of(const Ticket& ticket) { return ticket.name() + "\n"; }

  // False when there is one already. `text` is the ticket's own; where there are no hard links each
  // claim is a file of its own.
  Result<bool> take(const std::string& claim, const Ticket& ticket, ClaimText& text) const;
  // Removes the claim if it still has this text. False when somebody else was faster. The claim is
  // renamed aside and looked at after: a claim that came in between is given back.
  Result<bool> remove(const std::string& claim, const std::string& text) const;
  // Removes the ticket's own claim.
  void release(const std::string& claim, const Ticket& ticket) const;

 private:
  Result<void> write_claim(const std::string& claim, const Ticket& ticket) const;

  base::FileSystem& files_;
};

// The folder in which the small files of one pull come in: staging/<owner>.<n>.files/. A model of a
// thousand files would need two thousand folders otherwise: slow to make, slow to remove, and for
// minutes after file systems like ext4 pass over their inodes one by one when they look for a free
// one.
//
// Ownership:     removes it in the end, with what failures have left in it.
// Thread safety: all methods from any thread.
class SharedFolder {
 public:
  SharedFolder(base::FileSystem& files, std::string path);
  ~SharedFolder();
  SharedFolder(const SharedFolder&) = delete;
  SharedFolder& operator=(const SharedFolder&) = delete;

  // Once; nothing afterwards.
  Result<void> make();
  // Somebody has removed it: the next make() makes it again.
  void is_gone();

 private:
  base::FileSystem& files_;
  const std::string path_;
  const std::uint64_t fork_generation_;
  std::mutex mutex_;
  bool is_made_ = false;  // guarded by mutex_
};

// The sign of life of one pull: the file staging/<owner>.<n>.pulse changes while the pull makes
// progress with any of its files.
//
// Ownership:     removes the file in the end.
// Thread safety: all methods from any thread.
class Pulse {
 public:
  // Nothing is written before the first interval has passed: a short pull leaves no trace.
  Pulse(base::FileSystem& files, const base::Clock& clock, std::string path);
  ~Pulse();
  Pulse(const Pulse&) = delete;
  Pulse& operator=(const Pulse&) = delete;

  void beat();

 private:
  base::FileSystem& files_;
  const base::Clock& clock_;
  const std::string path_;
  const std::uint64_t fork_generation_;
  std::mutex mutex_;
  std::chrono::steady_clock::time_point last_;  // guarded by mutex_
  std::uint64_t beats_ = 0;                     // guarded by mutex_
};

// How often a holder writes what waiters see.
inline constexpr std::chrono::seconds k_report_interval(1);

}  // namespace modelhub::store
