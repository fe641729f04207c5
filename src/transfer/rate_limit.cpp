// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "transfer/rate_limit.h"

#include <algorithm>
#include <cmath>

namespace modelhub::transfer {
namespace {

// What is saved up in a pause may come at once: so many seconds' worth.
constexpr double k_burst_seconds = 0.1;

}  // namespace

bool RateLimit::is_open(TimePoint now) {
  if (!is_on()) return true;
  const double rate = static_cast<double>(per_second_);
  if (filled_ != TimePoint{}) {
    const std::chrono::duration<double> passed = now - filled_;
    left_ = std::min(left_ + rate * passed.count(), rate * k_burst_seconds);
  }
  filled_ = now;
  return left_ >= 0;
}

std::chrono::milliseconds RateLimit::wait() const {
  const double seconds = std::max(0.0, -left_) / static_cast<double>(per_second_);
  return std::chrono::milliseconds(std::max(1LL, std::llround(std::ceil(seconds * 1000))));
}

}  // namespace modelhub::transfer
