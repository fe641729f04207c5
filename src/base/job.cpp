// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "modelhub/job.h"

#include "base/executor.h"
#include "base/fork_generation.h"

namespace modelhub {

std::string_view name_of(Phase phase) {
  switch (phase) {
    case Phase::queued: return "queued";
    case Phase::resolving: return "resolving";
    case Phase::downloading: return "downloading";
    case Phase::verifying: return "verifying";
    case Phase::publishing: return "publishing";
    case Phase::loading: return "loading";
    case Phase::testing: return "testing";
    case Phase::finished: return "finished";
  }
  return "unknown";
}

namespace base {

JobCore::JobCore(std::shared_ptr<Executor> callbacks)
    : callbacks_(std::move(callbacks)),
      fork_generation_(fork_generation()),
      done_changed_(std::make_unique<std::condition_variable>()) {}

JobCore::~JobCore() {
  // glibc destroys a condition variable only after its waiters have woken. In a fork they never
  // will: leak it.
  if (fork_error()) (void)done_changed_.release();
}

std::optional<Error> JobCore::fork_error() const {
  if (fork_generation_ == fork_generation()) return std::nullopt;
  return Error(ErrorCode::unsupported, Subject::other,
               "this job belongs to the process that forked",
               "open a new Hub in the child process");
}

bool JobCore::is_done() const {
  if (fork_error()) return true;
  std::lock_guard lock(mutex_);
  return done_;
}

Result<bool> JobCore::wait_until(
    std::optional<std::chrono::steady_clock::time_point> deadline) const {
  if (std::optional<Error> error = fork_error()) return *std::move(error);
  std::unique_lock lock(mutex_);
  if (!done_ && Executor::is_on_callback_thread()) {
    return Error(ErrorCode::invalid_argument, Subject::usage,
                 "waiting for a job inside a callback would wait for itself",
                 "use job.then(...), or wait on a thread of your own");
  }
  if (!deadline) {
    done_changed_->wait(lock, [&] { return done_; });
    return true;
  }
  return done_changed_->wait_until(lock, *deadline, [&] { return done_; });
}

Result<bool> JobCore::wait_for(std::chrono::nanoseconds patience) const {
  const auto now = std::chrono::steady_clock::now();
  if (patience > std::chrono::steady_clock::time_point::max() - now)
    return wait_until(std::nullopt);
  return wait_until(now + patience);
}

Progress JobCore::progress() const {
  if (fork_error()) return {};
  std::lock_guard lock(mutex_);
  return progress_;
}

void JobCore::observe(std::function<void(const Progress&)> observer) {
  if (fork_error()) return;
  std::lock_guard lock(mutex_);
  if (done_) return;  // nothing will change; and what it holds may hold this job
  observers_.push_back(std::make_shared<Observer>(Observer{std::move(observer)}));
}

void JobCore::when_done(std::function<void()> callback) {
  if (fork_error()) return;
  {
    std::lock_guard lock(mutex_);
    if (!done_) {
      on_done_.push_back(std::move(callback));
      return;
    }
  }
  callbacks_->post(std::move(callback));
}

void JobCore::report(Progress progress) {
  std::vector<std::shared_ptr<Observer>> to_call;
  Executor& executor = *callbacks_;
  {
    std::lock_guard lock(mutex_);
    if (done_) return;
    progress_ = std::move(progress);
    for (const std::shared_ptr<Observer>& observer : observers_) {
      if (observer->scheduled) continue;
      observer->scheduled = true;
      to_call.push_back(observer);
    }
  }
  for (std::shared_ptr<Observer>& observer : to_call) {
    executor.post([this, observer = std::move(observer), keep = shared_from_this()] {
      Progress newest;
      {
        std::lock_guard lock(mutex_);
        observer->scheduled = false;
        newest = progress_;
      }
      observer->call(newest);
    });
  }
}

bool JobCore::finish(const std::function<void()>& store) {
  if (fork_error()) return false;
  std::vector<std::function<void()>> callbacks;
  std::vector<std::shared_ptr<Observer>> observers;
  {
    std::lock_guard lock(mutex_);
    if (done_) return false;
    store();
    done_ = true;
    callbacks.swap(on_done_);
    observers.swap(observers_);
    // Under the lock: a waiter may destroy the state as soon as it sees done_.
    done_changed_->notify_all();
  }
  for (std::function<void()>& callback : callbacks) callbacks_->post(std::move(callback));
  return true;
}

}  // namespace base
}  // namespace modelhub
