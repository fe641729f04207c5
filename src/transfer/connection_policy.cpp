// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "transfer/connection_policy.h"

#include <algorithm>
#include <cmath>

#include "transfer/chunks.h"

namespace modelhub::transfer {
namespace {

using std::chrono::milliseconds;

// Below, a request costs more than it brings.
constexpr std::uint64_t k_smallest_piece = 256 * 1024;
// Of a fast and long line: more would leave the hashing too far behind.
constexpr std::uint64_t k_largest_piece = 4 * k_chunk_bytes;
static_assert(k_largest_piece <= k_window_bytes / 2);
constexpr std::uint64_t k_piece_unit = 64 * 1024;
// The pause between two requests costs an eighth at most.
constexpr double k_paying_round_trips = 8;
// By how much one of the last parts may be larger than the one before it: with more the last of
// eight would be over twice as large as all are on average. Less than the other is none.
constexpr double k_steepest = 0.25;
constexpr double k_level = 1e-6;

// What is over in less is not worth another connection.
constexpr double k_worth_seconds = 0.25;

// More connections must bring at least this much, or they are only impolite.
constexpr double k_least_gain = 1.2;
// The first connection was asked for everything, and is lost where its run is cut: a single further
// one would hardly make up for that.
constexpr int k_first_step = 4;
// As good as no loss: the next step may be as large.
constexpr double k_full_gain = 1.7;

constexpr milliseconds k_shortest_window{25};
constexpr milliseconds k_longest_window{250};
// A rate that rises by less from one window to the next is what it will be.
constexpr double k_still_rising = 1.25;
constexpr int k_most_windows = 8;
// From here on the time that TCP takes to find its pace is worth saving.
constexpr milliseconds k_long_line{10};

constexpr milliseconds k_answer_time{20};  // what a server thinks about

constexpr milliseconds k_known_after{1000};
constexpr milliseconds k_slow_after{2000};
constexpr double k_slow_part = 0.2;  // of what is typical

double seconds_of(milliseconds time) { return static_cast<double>(time.count()) / 1000; }

// One that has only been asked has no rate yet, and will be like the others.
double rate_of(const LaneSnapshot& lane, double typical, milliseconds round_trip) {
  const bool is_young = lane.age < 4 * round_trip + k_answer_time;
  return std::max({lane.rate, is_young ? typical : 0, 1.0});
}

std::uint64_t rounded_up(std::uint64_t value, std::uint64_t unit) {
  return (value + unit - 1) / unit * unit;
}

// One more request for each connection. The hash takes the parts in their order: with parts of one
// size, which all end together, it would have nearly all of them before it when the last byte
// comes. They grow from each to the next by one factor; how many there were already shows in what
// is unasked.
double last_piece(const PieceSnapshot& now) {
  const auto left = static_cast<double>(now.left);
  const double more = now.hash_rate > 0 ? std::min(now.lane_rate / now.hash_rate, k_steepest) : 0;
  if (more < k_level) return left / now.lanes;
  const double of_all = std::pow(1 + more, now.lanes);
  return more * (left * of_all / (of_all - 1) - static_cast<double>(now.unasked));
}

}  // namespace

milliseconds ramp_window(milliseconds round_trip) {
  // Over a long line bytes come in one burst each round trip.
  return round_trip < k_long_line ? k_shortest_window : std::min(round_trip, k_longest_window);
}

RampDecision decide_ramp(const RampSnapshot& now) {
  if (now.connections > now.limit) return {Ramp::shrink, now.limit};
  const bool is_long_line = now.round_trip >= k_long_line;
  if (now.windows < 2 || now.rate <= 0) return {Ramp::wait, now.connections};
  const bool has_grown = now.connections_before > 0 && now.connections > now.connections_before;
  const double expected =
      has_grown ? static_cast<double>(now.connections) / now.connections_before : 0;
  const bool is_full_gain = has_grown && now.rate_before > 0 &&
                            now.rate >= now.rate_before * (1 + (expected - 1) * (k_full_gain - 1));
  const bool is_rising = now.rate > now.rate_earlier * k_still_rising;
  // New connections have answered after two windows; two more are compared.
  const int least_windows = has_grown ? 4 : 2;
  const bool is_settled =
      now.windows >= k_most_windows || (now.windows >= least_windows && !is_rising);
  // As long as TCP doubles its pace from one round trip to the next, the line is not full, and
  // what limits is each connection: more of them get there sooner.
  const bool is_starting = is_rising && is_long_line && !now.is_held_back;
  if (!is_full_gain && !is_settled && !is_starting) return {Ramp::wait, now.connections};
  const double rate = std::max(now.rate, now.rate_earlier);
  if (has_grown && is_settled && !now.is_held_back && rate < now.rate_before * k_least_gain) {
    return {Ramp::shrink, now.connections_before};
  }
  const bool is_nearly_done = static_cast<double>(now.bytes_left) < rate * k_worth_seconds ||
                              now.bytes_left <= 2 * k_chunk_bytes;
  if (now.is_held_back || is_nearly_done || now.connections >= now.limit) {
    return {Ramp::stay, now.connections};
  }
  return {Ramp::grow,
          std::min(now.limit,
                   now.connections *
                       (is_full_gain || is_starting || now.connections == 1 ? k_first_step : 2))};
}

// Over a long line one connection takes many round trips to show what it can do, longer than it
// takes to have more of them at it: that it still gets faster is plain before its first byte.
int first_connections(milliseconds round_trip, int limit) {
  return round_trip >= k_long_line ? std::min(limit, k_first_step) : 1;
}

double typical_rate(const std::vector<LaneSnapshot>& lanes, double before) {
  std::vector<double> rates;
  for (const LaneSnapshot& lane : lanes) {
    if (!lane.is_paused && lane.age >= k_known_after) rates.push_back(lane.rate);
  }
  if (rates.size() < 2) return before;
  // The upper one of two: with two connections, the faster sets the measure.
  const auto middle = rates.begin() + static_cast<std::ptrdiff_t>(rates.size() / 2);
  std::nth_element(rates.begin(), middle, rates.end());
  return *middle;
}

std::optional<std::size_t> slow_lane(const std::vector<LaneSnapshot>& lanes, double typical) {
  std::optional<std::size_t> slowest;
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    const LaneSnapshot& lane = lanes[i];
    if (lane.is_paused || lane.age < k_slow_after || lane.left.is_empty()) continue;
    if (lane.rate >= typical * k_slow_part) continue;
    if (!slowest || lane.rate < lanes[*slowest].rate) slowest = i;
  }
  return slowest;
}

