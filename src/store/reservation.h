// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/file_system.h"
#include "store/evictor.h"
#include "store/layout.h"
#include "store/ticket.h"
#include "store/usage.h"

namespace modelhub::store {

// Space in a home that is promised to one pull.
//
// Ownership:     one file in reserve/; removed at destruction, which must come after publication,
//                except in a forked child, where it is the parent's. REQUIRES: the file system of
//                the store lives on.
// Thread safety: one thread at a time.
class Reservation {
 public:
  Reservation() = default;  // of nothing
  Reservation(Reservation&& other) noexcept;
  Reservation& operator=(Reservation&& other) noexcept;
  ~Reservation();

  ByteCount bytes() const { return bytes_; }
  void release();

 private:
  friend class Reserver;
  Reservation(base::FileSystem& files, std::string path, ByteCount bytes);

  base::FileSystem* files_ = nullptr;
  std::string path_;  // empty: nothing to remove
  ByteCount bytes_;
  std::uint64_t fork_generation_ = 0;
};

// Called when a reservation has to wait, with a sentence that says for whom; again when that
// changes.
using OnWait = std::function<void(const std::string& why)>;
// Waits for about that long, or until the stop: a seam, so that tests need not.
using Pause = std::function<void(std::chrono::milliseconds, const std::stop_token&)>;
void pause_for_real(std::chrono::milliseconds time, const std::stop_token& stop);

// Makes reservations so that the budget holds at every instant, for any number of processes and
// without a lock: the want is written first, then everything is added up; it becomes a held one
// only if all, with every other's want, fits. Of two that want the last room at least one sees the
// other.
//
// Invariants:    what is visible in the home and what is held never exceed the budget, if they did
//                not when the budget was set.
// Thread safety: all methods from any thread.
// Errors:        no_space, Subject::store: names who holds the space and what to do; cancelled;
//                io_error.
class Reserver {
 public:
  // All borrowed; they must outlive this.
  struct Parts {
    const Layout& layout;
    base::FileSystem& files;
    const base::Clock& clock;
    UsageReader& usage;
    Evictor& evictor;
    const ModelRemoval& removal;
  };
  Reserver(const Parts& parts, std::chrono::milliseconds patience, Pause pause)
      : parts_(parts), patience_(patience), pause_(std::move(pause)) {}

  // REQUIRES: the home is prepared for writing.
  Result<Reservation> reserve(const Ticket& ticket, ByteCount bytes, const std::stop_token& stop,
                              const OnWait& on_wait);
  // The same at once, for what is not worth that anything goes or anybody waits for it. Errors:
  // no_space, without the holders; io_error.
  Result<Reservation> try_reserve(const Ticket& ticket, ByteCount bytes);

 private:
  struct Attempt;

  Result<Reservation> want(const Ticket& ticket, ByteCount bytes) const;
  Result<Reservation> hold(Reservation want) const;
  // Adds up, and says what is missing: bytes of the budget, and of the disk.
  Result<void> add_up(Attempt& attempt) const;
  Result<bool> evict(Attempt& attempt);
  bool can_ever_fit(const Attempt& attempt) const;

  const Parts parts_;
  const std::chrono::milliseconds patience_;
  const Pause pause_;
};

}  // namespace modelhub::store
