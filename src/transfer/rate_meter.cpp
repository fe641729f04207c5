// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "transfer/rate_meter.h"

#include <cmath>

namespace modelhub::transfer {

void RateMeter::restart(TimePoint now, std::uint64_t done) {
  samples_.assign(1, Sample{now, done});
}

void RateMeter::sample(TimePoint now, std::uint64_t done) {
  samples_.push_back({now, done});
  // One sample from before the window stays, so that the window is covered whole.
  while (samples_.size() > 2 && now - samples_[1].time >= k_window) samples_.pop_front();
}

double RateMeter::bytes_per_second() const {
  if (samples_.size() < 2) return 0;
  const std::chrono::duration<double> time = samples_.back().time - samples_.front().time;
  if (time.count() <= 0) return 0;
  return static_cast<double>(samples_.back().done - samples_.front().done) / time.count();
}

void fill_rate(Progress& progress, const RateMeter& meter) {
  progress.bytes_per_second = meter.bytes_per_second();
  progress.eta.reset();
  if (progress.bytes_per_second < 1 || progress.bytes_total < progress.bytes_done) return;
  const double left = static_cast<double>(progress.bytes_total - progress.bytes_done);
  progress.eta = std::chrono::seconds(std::llround(std::ceil(left / progress.bytes_per_second)));
}

}  // namespace modelhub::transfer
