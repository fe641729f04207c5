// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "vision/heads.h"

namespace modelhub::vision {
namespace {

// One column of a [rows, columns] matrix from its fifth row on: the class with the best score. NaN
// never wins; the first of equals does.
Candidate best_class(const float* column, std::size_t columns, std::size_t classes) {
  Candidate best;
  best.score = -std::numeric_limits<float>::infinity();
  for (std::size_t c = 0; c < classes; ++c) {
    const float score = column[c * columns];
    if (score > best.score) {
      best.score = score;
      best.class_id = static_cast<int>(c);
    }
  }
  return best;
}

Box box_around(float cx, float cy, float width, float height) {
  return {cx - width / 2, cy - height / 2, cx + width / 2, cy + height / 2};
}

Candidate yolo8_candidate(const HeadCall& call, const Output& output, std::size_t i) {
  const auto columns = static_cast<std::size_t>(output.shape[2]);
  const float* column = output.values.data() + i;
  Candidate candidate =
      best_class(column + 4 * columns, columns, static_cast<std::size_t>(output.shape[1]) - 4);
  candidate.class_id += call.recipe.decode.first_class;
  candidate.box = box_around(column[0], column[columns], column[2 * columns], column[3 * columns]);
  candidate.index = i;
  return candidate;
}

// The row of a candidate with an objectness, which its classes share.
Candidate yolo5_candidate(const HeadCall& call, const float* row, std::size_t width,
                          std::size_t index) {
  Candidate candidate = best_class(row + 5, 1, width - 5);
  candidate.score *= row[4];
  candidate.class_id += call.recipe.decode.first_class;
  candidate.box = box_around(row[0], row[1], row[2], row[3]);
  candidate.index = index;
  return candidate;
}

// Of the two heads with an objectness.
Result<void> check_rows(const Recipe& recipe, Labels labels, std::span<const Output> outputs,
                        std::string_view decode, std::string_view wanted) {
  const auto found = find_output(recipe, outputs, OutputRole::predictions);
  if (!found) return found.error();
  const Output& output = **found;
  if (output.shape.size() != 3 || !fits(output.shape[0], 1)) {
    return wrong_shape(output, decode, wanted);
  }
  const std::int64_t width = output.shape[2];
  if (width < 0) return {};
  // The head of YOLOv8 lies the other way round.
  const bool is_lying = width != 5 + static_cast<std::int64_t>(labels.size()) &&
                        output.shape[1] >= 0 && output.shape[1] < width;
  if (width < 6 || is_lying) return wrong_shape(output, decode, wanted);
  return check_class_count(output, width - 5, labels);
}

std::int64_t yolox_cells(const HeadCall& call) {
  std::int64_t cells = 0;
  for (const int stride : call.recipe.decode.strides) {
    cells += std::int64_t{call.placement.canvas_width / stride} *
             (call.placement.canvas_height / stride);
  }
  return cells;
}

Candidate yolox_candidate(const float* row, std::size_t classes, float column, float line,
                          float stride) {
  Candidate candidate = best_class(row + 5, 1, classes);
  candidate.score *= row[4];
  candidate.box = box_around((row[0] + column) * stride, (row[1] + line) * stride,
                             std::exp(row[2]) * stride, std::exp(row[3]) * stride);
  return candidate;
}

}  // namespace

Result<void> check_yolo8(const Recipe& recipe, Labels labels, std::span<const Output> outputs) {
  const auto found = find_output(recipe, outputs, OutputRole::predictions);
  if (!found) return found.error();
  const Output& output = **found;
  constexpr std::string_view k_wanted = "[1, 4 + classes, candidates]";
  if (output.shape.size() != 3 || !fits(output.shape[0], 1)) {
    return wrong_shape(output, "yolo8", k_wanted);
  }
  const std::int64_t rows = output.shape[1];
  if (rows < 0) return {};
  const auto known = static_cast<std::int64_t>(labels.size());
  // YOLOv5 and other heads lie the other way round.
  const bool is_lying = rows != 4 + known && output.shape[2] >= 0 && output.shape[2] < rows;
  if (rows < 5 || is_lying) return wrong_shape(output, "yolo8", k_wanted);
  return check_class_count(output, rows - 4, labels);
}

Result<Proposals> decode_yolo8(const HeadCall& call) {
  const Output& output = **find_output(call.recipe, call.outputs, OutputRole::predictions);
  const auto columns = static_cast<std::size_t>(output.shape[2]);
  const auto classes = static_cast<std::size_t>(output.shape[1]) - 4;
  const float* values = output.values.data();
  // Scores lie class by class, thousands of columns apart: the best of a block of columns is found
  // by going along the rows, 2 KB at a time; only what passes the threshold is looked at as a
  // column.
  constexpr std::size_t k_block = 512;
  std::array<float, k_block> best;
  Collector collector(call);
  for (std::size_t begin = 0; begin < columns; begin += k_block) {
    const std::size_t count = std::min(k_block, columns - begin);
    best.fill(-std::numeric_limits<float>::infinity());
    for (std::size_t c = 0; c < classes; ++c) {
      const float* scores = values + (4 + c) * columns + begin;
      for (std::size_t i = 0; i < count; ++i) best[i] = scores[i] > best[i] ? scores[i] : best[i];
    }
    for (std::size_t i = 0; i < count; ++i) {
      if (!(best[i] > call.conf())) continue;
      collector.offer(yolo8_candidate(call, output, begin + i));
    }
  }
  if (collector.is_empty()) {  // how near was it?
    for (std::size_t i = 0; i < columns; ++i) collector.offer(yolo8_candidate(call, output, i));
  }
  return std::move(collector).finish();
}

Result<void> check_yolo5(const Recipe& recipe, Labels labels, std::span<const Output> outputs) {
  return check_rows(recipe, labels, outputs, "yolo5", "[1, candidates, 5 + classes]");
}

Result<Proposals> decode_yolo5(const HeadCall& call) {
  const Output& output = **find_output(call.recipe, call.outputs, OutputRole::predictions);
  const auto rows = static_cast<std::size_t>(output.shape[1]);
  const auto width = static_cast<std::size_t>(output.shape[2]);
  const float* const values = output.values.data();
  Collector collector(call);
  // A class is at most as sure as the object: most of the 25,200 rows need no look at 80 classes.
  for (std::size_t i = 0; i < rows; ++i) {
    const float* const row = values + i * width;
    if (row[4] > call.conf()) collector.offer(yolo5_candidate(call, row, width, i));
  }
  if (collector.is_empty()) {  // how near was it?
    for (std::size_t i = 0; i < rows; ++i)
      collector.offer(yolo5_candidate(call, values + i * width, width, i));
  }
  return std::move(collector).finish();
}

Result<void> check_yolox(const Recipe& recipe, Labels labels, std::span<const Output> outputs) {
  return check_rows(recipe, labels, outputs, "yolox", "[1, cells, 5 + classes]");
}

Result<Proposals> decode_yolox(const HeadCall& call) {
  const Output& output = **find_output(call.recipe, call.outputs, OutputRole::predictions);
  const std::int64_t cells = yolox_cells(call);
  if (output.shape[1] != cells) {
    return wrong_shape(output, "yolox", "[1, " + std::to_string(cells) + ", 5 + classes]");
  }
  const auto width = static_cast<std::size_t>(output.shape[2]);
  const float* row = output.values.data();
  Collector collector(call);
  std::size_t index = 0;
  for (const int stride : call.recipe.decode.strides) {
    const int columns = call.placement.canvas_width / stride;
    const int lines = call.placement.canvas_height / stride;
    for (int line = 0; line < lines; ++line) {
      for (int column = 0; column < columns; ++column, row += width, ++index) {
        Candidate candidate = yolox_candidate(row, width - 5, static_cast<float>(column),
                                              static_cast<float>(line), static_cast<float>(stride));
        candidate.class_id += call.recipe.decode.first_class;
        candidate.index = index;
        collector.offer(candidate);
      }
    }
  }
  return std::move(collector).finish();
}

}  // namespace modelhub::vision
