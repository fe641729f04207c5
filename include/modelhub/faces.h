// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "modelhub/export.h"
#include "modelhub/result.h"

namespace modelhub MODELHUB_API {

// How far apart two faces are. Numbers of different metrics or models must never be compared with
// each other.
enum class FaceMetric {
  euclidean,  // length of the difference of the embeddings
  cosine,     // 1 - cosine of the angle between them: 0 (same direction) to 2
};
std::string_view name_of(FaceMetric metric);

// A face with a name, to be recognised again. A person may be there several times.
struct KnownFace {
  std::string name;
  std::vector<float> embedding;  // of the model that describes the others too
};

// The entry of a gallery that is nearest to a face.
struct FaceMatch {
  std::size_t index = 0;  // in the gallery
  float distance = 0;
  // By how much the nearest entry of any other name is farther away: a threshold for pairs is too
  // loose for a gallery of many, where the nearest of two people who are both near means little.
  // Nothing when all entries have one name.
  std::optional<float> margin;
  bool is_same_person = false;  // distance is within the threshold
};

// The measure by which a model's embeddings are compared: metric and threshold of its recipe.
//
// Thread safety: a value.
// Errors:        invalid_argument, Subject::usage: a face without an embedding, embeddings of
//                different lengths (they come from different models), an empty gallery.
class FaceMeasure {
 public:
  // Two pictures of one person are at most `threshold` apart.
  FaceMeasure(FaceMetric metric, float threshold) : metric_(metric), threshold_(threshold) {}

  FaceMetric metric() const { return metric_; }
  float threshold() const { return threshold_; }
  bool is_same_person(float distance) const { return distance <= threshold_; }

  // At least 0; 0 for the same embedding.
  Result<float> distance(std::span<const float> a, std::span<const float> b) const;
  // Of entries that are equally near, the first.
  Result<FaceMatch> find_nearest(std::span<const float> face,
                                 std::span<const KnownFace> gallery) const;

 private:
  FaceMetric metric_;
  float threshold_;
};

}  // namespace MODELHUB_API
