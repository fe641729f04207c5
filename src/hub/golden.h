// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "modelhub/catalog.h"
#include "modelhub/model.h"

namespace modelhub::hub {

// Nothing when `answer` is what the catalog expects, within its tolerances; else one line that says
// what differs. Each expectation needs an item of its own; items that nobody expects matter only
// for the count.
std::optional<std::string> difference(const GoldenAnswer& golden, const Answer& answer);

}  // namespace modelhub::hub
