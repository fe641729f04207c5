// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "modelhub/catalog.h"
#include "modelhub/result.h"

namespace modelhub::hub {

// How a family of models is fed and read. The numbers stand in the built-in catalog, with one of
// the family; names and sizes are that one's own and have to be replaced.
struct RecipeKind {
  std::string name;
  std::string task;
  Recipe recipe;
  // Graphs of this family differ in colours and scaling, so somebody has to say those.
  bool leaves_pixels_open = false;
  // The labels belong to the family ("face"), not to what one model of it was trained on.
  bool has_labels = false;
};

// "yolov8, yolov5, ..."
std::string names_of_recipe_kinds();

// A kind by its name, or the recipe of a model of the catalog by its reference.
// Errors: invalid_argument (subject usage) with the kinds and what may have been meant; not_found
//         (subject model) and unsupported for a model of the catalog that has no such version or no
//         recipe.
Result<RecipeKind> find_recipe_kind(const std::string& name);

}  // namespace modelhub::hub
