// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace modelhub::runtime {

// Counts who holds a lease, and says whether there may be more, in one word: leases come and go
// without a lock. It is an owner with a lock who opens and closes it; whatever the owner must be
// told of happens under that lock.
//
// Invariants:    while it is closed, enter() by the owner alone adds to the count. When the last
//                one leaves a gate that is closed or watched, it does so by leave(), under the
//                owner's lock; so what the owner sees there under its lock stays as it is.
// Thread safety: try_enter() and try_leave() from any thread. All others under the owner's lock.
class LeaseGate {
 public:
  // False while it is closed. Who enters sees all that was done before it was opened.
  bool try_enter() {
    std::uint64_t word = word_.load(std::memory_order_relaxed);
    while ((word & k_open) != 0) {
      if (word_.compare_exchange_weak(word, word + k_one, std::memory_order_acquire,
                                      std::memory_order_relaxed)) {
        return true;
      }
    }
    return false;
  }
  // False when the owner has to be told: take its lock, and call leave(). After true nothing of the
  // owner may be touched.
  bool try_leave() {
    std::uint64_t word = word_.load(std::memory_order_relaxed);
    while (word >= 2 * k_one || (word & (k_open | k_watched)) == k_open) {
      if (word_.compare_exchange_weak(word, word - k_one, std::memory_order_release,
                                      std::memory_order_relaxed)) {
        return true;
      }
    }
    return false;
  }

  void enter() { word_.fetch_add(k_one, std::memory_order_acquire); }
  // How many are left.
  std::size_t leave() {
    return count_of(word_.fetch_sub(k_one, std::memory_order_acq_rel) - k_one);
  }
  void open() { word_.fetch_or(k_open, std::memory_order_release); }
  // How many are left, which sees all that those did who have left.
  std::size_t close() { return count_of(word_.fetch_and(~k_open, std::memory_order_acq_rel)); }
  // Closes it if nobody is there.
  bool close_if_empty() {
    std::uint64_t word = word_.load(std::memory_order_relaxed);
    while (word < k_one) {
      if (word_.compare_exchange_weak(word, word & ~k_open, std::memory_order_acq_rel,
                                      std::memory_order_relaxed)) {
        return true;
      }
    }
    return false;
  }
  // Whether the owner wants to know when the last one leaves though the gate is open. One who left
  // before is not counted by what count() says afterwards.
  void watch(bool is_watched) {
    if (is_watched)
      word_.fetch_or(k_watched, std::memory_order_acq_rel);
    else
      word_.fetch_and(~k_watched, std::memory_order_acq_rel);
  }
  std::size_t count() const { return count_of(word_.load(std::memory_order_acquire)); }

 private:
  static constexpr std::uint64_t k_open = 1;
  static constexpr std::uint64_t k_watched = 2;
  static constexpr std::uint64_t k_one = 4;

  static std::size_t count_of(std::uint64_t word) { return static_cast<std::size_t>(word / k_one); }

  std::atomic<std::uint64_t> word_{0};
};

}  // namespace modelhub::runtime
