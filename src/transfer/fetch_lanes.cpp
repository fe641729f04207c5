// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// The connections of a fetch: what each reads, how it is watched, how many there are.
#include <algorithm>

#include "transfer/chunks.h"
#include "transfer/fetch.h"

namespace modelhub::transfer {
namespace {

// What came is written after so long at the latest, so that progress is seen on a slow line too.
constexpr std::chrono::milliseconds k_flush_interval{50};

// A connection that brought so much before it broke is replaced without further thought.
constexpr std::uint64_t k_useful_bytes = 256 * 1024;

// What did not help again and again is not tried for so long.
constexpr std::chrono::seconds k_ramp_rest{10};
constexpr std::chrono::milliseconds k_slow_interval{500};

std::chrono::milliseconds to_milliseconds(std::chrono::steady_clock::duration time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time);
}

// How far a connection at `from` reads on, up to `end`: to what others read, or what is there. It
// reads once more what little they left before they broke: that is sooner here than the answer to
// a request for what lies behind.
std::uint64_t end_of_reading(std::uint64_t from, std::uint64_t end, const ByteRanges& present,
                             const ByteRanges& taken) {
  while (true) {
    const std::uint64_t to = taken.first_gap({from, end}).to;
    const std::uint64_t behind = present.end_of_run(to);
    const bool is_scrap = behind > to && behind - to < k_useful_bytes;
    if (!is_scrap || taken.end_of_run(to) != behind || behind >= end) return to;
    from = behind;
  }
}

}  // namespace

// ---- what to read next ----

std::optional<ByteRange> Fetch::next_range(TimePoint now) {
  const std::uint64_t size = catalogued();
  if (!use_ranges_) {
    if (!lanes_.empty()) return std::nullopt;
    return ByteRange{0, size};
  }
  ByteRanges taken = landing_->present();
  for (const auto& lane : lanes_) taken.add(lane->left());
  const ByteRange gap = taken.first_gap({0, size});
  const std::uint64_t piece =
      piece_size({size - landing_->present().total(), size - taken.total(), wanted_lanes_,
                  typical_rate_, landing_->hash_rate(), round_trip_});
  if (!gap.is_empty() && gap.from < landing_->window_end()) {
    // One connection reads on and on: one request.
    if (wanted_lanes_ == 1) return gap;
    std::uint64_t to = gap.from + piece;
    // From within a segment to the end of one.
    if (piece % k_chunk_bytes == 0) to -= to % k_chunk_bytes;
    return ByteRange{gap.from, std::min(gap.to, to)};
  }
  if (!gap.is_empty() || lanes_.empty()) return std::nullopt;
  const std::optional<Cut> cut =
      cut_for_idle(snapshots(now), typical_rate_, landing_->window_end(), round_trip_);
  if (!cut) return std::nullopt;
  Lane& other = *lanes_[cut->lane];
  const ByteRange rest{cut->at,
                       std::min(other.limit, cut->at + std::max(piece, k_chunk_bytes / 2))};
  other.limit = cut->at;
  return rest;
}

// A thousand files that wait for sixteen places must not look at them all the time.
bool Fetch::has_room_at_host(TimePoint now) {
  if (is_waiting_for_host_ && gate_changes_ == context_.hosts.changes()) return false;
  is_waiting_for_host_ = context_.hosts.is_full(url_.origin);
  gate_changes_ = context_.hosts.changes();
  return context_.hosts.has_room(url_.origin, now);
}