std::uint64_t piece_size(const PieceSnapshot& now) {
  const auto many = static_cast<std::uint64_t>(now.lanes);
  // One that is behind must not stop the others at once.
  const std::uint64_t most =
      std::clamp(k_window_bytes / (2 * many), k_chunk_bytes, k_largest_piece);
  const auto paying =
      static_cast<std::uint64_t>(now.lane_rate * seconds_of(now.round_trip) * k_paying_round_trips);
  const std::uint64_t least = std::clamp(paying, k_smallest_piece, most);
  // Over a long line a connection of which nothing is known is taken to be fast.
  const bool may_be_fast = now.lane_rate <= 0 && now.round_trip >= k_long_line;
  const std::uint64_t share = now.left / many;
  if (share < 2 * least && !may_be_fast) {
    const auto size = static_cast<std::uint64_t>(last_piece(now));
    return rounded_up(std::clamp(size, k_smallest_piece, most), k_piece_unit);
  }
  const std::uint64_t largest = may_be_fast ? most : std::max(least, k_chunk_bytes);
  const std::uint64_t size = std::clamp(share / 2, least, largest);
  if (size < k_chunk_bytes) return rounded_up(size, k_piece_unit);
  return (size + k_chunk_bytes / 2) / k_chunk_bytes * k_chunk_bytes;
}

bool pays_to_connect(const std::vector<LaneSnapshot>& lanes, double typical, std::uint64_t left,
                     milliseconds round_trip) {
  if (round_trip < k_long_line || lanes.empty()) return true;
  double together = 0;
  for (const LaneSnapshot& lane : lanes) together += rate_of(lane, typical, round_trip);
  return static_cast<double>(left) > together * 4 * seconds_of(round_trip);
}

std::optional<Cut> cut_for_idle(const std::vector<LaneSnapshot>& lanes, double typical,
                                std::uint64_t window_end, milliseconds round_trip) {
  std::optional<Cut> best;
  double longest = 0;
  const double until_answer = seconds_of(4 * round_trip + k_answer_time);
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    const LaneSnapshot& lane = lanes[i];
    if (lane.left.size() < 2 * k_smallest_piece) continue;
    const double rate = rate_of(lane, typical, round_trip);
    // Of a run that goes on and on, so much stays with its connection that it does not come to the
    // cut before the other one has answered.
    const auto meanwhile = static_cast<std::uint64_t>(rate * until_answer);
    const std::uint64_t kept =
        std::min(lane.left.size() / 2, std::clamp(meanwhile, k_chunk_bytes, 8 * k_chunk_bytes));
    const std::uint64_t at = rounded_up(lane.left.from + kept, k_piece_unit);
    if (at >= lane.left.to || at >= window_end) continue;
    const double seconds = static_cast<double>(lane.left.size()) / rate;
    // It ends by itself before help would be there.
    if (seconds < 4 * seconds_of(round_trip)) continue;
    if (seconds <= longest) continue;
    longest = seconds;
    best = Cut{i, at};
  }
  return best;
}

}  // namespace modelhub::transfer
