// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string_view>

#include "modelhub/export.h"

namespace modelhub MODELHUB_API {

enum class LogLevel { debug, info, warning };

// Where the library tells what is worth telling without being an error: a fallback taken, litter
// swept, a retry. An error is returned, never logged as well. The library itself never prints.
//
// Thread safety: called from any thread of the hub, possibly from several at once; must not throw
//                or call the hub.
using LogSink = std::function<void(LogLevel level, std::string_view message)>;

}  // namespace MODELHUB_API
