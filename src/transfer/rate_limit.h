// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>

#include "modelhub/byte_count.h"

namespace modelhub::transfer {

// At most so many bytes per second over all fetches: a bucket that fills with time and holds what
// may come at once.
//
// Thread safety: one thread; the loop's.
class RateLimit {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // 0: no limit.
  explicit RateLimit(ByteCount per_second) : per_second_(per_second.count()) {}

  bool is_on() const { return per_second_ > 0; }
  // More may be received now. What comes may be more than there is; the next wait is longer then.
  bool is_open(TimePoint now);
  void take(std::uint64_t bytes) { left_ -= static_cast<double>(bytes); }
  // Until is_open(), at least a millisecond; REQUIRES: it is not.
  std::chrono::milliseconds wait() const;

 private:
  const std::uint64_t per_second_;
  double left_ = 0;
  TimePoint filled_{};
};

}  // namespace modelhub::transfer
