// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "modelhub/answers.h"
#include "modelhub/result.h"
#include "vision/recipe.h"

namespace modelhub::vision {

// Where a picture lies on a model's input ("canvas"), in the whole numbers that were really used:
// boxes go back through these and not through the ratio that led to them (half a pixel of padding
// is a visible shift after enlarging).
struct Placement {
  int source_width = 0;  // pixels of the picture
  int source_height = 0;
  // the whole picture after resizing; a crop may show a part of it only
  std::int64_t scaled_width = 0;
  std::int64_t scaled_height = 0;
  int canvas_width = 0;
  int canvas_height = 0;
  std::int64_t left = 0;  // of the scaled picture on the canvas; below 0 where the crop cuts
  std::int64_t top = 0;

  // From pixels of the canvas to pixels of the picture: each side by its own ratio. Boxes are
  // clipped to the picture, points are not (a mouth corner may lie outside).
  Box to_source(const Box& box) const;
  Point to_source(const Point& point) const;
};

// Errors: invalid_argument (Subject::input): a side below 1, or a picture that does not fit where
// nothing is resized. REQUIRES: check_recipe() passed.
Result<Placement> place(int source_width, int source_height, const InputSpec& input);

}  // namespace modelhub::vision
