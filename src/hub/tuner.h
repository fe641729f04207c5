// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "hub/trial.h"
#include "hub/tuned_choice.h"
#include "modelhub/tune.h"
#include "store/store.h"

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

// Lets every way to run a model here (variant, engine, device, precision, threads) answer one
// picture, and times those whose answer is right.
//
// Of the variants those take part that are installed, or can be pulled when that was asked for; one
// with fewer bits only when the precision may be golden, or when it is the default. All are held
// against the golden answer of the default, as it is the same name that stands for them.
//
// Errors: those about the reference, the pull and the picture; cancelled. What goes wrong with one
//         way is in its candidate.
class Tuner {
 public:
  Tuner(const Trial& trial, TuneOptions options) : trial_(trial), options_(std::move(options)) {}

  // Blocks; ends soon after the trial was stopped, with `cancelled`.
  Result<TuneReport> run(const std::string& reference);

 private:
  // A variant that takes part.
  struct Entrant {
    Resolved resolved;
    Digest key;
    DevicePlan plan;
    std::optional<store::StoreLease> lease;  // so that pulling the next one does not evict it
  };

  // A way while it is tried.
  struct Way {
    TuneCandidate candidate;
    std::string reference;       // with the variant
    std::optional<Model> model;  // while it is loaded and answers right
    std::vector<double> milliseconds;
  };

  Result<void> enter(Resolved resolved);
  // What takes part besides the default. Errors: cancelled.
  Result<void> enter_others(const Resolved& fallback);
  // What became of a variant that does not take part.
  void leave_out(const Variant& variant, TuneVerdict verdict, std::string remark,
                 std::optional<Error> error = {});
  void list_ways(const Entrant& entrant);
  void list_all_ways();
  Result<void> find_picture(const Resolved& resolved);
  // Loads it, and lets it answer: its verdict, and the times of the first runs.
  void try_way(Way& way);
  void check_answer(Way& way, const Answer& answer);
  void leave_out_slow_ones();
  Result<void> race();
  void decide();
  void keep();
  void unload_all();
  std::string name_of(const Way& way) const;
  Error cancelled() const;

  const Trial& trial_;
  const TuneOptions options_;
  TuneReport report_;
  std::optional<Image> picture_;
  std::optional<GoldenAnswer>
      golden_;  // nothing until the default has answered a picture of the user's
  TunedScope scope_ = TunedScope::variant;
  std::vector<Entrant> entrants_;  // the default first
  std::vector<Way> ways_;
  std::vector<TuneCandidate> left_out_;
};

}  // namespace modelhub::hub
