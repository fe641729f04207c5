// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

namespace modelhub::base {

// The seam for time, so that tests need not sleep.
//
// Thread safety: all methods from any thread.
class Clock {
 public:
  virtual ~Clock() = default;

  virtual std::chrono::steady_clock::time_point steady_now() const = 0;
  virtual std::chrono::system_clock::time_point system_now() const = 0;

  // The machine's own; lives as long as the process.
  static const Clock& real();
};

// "2026-11-23T05:01:40Z": the form of every time that modelhub writes.
std::string to_rfc3339(std::chrono::system_clock::time_point time);

}  // namespace modelhub::base
