// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "vision/pipeline.h"

#include <utility>

namespace modelhub::vision {

Result<Prepared> prepare(const ImageView& picture, const Recipe& recipe, Prepared reuse) {
  Prepared prepared = std::move(reuse);
  prepared.inputs.resize(recipe.inputs.size());
  for (std::size_t i = 0; i < recipe.inputs.size(); ++i) {
    const InputSpec& input = recipe.inputs[i];
    prepared.inputs[i].name = input.name;
    auto placement = preprocess(picture, input, prepared.inputs[i].tensor);
    if (!placement) {
      return std::move(placement).error().with_context("prepare input '" + input.name + "'");
    }
    prepared.placement = *placement;
  }
  return prepared;
}

}  // namespace modelhub::vision
