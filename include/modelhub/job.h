// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>
#include <vector>

#include "modelhub/export.h"
#include "modelhub/progress.h"
#include "modelhub/result.h"

namespace modelhub MODELHUB_API {

template <class T>
class Promise;

namespace base {
class Executor;

// The part of a job's shared state that does not depend on its type. Not for direct use.
//
// State: running -> done; done never changes again.
class JobCore : public std::enable_shared_from_this<JobCore> {
 public:
  explicit JobCore(std::shared_ptr<Executor> callbacks);
  virtual ~JobCore();
  JobCore(const JobCore&) = delete;
  JobCore& operator=(const JobCore&) = delete;

  bool is_done() const;
  // Waits until done or the deadline; the error says why one may not wait (after a fork, inside a
  // callback).
  Result<bool> wait_until(std::optional<std::chrono::steady_clock::time_point> deadline) const;
  // As wait_until(now + patience), for any patience.
  Result<bool> wait_for(std::chrono::nanoseconds patience) const;
  Progress progress() const;
  void observe(std::function<void(const Progress&)> observer);
  void when_done(std::function<void()> callback);
  void report(Progress progress);
  std::stop_token stop_token() const { return stop_.get_token(); }

 protected:
  // Marks done after `store` ran under the lock; false when it was done already.
  bool finish(const std::function<void()>& store);
  void request_stop() { stop_.request_stop(); }
  // An error when this process is a fork of the one that made the job.
  std::optional<Error> fork_error() const;

  mutable std::mutex mutex_;

 private:
  struct Observer {
    std::function<void(const Progress&)> call;
    // at most one call waits in the queue, so a slow observer sees the newest progress only
    bool scheduled = false;
  };

  const std::shared_ptr<Executor> callbacks_;
  const std::uint64_t fork_generation_;
  std::stop_source stop_;
  // Behind a pointer because it cannot be destroyed in a fork of the process in which somebody
  // waited on it.
  std::unique_ptr<std::condition_variable> done_changed_;
  bool done_ = false;                                 // guarded by mutex_
  Progress progress_;                                 // guarded by mutex_
  std::vector<std::shared_ptr<Observer>> observers_;  // guarded by mutex_; Observer::scheduled too
  std::vector<std::function<void()>> on_done_;        // guarded by mutex_
};

template <class T>
class JobState final : public JobCore {
 public:
  using JobCore::JobCore;

  bool complete(Result<T> result) {
    return finish([&] { result_.emplace(std::move(result)); });
  }
  void cancel() {
    if (complete(Error(ErrorCode::cancelled, Subject::other, "the job was cancelled")))
      request_stop();
  }
  Result<T> get() const {
    if (Result<bool> waited = wait_until(std::nullopt); !waited) return std::move(waited).error();
    std::lock_guard lock(mutex_);
    return *result_;
  }

 private:
  std::optional<Result<T>> result_;  // guarded by mutex_
};

}  // namespace base

// Work that has started already, on the hub's own threads. A handle: copies share the same work.
//
// Dropping every handle cancels nothing. When the hub is destroyed, handles that are left answer
// `cancelled`. In a child process after fork() they answer `unsupported`.
//
// Thread safety: all methods may be called from any thread.
// Callbacks:     on_progress() and then() call on the hub's callback thread, never under a lock and
//                never on the thread that does the work. Waiting inside a callback would wait for
//                itself: get() detects it and returns invalid_argument; wait_for() does not wait
//                there.
template <class T>
class [[nodiscard]] Job {
 public:
  using value_type = T;

  // Waits for the result and returns a copy of it.
  Result<T> get() const { return state_->get(); }

  // True when the job is done after waiting for at most this long.
  bool wait_for(std::chrono::nanoseconds patience) const {
    return state_->wait_for(patience).value_or(false);
  }
  bool is_done() const { return state_->is_done(); }

  Progress progress() const { return state_->progress(); }

  // Takes this waiter away: the job is done now, with `cancelled`. The work itself stops when its
  // last waiter has gone; bytes that were fetched by then stay resumable. Copies of a handle are
  // one waiter.
  void cancel() const { state_->cancel(); }

  // Called after each change, with the newest progress; changes in quick succession are merged.
  void on_progress(std::function<void(const Progress&)> observer) const {
    state_->observe(std::move(observer));
  }

  // Called once with the result; at once (on the callback thread) when the job is done already.
  void then(std::function<void(Result<T>)> callback) const {
    // The callback may run, and destroy this handle, before when_done() has returned: a copy keeps
    // the state.
    const std::shared_ptr<base::JobState<T>> kept = state_;
    kept->when_done([state = kept, callback = std::move(callback)] { callback(state->get()); });
  }

 private:
  friend class Promise<T>;
  explicit Job(std::shared_ptr<base::JobState<T>> state) : state_(std::move(state)) {}

  std::shared_ptr<base::JobState<T>> state_;
};

// The producer's end of a Job, for those who start work. If the last Promise goes without an answer
// the job ends with `cancelled`, so a waiter can never hang on work that nobody does.
//
// Thread safety: as Job.
template <class T>
class Promise {
 public:
  explicit Promise(std::shared_ptr<base::Executor> callbacks)
      : shared_(
            std::make_shared<Shared>(std::make_shared<base::JobState<T>>(std::move(callbacks)))) {}

  Job<T> job() const { return Job<T>(shared_->state); }
  // False when the job was done already: cancelled, or completed by someone else.
  bool complete(Result<T> result) const { return shared_->state->complete(std::move(result)); }
  void report(Progress progress) const { shared_->state->report(std::move(progress)); }
  // Signalled when the waiter has gone and the work should stop.
  std::stop_token stop_token() const { return shared_->state->stop_token(); }

 private:
  struct Shared {
    explicit Shared(std::shared_ptr<base::JobState<T>> s) : state(std::move(s)) {}
    ~Shared() { state->cancel(); }
    Shared(const Shared&) = delete;
    Shared& operator=(const Shared&) = delete;
    std::shared_ptr<base::JobState<T>> state;
  };

  std::shared_ptr<Shared> shared_;
};

}  // namespace MODELHUB_API
