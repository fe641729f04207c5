// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "target.h"
#include "transfer/retry_policy.h"

// A server can ask for a wait between nothing and a day.
MODELHUB_FUZZ_TARGET(retry_after) {
  using namespace std::chrono;
  constexpr system_clock::time_point k_now{seconds(1'767'225'600)};
  const auto wait = modelhub::transfer::parse_retry_after(input, k_now);
  if (!wait) return;
  MODELHUB_FUZZ_REQUIRE(*wait >= milliseconds(0) && *wait <= hours(24));
}
