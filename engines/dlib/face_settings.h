// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "modelhub/engine_module.h"

namespace modelhub::dlib_engine {

// Pixels of a side of what the network describes.
inline constexpr int k_chip_size = 150;

enum class DetectorKind {
  hog,  // compiled into dlib
  cnn,  // a file with the role `detector`
};

// How the faces of a picture are found and described: what the recipe of a model says.
struct FaceSettings {
  DetectorKind detector = DetectorKind::hog;
  int upsample = 1;            // how often the picture is doubled before the search: small faces
  double chip_padding = 0.25;  // around a face, in shares of its size
};

// From the settings of a load: detector, upsample, chip_size, chip_padding, jitter. Without
// `detector`, the file with that role decides.
// Throws Failure: MH_INVALID_ARGUMENT, a value that cannot be; MH_UNSUPPORTED, one that this engine
// cannot do.
FaceSettings read_settings(const engine_module::LoadRequest& request);

}  // namespace modelhub::dlib_engine