bool Fetch::start_lane(TimePoint now) {
  if (!has_room_at_host(now)) return false;
  if (idle_connections_ == 0 && !lanes_.empty() &&
      !pays_to_connect(snapshots(now), typical_rate_, catalogued() - landing_->present().total(),
                       round_trip_)) {
    return false;
  }
  const std::optional<ByteRange> range = next_range(now);
  if (!range || !context_.hosts.try_enter(url_.origin, now)) return false;
  const bool is_whole = *range == ByteRange{0, catalogued()};
  const bool asks_range = use_ranges_ && !is_whole;
  Lane::Owner& owner = *this;
  auto lane = std::make_unique<Lane>(owner, *range, asks_range, url_.origin, now);
  HttpRequestPlan plan{url_};
  if (asks_range) {
    plan.range = *range;
    plan.if_range = landing_->validator_of(source_shown());
  }
  plan.is_small = catalogued() <= k_chunk_bytes;
  context_.network_requests.fetch_add(1, std::memory_order_relaxed);
  lane->exchange = std::make_unique<HttpExchange>(context_.multi, plan, context_.options, *lane);
  if (lanes_.empty()) restart_ramp(now, wanted_lanes_);
  if (idle_connections_ > 0) --idle_connections_;
  lanes_.push_back(std::move(lane));
  return true;
}

void Fetch::close_lane(std::size_t index) {
  (void)flush(*lanes_[index]);  // an error is looked at in the next step
  if (lanes_[index]->pending.capacity() > 0)
    spare_buffers_.push_back(std::move(lanes_[index]->pending));
  const std::string origin = lanes_[index]->origin;
  lanes_.erase(lanes_.begin() + static_cast<std::ptrdiff_t>(index));
  context_.hosts.leave(origin);
}

void Fetch::close_lanes() {
  while (!lanes_.empty()) close_lane(lanes_.size() - 1);
}

bool Fetch::has_other_lane(const Lane& lane) const {
  return std::any_of(lanes_.begin(), lanes_.end(), [&](const auto& other) {
    return other.get() != &lane && other->is_keeping();
  });
}

// ---- watching them ----

bool Fetch::flush(Lane& lane) {
  if (lane.pending.empty()) return true;
  Result<void> done = landing_->write(lane.next - lane.pending.size(), lane.pending);
  lane.pending.clear();
  if (!done) disk_error_ = std::move(done).error();
  return !disk_error_;
}

void Fetch::flush_lanes(TimePoint now) {
  for (const auto& lane : lanes_) {
    const bool has_paused = received_ == seen_received_;
    if (has_paused || now - lane->pending_since >= k_flush_interval) (void)flush(*lane);
  }
}

// What was cut off from another connection for this one goes back to it, as far as nobody else has
// it.
void Fetch::give_back(const Lane& lost) {
  for (const auto& other : lanes_) {
    const bool was_cut_here = other->limit == lost.asked.from && other->limit < other->asked.to;
    if (other.get() == &lost || !other->is_keeping() || !was_cut_here) continue;
    ByteRanges taken = landing_->present();
    for (const auto& lane : lanes_) {
      if (lane.get() != &lost) taken.add(lane->left());
    }
    other->limit = end_of_reading(other->limit, other->asked.to, landing_->present(), taken);
    return;
  }
}

// One of several connections broke; the others go on.
void Fetch::lose(const Lane& lane, const Failure& failure) {
  using Complaint = Lane::Complaint;
  const TimePoint now = context_.options.clock->steady_now();
  const bool is_useless = lane.complaint != Complaint::none;
  give_back(lane);
  if (is_useless) is_one_by_one_ = true;
  if (failure.is_host_busy) {
    context_.hosts.close_until(
        lane.origin, now + failure.retry_after.value_or(context_.options.initial_back_off));
  }
  const bool was_useful = lane.next - lane.asked.from >= k_useful_bytes;
  if (was_useful && !is_useless && !failure.is_host_busy) return;
  // The server may not like so many.
  wanted_lanes_ = std::max(1, std::min(wanted_lanes_, static_cast<int>(lanes_.size()) - 1));
  restart_ramp(now, wanted_lanes_);
  ramp_.rests_until = now + k_ramp_rest;
}

