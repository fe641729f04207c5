// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "modelhub/export.h"

namespace modelhub MODELHUB_API {

// Those of `known` that may be meant by `typed`, best first, at most `most`: first those at an edit
// distance (insertion, deletion, exchange and swap of neighbours count 1 each) of at most a third
// of the letters, one in a short name; then those that share their beginning, three letters or
// more. Case, '-', '_', '.' and ' ' do not count.
std::vector<std::string> closest_matches(std::string_view typed,
                                         const std::vector<std::string>& known, std::size_t most);

// The first of them.
std::optional<std::string> closest_match(std::string_view typed,
                                         const std::vector<std::string>& known);

}  // namespace MODELHUB_API
