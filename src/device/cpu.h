// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "modelhub/device.h"

namespace modelhub::device {

// The processor, from the files below <root>/proc and <root>/sys.
Device probe_cpu(const std::string& root);

unsigned count_usable_cores(const std::string& root);

}  // namespace modelhub::device
