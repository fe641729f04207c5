// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "transfer/connection_policy.h"

#include <algorithm>

#include <gmock/gmock.h>

#include "transfer/chunks.h"

namespace modelhub::transfer {
namespace {

using std::chrono::milliseconds;

constexpr double k_policy_mb = 1e6;
constexpr std::uint64_t k_policy_mib = 1024 * 1024;

RampSnapshot settled_at(int connections, double rate) {
  RampSnapshot now;
  now.connections = connections;
  now.limit = 8;
  now.bytes_left = 1'000'000'000;
  now.windows = 4;
  now.rate = rate;
  now.rate_earlier = rate;
  return now;
}

RampSnapshot grown_to(int before, double rate_before, int connections, double rate) {
  RampSnapshot now = settled_at(connections, rate);
  now.connections_before = before;
  now.rate_before = rate_before;
  return now;
}

TEST(RampTest, AWindowIsARoundTrip) {
  EXPECT_EQ(ramp_window(milliseconds(0)), milliseconds(25));
  EXPECT_EQ(ramp_window(milliseconds(20)), milliseconds(20));
  EXPECT_EQ(ramp_window(milliseconds(50)), milliseconds(50));
  EXPECT_EQ(ramp_window(milliseconds(2000)), milliseconds(250));
}

TEST(RampTest, OneConnectionIsMeasuredBeforeThereAreMore) {
  RampSnapshot now = settled_at(1, 50 * k_policy_mb);
  now.windows = 1;
  EXPECT_EQ(decide_ramp(now).what, Ramp::wait);
  now.windows = 2;
  EXPECT_EQ(decide_ramp(now), (RampDecision{Ramp::grow, 4}));
}

TEST(RampTest, OneThatStillGetsFasterIsWaitedFor) {
  RampSnapshot now = settled_at(1, 50 * k_policy_mb);
  now.rate_earlier = 30 * k_policy_mb;
  EXPECT_EQ(decide_ramp(now).what, Ramp::wait);
  now.windows = 8;  // but not for ever
  EXPECT_EQ(decide_ramp(now), (RampDecision{Ramp::grow, 4}));
}

TEST(RampTest, OverALongLineARisingRateIsAReasonForMore) {
  RampSnapshot now = settled_at(1, 50 * k_policy_mb);
  now.limit = 16;
  now.windows = 2;
  now.rate_earlier = 25 * k_policy_mb;
  now.round_trip = milliseconds(20);
  EXPECT_EQ(decide_ramp(now), (RampDecision{Ramp::grow, 4}));
  now.connections = 4;
  EXPECT_EQ(decide_ramp(now), (RampDecision{Ramp::grow, 16}));
  now.is_held_back = true;
  EXPECT_EQ(decide_ramp(now).what, Ramp::wait);
}

TEST(RampTest, OverALongLineTheFirstStepIsTakenAtOnce) {
  EXPECT_EQ(first_connections(milliseconds(20), 8), 4);
  EXPECT_EQ(first_connections(milliseconds(20), 3), 3);
  EXPECT_EQ(first_connections(milliseconds(20), 1), 1) << "no ranges";
  EXPECT_EQ(first_connections(milliseconds(9), 8), 1) << "it is soon known what one can do";
}

TEST(RampTest, AStepTakenAtOnceIsNoGainThatWasSeen) {
  RampSnapshot now = grown_to(1, 0, 4, 50 * k_policy_mb);
  now.round_trip = milliseconds(20);
  now.windows = 2;
  EXPECT_EQ(decide_ramp(now).what, Ramp::wait) << "it does not rise";
  now.windows = 4;
  EXPECT_EQ(decide_ramp(now), (RampDecision{Ramp::grow, 8})) << "one doubling, to compare with";
}

TEST(RampTest, SuccessIsKnownAtOnceAndFailureWhenTheRateNoLongerRises) {
  RampSnapshot now = grown_to(1, 50 * k_policy_mb, 4, 180 * k_policy_mb);
  now.rate_earlier = 60 * k_policy_mb;
  now.windows = 2;
  EXPECT_EQ(decide_ramp(now), (RampDecision{Ramp::grow, 8}));
  now.rate = 55 * k_policy_mb;
  now.rate_earlier = 54 * k_policy_mb;
  EXPECT_EQ(decide_ramp(now).what, Ramp::wait) << "not all of them may have answered";
  now.windows = 4;
  EXPECT_EQ(decide_ramp(now), (RampDecision{Ramp::shrink, 1}));
  now.rate = 75 * k_policy_mb;
  EXPECT_EQ(decide_ramp(now).what, Ramp::wait) << "it rises";
}

TEST(RampTest, GrowsWhileItBringsSomethingAndFasterWhileItBringsAll) {
  EXPECT_EQ(decide_ramp(grown_to(1, 50 * k_policy_mb, 2, 70 * k_policy_mb)),
            (RampDecision{Ramp::grow, 4}));
  EXPECT_EQ(decide_ramp(grown_to(1, 50 * k_policy_mb, 2, 99 * k_policy_mb)),
            (RampDecision{Ramp::grow, 8}));
  EXPECT_EQ(decide_ramp(grown_to(4, 100 * k_policy_mb, 8, 190 * k_policy_mb)),
            (RampDecision{Ramp::stay, 8}));
}

TEST(RampTest, TakesBackWhatBroughtNothing) {
  EXPECT_EQ(decide_ramp(grown_to(2, 100 * k_policy_mb, 4, 105 * k_policy_mb)),
            (RampDecision{Ramp::shrink, 2}));
}

TEST(RampTest, DoesNotAskForMoreWhenTheNetworkIsNotTheLimit) {
  RampSnapshot now = settled_at(1, 50 * k_policy_mb);
  now.is_held_back = true;
  EXPECT_EQ(decide_ramp(now), (RampDecision{Ramp::stay, 1}));
}

TEST(RampTest, DoesNotAskForMoreWhenItIsNearlyDone) {
  RampSnapshot now = settled_at(1, 50 * k_policy_mb);
  now.bytes_left = 2 * k_chunk_bytes;
  EXPECT_EQ(decide_ramp(now).what, Ramp::stay);
  now = settled_at(1, 1000 * k_policy_mb);
  now.bytes_left = 100'000'000;
  EXPECT_EQ(decide_ramp(now).what, Ramp::stay);
}

TEST(RampTest, KeepsToTheLimit) {
  RampSnapshot now = settled_at(4, 50 * k_policy_mb);
  now.limit = 1;
  EXPECT_EQ(decide_ramp(now), (RampDecision{Ramp::shrink, 1}));
  now.limit = 5;
  EXPECT_EQ(decide_ramp(now), (RampDecision{Ramp::grow, 5}));
}

LaneSnapshot lane_of(std::uint64_t from, std::uint64_t to, double rate, int age_ms = 5000) {
  return {{from, to}, rate, milliseconds(age_ms), false};
}

std::optional<std::size_t> slow_of(const std::vector<LaneSnapshot>& lanes, double before = 0) {
  return slow_lane(lanes, typical_rate(lanes, before));
}

TEST(SlowLaneTest, TheLastOneIsMeasuredAgainstThoseThatWere) {
  EXPECT_EQ(slow_of({lane_of(0, 9, 1 * k_policy_mb)}, 50 * k_policy_mb), 0U);
  EXPECT_FALSE(slow_of({lane_of(0, 9, 40 * k_policy_mb)}, 50 * k_policy_mb));
}

TEST(SlowLaneTest, OneFarBelowTheOthersIsReplaced) {
  EXPECT_EQ(slow_of({lane_of(0, 9, 50 * k_policy_mb), lane_of(9, 19, 50 * k_policy_mb),
                     lane_of(19, 29, 1 * k_policy_mb)}),
            2U);
  EXPECT_EQ(slow_of({lane_of(0, 9, 0), lane_of(9, 19, 50 * k_policy_mb)}), 0U);
}

TEST(SlowLaneTest, AYoungOneAPausedOneAndOneOfItsKindAreSpared) {
  EXPECT_FALSE(slow_of({lane_of(0, 9, 50 * k_policy_mb), lane_of(9, 19, 1 * k_policy_mb, 500)}));
  EXPECT_FALSE(slow_of({lane_of(0, 9, 50 * k_policy_mb), lane_of(9, 19, 30 * k_policy_mb)}));
  EXPECT_FALSE(slow_of({lane_of(0, 9, 1)}));
  LaneSnapshot paused = lane_of(0, 9, 0);
  paused.is_paused = true;
  EXPECT_FALSE(slow_of({paused, lane_of(9, 19, 50 * k_policy_mb)}));
}

std::uint64_t piece_size(std::uint64_t left, int lanes, double lane_rate, milliseconds round_trip) {
  return transfer::piece_size({left, left, lanes, lane_rate, 0, round_trip});
}

TEST(PieceTest, ASegmentThenLessSoThatAllEndTogether) {
  EXPECT_EQ(piece_size(1000 * k_policy_mib, 8, 0, milliseconds(0)), k_chunk_bytes);
  EXPECT_EQ(piece_size(16 * k_policy_mib, 8, 0, milliseconds(0)), k_policy_mib);
  EXPECT_EQ(piece_size(k_policy_mib, 8, 0, milliseconds(0)), k_policy_mib / 4);
}

TEST(PieceTest, IsLargeEnoughToPayForARoundTrip) {
  EXPECT_EQ(piece_size(1000 * k_policy_mib, 8, 10 * k_policy_mb, milliseconds(100)),
            2 * k_chunk_bytes);  // 8 MB
  EXPECT_EQ(piece_size(1000 * k_policy_mib, 8, 500 * k_policy_mb, milliseconds(50)),
            4 * k_chunk_bytes);
  EXPECT_EQ(piece_size(1000 * k_policy_mib, 16, 500 * k_policy_mb, milliseconds(50)),
            2 * k_chunk_bytes);
}

TEST(PieceTest, WhatIsLeftIsSharedWhenHalfOfAShareWouldNotPay) {
  // A share of 5 MiB; 20 MB/s over 50 ms: 8 MB pay.
  EXPECT_EQ(piece_size(40 * k_policy_mib, 8, 20 * k_policy_mb, milliseconds(50)), 5 * k_policy_mib);
  EXPECT_EQ(piece_size(k_policy_mib, 8, 20 * k_policy_mb, milliseconds(50)), k_policy_mib / 4);
}

// What eight connections are given, one after the other, of the last 56 MiB.
std::vector<std::uint64_t> last_pieces(double lane_rate, double hash_rate) {
  std::vector<std::uint64_t> pieces;
  PieceSnapshot now{56 * k_policy_mib, 56 * k_policy_mib, 8,
                    lane_rate,         hash_rate,         milliseconds(50)};
  for (int i = 0; i < 8; ++i) {
    pieces.push_back(std::min(transfer::piece_size(now), now.unasked));
    now.unasked -= pieces.back();
  }
  EXPECT_EQ(now.unasked, 0U);
  return pieces;
}

TEST(PieceTest, TheLastOnesGrowByWhatTheHashGetsThroughMeanwhile) {
  const std::vector<std::uint64_t> pieces = last_pieces(100 * k_policy_mb, 1000 * k_policy_mb);
  EXPECT_LT(pieces.front(), 5 * k_policy_mib);
  EXPECT_GT(pieces.back(), 9 * k_policy_mib);
  EXPECT_LT(pieces.back(), 10 * k_policy_mib);
  EXPECT_TRUE(std::is_sorted(pieces.begin(), pieces.end()));
}

TEST(PieceTest, TheLastOnesAreAllTheSameWhereTheHashIsNotWhatIsWaitedFor) {
  constexpr double k_unknown = 0;
  for (const double hash_rate : {k_unknown, 100'000 * k_policy_mb, 1e20}) {
    for (const std::uint64_t piece : last_pieces(20 * k_policy_mb, hash_rate))
      EXPECT_NEAR(static_cast<double>(piece), 7.0 * k_policy_mib, 0.5 * k_policy_mib) << hash_rate;
  }
}

TEST(PieceTest, AHashThatIsSlowDoesNotMakeTheLastOneEndless) {
  EXPECT_LT(last_pieces(100 * k_policy_mb, 100 * k_policy_mb).back(), 15 * k_policy_mib);
}

TEST(PieceTest, OverALongLineTheFirstOnesAreLarge) {
  EXPECT_EQ(piece_size(1000 * k_policy_mib, 8, 0, milliseconds(50)), 4 * k_chunk_bytes);
  EXPECT_EQ(piece_size(1000 * k_policy_mib, 16, 0, milliseconds(50)), 2 * k_chunk_bytes);
  // Not all of a small file at once: there will be more connections.
  EXPECT_EQ(piece_size(16 * k_policy_mib, 4, 0, milliseconds(50)), 2 * k_policy_mib);
}

TEST(ConnectTest, WhatTheOthersBringMeanwhileIsNotWorthANewConnection) {
  const auto pays = [](std::uint64_t left, int round_trip, double rate = 10 * k_policy_mb) {
    return pays_to_connect({lane_of(0, 1, rate), lane_of(1, 2, rate)}, 10 * k_policy_mb, left,
                           milliseconds(round_trip));
  };
  // 20 MB/s for 400 ms.
  EXPECT_FALSE(pays(7 * k_policy_mib, 100));
  EXPECT_TRUE(pays(9 * k_policy_mib, 100));
  EXPECT_TRUE(pays(7 * k_policy_mib, 1));
  EXPECT_TRUE(pays(7 * k_policy_mib, 100, 0)) << "they stand still";
  EXPECT_TRUE(pays_to_connect({}, 0, 1, milliseconds(100)));
}

TEST(CutTest, TheConnectionThatWouldEndLastGivesTheSecondHalf) {
  const auto cut = cut_for_idle({lane_of(0, k_policy_mib, 10 * k_policy_mb),
                                 lane_of(4 * k_policy_mib, 6 * k_policy_mib, 1 * k_policy_mb)},
                                0, UINT64_MAX, milliseconds(1));
  ASSERT_TRUE(cut);
  EXPECT_EQ(cut->lane, 1U);
  EXPECT_EQ(cut->at, 5 * k_policy_mib);
}

TEST(CutTest, ARunThatGoesOnAndOnKeepsASegment) {
  const auto cut = cut_for_idle({lane_of(k_policy_mib, 1000 * k_policy_mib, 10 * k_policy_mb)}, 0,
                                UINT64_MAX, milliseconds(1));
  ASSERT_TRUE(cut);
  EXPECT_EQ(cut->at, 5 * k_policy_mib);
}

TEST(CutTest, WhatIsSmallOrEndsSoonOrLiesTooFarAheadIsLeft) {
  EXPECT_FALSE(cut_for_idle({lane_of(0, 400 * 1024, 1)}, 0, UINT64_MAX, milliseconds(1)));
  EXPECT_FALSE(cut_for_idle({lane_of(0, k_policy_mib, 1000 * k_policy_mb)}, 0, UINT64_MAX,
                            milliseconds(50)));
  EXPECT_FALSE(cut_for_idle({lane_of(8 * k_policy_mib, 16 * k_policy_mib, 1)}, 0, 9 * k_policy_mib,
                            milliseconds(1)));
}

TEST(CutTest, OneThatHasOnlyBeenAskedIsTakenToBeLikeTheOthers) {
  // 4 MiB at 20 MB/s end within four round trips.
  const auto cut_after = [](int age) {
    return cut_for_idle({lane_of(0, 4 * k_policy_mib, 0, age)}, 20 * k_policy_mb, UINT64_MAX,
                        milliseconds(100));
  };
  EXPECT_FALSE(cut_after(150));
  EXPECT_TRUE(cut_after(1000));
}

}  // namespace
}  // namespace modelhub::transfer
