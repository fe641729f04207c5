// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>

namespace modelhub::base {

// A mutex for what takes a hundred nanoseconds, and that many threads want all the time: who finds
// it taken tries for a few microseconds before it sleeps, since to sleep and to be woken takes
// longer than what it waits for. Four threads on two cores that did nothing but look up a loaded
// model needed 1.7 us for each with std::mutex, and 1.1 us with this one (lookup_bench 4, on a busy
// machine). For longer work it only heats the processor.
//
// Thread safety: it is what gives it. Works with std::lock_guard.
class BriefMutex {
 public:
  void lock() {
    constexpr int k_tries = 400;
    for (int i = 0; i < k_tries; ++i) {
      if (mutex_.try_lock()) return;
      relax();
    }
    mutex_.lock();
  }
  bool try_lock() { return mutex_.try_lock(); }
  void unlock() { mutex_.unlock(); }

 private:
  // Leaves the core to the other thread of it, and the lock to its owner.
  static void relax() {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
    asm volatile("yield");
#endif
  }

  std::mutex mutex_;
};

}  // namespace modelhub::base
