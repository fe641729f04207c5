// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "vision/placement.h"

#include <algorithm>
#include <cmath>

namespace modelhub::vision {
namespace {

std::int64_t round_side(double length, Rounding round) {
  // nearbyint rounds halves to even in the default mode, as Python's round(); std::round would not.
  const double whole = round == Rounding::floor ? std::floor(length) : std::nearbyint(length);
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(whole));
}

int round_up(std::int64_t length, int multiple) {
  return static_cast<int>((length + multiple - 1) / multiple * multiple);
}

// Ultralytics' LetterBox: round(d - 0.1) puts the odd pixel at the right and bottom.
std::int64_t centered_pad(std::int64_t free) {
  return static_cast<std::int64_t>(std::nearbyint(static_cast<double>(free) / 2 - 0.1));
}

void letterbox(Placement& p, const InputSpec& input) {
  const double ratio = std::min(static_cast<double>(input.height) / p.source_height,
                                static_cast<double>(input.width) / p.source_width);
  p.scaled_width =
      std::min<std::int64_t>(input.width, round_side(p.source_width * ratio, input.round));
  p.scaled_height =
      std::min<std::int64_t>(input.height, round_side(p.source_height * ratio, input.round));
  p.canvas_width = input.is_dynamic ? round_up(p.scaled_width, input.multiple_of) : input.width;
  p.canvas_height = input.is_dynamic ? round_up(p.scaled_height, input.multiple_of) : input.height;
}

// torchvision's Resize(shorter_side) and CenterCrop; EfficientNet's own script floors the offset
// instead.
void shorter_side_crop(Placement& p, const InputSpec& input) {
  const std::int64_t shorter = std::min(p.source_width, p.source_height);
  const auto scaled = [&](std::int64_t side) { return input.shorter_side * side / shorter; };
  p.scaled_width = scaled(p.source_width);
  p.scaled_height = scaled(p.source_height);
  p.canvas_width = input.width;
  p.canvas_height = input.height;
  const auto offset = [&](std::int64_t length, int canvas) {
    if (input.anchor == Anchor::top_left) return std::int64_t{0};
    const double cut = static_cast<double>(length - canvas) / 2;
    return -static_cast<std::int64_t>(input.round == Rounding::floor ? std::floor(cut)
                                                                     : std::nearbyint(cut));
  };
  p.left = offset(p.scaled_width, input.width);
  p.top = offset(p.scaled_height, input.height);
}

Result<void> as_it_is(Placement& p, const InputSpec& input) {
  p.scaled_width = p.source_width;
  p.scaled_height = p.source_height;
  if (input.is_dynamic) {
    p.canvas_width = round_up(p.source_width, input.multiple_of);
    p.canvas_height = round_up(p.source_height, input.multiple_of);
    return {};
  }
  p.canvas_width = input.width;
  p.canvas_height = input.height;
  if (p.source_width <= input.width && p.source_height <= input.height) return {};
  const auto size = [](int width, int height) {
    return std::to_string(width) + "x" + std::to_string(height);
  };
  return Error(ErrorCode::invalid_argument, Subject::input,
               "the picture is " + size(p.source_width, p.source_height) +
                   ", the model takes at most " + size(input.width, input.height) +
                   " and its recipe does not resize",
               "make the picture smaller");
}

}  // namespace

Box Placement::to_source(const Box& box) const {
  const double ratio_x = static_cast<double>(scaled_width) / source_width;
  const double ratio_y = static_cast<double>(scaled_height) / source_height;
  const auto back = [](float value, std::int64_t pad, double ratio, int side) {
    return static_cast<float>(
        std::clamp((value - static_cast<double>(pad)) / ratio, 0.0, static_cast<double>(side)));
  };
  return {back(box.x1, left, ratio_x, source_width), back(box.y1, top, ratio_y, source_height),
          back(box.x2, left, ratio_x, source_width), back(box.y2, top, ratio_y, source_height)};
}

Point Placement::to_source(const Point& point) const {
  const double ratio_x = static_cast<double>(scaled_width) / source_width;
  const double ratio_y = static_cast<double>(scaled_height) / source_height;
  return {static_cast<float>((point.x - static_cast<double>(left)) / ratio_x),
          static_cast<float>((point.y - static_cast<double>(top)) / ratio_y)};
}

Result<Placement> place(int source_width, int source_height, const InputSpec& input) {
  // 2^30: the sums below stay inside int, and no picture is longer.
  if (source_width < 1 || source_height < 1 || source_width > 1 << 30 || source_height > 1 << 30) {
    return Error(ErrorCode::invalid_argument, Subject::input,
                 "a picture of " + std::to_string(source_width) + "x" +
                     std::to_string(source_height) + " pixels cannot be used");
  }
  Placement p;
  p.source_width = source_width;
  p.source_height = source_height;
  switch (input.resize) {
    case ResizeKind::letterbox: letterbox(p, input); break;
    case ResizeKind::stretch:
      p.scaled_width = p.canvas_width = input.width;
      p.scaled_height = p.canvas_height = input.height;
      break;
    case ResizeKind::shorter_side_crop: shorter_side_crop(p, input); return p;
    case ResizeKind::none:
      if (auto fits = as_it_is(p, input); !fits) return std::move(fits).error();
      break;
  }
  if (input.anchor == Anchor::center) {
    p.left = centered_pad(p.canvas_width - p.scaled_width);
    p.top = centered_pad(p.canvas_height - p.scaled_height);
  }
  return p;
}

}  // namespace modelhub::vision
