// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "modelhub/faces.h"

#include <algorithm>
#include <cmath>

namespace modelhub {
namespace {

Error bad_faces(std::string message, std::string hint) {
  return Error(ErrorCode::invalid_argument, Subject::usage, std::move(message), std::move(hint));
}

// Sums in double: 128 squares in float lose the last digits that a threshold may turn on.
double dot(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

double euclidean(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double difference = static_cast<double>(a[i]) - b[i];
    sum += difference * difference;
  }
  return std::sqrt(sum);
}

double cosine(std::span<const float> a, std::span<const float> b) {
  const double lengths = std::sqrt(dot(a, a) * dot(b, b));
  // An embedding of noughts points nowhere: it is like no other.
  if (!(lengths > 0)) return 1;
  return 1 - std::clamp(dot(a, b) / lengths, -1.0, 1.0);
}

}  // namespace

std::string_view name_of(FaceMetric metric) {
  switch (metric) {
    case FaceMetric::euclidean: return "euclidean";
    case FaceMetric::cosine: return "cosine";
  }
  return "unknown";
}

Result<float> FaceMeasure::distance(std::span<const float> a, std::span<const float> b) const {
  if (a.empty() || b.empty()) {
    return bad_faces("a face without an embedding cannot be compared",
                     "take faces from a FaceRecognizer");
  }
  if (a.size() != b.size()) {
    return bad_faces("embeddings of " + std::to_string(a.size()) + " and " +
                         std::to_string(b.size()) + " numbers cannot be compared",
                     "take both faces from the same model");
  }
  return static_cast<float>(metric_ == FaceMetric::cosine ? cosine(a, b) : euclidean(a, b));
}

Result<FaceMatch> FaceMeasure::find_nearest(std::span<const float> face,
                                            std::span<const KnownFace> gallery) const {
  if (gallery.empty()) {
    return bad_faces("the gallery has no faces to compare with", "put known faces into it");
  }
  std::vector<float> distances;
  for (const KnownFace& known : gallery) {
    Result<float> distance = this->distance(face, known.embedding);
    if (!distance) return std::move(distance).error().with_context("compare with " + known.name);
    distances.push_back(*distance);
  }
  FaceMatch match;
  match.index = static_cast<std::size_t>(std::min_element(distances.begin(), distances.end()) -
                                         distances.begin());
  match.distance = distances[match.index];
  match.is_same_person = is_same_person(match.distance);
  for (std::size_t i = 0; i < gallery.size(); ++i) {
    if (gallery[i].name == gallery[match.index].name) continue;
    const float farther = distances[i] - match.distance;
    if (!match.margin || farther < *match.margin) match.margin = farther;
  }
  return match;
}

}  // namespace modelhub