void Fetch::tend_lanes(TimePoint now) {
  for (std::size_t i = lanes_.size(); i-- > 0;) {
    const Lane& lane = *lanes_[i];
    if (lane.is_over && lane.complaint == Lane::Complaint::none && !disk_error_) close_lane(i);
  }
  check_patience(now);
  if (stage_ != Stage::fetching) return;
  flush_lanes(now);
  if (disk_error_) return give_up(*std::exchange(disk_error_, std::nullopt));
  resume_lanes(now);
  if (stage_ != Stage::fetching) return;
  for (const auto& lane : lanes_) lane->sample(now);
  if (lanes_.empty() || !has_answered_) return;
  replace_slow_lane(now);
  ramp(now);
}

void Fetch::check_patience(TimePoint now) {
  const auto limit = context_.options.stall_limit;
  for (std::size_t i = lanes_.size(); i-- > 0;) {
    Lane& lane = *lanes_[i];
    const auto connected = lane.exchange->connected_at();
    if (!connected || lane.is_paused) continue;
    const bool is_stalled = now - lane.exchange->last_activity() > limit;
    // A head that drips is as dead as one that does not come.
    const bool is_head_slow = !lane.head.is_complete && now - *connected > 2 * limit;
    if (!is_stalled && !is_head_slow) continue;
    if (lane.head.is_complete) {
      on_lane_done(lane, CURLE_OPERATION_TIMEDOUT);
    } else if (lanes_.size() > 1) {
      close_lane(i);
    } else {
      Failure failure;
      failure.code = ErrorCode::timed_out;
      failure.remedy = Remedy::retry;
      failure.reason = is_stalled ? "sent nothing for " + in_seconds(limit)
                                  : "did not begin to answer within " + in_seconds(2 * limit);
      failure.hint = "try again later, or name another source with --mirror or MODELHUB_MIRRORS";
      fail(std::move(failure));
    }
    if (stage_ != Stage::fetching || lanes_.empty()) return;
    i = std::min(i, lanes_.size());
  }
}

void Fetch::resume_lanes(TimePoint now) {
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    Lane& lane = *lanes_[i];
    if (!lane.is_paused || !landing_->may_take(lane.next)) continue;
    if (!context_.rate_limit.is_open(now)) break;
    lane.is_paused = false;
    const CURLcode code = lane.exchange->resume();
    if (code == CURLE_OK) continue;
    // It ended inside, and libcurl tells nobody else.
    on_lane_done(lane, code);
    if (stage_ != Stage::fetching) return;
    --i;
  }
}

std::vector<LaneSnapshot> Fetch::snapshots(TimePoint now) const {
  std::vector<LaneSnapshot> all;
  for (const auto& lane : lanes_) {
    all.push_back({lane->left(), lane->rate(), to_milliseconds(now - lane->began),
                   lane->is_paused || lane->is_over});
  }
  return all;
}

// What a connection brings is also known from those that are done.
void Fetch::learn_rate(const Lane& lane) {
  const auto passed = context_.options.clock->steady_now() - lane.began;
  // Without the wait for its first byte.
  const std::chrono::duration<double> took =
      passed - std::min<decltype(passed)>(round_trip_, passed / 2);
  // What one alone brings says little of what each of many does. Its company counts though no more
  // may be wanted by now: that it was slow can be the reason.
  const bool was_alone = wanted_lanes_ < 2 && lanes_.size() < 2;
  if (was_alone || took.count() <= 0) return;
  const double rate = static_cast<double>(lane.next - lane.asked.from) / took.count();
  typical_rate_ = typical_rate_ == 0 ? rate : (typical_rate_ * 3 + rate) / 4;
}

void Fetch::replace_slow_lane(TimePoint now) {
  if (now - looked_for_slow_ < k_slow_interval) return;
  looked_for_slow_ = now;
  const std::vector<LaneSnapshot> all = snapshots(now);
  typical_rate_ = typical_rate(all, typical_rate_);
  if (const std::optional<std::size_t> slow = slow_lane(all, typical_rate_)) {
    tell(LogLevel::debug, "a slow connection is replaced");
    give_back(*lanes_[*slow]);
    close_lane(*slow);
    // When the whole line has become slower, replacing them all does not help.
    typical_rate_ /= 2;
    // It may be why more connections brought nothing.
    if (lanes_.empty()) ramp_.rests_until = now;
  }
}

