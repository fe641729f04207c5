// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <limits>

#include "vision/heads.h"

namespace modelhub::vision {
namespace {

std::vector<float> softmax(std::span<const float> logits) {
  float top = -std::numeric_limits<float>::infinity();
  for (const float value : logits) {
    if (std::isfinite(value)) top = std::max(top, value);
  }
  std::vector<float> scores;
  scores.reserve(logits.size());
  double sum = 0;
  for (const float value : logits) {
    // What is not a number has no share in the rest, and no place in the answer.
    const double power = std::exp(static_cast<double>(value) - static_cast<double>(top));
    scores.push_back(std::isfinite(value) ? static_cast<float>(power) : value);
    if (std::isfinite(value)) sum += power;
  }
  for (float& score : scores) score = static_cast<float>(score / sum);
  return scores;
}

}  // namespace

Result<void> check_classes(const Recipe& recipe, Labels labels, std::span<const Output> outputs) {
  const auto found = find_output(recipe, outputs, OutputRole::scores);
  if (!found) return found.error();
  const Output& output = **found;
  // [1,1000]; SqueezeNet leaves the sides of its last map: [1,1000,1,1].
  const Shape& shape = output.shape;
  bool is_list = shape.size() >= 2 && fits(shape[0], 1) && shape[1] != 0;
  for (std::size_t i = 2; i < shape.size(); ++i) is_list = is_list && fits(shape[i], 1);
  if (!is_list) return wrong_shape(output, name_of(recipe.decode.kind), "[1, classes]");
  return shape[1] < 0 ? Result<void>() : check_class_count(output, shape[1], labels);
}

std::vector<Classification> decode_scores(const HeadCall& call) {
  const Output& output = **find_output(call.recipe, call.outputs, OutputRole::scores);
  const PostSpec& post = call.recipe.post;
  std::vector<float> scores(output.values.begin(), output.values.end());
  if (call.recipe.decode.kind == DecodeKind::logits && post.softmax) scores = softmax(scores);
  std::vector<Candidate> found;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    Candidate candidate;
    candidate.score = scores[i];
    candidate.class_id = call.recipe.decode.first_class + static_cast<int>(i);
    candidate.index = i;
    const bool is_above = !call.options.conf || scores[i] > *call.options.conf;
    if (std::isfinite(scores[i]) && is_above && call.wants(candidate.class_id)) {
      found.push_back(candidate);
    }
  }
  sort_and_cut(found, static_cast<std::size_t>(call.options.top_k.value_or(post.top_k)));
  std::vector<Classification> answers;
  answers.reserve(found.size());
  for (const Candidate& c : found) {
    answers.push_back(
        {label_of(call.labels, c.class_id, call.recipe.decode.first_class), c.class_id, c.score});
  }
  return answers;
}

}  // namespace modelhub::vision
