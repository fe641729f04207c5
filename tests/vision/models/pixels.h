// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "modelhub/image.h"

namespace modelhub::vision {

// Pixels of a test, with what a view of them needs. Rows may be longer than the picture.
struct Picture {
  int width = 0;
  int height = 0;
  PixelFormat format = PixelFormat::rgb8;
  std::ptrdiff_t stride = 0;
  std::vector<std::uint8_t> bytes;

  Picture(int w, int h, PixelFormat f, int padding = 0)
      : width(w),
        height(h),
        format(f),
        stride(std::ptrdiff_t{w} * channels_of(f) + padding),
        // Not a byte more than the picture has: a read beyond it is seen under ASan.
        bytes(static_cast<std::size_t>(stride * (h - 1) + std::ptrdiff_t{w} * channels_of(f))) {}

  ImageView view() const { return {bytes.data(), width, height, stride, format}; }
};

inline Picture noise(int width, int height, PixelFormat format, std::mt19937& random,
                     int padding = 0) {
  Picture picture(width, height, format, padding);
  for (std::uint8_t& byte : picture.bytes) byte = static_cast<std::uint8_t>(random());
  return picture;
}

inline Picture plain(int width, int height, PixelFormat format,
                     const std::vector<std::uint8_t>& pixel) {
  Picture picture(width, height, format);
  for (std::size_t i = 0; i < picture.bytes.size(); ++i) picture.bytes[i] = pixel[i % pixel.size()];
  return picture;
}

}  // namespace modelhub::vision