int Fetch::connection_limit() const {
  const bool has_validator = !landing_->validator_of(source_shown()).empty();
  const bool may_split = use_ranges_ && !is_one_by_one_ && accepts_ranges_ && has_validator &&
                         catalogued() > 2 * k_chunk_bytes;
  return may_split ? std::max(1, context_.options.connections_per_file) : 1;
}

void Fetch::restart_ramp(TimePoint now, int connections) {
  const TimePoint rests_until = ramp_.rests_until;
  wanted_lanes_ = connections;
  ramp_ = RampState();
  ramp_.window_began = now;
  ramp_.received_then = received_;
  ramp_.rests_until = rests_until;
}

// The first answer is on its way, on one connection.
void Fetch::begin_ramp(TimePoint now) {
  const bool may_grow = now >= ramp_.rests_until && !context_.rate_limit.is_on();
  restart_ramp(now, may_grow ? first_connections(round_trip_, connection_limit()) : 1);
  // Nobody knows what one alone would have brought.
  if (wanted_lanes_ > 1) ramp_.before = 1;
}

// Between two bursts of a long line nothing else would wake us at the end of a window.
std::chrono::milliseconds Fetch::until_ramp(TimePoint now) const {
  const bool may_grow =
      has_answered_ && now >= ramp_.rests_until && wanted_lanes_ < connection_limit();
  if (!may_grow) return std::chrono::milliseconds::max();
  const auto end = ramp_.window_began + ramp_window(round_trip_);
  return std::chrono::ceil<std::chrono::milliseconds>(std::max(end, now) - now);
}

// Whether a window has just ended.
bool Fetch::measure_window(TimePoint now) {
  const std::chrono::duration<double> window = now - ramp_.window_began;
  if (window < ramp_window(round_trip_)) return false;
  ramp_.rate_earlier = ramp_.rate;
  ramp_.rate = static_cast<double>(received_ - ramp_.received_then) / window.count();
  ramp_.window_began = now;
  ramp_.received_then = received_;
  if (++ramp_.windows == 1) ramp_.is_held_back = false;
  return true;
}

void Fetch::ramp(TimePoint now) {
  if (!measure_window(now) && !ramp_.waits_for_part) return;
  RampSnapshot snapshot;
  snapshot.connections = wanted_lanes_;
  snapshot.limit = connection_limit();
  if (now < ramp_.rests_until) snapshot.limit = std::min(snapshot.limit, wanted_lanes_);
  // Many servers say that they have ranges and send the whole file: after the first step it takes
  // an answer, however long that is on its way, to go further.
  ramp_.waits_for_part = wanted_lanes_ > 1 && !has_had_part_ && wanted_lanes_ <= snapshot.limit;
  if (ramp_.waits_for_part) return;
  snapshot.bytes_left = catalogued() - landing_->present().total();
  snapshot.windows = ramp_.windows;
  snapshot.rate = ramp_.rate;
  snapshot.rate_earlier = ramp_.rate_earlier;
  snapshot.connections_before = ramp_.before;
  snapshot.rate_before = ramp_.rate_before;
  snapshot.round_trip = round_trip_;
  snapshot.is_held_back = ramp_.is_held_back;
  const RampDecision decision = decide_ramp(snapshot);
  if (decision.what == Ramp::wait) return;
  const int before = wanted_lanes_;
  restart_ramp(now, decision.connections);
  if (decision.what == Ramp::grow) {
    ramp_.before = before;
    ramp_.rate_before = snapshot.rate;
  }
  if (decision.what == Ramp::shrink) {
    // One bad moment looks like a full line: the next attempt comes soon, those after it later.
    ramp_.rests_until = now + ramp_rest_;
    ramp_rest_ = std::min<std::chrono::milliseconds>(2 * ramp_rest_, k_ramp_rest);
  }
}

}  // namespace modelhub::transfer
