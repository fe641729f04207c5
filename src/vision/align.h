// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "modelhub/answers.h"
#include "modelhub/image.h"
#include "modelhub/result.h"
#include "vision/recipe.h"

namespace modelhub::vision {

// Turns a point, enlarges it and moves it: x' = a x - b y + dx, y' = b x + a y + dy.
struct Similarity {
  double a = 1;
  double b = 0;
  double dx = 0;
  double dy = 0;

  Point operator()(const Point& point) const;
  // Errors: invalid_argument (Subject::other): it maps everything to one point.
  Result<Similarity> inverse() const;
};

// The similarity that brings `from` nearest to `to`: least sum of squared distances, no mirroring.
// Errors: invalid_argument (Subject::other): points that are not finite, all in one place, or not
// as many on both sides.
Result<Similarity> fit_similarity(std::span<const Point> from, std::span<const Point> to);

// Pixels of a side of a face that was aligned to it.
int side_of(FaceTemplate face_template);

// One face of a picture, turned upright and brought to the size that the template says: rgb8.
// Levels lie between four pixels of the picture, also when shrinking (as OpenCV's alignCrop, on
// whose crops such models are trained); what lies outside of the picture is black.
//
// `landmarks`: right eye, left eye, nose, right and left corner of the mouth, of the person, in
// pixels of the picture; a pixel's middle has whole numbers. Points beyond these are not used.
// Thread safety: any thread.
// Errors:        unsupported (Subject::model): fewer landmarks; corrupt_data (Subject::model):
//                landmarks that are no face's (not finite, all in one place); out_of_memory.
Result<Image> align_face(const ImageView& picture, std::span<const Point> landmarks,
                         FaceTemplate face_template);

}  // namespace modelhub::vision
