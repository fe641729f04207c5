// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace modelhub {

// How long a test waits for what must happen at once; generous, for machines that are busy and for
// sanitizers.
inline constexpr std::chrono::seconds k_test_patience{60};

// Something that happens once, and that other threads wait for.
class Event {
 public:
  void set() {
    std::lock_guard lock(mutex_);
    is_set_ = true;
    changed_.notify_all();
  }
  // False when it did not happen within the patience of a test.
  bool wait() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, k_test_patience, [&] { return is_set_; });
  }
  bool is_set() {
    std::lock_guard lock(mutex_);
    return is_set_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_set_ = false;  // guarded by mutex_
};

// Waits for a condition that has no event of its own.
template <class Condition>
bool becomes_true(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + k_test_patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace modelhub
