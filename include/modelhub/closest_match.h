// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "modelhub/export.h"

namespace modelhub MODELHUB_API {

// The candidate that was probably meant by `typed`: the one at the smallest edit distance
// (insertion, deletion, exchange and swap of neighbours count 1 each; case, '-', '_', '.' and ' '
// do not count), if that is at most a third of the length of `typed`; else the shortest candidate
// that begins with it (three letters at least). Nothing when nothing is near.
std::optional<std::string> closest_match(std::string_view typed,
                                         const std::vector<std::string>& candidates);

}  // namespace MODELHUB_API
