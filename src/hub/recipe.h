// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "modelhub/catalog.h"
#include "modelhub/result.h"
#include "vision/recipe.h"

namespace modelhub::hub {

// Turns a catalog's recipe, where kinds are words, into the one that vision executes.
//
// Errors: unsupported (subject model): a word of a newer modelhub, "needs decode 'x' (a newer
// modelhub)";
//         invalid_argument (subject catalog): values that cannot work together.
Result<vision::Recipe> to_executable(const Recipe& recipe);

// What an engine is told about a recipe when it loads the model: the parameters of its decode by
// name, as text (lists with commas between). Engines ignore those that they do not know.
std::vector<std::pair<std::string, std::string>> load_settings(const Recipe& recipe);

}  // namespace modelhub::hub
