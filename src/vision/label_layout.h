// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "vision/canvas.h"

namespace modelhub::vision {

// A label that wants to stand at a box.
struct LabelRequest {
  PixelRect box;  // with its lines
  int width = 0;
  int height = 0;
};

// Where the labels stand, in the order of the requests; earlier ones choose first. Each lies inside
// the picture (its left upper part, when it is larger) and, if there is any such place at its box,
// covers no other label: above the box, else inside its top, below it, inside its bottom, or
// further down inside.
std::vector<PixelRect> place_labels(std::span<const LabelRequest> requests, int picture_width,
                                    int picture_height);

}  // namespace modelhub::vision
