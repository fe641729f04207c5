// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "modelhub/image.h"
#include "vision/recipe.h"

namespace modelhub::vision {

// The rows of a picture with the channels that a model wants, whatever the picture's own format:
// alpha is blended on white as Image::load() does, colour becomes grey by the weights of ITU-R
// BT.601 where the model wants grey. A grey picture keeps its one channel, also for a model of
// three: what is done to one need not be done three times.
//
// Ownership:     borrows the picture.
// Thread safety: one thread at a time.
class PixelRows {
 public:
  PixelRows(const ImageView& picture, ColorOrder wanted);

  int width() const { return picture_.width; }
  int height() const { return picture_.height; }
  int channels() const { return channels_; }  // 1 or 3
  // Where channel `c` of the wanted order lies in a pixel of row(): 0 to channels() - 1.
  int offset_of(int c) const { return is_swapped_ ? channels_ - 1 - c : c; }
  // `width() * channels()` bytes, valid until the next call.
  const std::uint8_t* row(int y);

 private:
  const ImageView picture_;
  const int channels_;
  bool is_swapped_ = false;
  std::vector<std::uint8_t> scratch_;  // empty when rows need no change
};

}  // namespace modelhub::vision
