// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "vision/pixel_rows.h"

#include <cstring>

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

void triple(const std::uint8_t* from, int width, std::uint8_t* to) {
  for (int x = 0; x < width; ++x, to += 3) to[0] = to[1] = to[2] = from[x];
}

void to_grey(std::uint8_t* pixels, int width, int red) {
  for (int x = 0; x < width; ++x, pixels += 3) {
    pixels[0] = pixels[1] = pixels[2] = grey_of(pixels[red], pixels[1], pixels[2 - red]);
  }
}

bool is_blue_first(PixelFormat format) {
  return format == PixelFormat::bgr8 || format == PixelFormat::bgra8;
}

}  // namespace

PixelRows::PixelRows(const ImageView& picture, ColorOrder wanted)
    : picture_(picture),
      is_grey_wanted_(wanted == ColorOrder::gray),
      is_swapped_(is_blue_first(picture.format) != (wanted == ColorOrder::bgr)) {
  for (std::vector<std::uint8_t>& scratch : scratch_)
    scratch.resize(static_cast<std::size_t>(picture.width) * 3 + 1);
}

const std::uint8_t* PixelRows::row(int y) {
  const std::uint8_t* pixels = picture_.row(y);
  const int channels = channels_of(picture_.format);
  const bool is_grey = channels == 1;
  const bool must_turn_grey = is_grey_wanted_ && !is_grey;
  // Beyond the last row lies memory that is not the picture's.
  const bool is_last = y == picture_.height - 1;
  if (channels == 3 && !must_turn_grey && !is_last) return pixels;
  std::vector<std::uint8_t>& scratch = scratch_[next_scratch_];
  next_scratch_ = (next_scratch_ + 1) % k_rows;
  if (is_grey) {
    triple(pixels, picture_.width, scratch.data());
  } else if (channels == 4) {
    blend(pixels, picture_.width, scratch.data());
  } else {
    std::memcpy(scratch.data(), pixels, scratch.size() - 1);
  }
  if (must_turn_grey) {
    to_grey(scratch.data(), picture_.width, is_blue_first(picture_.format) ? 2 : 0);
  }
  return scratch.data();
}

}  // namespace modelhub::vision
