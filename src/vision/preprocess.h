// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/parallel_for.h"
#include "modelhub/image.h"
#include "modelhub/tensor.h"
#include "vision/placement.h"
#include "vision/recipe.h"

namespace modelhub::vision {

// Who works on a picture beside the caller. Small pictures are not worth it.
struct Help {
  base::ParallelFor* parallel = nullptr;  // none: nobody
  int threads = 0;                        // at work for one call, at most; 0: as many as there are
};

// A picture as one input of a model, in one pass: resize, place on the canvas, order of colours,
// normalise, type and layout. `tensor` is written over when it has the type and shape that come
// out, and replaced otherwise: who keeps it from call to call saves its pages (5 MB for YOLOv8n).
//
// Errors: invalid_argument (Subject::input: an empty picture, a stride below a row, see also
// place()), out_of_memory. REQUIRES: check_recipe() passed.
Result<Placement> preprocess(const ImageView& picture, const InputSpec& input, Tensor& tensor,
                             const Help& help = {});

}  // namespace modelhub::vision
