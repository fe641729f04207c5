// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace modelhub::cli {

// Calls work(i) for each i below `count` on several threads, and take(result) on this one, in the
// order of i, until take() returns false: what has begun is finished then, nothing more begins. No
// more than two results for each thread wait for their turn, so a slow picture does not fill the
// memory with its successors.
template <class Work, class Take>
void in_order(std::size_t count, std::size_t thread_count, Work work, Take take) {
  using Item = decltype(work(std::size_t{}));
  std::mutex mutex;
  std::condition_variable changed;
  std::map<std::size_t, Item> done;  // guarded by mutex
  std::size_t next = 0;              // guarded by mutex: to be begun
  std::size_t taken = 0;             // guarded by mutex
  bool is_over = false;              // guarded by mutex
  const std::size_t window = 2 * thread_count;

  const auto run = [&] {
    std::unique_lock lock(mutex);
    while (true) {
      changed.wait(lock, [&] { return is_over || next == count || next < taken + window; });
      if (is_over || next == count) return;
      const std::size_t index = next++;
      lock.unlock();
      Item item = work(index);
      lock.lock();
      done.emplace(index, std::move(item));
      changed.notify_all();
    }
  };
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < std::min(thread_count, count); ++i) threads.emplace_back(run);
  for (std::size_t index = 0; index < count; ++index) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return done.count(index) > 0; });
    Item item = std::move(done.extract(index).mapped());
    ++taken;
    changed.notify_all();
    lock.unlock();
    if (take(std::move(item))) continue;
    lock.lock();
    is_over = true;
    changed.notify_all();
    break;
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace modelhub::cli
