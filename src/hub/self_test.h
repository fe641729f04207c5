// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "modelhub/catalog.h"
#include "modelhub/image.h"
#include "modelhub/job.h"
#include "modelhub/model.h"
#include "modelhub/progress.h"
#include "modelhub/self_test.h"

namespace modelhub::hub {

class HubCore;

// Lets models answer the golden pictures of the catalog, with each engine on each device that can
// run them here.
//
// Ownership: borrows the core; `self` is what the models that it loads will point to.
// Errors:    those about the references alone: what goes wrong with one model is in its result.
class SelfTest {
 public:
  SelfTest(HubCore& core, std::weak_ptr<HubCore> self, std::stop_token stop,
           std::function<void(Progress)> report)
      : core_(core), self_(std::move(self)), stop_(std::move(stop)), report_(std::move(report)) {}

  // Blocks; ends soon after `stop`, with `cancelled`.
  Result<std::vector<SelfTestResult>> run(const std::vector<std::string>& references);

 private:
  Result<void> test(const Resolved& resolved, std::vector<SelfTestResult>& results);
  Result<Image> golden_picture(const Resolved& resolved);
  void try_engine(const Resolved& resolved, const Result<Image>& picture, SelfTestResult& result);
  template <class T>
  Result<T> wait_for(const Job<T>& job);
  void tell(const std::string& subject) const;

  HubCore& core_;
  const std::weak_ptr<HubCore> self_;
  const std::stop_token stop_;
  const std::function<void(Progress)> report_;
};

}  // namespace modelhub::hub
