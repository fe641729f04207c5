// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "vision/heads.h"

namespace modelhub::vision {

Result<void> check_embedding(const Recipe& recipe, std::span<const Output> outputs) {
  const auto found = find_output(recipe, outputs, OutputRole::embedding);
  if (!found) return found.error();
  const int length = recipe.decode.length;
  const Shape& shape = (*found)->shape;
  if (shape.size() == 2 && fits(shape[0], 1) && (length == 0 || fits(shape[1], length))) return {};
  return wrong_shape(**found, "embedding",
                     "[1, " + (length > 0 ? std::to_string(length) : "numbers") + "]");
}

Result<std::vector<float>> read_embedding(const Recipe& recipe, std::span<const Output> outputs) {
  const Output& output = **find_output(recipe, outputs, OutputRole::embedding);
  double squares = 0;
  for (const float value : output.values) squares += static_cast<double>(value) * value;
  if (!std::isfinite(squares)) {
    return Error(ErrorCode::corrupt_data, Subject::model,
                 describe(output) + " has numbers that are not finite",
                 "try another variant, engine or precision of the model");
  }
  std::vector<float> embedding(output.values.begin(), output.values.end());
  // Noughts have no direction: they stay what they are, and are like no face.
  if (!recipe.decode.is_normalized || squares == 0) return embedding;
  const double factor = 1 / std::sqrt(squares);
  for (float& value : embedding) value = static_cast<float>(value * factor);
  return embedding;
}

}  // namespace modelhub::vision
