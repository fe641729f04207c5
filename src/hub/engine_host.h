// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "device/plan.h"
#include "engine/registry.h"
#include "modelhub/catalog.h"
#include "modelhub/device.h"
#include "modelhub/hub.h"
#include "modelhub/options.h"
#include "modelhub/video.h"

namespace modelhub::hub {

using EngineNames = std::vector<std::string>;

// The engines that some variant of the model names, sorted; none when one of them leaves it to any
// that reads its format.
EngineNames engines_of(const ModelEntry& entry);

// The engines of this machine in the words of the modules that ask: the catalog wants Capabilities,
// device wants offers, a person wants reports.
//
// Thread safety: all methods from any thread. The first call that needs an engine opens its module.
class EngineHost {
 public:
  // `inventory` is asked for when the first module is opened: engines are told which GPUs there
  // are.
  EngineHost(const HubOptions& options, std::function<const device::Inventory&()> inventory);

  // Of the engines of these names (of none: of all); the others are not opened for it.
  Capabilities capabilities(const EngineNames& only = {});
  std::vector<device::EngineOffer> offers(const EngineNames& only = {});
  std::vector<EngineReport> reports();
  // Videos are decoded by a module that lies where the engines are. These are opened first: of two
  // libraries of one soname the first serves the process, and the Registry knows the right order.
  Result<Video> open_video(const std::string& source, const VideoOptions& options);
  Result<std::shared_ptr<engine::Engine>> find(const std::string& name) {
    return registry_.find(name);
  }

 private:
  const std::vector<std::string> folders_;
  engine::Registry registry_;
};

}  // namespace modelhub::hub
