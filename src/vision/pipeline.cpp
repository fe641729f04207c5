// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "vision/pipeline.h"

#include <cstdint>
#include <utility>

namespace modelhub::vision {

namespace {

Result<void> write_resolution(const ImageView& picture, Tensor& tensor) {
  if (tensor.data() == nullptr || tensor.dtype() != DType::int32) {
    Result<Tensor> made = Tensor::allocate(DType::int32, {1});
    if (!made) return std::move(made).error();
    tensor = *std::move(made);
  }
  tensor.as<std::int32_t>()[0] = picture.dpi;
  return {};
}

}  // namespace

Result<Prepared> prepare(const ImageView& picture, const Recipe& recipe, Prepared reuse,
                         const Help& help) {
  Prepared prepared = std::move(reuse);
  prepared.inputs.resize(recipe.inputs.size());
  for (std::size_t i = 0; i < recipe.inputs.size(); ++i) {
    const InputSpec& input = recipe.inputs[i];
    prepared.inputs[i].name = input.name;
    if (input.from == InputSource::resolution) {
      if (auto written = write_resolution(picture, prepared.inputs[i].tensor); !written)
        return std::move(written).error();
      continue;
    }
    auto placement = preprocess(picture, input, prepared.inputs[i].tensor, help);
    if (!placement) {
      return std::move(placement).error().with_context("prepare input '" + input.name + "'");
    }
    prepared.placement = *placement;
  }
  return prepared;
}

}  // namespace modelhub::vision
