// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>

#include "base/clock.h"

namespace modelhub::test {

// Time that passes when the test says so. It starts at 2026-01-01T00:00:00Z.
//
// Thread safety: all methods from any thread.
class ManualClock final : public base::Clock {
 public:
  std::chrono::steady_clock::time_point steady_now() const override {
    return std::chrono::steady_clock::time_point(std::chrono::hours(1) + passed());
  }
  std::chrono::system_clock::time_point system_now() const override {
    return std::chrono::system_clock::time_point(std::chrono::seconds(1'767'225'600)) + passed();
  }
  void advance(std::chrono::milliseconds time) { passed_ms_ += time.count(); }

 private:
  std::chrono::milliseconds passed() const { return std::chrono::milliseconds(passed_ms_.load()); }

  std::atomic<std::int64_t> passed_ms_{0};
};

}  // namespace modelhub::test
