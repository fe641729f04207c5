// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "transfer/byte_ranges.h"

namespace modelhub::transfer {

// How many connections a file gets, and what each of them reads. Pure functions of a snapshot.

// One connection first. More when the rate of each is what limits: their number grows as long as
// that brings enough, and is taken back when it did not. The rate is looked at window by window:
// new connections that bring enough are known at once; that they do not is known when the rate no
// longer rises. Over a long line a rate that rises is itself a reason for more.
struct RampSnapshot {
  int connections = 1;           // that are wanted now
  int limit = 1;                 // politeness; 1 where the server does not honour ranges
  std::uint64_t bytes_left = 0;  // to be received
  int windows = 0;               // whole ones since the last change
  double rate = 0;               // bytes/s in the last of them
  double rate_earlier = 0;       // in the one before that
  int connections_before = 0;    // before the last change; 0: there was none
  double rate_before = 0;        // then; 0: not known
  std::chrono::milliseconds round_trip{0};
  bool is_held_back = false;  // by the disk, the hash or --limit-rate: not by the network
};

enum class Ramp {
  wait,   // measure on
  stay,   // this is the number; look again later
  grow,   // to `connections`
  shrink  // to `connections`: the last ones brought nothing
};
struct RampDecision {
  Ramp what = Ramp::wait;
  int connections = 1;
  friend bool operator==(const RampDecision&, const RampDecision&) = default;
};

RampDecision decide_ramp(const RampSnapshot& now);

// With how many to begin when the first answer, which honours ranges, has told how long the line
// is: one connection, or the first step at once where TCP takes many round trips to find its pace.
int first_connections(std::chrono::milliseconds round_trip, int limit);

// How long one window is: a round trip.
std::chrono::milliseconds ramp_window(std::chrono::milliseconds round_trip);

// One connection at work.
struct LaneSnapshot {
  ByteRange left;   // what it still has to read
  double rate = 0;  // bytes/s over the last moments
  std::chrono::milliseconds age{0};
  bool is_paused = false;  // by us
};

// What a connection of this file brings: the median, or what it was while there were others to
// compare with (`before`).
double typical_rate(const std::vector<LaneSnapshot>& lanes, double before);
// The connection to give up because it is far slower than is typical (or stands still) and a fresh
// one may do better.
std::optional<std::size_t> slow_lane(const std::vector<LaneSnapshot>& lanes, double typical);

// What a connection is about to ask for a part of.
struct PieceSnapshot {
  std::uint64_t left = 0;     // bytes that are to come
  std::uint64_t unasked = 0;  // of them those that no connection has asked for
  int lanes = 1;              // at least one
  double lane_rate = 0;       // bytes/s that each brings; 0: not known
  double hash_rate = 0;       // bytes/s; 0: not known
  std::chrono::milliseconds round_trip{0};
};

// How much it should ask for at once: a segment; less towards the end so that all end together, but
// what pays for a round trip, up to four segments as far as the hash keeps up. Of the last parts
// each is larger than the one before it by what the hash gets through of that meanwhile.
std::uint64_t piece_size(const PieceSnapshot& now);

// Whether a new connection beside these is worth it: it takes two round trips until its first byte
// and more to find its pace, and those that are there may have brought the rest by then.
bool pays_to_connect(const std::vector<LaneSnapshot>& lanes, double typical, std::uint64_t left,
                     std::chrono::milliseconds round_trip);

// Where to cut what another connection has left, for an idle one to take the second part. One that
// has no rate yet is taken to be `typical`.
struct Cut {
  std::size_t lane = 0;
  std::uint64_t at = 0;
};
std::optional<Cut> cut_for_idle(const std::vector<LaneSnapshot>& lanes, double typical,
                                std::uint64_t window_end, std::chrono::milliseconds round_trip);

}  // namespace modelhub::transfer
