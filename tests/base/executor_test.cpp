// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "base/executor.h"

#include <atomic>
#include <memory>
#include <mutex>
#include <set>
#include <system_error>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/event.h"
#include "support/no_more_threads.h"

namespace modelhub::base {
namespace {

TEST(ExecutorTest, OneThreadRunsTasksInTheOrderOfPosting) {
  std::vector<int> order;
  {
    Executor executor("order", 1, Executor::Role::workers);
    for (int i = 0; i < 100; ++i) executor.post([&order, i] { order.push_back(i); });
  }
  ASSERT_EQ(order.size(), 100U);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
}

TEST(ExecutorTest, DestructionRunsWhatWasPostedBefore) {
  std::atomic<int> count = 0;
  {
    Executor executor("a name that is longer than fifteen bytes", 3, Executor::Role::workers);
    for (int i = 0; i < 500; ++i) executor.post([&] { ++count; });
  }
  EXPECT_EQ(count, 500);
}

TEST(ExecutorTest, SeveralThreadsWorkAtOnce) {
  Executor executor("pair", 2, Executor::Role::workers);
  Event first;
  Event second;
  executor.post([&] {
    first.set();
    EXPECT_TRUE(second.wait());
  });
  executor.post([&] {
    EXPECT_TRUE(first.wait());
    second.set();
  });
  EXPECT_TRUE(second.wait());
}

TEST(ExecutorTest, HasNoMoreThreadsThanItsTasksNeed) {
  std::mutex mutex;
  std::set<std::thread::id> seen;  // guarded by mutex
  {
    Executor executor("few", 16, Executor::Role::workers);
    for (int i = 0; i < 100; ++i) {
      Event done;
      executor.post([&] {
        std::lock_guard lock(mutex);
        seen.insert(std::this_thread::get_id());
        done.set();
      });
      EXPECT_TRUE(done.wait());
    }
  }
  // More than one, if a thread was still about to return when the next task came.
  EXPECT_LT(seen.size(), 16U);
}

TEST(ExecutorTest, WithoutAFirstThreadThereIsNoExecutor) {
  const test::NoMoreThreads none;
  try {
    Executor executor("none", 2, Executor::Role::workers);
    FAIL() << "there was a thread";
  } catch (const std::system_error& error) {
    const Error told = no_thread(error);
    EXPECT_EQ(told.code, ErrorCode::out_of_memory);
    EXPECT_THAT(told.hint, testing::HasSubstr("ulimit -u"));
  }
}

TEST(ExecutorTest, WithoutFurtherThreadsTheFirstOneDoesTheWork) {
  Executor executor("one", 4, Executor::Role::workers);
  const test::NoMoreThreads none;
  std::atomic<int> runs = 0;
  Event last;
  for (int i = 0; i < 10; ++i) executor.post([&] { ++runs; });
  executor.post([&] { last.set(); });
  EXPECT_TRUE(last.wait());
  EXPECT_EQ(runs, 10);
}

TEST(ExecutorTest, MayBeDestroyedByItsOwnTask) {
  Event destroyed;
  Event after;
  auto executor = std::make_shared<Executor>("self", 1, Executor::Role::callbacks);
  Executor* const raw = executor.get();
  raw->post([&, executor = std::move(executor)]() mutable {
    executor->post([&] { after.set(); });
    executor.reset();
    destroyed.set();
  });
  EXPECT_TRUE(destroyed.wait());
  EXPECT_TRUE(after.wait()) << "what was posted before the destruction still runs";
}

TEST(ExecutorTest, ATaskMayPostAnother) {
  Event done;
  Executor executor("chain", 1, Executor::Role::workers);
  executor.post([&] { executor.post([&] { done.set(); }); });
  EXPECT_TRUE(done.wait());
}

TEST(ExecutorTest, WhatATaskCapturedIsDestroyedWithoutTheLock) {
  Event done;
  Executor executor("captured", 1, Executor::Role::workers);
  // The destructor of a capture posts again: with the lock held this would never end.
  auto poster = std::shared_ptr<void>(nullptr, [&](void*) { executor.post([&] { done.set(); }); });
  executor.post([poster = std::move(poster)] {});
  EXPECT_TRUE(done.wait());
}

TEST(ExecutorTest, KnowsCallbackThreads) {
  EXPECT_FALSE(Executor::is_on_callback_thread());
  bool in_callbacks = false;
  bool in_workers = true;
  {
    Executor callbacks("callbacks", 1, Executor::Role::callbacks);
    Executor workers("workers", 1, Executor::Role::workers);
    callbacks.post([&] { in_callbacks = Executor::is_on_callback_thread(); });
    workers.post([&] { in_workers = Executor::is_on_callback_thread(); });
  }
  EXPECT_TRUE(in_callbacks);
  EXPECT_FALSE(in_workers);
}

}  // namespace
}  // namespace modelhub::base
