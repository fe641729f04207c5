// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "store/eviction.h"

#include <algorithm>
#include <numeric>
#include <random>

#include <gtest/gtest.h>

namespace modelhub::store {
namespace {

using Places = std::vector<std::size_t>;

// Adds a model with blobs of its own, used at that time; returns its place.
std::size_t add_model(EvictionSnapshot& snapshot, std::int64_t last_used,
                      const std::vector<std::uint64_t>& sizes,
                      const std::vector<std::uint32_t>& shared = {}) {
  EvictionSnapshot::Model model;
  model.blobs = shared;
  model.last_used_ns = last_used;
  for (const std::uint64_t size : sizes) {
    model.blobs.push_back(static_cast<std::uint32_t>(snapshot.blobs.size()));
    snapshot.blobs.push_back({ByteCount(size), false});
  }
  snapshot.models.push_back(model);
  return snapshot.models.size() - 1;
}

TEST(EvictionTest, TakesTheLeastRecentlyUsedModelsFirst) {
  EvictionSnapshot snapshot;
  add_model(snapshot, 30, {10});
  add_model(snapshot, 10, {10});
  add_model(snapshot, 20, {10});
  const EvictionPlan plan = plan_eviction(snapshot, ByteCount(15));
  EXPECT_TRUE(plan.suffices);
  EXPECT_EQ(plan.models, (Places{1, 2}));
  EXPECT_EQ(plan.freed, ByteCount(20));
}

TEST(EvictionTest, TakesLooseThingsBeforeAnyModelAndNoMoreThanAreNeeded) {
  EvictionSnapshot snapshot;
  snapshot.loose = {ByteCount(5), ByteCount(0), ByteCount(7), ByteCount(9)};
  add_model(snapshot, 1, {100});
  const EvictionPlan plan = plan_eviction(snapshot, ByteCount(12));
  EXPECT_TRUE(plan.suffices);
  EXPECT_EQ(plan.loose, (Places{0, 2}));
  EXPECT_TRUE(plan.models.empty());
}

TEST(EvictionTest, SparesPinnedAndLeasedModelsEvenWhenNothingElseIsLeft) {
  EvictionSnapshot snapshot;
  snapshot.models[add_model(snapshot, 1, {100})].is_pinned = true;
  snapshot.models[add_model(snapshot, 2, {100})].is_leased = true;
  add_model(snapshot, 3, {40});
  const EvictionPlan plan = plan_eviction(snapshot, ByteCount(41));
  EXPECT_FALSE(plan.suffices);
  EXPECT_TRUE(plan.models.empty()) << "nothing may be lost for nothing";
  EXPECT_EQ(plan.freed, ByteCount(40)) << "what could be freed at most";
}

TEST(EvictionTest, CountsSharedContentOnlyWhenTheLastModelThatNamesItGoes) {
  EvictionSnapshot snapshot;
  add_model(snapshot, 1, {50});       // blob 0
  add_model(snapshot, 2, {10}, {0});  // shares it
  add_model(snapshot, 3, {10}, {0});  // as does this one
  EXPECT_EQ(plan_eviction(snapshot, ByteCount(10)).models, (Places{1}));
  const EvictionPlan all = plan_eviction(snapshot, ByteCount(60));
  EXPECT_EQ(all.models, (Places{0, 1, 2}));
  EXPECT_EQ(all.freed, ByteCount(70));
}

TEST(EvictionTest, SparesSmallModelsWhenALargerOneHadToGoAnyway) {
  EvictionSnapshot snapshot;
  add_model(snapshot, 1, {30});
  add_model(snapshot, 2, {10});
  add_model(snapshot, 3, {90});
  EXPECT_EQ(plan_eviction(snapshot, ByteCount(100)).models, (Places{0, 2}));
}

TEST(EvictionTest, DoesNotCountWhatARunningPullWants) {
  EvictionSnapshot snapshot;
  add_model(snapshot, 1, {50});
  add_model(snapshot, 2, {50});
  snapshot.blobs[0].is_wanted = true;
  const EvictionPlan plan = plan_eviction(snapshot, ByteCount(50));
  EXPECT_TRUE(plan.suffices);
  EXPECT_EQ(plan.models, (Places{1}));
}

TEST(EvictionTest, CountsWhatIsBothPinnedAndLeasedOnce) {
  EvictionSnapshot snapshot;
  add_model(snapshot, 1, {50});
  add_model(snapshot, 2, {7}, {0});
  snapshot.models[0].is_pinned = true;
  snapshot.models[1].is_leased = true;
  const HeldBytes held = held_bytes(snapshot);
  EXPECT_EQ(held.pinned, ByteCount(50));
  EXPECT_EQ(held.leased, ByteCount(57));
  EXPECT_EQ(held.either, ByteCount(57));
}

// What a plan frees, added up the slow way.
std::uint64_t freed_slowly(const EvictionSnapshot& snapshot, const EvictionPlan& plan) {
  std::vector<bool> stays(snapshot.blobs.size());
  for (std::size_t i = 0; i < snapshot.blobs.size(); ++i) stays[i] = snapshot.blobs[i].is_wanted;
  std::vector<bool> is_named(snapshot.blobs.size());
  for (std::size_t i = 0; i < snapshot.models.size(); ++i) {
    const bool goes = std::find(plan.models.begin(), plan.models.end(), i) != plan.models.end();
    for (const std::uint32_t blob : snapshot.models[i].blobs) {
      is_named[blob] = true;
      if (!goes) stays[blob] = true;
    }
  }
  std::uint64_t freed = 0;
  for (const std::size_t i : plan.loose) freed += snapshot.loose[i].count();
  for (std::size_t i = 0; i < snapshot.blobs.size(); ++i) {
    if (is_named[i] && !stays[i]) freed += snapshot.blobs[i].bytes.count();
  }
  return freed;
}

TEST(EvictionTest, RandomSnapshotsAgreeWithASlowReference) {
  std::mt19937 random(4);
  for (int round = 0; round < 2000; ++round) {
    EvictionSnapshot snapshot;
    for (std::size_t i = random() % 12; i > 0; --i)
      snapshot.blobs.push_back({ByteCount(random() % 50), random() % 8 == 0});
    for (std::size_t i = random() % 3; i > 0; --i) snapshot.loose.emplace_back(random() % 20);
    for (std::size_t i = random() % 8; i > 0; --i) {
      EvictionSnapshot::Model model;
      for (std::uint32_t blob = 0; blob < snapshot.blobs.size(); ++blob) {
        if (random() % 3 == 0) model.blobs.push_back(blob);
      }
      model.last_used_ns = static_cast<std::int64_t>(random() % 5);
      model.is_pinned = random() % 6 == 0;
      model.is_leased = random() % 6 == 0;
      snapshot.models.push_back(model);
    }
    const ByteCount need(random() % 150);
    const EvictionPlan plan = plan_eviction(snapshot, need);
    if (!plan.suffices) {
      EXPECT_TRUE(plan.models.empty() && plan.loose.empty());
      EvictionPlan all;
      all.loose.resize(snapshot.loose.size());
      std::iota(all.loose.begin(), all.loose.end(), std::size_t{0});
      for (std::size_t i = 0; i < snapshot.models.size(); ++i) {
        if (!snapshot.models[i].is_pinned && !snapshot.models[i].is_leased) all.models.push_back(i);
      }
      ASSERT_EQ(freed_slowly(snapshot, all), plan.freed.count()) << round;
      ASSERT_LT(plan.freed, need) << round;
      continue;
    }
    ASSERT_GE(plan.freed, need) << round;
    ASSERT_EQ(freed_slowly(snapshot, plan), plan.freed.count()) << round;
    for (const std::size_t i : plan.models) {
      ASSERT_FALSE(snapshot.models[i].is_pinned || snapshot.models[i].is_leased) << round;
      EvictionPlan without = plan;
      std::erase(without.models, i);
      ASSERT_LT(freed_slowly(snapshot, without), need.count()) << "model " << i << " in " << round;
    }
  }
}

}  // namespace
}  // namespace modelhub::store
