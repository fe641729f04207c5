// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "device/plan.h"
#include "modelhub/catalog.h"
#include "modelhub/device.h"
#include "modelhub/digest.h"
#include "modelhub/options.h"
#include "modelhub/tune.h"
#include "store/store.h"

namespace modelhub::hub {

// Which loads a choice is for.
enum class TunedScope {
  variant,  // of that variant: how it runs best
  name,     // of a name without a variant: which one it means; how that runs is in its own choice
};

// How tuning found a model to run best on this machine, as it is kept in the home's `derived`.
struct TunedChoice {
  std::string variant;
  Digest key = Digest::of_empty();  // of that variant as it was: with other files it counts no more
  std::string engine;
  std::string device;
  Precision precision = Precision::exact;
  int threads = 0;
  std::string when;    // "2026-11-23T05:01:40Z"
  std::string reason;  // "71.2 ms, 0.82 of ..."
  struct Loser {
    std::string variant;
    std::string engine;
    std::string device;
    std::string remark;
  };
  std::vector<Loser> losers;
};

// The choice of a report, for the variant with this key. REQUIRES: one was chosen.
TunedChoice choice_of(const TuneReport& report, const Digest& key, std::string when);
// What it says of the variant alone.
TunedChoice within_variant(TunedChoice choice);

// The name of the folder in `derived`. It is another one as soon as the model (with
// TunedScope::name the variant that is the default), an engine or its version, a device or its
// features, or the number of threads is another: then nothing was tuned.
std::string tuned_folder_name(TunedScope scope, const Digest& model,
                              const std::vector<device::EngineOffer>& offers,
                              const std::vector<Device>& devices, int threads);

// Errors: no_space, io_error.
Result<void> keep_tuned(store::Store& store, const std::string& folder, const TunedChoice& choice);
// Nothing when there is none, or one that cannot be read: then loads take the default.
std::optional<TunedChoice> find_tuned(const store::Store& store, const std::string& folder);

// Whether loads that ask for this precision, if for any, may follow. `is_reduced`: the choice is a
// variant with fewer bits that is not the default.
bool allows(const std::optional<Precision>& asked, const TunedChoice& choice, bool is_reduced);

// Says of each candidate what tuning found, if it tried it.
void annotate(const TunedChoice& choice, std::vector<VariantCandidate>& candidates);

// Makes the choice that of the plan, and says so there. False when it cannot be had: the plan stays
// as it was.
bool follow(const TunedChoice& choice, DevicePlan& plan);

}  // namespace modelhub::hub
