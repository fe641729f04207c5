// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "vision/pixel_rows.h"

namespace modelhub::vision {
namespace {

// c over white with 8-bit alpha, to the nearest level.
std::uint8_t on_white(unsigned c, unsigned alpha) {
  return static_cast<std::uint8_t>((c * alpha + 255U * (255U - alpha) + 127U) / 255U);
}

// BT.601 in OpenCV's 14 bits: .299, .587, .114.
std::uint8_t grey_of(unsigned r, unsigned g, unsigned b) {
  return static_cast<std::uint8_t>((r * 4899U + g * 9617U + b * 1868U + (1U << 13)) >> 14);
}

void blend(const std::uint8_t* from, int width, std::uint8_t* to) {
  for (int x = 0; x < width; ++x, from += 4, to += 3) {
    for (int c = 0; c < 3; ++c) to[c] = on_white(from[c], from[3]);
  }
}

void to_grey(const std::uint8_t* from, int width, int red, std::uint8_t* to) {
  for (int x = 0; x < width; ++x, from += 3) to[x] = grey_of(from[red], from[1], from[2 - red]);
}

bool is_blue_first(PixelFormat format) {
  return format == PixelFormat::bgr8 || format == PixelFormat::bgra8;
}

}  // namespace

PixelRows::PixelRows(const ImageView& picture, ColorOrder wanted)
    : picture_(picture),
      channels_(picture.format == PixelFormat::gray8 || wanted == ColorOrder::gray ? 1 : 3) {
  if (picture.format == PixelFormat::gray8) return;
  const auto width = static_cast<std::size_t>(picture.width);
  is_swapped_ = channels_ == 3 && is_blue_first(picture.format) != (wanted == ColorOrder::bgr);
  if (channels_of(picture.format) == 4 || channels_ == 1) scratch_.resize(width * 3);
}

const std::uint8_t* PixelRows::row(int y) {
  const std::uint8_t* pixels = picture_.row(y);
  if (scratch_.empty()) return pixels;
  if (channels_of(picture_.format) == 4) {
    blend(pixels, picture_.width, scratch_.data());
    pixels = scratch_.data();
  }
  // In place where the row was blended: a grey level never overtakes the pixel it is made of.
  if (channels_ == 1) {
    to_grey(pixels, picture_.width, is_blue_first(picture_.format) ? 2 : 0, scratch_.data());
  }
  return scratch_.data();
}

}  // namespace modelhub::vision
