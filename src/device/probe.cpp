// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "device/probe.h"

#include "device/cpu.h"
#include "device/nvml.h"
#include "device/opencl.h"

namespace modelhub::device {

Inventory probe(const ProbeOptions& options) {
  Inventory inventory;
  inventory.devices.push_back(probe_cpu(options.root));
  if (!options.nvml.empty()) probe_nvml(options.nvml, inventory);
  if (!options.opencl.empty()) probe_opencl(options.opencl, inventory);
  return inventory;
}

unsigned usable_cores(const ProbeOptions& options) { return count_usable_cores(options.root); }

}  // namespace modelhub::device
