// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "hub/trial.h"
#include "modelhub/self_test.h"

namespace modelhub::hub {

// Lets models answer the golden pictures of the catalog, with each engine on each device that can
// run them here.
//
// Errors: those about the references alone: what goes wrong with one model is in its result.
class SelfTest {
 public:
  explicit SelfTest(const Trial& trial) : trial_(trial) {}

  // Blocks; ends soon after the trial was stopped, with `cancelled`.
  Result<std::vector<SelfTestResult>> run(const std::vector<std::string>& references);

 private:
  Result<void> test(const Resolved& resolved, std::vector<SelfTestResult>& results);
  void try_engine(const Resolved& resolved, const Result<Image>& picture, SelfTestResult& result);

  const Trial& trial_;
};

}  // namespace modelhub::hub
