// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "transfer/byte_ranges.h"
#include "transfer/http_exchange.h"

namespace modelhub::transfer {

// One connection at work for a file: a request, the range it was for, and how far it came. What
// that means is its owner's affair.
//
// Thread safety: one thread; the loop's.
class Lane final : public HttpExchange::Receiver {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  class Owner {
   public:
    virtual ~Owner() = default;
    virtual bool on_lane_head(Lane& lane, const HttpHead& head) = 0;
    virtual Take on_lane_body(Lane& lane, std::span<const std::byte> bytes) = 0;
    virtual void on_lane_done(Lane& lane, CURLcode code) = 0;
  };

  // What happens to the body of the answer.
  enum class Body {
    keep,  // it is the file, or the part that was asked for
    look,  // it cannot be the file; its first bytes may tell what it is
    drop,  // a redirect's or an error's
  };

  // Why an answer cannot be used although it is a proper one.
  enum class Complaint {
    none,
    too_long,      // more than the catalogued size
    not_a_range,   // the whole file, where a part was asked for and others are on their way
    other_range,   // not the part that was asked for
    other_total,   // a part of a file of another size
    other_object,  // the file changed on the server
  };

  Lane(Owner& o, ByteRange range, bool has_range, std::string at, TimePoint now)
      : owner(o),
        asked(range),
        asks_range(has_range),
        origin(std::move(at)),
        began(now),
        next(range.from),
        limit(range.to),
        rated_(now),
        rated_at_(range.from) {}

  // The lane that this handle is the exchange of.
  static Lane& of(CURL* handle) { return static_cast<Lane&>(*HttpExchange::receiver_of(handle)); }

  bool on_head(const HttpHead& h) override { return owner.on_lane_head(*this, h); }
  Take on_body(std::span<const std::byte> bytes) override {
    return owner.on_lane_body(*this, bytes);
  }

  bool is_keeping() const { return head.is_complete && body == Body::keep && !is_over; }
  // All that it was to bring has come.
  bool has_brought_all() const {
    return head.is_complete && body == Body::keep && complaint == Complaint::none && next >= limit;
  }
  // What is not in the file yet.
  ByteRange left() const { return {next - pending.size(), limit}; }
  // Looks at the rate now and then; see rate().
  void sample(TimePoint now);
  // Bytes per second over the last moments.
  double rate() const { return rate_; }

  Owner& owner;
  const ByteRange asked;
  const bool asks_range;
  const std::string origin;  // the host at which it takes a place
  const TimePoint began;

  std::unique_ptr<HttpExchange> exchange;
  HttpHead head;
  Body body = Body::drop;
  Complaint complaint = Complaint::none;
  std::uint64_t next;   // the byte that comes next
  std::uint64_t limit;  // at most what was asked; less when others took the end
  // Came, and waits to be written with what comes next: libcurl hands over 16 KiB at a time.
  std::vector<std::byte> pending;
  TimePoint pending_since{};
  std::uint64_t dropped = 0;
  bool is_paused = false;
  bool is_over = false;  // takes nothing more

 private:
  TimePoint rated_;
  std::uint64_t rated_at_;
  double rate_ = 0;
};

}  // namespace modelhub::transfer
