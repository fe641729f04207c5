// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "base/clock.h"

namespace modelhub::runtime {

// Calls a function, on a thread of its own, when a time has come. Most programs never set one: the
// thread begins with the first.
//
// Thread safety: all methods from any thread; stop() not from the function itself.
class Alarm {
 public:
  // Borrows the clock.
  Alarm(std::function<void()> ring, const base::Clock& clock);
  // REQUIRES: stop() was called, or this is a fork of the process, or it was never set.
  ~Alarm() = default;
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;

  // Rings at that time, or before when it was set so before. It may ring too often, never too
  // seldom; but where the machine has no thread to give it does not ring at all.
  void set(std::chrono::steady_clock::time_point when);
  // Waits for a call that runs; afterwards it never rings.
  void stop();

 private:
  void run();

  const std::function<void()> ring_;
  const base::Clock& clock_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<std::chrono::steady_clock::time_point> when_;  // guarded by mutex_
  bool is_stopped_ = false;                                    // guarded by mutex_
  std::thread thread_;                                         // guarded by mutex_
};

}  // namespace modelhub::runtime
