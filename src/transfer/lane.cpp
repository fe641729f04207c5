// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "transfer/lane.h"

#include <algorithm>

namespace modelhub::transfer {
namespace {

constexpr std::chrono::milliseconds k_rate_interval{100};
// How much of the rate is what it was.
constexpr double k_rate_memory = 0.6;

}  // namespace

void Lane::sample(TimePoint now) {
  const std::chrono::duration<double> passed = now - rated_;
  if (now - rated_ < k_rate_interval) return;
  const double fresh = static_cast<double>(next - std::min(next, rated_at_)) / passed.count();
  rate_ = rate_ == 0 ? fresh : k_rate_memory * rate_ + (1 - k_rate_memory) * fresh;
  rated_ = now;
  rated_at_ = next;
}

}  // namespace modelhub::transfer
