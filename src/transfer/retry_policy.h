// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "transfer/failure.h"

namespace modelhub::transfer {

struct RetryPolicy {
  int attempts_per_source;
  std::chrono::milliseconds initial_back_off;
  std::chrono::milliseconds maximal_back_off;
  std::chrono::milliseconds longest_retry_after;
};

enum class MoreSources { no, yes };

// How long to wait before the same source is tried again after `attempts` failed ones; nothing: do
// not. `random` is uniform in [0, 1).
//
// The back-off doubles and a random half of it is left out, so that clients that failed together do
// not come back together: with 500 ms, 250 to 500, then 500 to 1000, ... A server's Retry-After is
// kept to, with up to an initial back-off on top for the same reason. A host that cannot even be
// reached is not waited for while there is another source to try.
std::optional<std::chrono::milliseconds> wait_before_retry(const RetryPolicy& policy,
                                                           const Failure& failure, int attempts,
                                                           MoreSources more_sources, double random);

// The header's both forms: seconds, or a date (past dates mean now). Nothing when it is neither.
// Never negative, at most a day.
std::optional<std::chrono::milliseconds> parse_retry_after(
    std::string_view value, std::chrono::system_clock::time_point now);

}  // namespace modelhub::transfer
