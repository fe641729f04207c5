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
// the picture (its upper left part, when it is larger). A label stands above its box, unless
// another place at the box covers less of other labels and of small boxes; when all of those would
// cover a label, the nearest free place at the same height of the picture's side is looked for.
std::vector<PixelRect> place_labels(std::span<const LabelRequest> requests, int picture_width,
                                    int picture_height);

}  // namespace modelhub::vision
