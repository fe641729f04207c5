// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/file_system.h"
#include "model_file/model_file.h"
#include "modelhub/catalog.h"
#include "modelhub/own_model.h"
#include "modelhub/result.h"

namespace modelhub::hub {

// How a user's own file is fed and read.
struct OwnRecipe {
  Recipe recipe;
  std::string task;
  std::string title;                     // as the file calls itself; may be empty
  std::string license;                   // an SPDX id that the file gives; may be empty
  std::vector<std::string> assumptions;  // sentences for people
};

// Fills the recipe from what the file declares and what the user tells; the user wins. What is
// declared is checked against the shapes; no shape alone decides anything. `name` is what people
// call the file; `files` is asked for the labels.
//
// Errors: invalid_argument (subject usage): nothing tells how it is read, or what is told cannot
// be;
//         names the option. unsupported (subject model): "needs decode 'pose' (a newer modelhub)".
//         corrupt_data (subject model): what it declares does not fit its shapes. Those of labels:
//         subject input.
Result<OwnRecipe> fill_recipe(const model_file::ModelFacts& facts, const ModelFileOptions& options,
                              const std::string& name, base::FileSystem& files);

}  // namespace modelhub::hub
