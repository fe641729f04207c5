// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "modelhub/image.h"
#include "vision/recipe.h"

namespace modelhub::vision {

// The rows of a picture as pixels of three bytes, whatever its format: grey three times, alpha
// blended on white as Image::load() does, colour made grey by the weights of ITU-R BT.601 where the
// model wants grey. Red and blue stay where the picture has them; offset_of() says where.
//
// Ownership:     borrows the picture.
// Thread safety: one thread at a time.
class PixelRows {
 public:
  PixelRows(const ImageView& picture, ColorOrder wanted);

  int width() const { return picture_.width; }
  int height() const { return picture_.height; }
  // Where channel `c` (0 to 2) of the wanted order lies in a pixel.
  int offset_of(int c) const { return is_swapped_ ? 2 - c : c; }
  // `3 * width()` bytes, valid until k_rows more have been asked for. One byte more can be read
  // (not used), so that a pixel may be loaded as four bytes.
  const std::uint8_t* row(int y);
  static constexpr int k_rows = 4;

 private:
  const ImageView picture_;
  const bool is_grey_wanted_;
  bool is_swapped_ = false;
  std::vector<std::uint8_t> scratch_[k_rows];
  int next_scratch_ = 0;
};

}  // namespace modelhub::vision
