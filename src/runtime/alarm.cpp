// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/alarm.h"

#include <pthread.h>

#include <system_error>
#include <utility>

namespace modelhub::runtime {

Alarm::Alarm(std::function<void()> ring, const base::Clock& clock)
    : ring_(std::move(ring)), clock_(clock) {}

void Alarm::set(std::chrono::steady_clock::time_point when) {
  std::lock_guard lock(mutex_);
  if (is_stopped_ || (when_ && *when_ <= when)) return;
  when_ = when;
  if (thread_.joinable()) {
    changed_.notify_one();
    return;
  }
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error&) {
    when_.reset();  // perhaps there is one the next time
  }
}

void Alarm::stop() {
  std::thread thread;
  {
    std::lock_guard lock(mutex_);
    is_stopped_ = true;
    thread.swap(thread_);
    changed_.notify_one();
  }
  if (thread.joinable()) thread.join();
}

void Alarm::run() {
  ::pthread_setname_np(::pthread_self(), "mh-alarm");
  std::unique_lock lock(mutex_);
  while (!is_stopped_) {
    if (!when_) {
      changed_.wait(lock);
      continue;
    }
    // By the clock, which a test may have moved; waiting is real.
    if (const auto left = *when_ - clock_.steady_now(); left.count() > 0) {
      changed_.wait_for(lock, left);
      continue;
    }
    when_.reset();
    lock.unlock();
    ring_();
    lock.lock();
  }
}

}  // namespace modelhub::runtime
