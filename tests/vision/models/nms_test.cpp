// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "vision/nms.h"

#include <random>

#include <gtest/gtest.h>

namespace modelhub::vision {
namespace {

std::vector<std::size_t> indices_of(const std::vector<Candidate>& candidates) {
  std::vector<std::size_t> indices;
  for (const Candidate& candidate : candidates) indices.push_back(candidate.index);
  return indices;
}

std::vector<std::size_t> kept(std::vector<Candidate> candidates, const NmsLimits& limits) {
  for (std::size_t i = 0; i < candidates.size(); ++i) candidates[i].index = i;
  sort_and_cut(candidates, candidates.size());
  return indices_of(suppress(candidates, limits));
}

NmsLimits limits(float iou, AcrossClasses across = AcrossClasses::no, std::size_t most = 300) {
  return {iou, across, most};
}

TEST(NmsTest, TheBetterOfTwoThatOverlapStays) {
  const std::vector<Candidate> two = {{{0, 0, 10, 10}, 0.5f, 0, 0}, {{1, 0, 11, 10}, 0.9f, 0, 0}};
  EXPECT_EQ(kept(two, limits(0.5f)), (std::vector<std::size_t>{1}));
  EXPECT_EQ(kept(two, limits(0.9f)), (std::vector<std::size_t>{1, 0}));
}

TEST(NmsTest, AnOverlapOfExactlyTheThresholdStays) {
  // 50 of 100: exactly half, and exact in float.
  const std::vector<Candidate> two = {{{0, 0, 10, 10}, 0.9f, 0, 0}, {{0, 0, 10, 5}, 0.8f, 0, 0}};
  EXPECT_EQ(kept(two, limits(0.5f)).size(), 2u);
  EXPECT_EQ(kept(two, limits(0.49f)).size(), 1u);
}

TEST(NmsTest, ClassesSuppressEachOtherOnlyWhenAsked) {
  const std::vector<Candidate> two = {{{0, 0, 10, 10}, 0.9f, 1, 0}, {{0, 0, 10, 10}, 0.8f, 2, 0}};
  EXPECT_EQ(kept(two, limits(0.5f)).size(), 2u);
  EXPECT_EQ(kept(two, limits(0.5f, AcrossClasses::yes)).size(), 1u);
}

TEST(NmsTest, WhatWasSuppressedSuppressesNothing) {
  // 0 covers 1, 1 covers 2, 0 does not cover 2.
  const std::vector<Candidate> chain = {
      {{0, 0, 10, 10}, 0.9f, 0, 0}, {{4, 0, 14, 10}, 0.8f, 0, 0}, {{8, 0, 18, 10}, 0.7f, 0, 0}};
  EXPECT_EQ(kept(chain, limits(0.3f)), (std::vector<std::size_t>{0, 2}));
}

TEST(NmsTest, TiesGoByTheModelsOrder) {
  std::vector<Candidate> equal(5, Candidate{{0, 0, 10, 10}, 0.5f, 0, 0});
  EXPECT_EQ(kept(equal, limits(0.5f)), (std::vector<std::size_t>{0}));
  for (std::size_t i = 0; i < equal.size(); ++i) {
    equal[i].index = i;
    equal[i].box = {20.0f * i, 0, 20.0f * i + 10, 10};
  }
  sort_and_cut(equal, 3);
  EXPECT_EQ(indices_of(equal), (std::vector<std::size_t>{0, 1, 2}));
}

TEST(NmsTest, StopsAtTheLimit) {
  std::vector<Candidate> apart;
  for (int i = 0; i < 10; ++i) {
    apart.push_back({{20.0f * i, 0, 20.0f * i + 10, 10}, 0.1f * i, 0, 0});
  }
  EXPECT_EQ(kept(apart, limits(0.5f, AcrossClasses::no, 3)), (std::vector<std::size_t>{9, 8, 7}));
}

TEST(NmsTest, CutKeepsTheBest) {
  std::mt19937 random(1);
  std::vector<Candidate> candidates(1000);
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    candidates[i].score = static_cast<float>(random() % 100);
    candidates[i].index = i;
  }
  std::vector<Candidate> all = candidates;
  sort_and_cut(all, all.size());
  sort_and_cut(candidates, 120);
  all.resize(120);
  EXPECT_EQ(indices_of(candidates), indices_of(all));
}

// The textbook form: strike out everything that the best left covers, and again.
std::vector<std::size_t> slow_reference(std::vector<Candidate> all, float iou, bool across) {
  for (std::size_t i = 0; i < all.size(); ++i) all[i].index = i;
  std::stable_sort(all.begin(), all.end(),
                   [](const Candidate& a, const Candidate& b) { return a.score > b.score; });
  std::vector<bool> struck(all.size());
  std::vector<std::size_t> result;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (struck[i]) continue;
    result.push_back(all[i].index);
    for (std::size_t j = i + 1; j < all.size(); ++j) {
      const bool compete = across || all[i].class_id == all[j].class_id;
      if (compete && iou_of(all[i].box, all[j].box) > iou) struck[j] = true;
    }
  }
  return result;
}

TEST(NmsTest, AgreesWithASlowReferenceOnRandomBoxes) {
  std::mt19937 random(2);
  const auto number = [&](int most) { return static_cast<float>(random() % most); };
  for (int round = 0; round < 200; ++round) {
    std::vector<Candidate> candidates(random() % 120);
    for (Candidate& c : candidates) {
      c.box = {number(60), number(60), 0, 0};
      c.box.x2 = c.box.x1 + number(40);
      c.box.y2 = c.box.y1 + number(40);
      c.score = number(20) / 20;  // many ties
      c.class_id = static_cast<int>(random() % 3);
    }
    const float iou = number(11) / 10;
    EXPECT_EQ(kept(candidates, limits(iou)), slow_reference(candidates, iou, false));
    EXPECT_EQ(kept(candidates, limits(iou, AcrossClasses::yes)),
              slow_reference(candidates, iou, true));
  }
}

}  // namespace
}  // namespace modelhub::vision
