// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "store/reservation.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <random>
#include <utility>
#include <vector>

#include "base/fork_generation.h"
#include "store/budget.h"
#include "store/home.h"
#include "store/space_holders.h"

namespace modelhub::store {
namespace {

using std::chrono::milliseconds;

// The first wait, the longest, and how much each may differ, so that two that collide do not do so
// again.
constexpr milliseconds k_first_pause(10);
constexpr milliseconds k_longest_pause(500);

milliseconds jittered(milliseconds time) {
  thread_local std::minstd_rand random(std::random_device{}());
  std::uniform_real_distribution<double> factor(0.5, 1.5);
  return milliseconds(
      static_cast<milliseconds::rep>(static_cast<double>(time.count()) * factor(random)));
}

std::uint64_t beyond(ByteCount wanted, ByteCount there) {
  return wanted > there ? wanted.count() - there.count() : 0;
}

Error reservation_cancelled() {
  return {ErrorCode::cancelled, Subject::store, "waiting for space was cancelled"};
}

}  // namespace

void pause_for_real(milliseconds time, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  (void)never.wait_for(lock, stop, time, [] { return false; });
}

Reservation::Reservation(base::FileSystem& files, std::string path, ByteCount bytes)
    : files_(&files),
      path_(std::move(path)),
      bytes_(bytes),
      fork_generation_(base::fork_generation()) {}

Reservation::Reservation(Reservation&& other) noexcept
    : files_(other.files_),
      path_(std::exchange(other.path_, {})),
      bytes_(std::exchange(other.bytes_, {})),
      fork_generation_(other.fork_generation_) {}

Reservation& Reservation::operator=(Reservation&& other) noexcept {
  if (this == &other) return *this;
  release();
  files_ = other.files_;
  path_ = std::exchange(other.path_, {});
  bytes_ = std::exchange(other.bytes_, {});
  fork_generation_ = other.fork_generation_;
  return *this;
}

Reservation::~Reservation() { release(); }

void Reservation::release() {
  const std::string path = std::exchange(path_, {});
  bytes_ = {};
  if (path.empty() || fork_generation_ != base::fork_generation()) return;
  (void)files_->remove_file(path);  // what stays goes when this process has ended
}

// What was found when everything was added up.
struct Reserver::Attempt {
  const Ticket& ticket;
  const ByteCount bytes;
  bool is_wanted = false;  // our want is in the home, and so in the sums
  ByteCount budget;
  ByteCount free;       // on the disk
  ByteCount unwritten;  // what this ticket would still write to the disk
  Situation situation;
  // What is missing. Of the budget also without the wants of others: those that have to go
  // together with ours may be withdrawn, and nothing is evicted for them.
  std::uint64_t beyond_budget_with_wants = 0;
  std::uint64_t beyond_budget = 0;
  std::uint64_t beyond_disk = 0;
  ByteCount evictable;  // at most, where that was asked

