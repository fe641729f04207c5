// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/lease_gate.h"

#include <mutex>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace modelhub::runtime {
namespace {

TEST(LeaseGateTest, LetsInWhileItIsOpen) {
  LeaseGate gate;
  EXPECT_FALSE(gate.try_enter());
  gate.open();
  EXPECT_TRUE(gate.try_enter());
  EXPECT_TRUE(gate.try_enter());
  EXPECT_EQ(gate.count(), 2U);
  EXPECT_EQ(gate.close(), 2U);
  EXPECT_FALSE(gate.try_enter());
  gate.enter();
  EXPECT_EQ(gate.count(), 3U) << "the owner lets in whom it wants";
}

TEST(LeaseGateTest, TheLastOneLeavesAnOpenGateByItself) {
  LeaseGate gate;
  gate.open();
  ASSERT_TRUE(gate.try_enter());
  EXPECT_TRUE(gate.try_leave());
  EXPECT_EQ(gate.count(), 0U);
}

TEST(LeaseGateTest, TheLastOneTellsTheOwnerOfAClosedGate) {
  LeaseGate gate;
  gate.open();
  ASSERT_TRUE(gate.try_enter());
  ASSERT_TRUE(gate.try_enter());
  gate.close();
  EXPECT_TRUE(gate.try_leave()) << "another one is there";
  EXPECT_FALSE(gate.try_leave());
  EXPECT_EQ(gate.count(), 1U) << "it has not left yet";
  EXPECT_EQ(gate.leave(), 0U);
}

TEST(LeaseGateTest, TheLastOneTellsTheOwnerWhoWatches) {
  LeaseGate gate;
  gate.open();
  ASSERT_TRUE(gate.try_enter());
  gate.watch(true);
  EXPECT_FALSE(gate.try_leave());
  gate.watch(false);
  EXPECT_TRUE(gate.try_leave());
}

TEST(LeaseGateTest, IsClosedOnlyIfNobodyIsThere) {
  LeaseGate gate;
  gate.open();
  ASSERT_TRUE(gate.try_enter());
  EXPECT_FALSE(gate.close_if_empty());
  EXPECT_TRUE(gate.try_enter()) << "it is open as before";
  ASSERT_TRUE(gate.try_leave());
  ASSERT_TRUE(gate.try_leave());
  EXPECT_TRUE(gate.close_if_empty());
  EXPECT_FALSE(gate.try_enter());
}

// An owner that takes its thing away whenever nobody is there, as Slots do with a model.
TEST(LeaseGateTest, NobodyIsInsideWhileTheThingIsAway) {
  constexpr int k_rounds = 20'000;
  LeaseGate gate;
  std::mutex lock;
  bool is_there = true;  // not atomic: ThreadSanitizer holds the gate to what it promises
  std::atomic<bool> is_over = false;
  gate.open();
  std::vector<std::thread> users;
  for (int i = 0; i < 3; ++i) {
    users.emplace_back([&] {
      while (!is_over) {
        if (!gate.try_enter()) {
          std::this_thread::yield();
          continue;
        }
        EXPECT_TRUE(is_there);
        if (gate.try_leave()) continue;
        std::lock_guard guard(lock);
        gate.leave();
      }
    });
  }
  for (int i = 0; i < k_rounds; ++i) {
    std::lock_guard guard(lock);
    if (i % 2 == 0) gate.watch(i % 4 == 0);
    if (!gate.close_if_empty()) continue;
    is_there = false;
    EXPECT_EQ(gate.count(), 0U);
    is_there = true;
    gate.open();
  }
  is_over = true;
  for (std::thread& user : users) user.join();
  EXPECT_EQ(gate.count(), 0U);
}

}  // namespace
}  // namespace modelhub::runtime
