// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "modelhub/export.h"

namespace modelhub MODELHUB_API {

// The phases of a job, in the order in which they can happen; a job skips those it does not need.
enum class Phase {
  queued,
  resolving,
  downloading,
  verifying,
  publishing,
  loading,
  testing,
  finished
};

std::string_view name_of(Phase phase);

// A snapshot of how far a job is. Bytes count the current phase only.
struct Progress {
  Phase phase = Phase::queued;
  std::string subject;  // what is worked on: "yolox_s@0.1.1:onnx-fp32"
  std::uint64_t bytes_done = 0;
  std::uint64_t bytes_total = 0;  // 0 when unknown
  double bytes_per_second = 0;    // over the last seconds; 0 when unknown
  std::optional<std::chrono::seconds> eta;
};

}  // namespace MODELHUB_API
