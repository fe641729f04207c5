// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "modelhub/image.h"
#include "modelhub/tensor.h"
#include "vision/decode.h"
#include "vision/preprocess.h"

namespace modelhub::vision {

// A model's inputs for one picture, and how its answers find back.
struct Prepared {
  std::vector<NamedTensor> inputs;
  Placement placement;
};

// The way to an answer is prepare(), the engine, decode_x(). Giving the Prepared of the last
// picture saves the memory's pages; its tensors are written over.
//
// Errors: as preprocess().
// REQUIRES: check_recipe() passed.
Result<Prepared> prepare(const ImageView& picture, const Recipe& recipe, Prepared reuse = {},
                         const Help& help = {});

}  // namespace modelhub::vision
