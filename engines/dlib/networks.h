// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include <dlib/array.h>
#include <dlib/geometry.h>
#include <dlib/matrix.h>
#include <dlib/pixel.h>

#include "face_settings.h"
#include "modelhub/engine_module.h"

namespace modelhub::dlib_engine {

// dlib's neural networks behind plain classes: they are templates that take long to compile, and
// only networks.cpp sees them.

using Picture = dlib::matrix<dlib::rgb_pixel>;
using Chips = dlib::array<Picture>;

struct FoundFace {
  dlib::rectangle box;
  double margin = 0;  // above the detector's threshold; at least 0
};

// Describes faces by numbers that are near for one person and far apart for two.
//
// Thread safety: one thread at a time.
class Descriptor {
 public:
  // Throws Failure: MH_IO_ERROR, MH_CORRUPT_DATA.
  explicit Descriptor(const engine_module::File& file);
  ~Descriptor();

  int length() const { return length_; }
  // `length()` numbers for each chip, in their order. REQUIRES: chips of k_chip_size.
  std::vector<float> describe(const Chips& chips);

 private:
  struct Net;
  const std::unique_ptr<Net> net_;
  int length_ = 0;
};

// Finds faces with a convolutional network.
//
// Thread safety: one thread at a time.
class CnnDetector {
 public:
  // Throws Failure: MH_IO_ERROR, MH_CORRUPT_DATA.
  explicit CnnDetector(const engine_module::File& file);
  ~CnnDetector();

  // Best first. REQUIRES: sides of at least k_least_side.
  std::vector<FoundFace> find(const Picture& picture);
  // Smaller pictures do not fill its filters.
  static constexpr long k_least_side = 32;

 private:
  struct Net;
  const std::unique_ptr<Net> net_;
};

}  // namespace modelhub::dlib_engine
