// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "modelhub/answers.h"
#include "modelhub/export.h"
#include "modelhub/image.h"

namespace modelhub MODELHUB_API {

struct Color {
  std::uint8_t red = 0;
  std::uint8_t green = 0;
  std::uint8_t blue = 0;

  friend bool operator==(const Color&, const Color&) = default;
};

struct DrawOptions {
  float line_width = 0;  // pixels; 0: by the size of the picture
  // pixels, the height of a line of text without its gaps; 0: by the size of the picture
  float font_size = 0;
  // The colour of a class is palette[class_id mod size]. Empty: the built-in one, 48 colours of
  // which the first 16 stay apart for colour-blind eyes too.
  std::vector<Color> palette;

  DrawOptions() {}  // NOLINT(modernize-use-equals-default): see coroutine.h
};

// Draw what a model said onto the picture that it saw, legible on 100 x 80 pixels as on 6000 x
// 4000: lines and text grow with the picture, text stands on the colour of its class in black or
// white, labels stay inside the picture and move out of each other's way. Labels are UTF-8; what
// the font lacks shows as an empty box.
//
// The image keeps its format, only gray8 becomes rgb8. Boxes that are empty, outside or not finite
// are left out. Thread safety: any thread; one at a time for one image. Errors: invalid_argument
// (an empty image), out_of_memory, internal (the font).
Result<void> draw(Image& image, const Detections& detections, const DrawOptions& options = {});
// Boxes with scores, and a dot on each landmark.
Result<void> draw(Image& image, const Faces& faces, const DrawOptions& options = {});
// A banner in the upper left corner, as many classes as fit, a bar as long as each score behind it.
Result<void> draw(Image& image, const Classifications& classes, const DrawOptions& options = {});
// Boxes around the words, each line of text in a colour of its own. What they say is not written
// again: it would cover what it repeats.
Result<void> draw(Image& image, const Text& text, const DrawOptions& options = {});

}  // namespace MODELHUB_API
