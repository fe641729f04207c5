// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "modelhub/draw.h"
#include "modelhub/image.h"
#include "vision/font.h"

namespace modelhub::vision {

// Whole pixels; right and bottom just outside.
struct PixelRect {
  int left = 0;
  int top = 0;
  int right = 0;
  int bottom = 0;

  int width() const { return right - left; }
  int height() const { return bottom - top; }
  bool is_empty() const { return right <= left || bottom <= top; }
};

PixelRect intersection_of(const PixelRect& a, const PixelRect& b);
PixelRect shrunk(const PixelRect& rect, int by);

// Draws onto an image of any colour format. What lies outside is clipped; alpha becomes opaque.
//
// Ownership: borrows the image. REQUIRES: its format is not gray8.
class Canvas {
 public:
  explicit Canvas(Image& image);

  int width() const { return image_.width(); }
  int height() const { return image_.height(); }
  PixelRect bounds() const { return {0, 0, width(), height()}; }

  // `opacity` from 0 to 255.
  void fill(const PixelRect& rect, Color color, unsigned opacity = 255);
  // The lines lie inside `rect`.
  void outline(const PixelRect& rect, int line_width, Color color, unsigned opacity = 255);
  // A smooth disc; coordinates are those of pixel corners.
  void disc(float x, float y, float radius, Color color);
  void text(const TextLine& line, int x, int baseline, Color color);

 private:
  void blend(int x, int y, Color color, unsigned coverage);

  Image& image_;
  int channels_;
  int red_at_;  // place of red in a pixel; blue is at the other end
};

}  // namespace modelhub::vision
