// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// Heads that leave nothing to suppress: it was done in the model, or is not needed.
#include <algorithm>
#include <cmath>

#include "vision/heads.h"

namespace modelhub::vision {
namespace {

// From 0..1 of the canvas to its pixels.
Box on_canvas(const Placement& placement, float x1, float y1, float x2, float y2) {
  const auto width = static_cast<float>(placement.canvas_width);
  const auto height = static_cast<float>(placement.canvas_height);
  return {x1 * width, y1 * height, x2 * width, y2 * height};
}

// Class numbers come as floats; what is no number of a class is -1, which no model has.
int class_of(float value) {
  return value >= 0 && value < 1e6f ? static_cast<int>(std::lround(value)) : -1;
}

}  // namespace

Result<void> check_ssd7(const Recipe& recipe, std::span<const Output> outputs) {
  const auto found = find_output(recipe, outputs, OutputRole::predictions);
  if (!found) return found.error();
  const Shape& shape = (*found)->shape;
  if (shape.size() == 4 && fits(shape[0], 1) && fits(shape[1], 1) && fits(shape[3], 7)) return {};
  return wrong_shape(**found, "ssd7", "[1, 1, candidates, 7]");
}

Result<Proposals> decode_ssd7(const HeadCall& call) {
  const Output& output = **find_output(call.recipe, call.outputs, OutputRole::predictions);
  Collector collector(call);
  const auto rows = static_cast<std::size_t>(output.shape[2]);
  for (std::size_t i = 0; i < rows; ++i) {
    const float* row = output.values.data() + i * 7;
    if (row[0] < 0) break;      // OpenVINO marks the end with batch -1
    if (row[2] == 0) continue;  // OpenCV fills what is left with zeros
    Candidate candidate{on_canvas(call.placement, row[3], row[4], row[5], row[6]), row[2],
                        class_of(row[1]), i};
    collector.offer(candidate);
  }
  return std::move(collector).finish();
}

Result<void> check_yolo_end2end(const Recipe& recipe, std::span<const Output> outputs) {
  const auto found = find_output(recipe, outputs, OutputRole::predictions);
  if (!found) return found.error();
  const Shape& shape = (*found)->shape;
  if (shape.size() == 3 && fits(shape[0], 1) && fits(shape[2], 6)) return {};
  return wrong_shape(**found, "yolo_end2end", "[1, candidates, 6]");
}

Result<Proposals> decode_yolo_end2end(const HeadCall& call) {
  const Output& output = **find_output(call.recipe, call.outputs, OutputRole::predictions);
  Collector collector(call);
  const auto rows = static_cast<std::size_t>(output.shape[1]);
  for (std::size_t i = 0; i < rows; ++i) {
    const float* row = output.values.data() + i * 6;
    Candidate candidate{{row[0], row[1], row[2], row[3]}, row[4], class_of(row[5]), i};
    // Rows that are left over are zeros.
    if (candidate.class_id < 0 || !(candidate.score > 0)) continue;
    candidate.class_id += call.recipe.decode.first_class;
    collector.offer(candidate);
  }
  return std::move(collector).finish();
}

Result<void> check_tf_od4(const Recipe& recipe, std::span<const Output> outputs) {
  struct Wanted {
    OutputRole role;
    std::string_view text;
    std::size_t rank;
  };
  for (const Wanted& wanted :
       {Wanted{OutputRole::boxes, "[1, candidates, 4]", 3},
        Wanted{OutputRole::scores, "[1, candidates]", 2},
        Wanted{OutputRole::labels, "[1, candidates]", 2}, Wanted{OutputRole::count, "[1]", 1}}) {
    const auto found = find_output(recipe, outputs, wanted.role);
    if (!found) return found.error();
    const Shape& shape = (*found)->shape;
    if (shape.size() != wanted.rank || !fits(shape[0], 1) ||
        (wanted.rank == 3 && !fits(shape[2], 4))) {
      return wrong_shape(**found, "tf_od4", wanted.text);
    }
  }
  return {};
}

Result<Proposals> decode_tf_od4(const HeadCall& call) {
  const Output& boxes = **find_output(call.recipe, call.outputs, OutputRole::boxes);
  const Output& scores = **find_output(call.recipe, call.outputs, OutputRole::scores);
  const Output& classes = **find_output(call.recipe, call.outputs, OutputRole::labels);
  const Output& count = **find_output(call.recipe, call.outputs, OutputRole::count);
  if (boxes.shape[1] != scores.shape[1] || boxes.shape[1] != classes.shape[1]) {
    return wrong_shape(boxes, "tf_od4",
                       "as many candidates as " + describe(scores) + " and " + describe(classes));
  }
  const auto limit = static_cast<float>(boxes.shape[1]);
  const float said = count.values[0];
  const auto rows = static_cast<std::size_t>(said > 0 ? std::min(said, limit) : 0.0f);
  Collector collector(call);
  for (std::size_t i = 0; i < rows; ++i) {
    const float* box = boxes.values.data() + i * 4;  // top, left, bottom, right
    Candidate candidate{on_canvas(call.placement, box[1], box[0], box[3], box[2]), scores.values[i],
                        class_of(classes.values[i]), i};
    collector.offer(candidate);
  }
  return std::move(collector).finish();
}

}  // namespace modelhub::vision
