// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "hub/trial.h"
#include "modelhub/tune.h"

namespace modelhub::hub {

// The times of one way to run a model that answers right.
struct TimedWay {
  std::vector<double> milliseconds;  // one for each round; all ways had the same rounds
  ByteCount memory;
};

struct TuneDecision {
  std::size_t chosen = 0;
  std::string reason;
};

// Which of them, by their medians. The default only loses to what is faster by more than noise:
// more than 3 % by the medians, and in 7 of 10 rounds. Of several that are as fast the one with
// less memory is taken. A pure function. REQUIRES: at least one way, with at least one round;
// `fallback` is the default, or the first where that answers wrong.
TuneDecision decide_tuning(const std::vector<TimedWay>& ways, std::size_t fallback);

double median_of(std::vector<double> values);

// Lets every way to run a model here (engine, device, precision, threads) answer one picture, and
// times those whose answer is right.
//
// Errors: those about the reference, the pull and the picture; cancelled. What goes wrong with one
//         way is in its candidate.
class Tuner {
 public:
  Tuner(const Trial& trial, TuneOptions options) : trial_(trial), options_(std::move(options)) {}

  // Blocks; ends soon after the trial was stopped, with `cancelled`.
  Result<TuneReport> run(const std::string& reference);

 private:
  // A way while it is tried.
  struct Way {
    TuneCandidate candidate;
    std::optional<Model> model;  // while it is loaded and answers right
    std::vector<double> milliseconds;
  };

  void list_ways(const DevicePlan& plan);
  Result<void> find_picture(const Resolved& resolved);
  // Loads it, and lets it answer: its verdict, and the times of the first runs.
  void try_way(Way& way);
  void check_answer(Way& way, const Answer& answer);
  void leave_out_slow_ones();
  Result<void> race();
  void decide();
  void unload_all();
  std::string name_of(const Way& way) const;
  Error cancelled() const;

  const Trial& trial_;
  const TuneOptions options_;
  TuneReport report_;
  std::optional<Image> picture_;
  std::optional<GoldenAnswer>
      golden_;  // nothing until the default has answered a picture of the user's
  std::vector<Way> ways_;
};

}  // namespace modelhub::hub
