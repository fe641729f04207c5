// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// What the answers to a fetch's requests mean, and what comes of them.
#include <algorithm>

#include "transfer/fetch.h"

namespace modelhub::transfer {
namespace {

constexpr int k_max_redirects = 10;

// A small body of a redirect or an error is read to its end, so that the connection can serve the
// next request.
constexpr std::uint64_t k_max_dropped_bytes = 64 * 1024;

// A write costs a system call, and libcurl hands over at most so much at a time.
constexpr std::size_t k_handed_bytes = CURL_MAX_WRITE_SIZE;  // 16 KiB
constexpr std::size_t k_write_bytes = 256 * 1024;

Failure not_usable(ErrorCode code, std::string reason) {
  Failure failure;
  failure.code = code;
  failure.reason = std::move(reason);
  failure.hint = "name another source with --mirror or MODELHUB_MIRRORS";
  return failure;
}

}  // namespace

bool Fetch::on_lane_head(Lane& lane, const HttpHead& head) {
  lane.head = head;
  if (lane.is_over) return false;
  if (is_redirect(head)) return true;
  if (is_whole_file(head)) return take_whole(lane);
  if (head.status == 206 && lane.asks_range) return take_part(lane);
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
  for (const auto& other : lanes_) {
    other->is_over = other.get() != &lane;
    other->pending.clear();
  }
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
  begin_ramp(context_.options.clock->steady_now());
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
  } else if (!content || content->range != lane.asked) {
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
    begin_ramp(context_.options.clock->steady_now());
  }
  has_answered_ = true;
  has_had_part_ = true;
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

// For what waits to be written. One after the other uses it: fresh memory costs a fault for each of
// its pages, which was a tenth of the processor time of a fetch with 16 connections (perf record).
std::vector<std::byte> Fetch::take_buffer() {
  std::vector<std::byte> buffer;
  if (spare_buffers_.empty()) {
    buffer.reserve(std::min<std::uint64_t>(k_write_bytes + k_handed_bytes, catalogued()));
  } else {
    buffer = std::move(spare_buffers_.back());
    spare_buffers_.pop_back();
  }
  return buffer;
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
  if (lane.pending.empty()) {
    lane.pending_since = context_.options.clock->steady_now();
    if (lane.pending.capacity() == 0) lane.pending = take_buffer();
  }
  lane.pending.insert(lane.pending.end(), wanted.begin(), wanted.end());
  lane.next += wanted.size();
  if (lane.pending.size() >= k_write_bytes && !flush(lane)) {
    lane.is_over = true;
    return Take::stop;
  }
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
  if (!flush(lane) || disk_error_) return give_up(*std::exchange(disk_error_, std::nullopt));
  // However the answer ended: what was asked for is here.
  if (lane.has_brought_all()) {
    learn_rate(lane);
    // One that was cut off is closed.
    if (code == CURLE_OK && lane.limit == lane.asked.to) ++idle_connections_;
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
  // What the server says of a part is believed of the part only: the whole may be the right one.
  const bool is_range_trouble =
      lane.asks_range &&
      (lane.complaint == Complaint::other_range || lane.complaint == Complaint::other_total ||
       lane.complaint == Complaint::too_long || lane.head.status == 416);
  if (is_range_trouble) use_ranges_ = false;
  if (is_range_trouble || lane.complaint == Complaint::other_object) {
    if (Result<void> done = landing_->forget_all(); !done) return give_up(std::move(done).error());
    landing_->set_validator(source_shown(), "");
  }
  fail(std::move(failure));
}

void Fetch::redirect(const HttpHead& head) {
  if (++redirects_ > k_max_redirects) {
    return fail(not_usable(ErrorCode::unavailable,
                           "redirects more than " + std::to_string(k_max_redirects) + " times"));
  }
  Result<Url> to = follow_redirect(url_, head.location);
  if (!to) return fail(not_usable(to.error().code, "redirects wrongly: " + to.error().message));
  url_ = *std::move(to);  // and waits for its turn there
  add_token(url_, context_.options.tokens);
}

Failure Fetch::failure_of_part(const Lane& lane) const {
  Failure failure;
  failure.code = ErrorCode::unavailable;
  failure.remedy = Remedy::retry;
  failure.hint = "name another source with --mirror or MODELHUB_MIRRORS";
  switch (lane.complaint) {
    case Lane::Complaint::other_object: failure.reason = "has changed the file meanwhile"; break;
    case Lane::Complaint::not_a_range: failure.reason = "sent the whole file for a part"; break;
    case Lane::Complaint::other_total:
      failure.reason = "sent a part of a file of another size";
      break;
    case Lane::Complaint::too_long: failure.reason = "sent more than the part asked for"; break;
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
    Failure failure = failure_of_curl(code, lane.exchange->explain(code), context_.options.ca_file);
    if (code == CURLE_UNSUPPORTED_PROTOCOL && lane.exchange->was_connection_kept())
      failure.remedy = Remedy::retry;
    return failure;
  }
  if (lane.complaint == Lane::Complaint::too_long && !lane.asks_range) {
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

}  // namespace modelhub::transfer
