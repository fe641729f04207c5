// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <tuple>

#include "vision/heads.h"

namespace modelhub::vision {
namespace {

constexpr std::size_t k_landmarks = 5;

// What YuNet says about the cells of one stride; cells lie row by row.
struct YunetLevel {
  const float* cls;
  const float* obj;
  const float* bbox;  // 4 for each cell: shift of the centre and logarithm of the size, in strides
  const float* kps;   // 10 for each cell: five points, in strides
  float stride;
};

struct YunetPart {
  OutputRole role;
  std::int64_t width;  // numbers for each cell
};
constexpr YunetPart k_parts[] = {{OutputRole::cls, 1},
                                 {OutputRole::obj, 1},
                                 {OutputRole::bbox, 4},
                                 {OutputRole::kps, 2 * k_landmarks}};

Result<void> check_yunet_part(const Recipe& recipe, std::span<const Output> outputs,
                              const YunetPart& part, int stride, std::int64_t cells) {
  const auto found = find_output(recipe, outputs, part.role, stride);
  if (!found) return found.error();
  const Shape& shape = (*found)->shape;
  if (shape.size() == 3 && fits(shape[0], 1) && fits(shape[2], part.width) &&
      (cells < 0 || fits(shape[1], cells))) {
    return {};
  }
  return wrong_shape(**found, "yunet",
                     "[1, " + (cells < 0 ? "cells" : std::to_string(cells)) + ", " +
                         std::to_string(part.width) + "]");
}

float clamped(float score) { return std::clamp(score, 0.0f, 1.0f); }

Candidate yunet_candidate(const YunetLevel& level, std::size_t cell, float column, float line) {
  const float* box = level.bbox + 4 * cell;
  const float cx = (column + box[0]) * level.stride;
  const float cy = (line + box[1]) * level.stride;
  const float width = std::exp(box[2]) * level.stride;
  const float height = std::exp(box[3]) * level.stride;
  Candidate candidate;
  // clamp() lets NaN through, and the collector passes it over.
  candidate.score = std::sqrt(clamped(level.cls[cell]) * clamped(level.obj[cell]));
  candidate.box = {cx - width / 2, cy - height / 2, cx + width / 2, cy + height / 2};
  return candidate;
}

void add_landmarks(const YunetLevel& level, std::size_t cell, float column, float line,
                   std::vector<Point>& landmarks) {
  const float* points = level.kps + 2 * k_landmarks * cell;
  for (std::size_t i = 0; i < k_landmarks; ++i) {
    landmarks.push_back(
        {(column + points[2 * i]) * level.stride, (line + points[2 * i + 1]) * level.stride});
  }
}

}  // namespace

Result<void> check_yunet(const Recipe& recipe, std::span<const Output> outputs) {
  for (const int stride : recipe.decode.strides) {
    for (const YunetPart& part : k_parts) {
      if (auto checked = check_yunet_part(recipe, outputs, part, stride, -1); !checked) {
        return checked;
      }
    }
  }
  return {};
}

Result<Proposals> decode_yunet(const HeadCall& call, FaceParts& parts) {
  Collector collector(call);
  parts.points = k_landmarks;
  std::size_t index = 0;
  for (const int stride : call.recipe.decode.strides) {
    const int columns = call.placement.canvas_width / stride;
    const int lines = call.placement.canvas_height / stride;
    const float* values[4];
    for (std::size_t i = 0; i < std::size(k_parts); ++i) {
      if (auto checked = check_yunet_part(call.recipe, call.outputs, k_parts[i], stride,
                                          std::int64_t{columns} * lines);
          !checked) {
        return std::move(checked).error();
      }
      values[i] = (*find_output(call.recipe, call.outputs, k_parts[i].role, stride))->values.data();
    }
    const YunetLevel level{values[0], values[1], values[2], values[3], static_cast<float>(stride)};
    for (int line = 0; line < lines; ++line) {
      for (int column = 0; column < columns; ++column, ++index) {
        const std::size_t cell = static_cast<std::size_t>(line) * columns + column;
        const auto x = static_cast<float>(column);
        const auto y = static_cast<float>(line);
        Candidate candidate = yunet_candidate(level, cell, x, y);
        candidate.index = index;
        collector.offer(candidate);
        add_landmarks(level, cell, x, y, parts.landmarks);
      }
    }
  }
  return std::move(collector).finish();
}

Result<void> check_ultraface(const Recipe& recipe, std::span<const Output> outputs) {
  for (const auto& [role, width, text] : {std::tuple{OutputRole::scores, 2, "[1, candidates, 2]"},
                                          std::tuple{OutputRole::boxes, 4, "[1, candidates, 4]"}}) {
    const auto found = find_output(recipe, outputs, role);
    if (!found) return found.error();
    const Shape& shape = (*found)->shape;
    if (shape.size() != 3 || !fits(shape[0], 1) || !fits(shape[2], width)) {
      return wrong_shape(**found, "ultraface", text);
    }
  }
  return {};
}

Result<Proposals> decode_ultraface(const HeadCall& call) {
  const Output& scores = **find_output(call.recipe, call.outputs, OutputRole::scores);
  const Output& boxes = **find_output(call.recipe, call.outputs, OutputRole::boxes);
  if (scores.shape[1] != boxes.shape[1]) {
    return wrong_shape(boxes, "ultraface", "as many candidates as " + describe(scores));
  }
  const auto width = static_cast<float>(call.placement.canvas_width);
  const auto height = static_cast<float>(call.placement.canvas_height);
  Collector collector(call);
  for (std::size_t i = 0; i < static_cast<std::size_t>(scores.shape[1]); ++i) {
    const float* box = boxes.values.data() + 4 * i;
    Candidate candidate;
    candidate.box = {box[0] * width, box[1] * height, box[2] * width, box[3] * height};
    candidate.score = scores.values[2 * i + 1];
    candidate.index = i;
    collector.offer(candidate);
  }
  return std::move(collector).finish();
}

namespace {

constexpr OutputRole k_dlib_roles[] = {OutputRole::boxes, OutputRole::scores, OutputRole::landmarks,
                                       OutputRole::embedding};

// The detectors of dlib say how far a face lies above their threshold, without an upper end. The
// logistic curve brings that between 0 and 1 in the same order, the threshold to a half.
float score_of_margin(float margin) { return 1 / (1 + std::exp(-margin)); }

bool are_finite(std::span<const float> values) {
  return std::all_of(values.begin(), values.end(),
                     [](float value) { return std::isfinite(value); });
}

// [N], [N,4], ...: a length of 0 stands for any.
bool has_shape(const Shape& shape, std::initializer_list<std::int64_t> behind_n) {
  return shape.size() == 1 + behind_n.size() &&
         std::equal(behind_n.begin(), behind_n.end(), shape.begin() + 1,
                    [](std::int64_t wanted, std::int64_t side) {
                      return wanted == 0 || fits(side, wanted);
                    });
}

std::string length_text(int length, const char* any) {
  return length > 0 ? std::to_string(length) : any;
}

}  // namespace

Result<void> check_dlib_faces(const Recipe& recipe, std::span<const Output> outputs) {
  const DecodeSpec& decode = recipe.decode;
  const auto check = [&](OutputRole role, std::initializer_list<std::int64_t> behind_n,
                         const std::string& wanted) -> Result<void> {
    const auto found = find_output(recipe, outputs, role);
    if (!found) return found.error();
    if (has_shape((*found)->shape, behind_n)) return {};
    return wrong_shape(**found, "dlib_faces", wanted);
  };
  if (auto checked = check(OutputRole::boxes, {4}, "[faces, 4]"); !checked) return checked;
  if (auto checked = check(OutputRole::scores, {}, "[faces]"); !checked) return checked;
  if (auto checked = check(OutputRole::landmarks, {decode.landmarks, 2},
                           "[faces, " + length_text(decode.landmarks, "points") + ", 2]");
      !checked) {
    return checked;
  }
  return check(OutputRole::embedding, {decode.length},
               "[faces, " + length_text(decode.length, "numbers") + "]");
}

Result<Proposals> decode_dlib_faces(const HeadCall& call, FaceParts& parts) {
  const Output* found[std::size(k_dlib_roles)];
  for (std::size_t i = 0; i < std::size(k_dlib_roles); ++i) {
    found[i] = *find_output(call.recipe, call.outputs, k_dlib_roles[i]);
    if (found[i]->shape[0] != found[0]->shape[0]) {
      return wrong_shape(*found[i], "dlib_faces", "as many faces as " + describe(*found[0]));
    }
  }
  const auto& [boxes, scores, landmarks, embeddings] = found;
  parts.points = static_cast<std::size_t>(landmarks->shape[1]);
  parts.length = static_cast<std::size_t>(embeddings->shape[1]);
  parts.embeddings = embeddings->values;
  for (std::size_t i = 0; i + 1 < landmarks->values.size(); i += 2) {
    parts.landmarks.push_back({landmarks->values[i], landmarks->values[i + 1]});
  }
  Collector collector(call);
  for (std::size_t i = 0; i < static_cast<std::size_t>(scores->shape[0]); ++i) {
    // A face that cannot be compared with any other is none.
    if (!are_finite(parts.embeddings.subspan(i * parts.length, parts.length))) continue;
    const float* box = boxes->values.data() + 4 * i;
    Candidate candidate;
    candidate.box = {box[0], box[1], box[2], box[3]};
    candidate.score = score_of_margin(scores->values[i]);
    candidate.index = i;
    collector.offer(candidate);
  }
  return std::move(collector).finish();
}

}  // namespace modelhub::vision
