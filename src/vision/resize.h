// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

#include "modelhub/image.h"
#include "vision/recipe.h"

namespace modelhub::vision {

// The size that the whole picture is resized to, and the columns of it that are wanted.
struct ResizeTarget {
  std::int64_t width = 0;
  std::int64_t height = 0;
  std::int64_t first_column = 0;
  int columns = 0;
};

// A resized picture, row by row: nothing larger than a few rows is ever kept, so a resize, a crop,
// a change of layout and of type are one pass over memory.
//
// Contract:      read() gives `columns` pixels of four bytes; offset_of(c) says in which byte
//                channel c of the wanted order lies, and the byte that is nobody's holds anything.
//                Levels are those of the library that the filter is named after, to the bit: both
//                quantise to 8 bits after resizing, and a model has seen that. The caller asks for
//                rows in rising order; a row may be left out.
// Ownership:     borrows the picture.
// Thread safety: one thread at a time.
class RowSource {
 public:
  virtual ~RowSource() = default;
  virtual int offset_of(int channel) const = 0;
  virtual void read(std::int64_t y, std::uint32_t* pixels) = 0;
};

// out_of_memory, Subject::input.
Error no_memory_to_resize(const ImageView& picture);

// Errors: out_of_memory (Subject::input), for pictures whose side is millions of pixels.
// REQUIRES: a picture that is not empty; columns inside the target.
Result<std::unique_ptr<RowSource>> open_rows(const ImageView& picture, ColorOrder color,
                                             Filter filter, const ResizeTarget& target);

}  // namespace modelhub::vision