  bool fits() const {
    return is_wanted && beyond_budget_with_wants == 0 && beyond_budget == 0 && beyond_disk == 0;
  }
  std::uint64_t missing() const { return std::max(beyond_budget, beyond_disk); }
  SpaceRequest request() const {
    return {bytes,          budget, free, unwritten, evictable, beyond_disk > beyond_budget,
            ticket.suffix()};
  }
};

Result<Reservation> Reserver::want(const Ticket& ticket, ByteCount bytes) const {
  // A pull may reserve several times; its files must have different names.
  for (std::uint64_t size = bytes.count();; ++size) {
    const std::string path =
        base::join_path(parts_.layout.reservations(),
                        ReservationEntry::name_of(ByteCount(size), ticket.suffix(), false));
    const std::string held =
        base::join_path(parts_.layout.reservations(),
                        ReservationEntry::name_of(ByteCount(size), ticket.suffix(), true));
    if (parts_.files.stat(held)) continue;
    Result<std::unique_ptr<base::WritableFile>> file =
        parts_.files.create(path, base::CreateMode::exclusive, 0666);
    if (file) return Reservation(parts_.files, path, ByteCount(size));
    if (file.error().code != ErrorCode::busy) return std::move(file).error();
  }
}

Result<Reservation> Reserver::hold(Reservation want) const {
  std::string held = want.path_;
  held.replace(held.size() - 4, 4, "held");
  if (Result<void> done = parts_.files.rename(want.path_, held); !done)
    return std::move(done).error();
  want.path_ = held;
  return want;
}

Result<void> Reserver::add_up(Attempt& attempt) const {
  const Result<ByteCount> budget = read_budget(parts_.files, parts_.layout);
  if (!budget) return budget.error();
  attempt.budget = *budget;
  const Result<ByteCount> free = parts_.files.free_space(parts_.layout.home());
  if (!free) return free.error();
  attempt.free = *free;
  Result<Usage> read = parts_.usage.read(UsageReader::DeadReservations::go);
  if (!read) return std::move(read).error();
  Usage& usage = attempt.situation.usage = *std::move(read);
  const std::string& ticket = attempt.ticket.suffix();
  const ByteCount ours = attempt.is_wanted ? ByteCount() : attempt.bytes;  // not in the sums yet
  attempt.beyond_budget_with_wants = beyond(usage.total() + ours, attempt.budget);
  attempt.beyond_budget = beyond(usage.total_for(ticket) + ours, attempt.budget);
  attempt.beyond_disk = beyond(usage.unwritten_for(ticket) + ours, attempt.free);
  ByteCount written;
  for (const PartialFolder& partial : usage.partials) {
    if (partial.ticket == ticket) written += partial.bytes;
  }
  attempt.unwritten = ByteCount(beyond(attempt.bytes, written));
  return {};
}

// True when something was removed: then it is worth to look again at once.
Result<bool> Reserver::evict(Attempt& attempt) {
  Result<Situation> situation = parts_.evictor.look(std::move(attempt.situation.usage));
  if (!situation) return std::move(situation).error();
  attempt.situation = *std::move(situation);
  // What a dead process was taking away is a model again, and can be chosen.
  if (attempt.situation.has_removals && parts_.removal.recover() != 0) return true;
  const EvictionPlan plan = parts_.evictor.plan(attempt.situation, ByteCount(attempt.missing()));
  attempt.evictable = plan.freed;
  if (!plan.suffices) return false;
  return !parts_.evictor
              .execute(attempt.situation, plan, "to make room for " + attempt.bytes.to_string())
              .empty();
}

bool Reserver::can_ever_fit(const Attempt& attempt) const {
  const HeldBytes held = held_bytes(attempt.situation.snapshot);
  return held.either + attempt.situation.usage.local + attempt.bytes <= attempt.budget &&
         attempt.unwritten <= attempt.free + attempt.evictable;
}

Result<Reservation> Reserver::reserve(const Ticket& ticket, ByteCount bytes,
                                      const std::stop_token& stop, const OnWait& on_wait) {
  if (bytes.count() == 0) return Reservation();
  std::string seen;      // what holds the space
  std::string last_why;  // what on_wait was told
  auto unchanged_since = parts_.clock.steady_now();
  milliseconds pause = k_first_pause;
  while (true) {
    if (stop.stop_requested()) return reservation_cancelled();
    Attempt attempt{ticket, round_to_blocks(bytes), false, {}, {}, {}, {}, 0, 0, 0, {}};
    Result<Reservation> wanted = want(ticket, attempt.bytes);
    if (!wanted && wanted.error().code != ErrorCode::no_space)
      return as_write_error(std::move(wanted).error());
    attempt.is_wanted = wanted.has_value();
    if (Result<void> done = add_up(attempt); !done) return std::move(done).error();
    if (wanted && attempt.fits()) {
      Result<Reservation> held = hold(*std::move(wanted));
      if (held || held.error().code != ErrorCode::no_space) return held;
      attempt.is_wanted = false;
    } else if (wanted) {
      wanted->release();
    }
    // On a disk where not even an empty file finds room, something has to go first.
    if (!attempt.is_wanted) attempt.beyond_disk = std::max(attempt.beyond_disk, k_block_bytes);
    if (attempt.missing() != 0) {
      Result<bool> is_evicted = evict(attempt);
      if (!is_evicted) return std::move(is_evicted).error();
      if (*is_evicted) continue;
      if (!can_ever_fit(attempt))
        return no_room_error(parts_.layout, attempt.situation, attempt.request());
    }
    if (std::string now = fingerprint_of(attempt.situation, ticket.suffix()); now != seen) {
      seen = std::move(now);
      unchanged_since = parts_.clock.steady_now();
    } else if (parts_.clock.steady_now() - unchanged_since >= patience_) {
      return no_room_error(parts_.layout, attempt.situation, attempt.request());
    }
    if (on_wait) {
      std::string why = "waiting for " + attempt.bytes.to_string() + ": " +
                        who_holds_space(attempt.situation, ticket.suffix());
      if (why != last_why) on_wait(why);
      last_why = std::move(why);
    }
    pause_(jittered(pause), stop);
    pause = std::min(pause * 2, k_longest_pause);
  }
}

Result<Reservation> Reserver::try_reserve(const Ticket& ticket, ByteCount bytes) {
  Attempt attempt{ticket, round_to_blocks(bytes), true, {}, {}, {}, {}, 0, 0, 0, {}};
  Result<Reservation> wanted = want(ticket, attempt.bytes);
  if (!wanted) return std::move(wanted).error();
  if (Result<void> done = add_up(attempt); !done) return std::move(done).error();
  if (attempt.fits()) return hold(*std::move(wanted));
  return Error(ErrorCode::no_space, Subject::store,
               "there is no room for " + attempt.bytes.to_string() + " in " + parts_.layout.home(),
               "modelhub cache budget shows and sets how much may be used");
}

}  // namespace modelhub::store
