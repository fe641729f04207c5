// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "modelhub/catalog.h"
#include "modelhub/device.h"
#include "modelhub/image.h"
#include "modelhub/job.h"
#include "modelhub/model.h"
#include "modelhub/progress.h"

namespace modelhub::hub {

class HubCore;

// What the self-test and tuning share: they let models answer pictures here, one after the other,
// and wait for what others do.
//
// Ownership: borrows the core; `self` is what the models that it loads will point to.
class Trial {
 public:
  Trial(HubCore& core, std::weak_ptr<HubCore> self, std::stop_token stop,
        std::function<void(Progress)> report)
      : core_(core), self_(std::move(self)), stop_(std::move(stop)), report_(std::move(report)) {}

  HubCore& core() const { return core_; }
  bool is_stopped() const { return stop_.stop_requested(); }

  Result<InstalledModel> pull(const std::string& reference) const;
  Result<Model> load(const std::string& reference, const LoadOptions& options) const;
  // The picture of the catalog's golden answer, fetched when it is not here. Errors: offline, those
  // of a fetch, those of Image::load. REQUIRES: the variant has a golden answer.
  Result<Image> golden_picture(const Resolved& resolved) const;
  // Says what is being done.
  void tell(const std::string& subject) const;

 private:
  template <class T>
  Result<T> wait_for(const Job<T>& job) const;

  HubCore& core_;
  const std::weak_ptr<HubCore> self_;
  const std::stop_token stop_;
  const std::function<void(Progress)> report_;
};

// Whether the plan thought that this device and engine can run the model.
bool can_run(const DeviceCandidate& candidate);
// From the picture in memory to its answer.
std::chrono::duration<double, std::milli> run_time_of(const Answer& answer);

}  // namespace modelhub::hub
