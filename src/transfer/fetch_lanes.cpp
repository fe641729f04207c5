// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
// The connections of a fetch: what each reads, what its answer means, how many there are.
#include <algorithm>

#include "transfer/chunks.h"
#include "transfer/fetch.h"

namespace modelhub::transfer {
namespace {

constexpr int k_max_redirects = 10;

// A small body of a redirect or an error is read to its end, so that the connection can serve the
// next request.
constexpr std::uint64_t k_max_dropped_bytes = 64 * 1024;

// A connection that brought so much before it broke is replaced without further thought.
constexpr std::uint64_t k_useful_bytes = 256 * 1024;

// What did not help is not tried again for so long.
constexpr std::chrono::seconds k_ramp_rest{10};
constexpr std::chrono::milliseconds k_slow_interval{500};

Failure not_usable(ErrorCode code, std::string reason) {
  Failure failure;
  failure.code = code;
  failure.reason = std::move(reason);
  failure.hint = "name another source with --mirror or MODELHUB_MIRRORS";
  return failure;
}

std::chrono::milliseconds to_milliseconds(std::chrono::steady_clock::duration time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time);
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
  const double lane_rate = lanes_.empty() ? 0 : lanes_.front()->rate();
  const std::uint64_t piece =
      piece_size(size - landing_->present().total(), wanted_lanes_, lane_rate, round_trip_);
  if (!gap.is_empty() && gap.from < landing_->window_end()) {
    // One connection reads on and on: one request.
    if (wanted_lanes_ == 1) return gap;
    std::uint64_t to = std::min(gap.to, gap.from + piece);
    const std::uint64_t chunk_end = to / k_chunk_bytes * k_chunk_bytes;
    if (to < gap.to && chunk_end > gap.from && piece >= k_chunk_bytes) to = chunk_end;
    return ByteRange{gap.from, to};
  }
  if (!gap.is_empty() || lanes_.empty()) return std::nullopt;
  const std::optional<Cut> cut = cut_for_idle(snapshots(now), landing_->window_end(), round_trip_);
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
  lanes_.push_back(std::move(lane));
  return true;
}

void Fetch::close_lane(std::size_t index) {
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

// ---- what an answer means ----

bool Fetch::on_lane_head(Lane& lane, const HttpHead& head) {
  lane.head = head;
  if (lane.is_over) return false;
  if (is_redirect(head)) return true;
  if (is_whole_file(head)) return take_whole(lane);
  if (head.status == 206 && lane.asks_range) return take_part(lane);
  if (head.status == 416 && lane.asks_range) {
    const std::optional<ContentRange> content = parse_content_range(head.content_range);
    if (content && content->total && *content->total != catalogued()) {
      lane.total_told = content->total;
    }
  }
  return true;
}

// 200: the whole file follows, whatever was asked for. Nothing is ever joined to it.
bool Fetch::take_whole(Lane& lane) {
  const HttpHead& head = lane.head;
  content_type_ = head.content_type;
  content_encoding_ = head.content_encoding;
  if (lane.asks_range && has_other_lane(lane)) {
    lane.complaint = Lane::Complaint::not_a_range;
    return false;
  }
  first_bytes_.clear();
  if (head.content_length && *head.content_length != catalogued()) {
    lane.body = Lane::Body::look;
    return true;
  }
  // Others that have not answered yet asked for parts of what this one brings.
  for (const auto& other : lanes_) other->is_over = other.get() != &lane;
  if (Result<void> done = landing_->forget_all(); !done) {
    disk_error_ = std::move(done).error();
    return false;
  }
  lane.body = Lane::Body::keep;
  lane.next = 0;
  lane.limit = catalogued();
  has_answered_ = true;
  accepts_ranges_ = head.accept_ranges != "none" && !lane.asks_range;
  landing_->set_validator(source_shown(), validator_of(head));
  round_trip_ = lane.exchange->round_trip();
  restart_ramp(context_.options.clock->steady_now(), 1);
  return true;
}

// 206: exactly what was asked for, of the object of which the rest is, or nothing.
bool Fetch::take_part(Lane& lane) {
  const HttpHead& head = lane.head;
  const std::optional<ContentRange> content = parse_content_range(head.content_range);
  const std::string known = landing_->validator_of(source_shown());
  const std::string told = validator_of(head);
  using Complaint = Lane::Complaint;
  if (content && content->total && *content->total != catalogued()) {
    lane.complaint = Complaint::other_total;
    lane.total_told = content->total;
  } else if (!content || content->range != lane.asked ||
             head.content_length.value_or(lane.asked.size()) != lane.asked.size()) {
    lane.complaint = Complaint::other_range;
  } else if (is_other_validator(known, told)) {
    lane.complaint = Complaint::other_object;
  }
  if (lane.complaint != Complaint::none) return false;
  content_type_ = head.content_type;
  content_encoding_ = head.content_encoding;
  lane.body = Lane::Body::keep;
  if (!has_answered_) {
    round_trip_ = lane.exchange->round_trip();
    restart_ramp(context_.options.clock->steady_now(), wanted_lanes_);
  }
  has_answered_ = true;
  if (known.empty()) landing_->set_validator(source_shown(), told);
  return true;
}

Take Fetch::on_lane_body(Lane& lane, std::span<const std::byte> bytes) {
  if (is_cancelled() || lane.is_over) return Take::stop;
  switch (lane.body) {
    case Lane::Body::keep: return keep(lane, bytes);
    case Lane::Body::look:
      remember_first(first_bytes_.size(), bytes);
      return first_bytes_.size() < k_first_bytes ? Take::go_on : Take::stop;
    case Lane::Body::drop:
      lane.dropped += bytes.size();
      return lane.dropped <= k_max_dropped_bytes ? Take::go_on : Take::stop;
  }
  return Take::stop;
}

void Fetch::remember_first(std::uint64_t at, std::span<const std::byte> bytes) {
  if (at != first_bytes_.size() || at >= k_first_bytes) return;
  const std::size_t count = std::min(bytes.size(), k_first_bytes - first_bytes_.size());
  for (const std::byte byte : bytes.first(count)) first_bytes_ += static_cast<char>(byte);
}

Take Fetch::keep(Lane& lane, std::span<const std::byte> bytes) {
  RateLimit& rate = context_.rate_limit;
  const bool is_slowed_down = rate.is_on() && !rate.is_open(context_.options.clock->steady_now());
  if (is_slowed_down || !landing_->may_take(lane.next)) {
    lane.is_paused = true;
    ramp_.is_held_back = true;
    return Take::pause;
  }
  rate.take(bytes.size());
  received_ += bytes.size();
  const std::uint64_t room = lane.limit - lane.next;
  const auto wanted = bytes.first(std::min<std::uint64_t>(bytes.size(), room));
  remember_first(lane.next, wanted);
  if (Result<void> done = landing_->write(lane.next, wanted); !done) {
    disk_error_ = std::move(done).error();
    lane.is_over = true;
    return Take::stop;
  }
  lane.next += wanted.size();
  const bool is_file_end = lane.limit == catalogued();
  if (bytes.size() > room && is_file_end) lane.complaint = Lane::Complaint::too_long;
  // Up to where another connection took over; what follows is not wanted.
  const bool is_cut = lane.next == lane.limit && lane.limit < lane.asked.to;
  if (bytes.size() <= room && !is_cut) return Take::go_on;
  lane.is_over = true;
  return Take::stop;
}

void Fetch::on_lane_done(Lane& lane, CURLcode code) {
  const auto found = std::find_if(lanes_.begin(), lanes_.end(),
                                  [&](const auto& one) { return one.get() == &lane; });
  if (found == lanes_.end()) return;
  const auto index = static_cast<std::size_t>(found - lanes_.begin());
  if (disk_error_) return give_up(*std::exchange(disk_error_, std::nullopt));
  // However the answer ended: what was asked for is here.
  if (lane.has_brought_all()) {
    learn_rate(lane);
    return close_lane(index);
  }
  if (lane.is_over && lane.complaint == Lane::Complaint::none) return close_lane(index);
  const bool is_alone = lanes_.size() == 1;
  if (is_alone && lane.head.is_complete && is_redirect(lane.head)) {
    const HttpHead head = lane.head;
    close_lane(index);
    return redirect(head);
  }
  Failure failure = failure_of_lane(lane, code);
  if (!is_alone) {
    lose(lane, failure);
    return close_lane(index);
  }
  // The place from which the rest could be got is not the one that it was.
  const bool is_expired = has_answered_ && lane.head.is_complete && lane.head.status >= 400 &&
                          lane.head.status < 500 && url_.text != source_url().text;
  if (is_expired && failure.subject == Subject::network) failure.remedy = Remedy::retry;
  using Complaint = Lane::Complaint;
  const bool is_range_trouble = lane.complaint == Complaint::other_range ||
                                (lane.head.status == 416 && !lane.total_told && lane.asks_range);
  if (is_range_trouble) use_ranges_ = false;
  if (is_range_trouble || lane.complaint == Complaint::other_object) {
    if (Result<void> done = landing_->forget_all(); !done) return give_up(std::move(done).error());
    landing_->set_validator(source_shown(), "");
  }
  fail(std::move(failure));
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
    other->limit = taken.first_gap({other->limit, other->asked.to}).to;
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

void Fetch::redirect(const HttpHead& head) {
  if (++redirects_ > k_max_redirects) {
    return fail(not_usable(ErrorCode::unavailable,
                           "redirects more than " + std::to_string(k_max_redirects) + " times"));
  }
  Result<Url> to = follow_redirect(url_, head.location);
  if (!to) return fail(not_usable(to.error().code, "redirects wrongly: " + to.error().message));
  url_ = *std::move(to);  // and waits for its turn there
}

Failure Fetch::failure_of_part(const Lane& lane) const {
  Failure failure;
  failure.code = ErrorCode::unavailable;
  failure.remedy = Remedy::retry;
  failure.hint = "name another source with --mirror or MODELHUB_MIRRORS";
  switch (lane.complaint) {
    case Lane::Complaint::other_object: failure.reason = "has changed the file meanwhile"; break;
    case Lane::Complaint::not_a_range: failure.reason = "sent the whole file for a part"; break;
    default:
      failure.reason = "answered " + std::to_string(lane.head.status) +
                       " with another part of the file than was asked for";
  }
  return failure;
}

Failure Fetch::failure_of_lane(const Lane& lane, CURLcode code) const {
  const HttpHead& head = lane.head;
  const auto told = [&](const std::string& what) {
    return failure_of_size(arrived(), what, request_.bytes);
  };
  if (!head.is_complete) {
    if (lane.exchange->has_endless_head()) {
      return not_usable(ErrorCode::unavailable, "sent headers without end");
    }
    return failure_of_curl(code, lane.exchange->explain(code), context_.options.ca_file);
  }
  if (lane.total_told) return told("has " + std::to_string(*lane.total_told));
  if (lane.complaint == Lane::Complaint::too_long) {
    return told("sends more than " + std::to_string(catalogued()));
  }
  if (lane.complaint != Lane::Complaint::none) return failure_of_part(lane);
  if (head.status == 416 && lane.asks_range) return failure_of_part(lane);
  if (lane.body == Lane::Body::look)
    return told("announces " + std::to_string(*head.content_length));
  if (lane.body == Lane::Body::drop) {
    return failure_of_status(head, context_.options.clock->system_now());
  }
  const std::uint64_t present = landing_->present().total();
  if (code == CURLE_OK && !lane.asks_range && impostor_of(arrived())) {
    return told("has " + std::to_string(present));
  }
  const std::string how_far =
      " after " + std::to_string(present) + " of " + std::to_string(catalogued()) + " bytes";
  Failure failure = failure_of_curl(code, lane.exchange->explain(code), context_.options.ca_file);
  failure.is_host_unreachable = false;
  if (code == CURLE_OPERATION_TIMEDOUT) {
    failure.reason = "sent nothing for " + in_seconds(context_.options.stall_limit) + how_far;
  } else {
    failure.reason = "ended" + how_far;
    failure.remedy = Remedy::retry;
  }
  return failure;
}

// ---- watching them ----

void Fetch::tend_lanes(TimePoint now) {
  for (std::size_t i = lanes_.size(); i-- > 0;) {
    const Lane& lane = *lanes_[i];
    if (lane.is_over && lane.complaint == Lane::Complaint::none && !disk_error_) close_lane(i);
  }
  check_patience(now);
  if (stage_ != Stage::fetching) return;
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
  const std::chrono::duration<double> took = context_.options.clock->steady_now() - lane.began;
  if (wanted_lanes_ < 2 || took.count() <= 0) return;
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
  ramp_.changed = now;
  ramp_.rests_until = rests_until;
}

void Fetch::ramp(TimePoint now) {
  const auto since = to_milliseconds(now - ramp_.changed);
  if (!ramp_.marked) {
    if (since < settling_time(round_trip_) / 2) return;
    ramp_.marked = now;
    ramp_.received_then = received_;
    ramp_.is_held_back = false;
  }
  const std::chrono::duration<double> measured = now - *ramp_.marked;
  RampSnapshot snapshot;
  snapshot.connections = wanted_lanes_;
  snapshot.limit = connection_limit();
  if (now < ramp_.rests_until) snapshot.limit = std::min(snapshot.limit, wanted_lanes_);
  snapshot.bytes_left = catalogued() - landing_->present().total();
  snapshot.rate = measured.count() > 0
                      ? static_cast<double>(received_ - ramp_.received_then) / measured.count()
                      : 0;
  snapshot.connections_before = ramp_.before;
  snapshot.rate_before = ramp_.rate_before;
  snapshot.since_change = since;
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
  if (decision.what == Ramp::shrink) ramp_.rests_until = now + k_ramp_rest;
}

}  // namespace modelhub::transfer
