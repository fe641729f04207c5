// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "device/probe.h"

namespace modelhub::device {

// Adds NVIDIA's GPUs to `inventory`, or a note that says why there is none.
void probe_nvml(const std::string& library, Inventory& inventory);

}  // namespace modelhub::device
