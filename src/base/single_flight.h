// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>

#include "base/fork_generation.h"
#include "modelhub/job.h"

namespace modelhub::base {

class Executor;

// Lets any number of callers who want the same thing at the same time share one piece of work. Each
// caller gets a Job of its own, so each can give up alone; the work is asked to stop when the last
// one has.
//
// Invariants:    at most one flight for a key that somebody still waits for; the result or error of
//                a flight goes to every caller who joined it.
// Thread safety: all methods from any thread. `start` runs on the thread that calls join(), outside
//                the lock; it must hand the work to a thread and return.
// Ownership:     flights keep what they need alive; the SingleFlight may go first.
template <class Key, class T>
class SingleFlight {
  struct Table;
  struct Flight;

 public:
  // What does the work's side of a flight: copyable; the flight ends with `cancelled` if the last
  // copy goes unanswered.
  class Lead {
   public:
    void complete(const Result<T>& result) const { end_->flight_complete(result); }
    void report(const Progress& progress) const {
      for (const Promise<T>& ticket : end_->tickets()) ticket.report(progress);
    }
    // Signalled when the last waiter has gone.
    std::stop_token stop_token() const { return end_->flight->stop.get_token(); }

   private:
    friend class SingleFlight;
    struct End {
      std::shared_ptr<Table> table;
      std::shared_ptr<Flight> flight;
      Key key;

      End(std::shared_ptr<Table> t, std::shared_ptr<Flight> f, Key k)
          : table(std::move(t)), flight(std::move(f)), key(std::move(k)) {}
      ~End() {
        flight_complete(Error(ErrorCode::cancelled, Subject::other, "the work was dropped"));
      }
      End(const End&) = delete;
      End& operator=(const End&) = delete;

      std::list<Promise<T>> tickets() const {
        std::lock_guard lock(table->mutex);
        return flight->tickets;
      }
      void flight_complete(const Result<T>& result) const {
        // the mutex may be locked for ever
        if (table->fork_generation != fork_generation()) return;
        std::list<Promise<T>> tickets;
        // destroyed outside the lock: that may wait for a running callback
        std::list<StopCallback> cancellations;
        {
          std::lock_guard lock(table->mutex);
          table->forget(key, flight);
          tickets.swap(flight->tickets);
          cancellations.swap(flight->cancellations);
        }
        for (const Promise<T>& ticket : tickets) ticket.complete(result);
      }
    };

    explicit Lead(std::shared_ptr<End> end) : end_(std::move(end)) {}

    std::shared_ptr<End> end_;
  };

  explicit SingleFlight(std::shared_ptr<Executor> callbacks)
      : callbacks_(std::move(callbacks)), table_(std::make_shared<Table>()) {}

  // Joins the flight for `key`, or starts one: whoever holds the Lead must complete it sooner or
  // later.
  Job<T> join(const Key& key, const std::function<void(Lead)>& start) {
    Promise<T> ticket(callbacks_);
    if (table_->fork_generation != fork_generation()) {
      ticket.complete(Error(ErrorCode::unsupported, Subject::other,
                            "this work belongs to the process that forked",
                            "open a new Hub in the child process"));
      return ticket.job();
    }
    std::shared_ptr<Flight> flight;
    bool is_first = false;
    {
      std::lock_guard lock(table_->mutex);
      std::shared_ptr<Flight>& slot = table_->flights[key];
      is_first = !slot;
      if (is_first) slot = std::make_shared<Flight>();
      flight = slot;
      flight->tickets.push_back(ticket);
      ++flight->waiting;
    }
    watch_cancellation(key, flight, ticket);
    if (is_first) start(Lead(std::make_shared<typename Lead::End>(table_, flight, key)));
    return ticket.job();
  }

 private:
  using StopCallback = std::stop_callback<std::function<void()>>;

  struct Flight {
    std::stop_source stop;
    std::list<Promise<T>> tickets;  // guarded by Table::mutex
    std::size_t waiting = 0;        // guarded by Table::mutex; tickets that were not cancelled
    std::list<StopCallback> cancellations;  // guarded by Table::mutex
  };
  struct Table {
    const std::uint64_t fork_generation = base::fork_generation();
    std::mutex mutex;
    std::map<Key, std::shared_ptr<Flight>> flights;  // guarded by mutex

    // REQUIRES: mutex is held.
    void forget(const Key& key, const std::shared_ptr<Flight>& flight) {
      const auto slot = flights.find(key);
      if (slot != flights.end() && slot->second == flight) flights.erase(slot);
    }
  };

  void watch_cancellation(const Key& key, const std::shared_ptr<Flight>& flight,
                          const Promise<T>& ticket) {
    std::function<void()> on_cancel = [table = table_, weak = std::weak_ptr<Flight>(flight), key] {
      const std::shared_ptr<Flight> still = weak.lock();
      if (!still) return;
      {
        std::lock_guard lock(table->mutex);
        if (--still->waiting > 0) return;
        // who comes now starts anew, and does not inherit the cancellation
        table->forget(key, still);
      }
      still->stop.request_stop();
    };
    std::list<StopCallback> node;
    node.emplace_back(ticket.stop_token(), std::move(on_cancel));
    std::lock_guard lock(table_->mutex);
    flight->cancellations.splice(flight->cancellations.end(), node);
  }

  const std::shared_ptr<Executor> callbacks_;
  const std::shared_ptr<Table> table_;
};

}  // namespace modelhub::base
