// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "transfer/connection_policy.h"

#include <gmock/gmock.h>

#include "transfer/chunks.h"

namespace modelhub::transfer {
namespace {

using std::chrono::milliseconds;

constexpr double k_mb = 1e6;
constexpr std::uint64_t k_mib = 1024 * 1024;

RampSnapshot settled(int connections, double rate) {
  RampSnapshot now;
  now.connections = connections;
  now.limit = 8;
  now.bytes_left = 1'000'000'000;
  now.rate = rate;
  now.since_change = milliseconds(1000);
  return now;
}

RampSnapshot grown(int before, double rate_before, int connections, double rate) {
  RampSnapshot now = settled(connections, rate);
  now.connections_before = before;
  now.rate_before = rate_before;
  return now;
}

TEST(RampTest, OneConnectionIsMeasuredBeforeThereAreMore) {
  RampSnapshot now = settled(1, 50 * k_mb);
  now.since_change = milliseconds(10);
  EXPECT_EQ(decide_ramp(now).what, Ramp::wait);
  now.since_change = milliseconds(60);
  EXPECT_EQ(decide_ramp(now), (RampDecision{Ramp::grow, 2}));
  now.round_trip = milliseconds(50);
  EXPECT_EQ(decide_ramp(now).what, Ramp::wait);
}

TEST(RampTest, GrowsWhileItBringsSomethingAndFasterWhileItBringsAll) {
  EXPECT_EQ(decide_ramp(grown(1, 50 * k_mb, 2, 70 * k_mb)), (RampDecision{Ramp::grow, 4}));
  EXPECT_EQ(decide_ramp(grown(1, 50 * k_mb, 2, 99 * k_mb)), (RampDecision{Ramp::grow, 8}));
  EXPECT_EQ(decide_ramp(grown(4, 100 * k_mb, 8, 190 * k_mb)), (RampDecision{Ramp::stay, 8}));
}

TEST(RampTest, TakesBackWhatBroughtNothing) {
  EXPECT_EQ(decide_ramp(grown(2, 100 * k_mb, 4, 105 * k_mb)), (RampDecision{Ramp::shrink, 2}));
}

TEST(RampTest, DoesNotAskForMoreWhenTheNetworkIsNotTheLimit) {
  RampSnapshot now = settled(1, 50 * k_mb);
  now.is_held_back = true;
  EXPECT_EQ(decide_ramp(now), (RampDecision{Ramp::stay, 1}));
}

TEST(RampTest, DoesNotAskForMoreWhenItIsNearlyDone) {
  RampSnapshot now = settled(1, 50 * k_mb);
  now.bytes_left = 2 * k_chunk_bytes;
  EXPECT_EQ(decide_ramp(now).what, Ramp::stay);
  now = settled(1, 1000 * k_mb);
  now.bytes_left = 100'000'000;
  EXPECT_EQ(decide_ramp(now).what, Ramp::stay);
}

TEST(RampTest, KeepsToTheLimit) {
  RampSnapshot now = settled(4, 50 * k_mb);
  now.limit = 1;
  EXPECT_EQ(decide_ramp(now), (RampDecision{Ramp::shrink, 1}));
  now.limit = 5;
  EXPECT_EQ(decide_ramp(now), (RampDecision{Ramp::grow, 5}));
}

LaneSnapshot lane(std::uint64_t from, std::uint64_t to, double rate, int age_ms = 5000) {
  return {{from, to}, rate, milliseconds(age_ms), false};
}

std::optional<std::size_t> slow_of(const std::vector<LaneSnapshot>& lanes, double before = 0) {
  return slow_lane(lanes, typical_rate(lanes, before));
}

TEST(SlowLaneTest, TheLastOneIsMeasuredAgainstThoseThatWere) {
  EXPECT_EQ(slow_of({lane(0, 9, 1 * k_mb)}, 50 * k_mb), 0U);
  EXPECT_FALSE(slow_of({lane(0, 9, 40 * k_mb)}, 50 * k_mb));
}

TEST(SlowLaneTest, OneFarBelowTheOthersIsReplaced) {
  EXPECT_EQ(slow_of({lane(0, 9, 50 * k_mb), lane(9, 19, 50 * k_mb), lane(19, 29, 1 * k_mb)}), 2U);
  EXPECT_EQ(slow_of({lane(0, 9, 0), lane(9, 19, 50 * k_mb)}), 0U);
}

TEST(SlowLaneTest, AYoungOneAPausedOneAndOneOfItsKindAreSpared) {
  EXPECT_FALSE(slow_of({lane(0, 9, 50 * k_mb), lane(9, 19, 1 * k_mb, 500)}));
  EXPECT_FALSE(slow_of({lane(0, 9, 50 * k_mb), lane(9, 19, 30 * k_mb)}));
  EXPECT_FALSE(slow_of({lane(0, 9, 1)}));
  LaneSnapshot paused = lane(0, 9, 0);
  paused.is_paused = true;
  EXPECT_FALSE(slow_of({paused, lane(9, 19, 50 * k_mb)}));
}

TEST(PieceTest, ASegmentThenLessSoThatAllEndTogether) {
  EXPECT_EQ(piece_size(1000 * k_mib, 8, 0, milliseconds(0)), k_chunk_bytes);
  EXPECT_EQ(piece_size(16 * k_mib, 8, 0, milliseconds(0)), k_mib);
  EXPECT_EQ(piece_size(k_mib, 8, 0, milliseconds(0)), k_mib / 4);
}

TEST(PieceTest, IsLargeEnoughToPayForARoundTrip) {
  EXPECT_EQ(piece_size(k_mib, 8, 50 * k_mb, milliseconds(50)), k_chunk_bytes);
}

TEST(CutTest, TheConnectionThatWouldEndLastGivesTheSecondHalf) {
  const auto cut = cut_for_idle({lane(0, k_mib, 10 * k_mb), lane(4 * k_mib, 6 * k_mib, 1 * k_mb)},
                                UINT64_MAX, milliseconds(1));
  ASSERT_TRUE(cut);
  EXPECT_EQ(cut->lane, 1U);
  EXPECT_EQ(cut->at, 5 * k_mib);
}

TEST(CutTest, ARunThatGoesOnAndOnKeepsASegment) {
  const auto cut =
      cut_for_idle({lane(k_mib, 1000 * k_mib, 10 * k_mb)}, UINT64_MAX, milliseconds(1));
  ASSERT_TRUE(cut);
  EXPECT_EQ(cut->at, 5 * k_mib);
}

TEST(CutTest, WhatIsSmallOrEndsSoonOrLiesTooFarAheadIsLeft) {
  EXPECT_FALSE(cut_for_idle({lane(0, 400 * 1024, 1)}, UINT64_MAX, milliseconds(1)));
  EXPECT_FALSE(cut_for_idle({lane(0, k_mib, 1000 * k_mb)}, UINT64_MAX, milliseconds(50)));
  EXPECT_FALSE(cut_for_idle({lane(8 * k_mib, 16 * k_mib, 1)}, 9 * k_mib, milliseconds(1)));
}

}  // namespace
}  // namespace modelhub::transfer
