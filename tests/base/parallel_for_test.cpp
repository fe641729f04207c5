// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "base/parallel_for.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace modelhub::base {
namespace {

TEST(ParallelForTest, EveryPartIsDoneOnceWhateverTheNumbers) {
  for (const int threads : {0, 1, 2, 5}) {
    ParallelFor parallel(threads);
    EXPECT_EQ(parallel.threads(), std::max(1, threads));
    for (const int count : {0, 1, 2, 3, 100}) {
      std::vector<std::atomic<int>> times(static_cast<std::size_t>(count));
      parallel.run(count, [&](int i) { ++times[static_cast<std::size_t>(i)]; });
      EXPECT_TRUE(std::all_of(times.begin(), times.end(), [](const auto& n) { return n == 1; }))
          << threads << " threads, " << count << " parts";
    }
  }
}

// Two parts that wait for each other end only on two threads.
TEST(ParallelForTest, PartsRunAtTheSameTime) {
  ParallelFor parallel(2);
  std::atomic<int> here{0};
  parallel.run(2, [&](int) {
    ++here;
    while (here < 2) std::this_thread::yield();
  });
  EXPECT_EQ(here, 2);
}

TEST(ParallelForTest, ACallerDoesNotWaitForHelpersThatAreBusy) {
  ParallelFor parallel(2);
  std::atomic<bool> is_over{false};
  std::atomic<int> busy{0};
  std::thread other([&] {
    parallel.run(2, [&](int) {
      ++busy;
      while (!is_over) std::this_thread::yield();
    });
  });
  while (busy < 2) std::this_thread::yield();
  std::set<std::thread::id> threads;
  parallel.run(10, [&](int) { threads.insert(std::this_thread::get_id()); });
  EXPECT_EQ(threads, std::set{std::this_thread::get_id()});
  is_over = true;
  other.join();
}

TEST(ParallelForTest, ManyCallersShareThem) {
  ParallelFor parallel(4);
  std::atomic<int> sum{0};
  std::vector<std::thread> callers;
  for (int i = 0; i < 8; ++i) {
    callers.emplace_back([&] {
      for (int round = 0; round < 50; ++round) parallel.run(7, [&](int part) { sum += part; });
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(sum, 8 * 50 * 21);
}

// Where the helpers' threads are missing.
TEST(ParallelForTest, AForkedChildDoesItAlone) {
  ParallelFor parallel(3);
  std::atomic<int> before{0};
  parallel.run(10, [&](int) { ++before; });
  const pid_t child = ::fork();
  if (child == 0) {
    int sum = 0;
    parallel.run(10, [&](int part) { sum += part; });
    ::_exit(sum == 45 ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace modelhub::base
