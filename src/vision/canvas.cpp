// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "vision/canvas.h"

#include <algorithm>
#include <cmath>

#include "vision/raster.h"

namespace modelhub::vision {

PixelRect intersection_of(const PixelRect& a, const PixelRect& b) {
  return {std::max(a.left, b.left), std::max(a.top, b.top), std::min(a.right, b.right),
          std::min(a.bottom, b.bottom)};
}

PixelRect shrunk(const PixelRect& rect, int by) {
  return {rect.left + by, rect.top + by, rect.right - by, rect.bottom - by};
}

Canvas::Canvas(Image& image)
    : image_(image),
      channels_(channels_of(image.format())),
      red_at_(image.format() == PixelFormat::bgr8 || image.format() == PixelFormat::bgra8 ? 2 : 0) {
}

void Canvas::blend(int x, int y, Color color, unsigned coverage) {
  std::uint8_t* const pixel = image_.row(y) + static_cast<std::ptrdiff_t>(x) * channels_;
  const std::uint8_t wanted[3] = {color.red, color.green, color.blue};
  for (int i = 0; i < 3; ++i) {
    std::uint8_t& value = pixel[red_at_ == 0 ? i : 2 - i];
    value = divide_by_255(wanted[i] * coverage + value * (255 - coverage));
  }
  if (channels_ == 4) pixel[3] = std::max(pixel[3], static_cast<std::uint8_t>(coverage));
}

void Canvas::fill(const PixelRect& rect, Color color, unsigned opacity) {
  const PixelRect clipped = intersection_of(rect, bounds());
  for (int y = clipped.top; y < clipped.bottom; ++y) {
    for (int x = clipped.left; x < clipped.right; ++x) blend(x, y, color, opacity);
  }
}

void Canvas::outline(const PixelRect& rect, int line_width, Color color, unsigned opacity) {
  if (2 * line_width >= std::min(rect.width(), rect.height())) return fill(rect, color, opacity);
  const PixelRect inner = shrunk(rect, line_width);
  fill({rect.left, rect.top, rect.right, inner.top}, color, opacity);
  fill({rect.left, inner.bottom, rect.right, rect.bottom}, color, opacity);
  fill({rect.left, inner.top, inner.left, inner.bottom}, color, opacity);
  fill({inner.right, inner.top, rect.right, inner.bottom}, color, opacity);
}

void Canvas::disc(float x, float y, float radius, Color color) {
  const PixelRect around = {
      static_cast<int>(std::floor(x - radius - 1)), static_cast<int>(std::floor(y - radius - 1)),
      static_cast<int>(std::ceil(x + radius + 1)), static_cast<int>(std::ceil(y + radius + 1))};
  const PixelRect clipped = intersection_of(around, bounds());
  for (int row = clipped.top; row < clipped.bottom; ++row) {
    for (int column = clipped.left; column < clipped.right; ++column) {
      const float distance =
          std::hypot(static_cast<float>(column) + 0.5F - x, static_cast<float>(row) + 0.5F - y);
      const float covered = std::clamp(radius - distance + 0.5F, 0.0F, 1.0F);
      blend(column, row, color, static_cast<unsigned>(std::lround(covered * 255)));
    }
  }
}

void Canvas::text(const TextLine& line, int x, int baseline, Color color) {
  for (const TextLine::Placed& placed : line.glyphs) {
    const Glyph& glyph = *placed.glyph;
    const int left = x + placed.pen + glyph.left;
    const int top = baseline - glyph.top;
    const PixelRect clipped =
        intersection_of({left, top, left + glyph.width, top + glyph.height}, bounds());
    for (int row = clipped.top; row < clipped.bottom; ++row) {
      const std::uint8_t* const coverage =
          glyph.coverage.data() + static_cast<std::ptrdiff_t>(row - top) * glyph.width;
      for (int column = clipped.left; column < clipped.right; ++column) {
        blend(column, row, color, coverage[column - left]);
      }
    }
  }
}

}  // namespace modelhub::vision
