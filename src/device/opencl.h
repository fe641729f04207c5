// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "device/probe.h"

namespace modelhub::device {

// Adds the GPUs that OpenCL finds and `inventory` does not have yet, or a note that says why there
// is none. Processors are left out: they are the CPU once more.
void probe_opencl(const std::string& library, Inventory& inventory);

}  // namespace modelhub::device
