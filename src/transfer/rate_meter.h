// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>

#include "modelhub/progress.h"

namespace modelhub::transfer {

// Bytes per second over the last seconds: long enough to be steady, short enough to show that a
// line went dead.
//
// Thread safety: one thread at a time.
class RateMeter {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::seconds k_window{4};

  // Forgets the past: a new attempt begins with `done` bytes.
  void restart(TimePoint now, std::uint64_t done);
  void sample(TimePoint now, std::uint64_t done);
  // 0 until two samples differ in time.
  double bytes_per_second() const;

 private:
  struct Sample {
    TimePoint time;
    std::uint64_t done;
  };
  std::deque<Sample> samples_;
};

// Fills the rate, and the time that is left at this rate when it is known.
void fill_rate(Progress& progress, const RateMeter& meter);

}  // namespace modelhub::transfer
