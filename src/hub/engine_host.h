// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "device/plan.h"
#include "engine/registry.h"
#include "modelhub/catalog.h"
#include "modelhub/device.h"
#include "modelhub/hub.h"
#include "modelhub/options.h"

namespace modelhub::hub {

// The engines of this machine in the words of the modules that ask: the catalog wants Capabilities,
// device wants offers, a person wants reports.
//
// Thread safety: all methods from any thread. The first call that needs an engine opens the
//                modules.
class EngineHost {
 public:
  explicit EngineHost(const HubOptions& options);

  Capabilities capabilities();
  std::vector<device::EngineOffer> offers();
  std::vector<EngineReport> reports();
  Result<std::shared_ptr<engine::Engine>> find(const std::string& name) {
    return registry_.find(name);
  }

 private:
  engine::Registry registry_;
};

}  // namespace modelhub::hub
