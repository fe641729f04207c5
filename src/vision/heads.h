// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "vision/decode.h"
#include "vision/nms.h"

namespace modelhub::vision {

// What the decoders of single heads share; decode.cpp is the way in. For each head there are two
// functions: check_x() knows shapes only, and is used after a load and again for each answer;
// decode_x() may rely on what it checked.

// One output of the model, declared (`values` is empty) or computed.
struct Output {
  std::string_view name;
  Shape shape;  // -1 where a side is open
  std::span<const float> values;
};

struct HeadCall {
  const Recipe& recipe;
  Labels labels;
  std::span<const Output> outputs;  // as recipe.outputs, in its order
  const Placement& placement;
  const AnswerOptions& options;

  float conf() const { return options.conf.value_or(recipe.post.conf); }
  NmsLimits nms_limits() const;
  std::size_t max_candidates() const {
    return static_cast<std::size_t>(recipe.post.max_candidates);
  }
  bool wants(int class_id) const;
};

// Candidates above the threshold in pixels of the canvas, sorted; when there are none, the best
// below it.
struct Proposals {
  std::vector<Candidate> candidates;
  std::optional<Candidate> near_miss;
};

// What a face has beside its box; a candidate's part is found by its index.
struct FaceParts {
  std::size_t points = 0;        // landmarks of each face
  std::vector<Point> landmarks;  // of the canvas
  std::size_t length = 0;        // numbers of each embedding
  std::span<const float> embeddings;
};

// Takes what a head proposes and keeps what the call wants of it.
class Collector {
 public:
  explicit Collector(const HeadCall& call) : call_(call), conf_(call.conf()) {}
  // Candidates that are not finite, or of a class that is not wanted, are passed over.
  void offer(const Candidate& candidate);
  bool is_empty() const { return proposals_.candidates.empty(); }
  // Sorted, and not more than enter NMS.
  Proposals finish() &&;

 private:
  const HeadCall& call_;
  const float conf_;
  Proposals proposals_;
};

// Errors: corrupt_data that names the role.
Result<const Output*> find_output(const Recipe& recipe, std::span<const Output> outputs,
                                  OutputRole role, int stride = 0);
// "output0 [1,6,8400]"
std::string describe(const Output& output);
Error wrong_shape(const Output& output, std::string_view decode, std::string_view wanted);
// An open side fits any length.
inline bool fits(std::int64_t side, std::int64_t wanted) { return side < 0 || side == wanted; }
Result<void> check_class_count(const Output& output, std::int64_t classes, Labels labels);
bool is_finite(const Box& box);

Result<void> check_yolo8(const Recipe& recipe, Labels labels, std::span<const Output> outputs);
Result<void> check_yolo5(const Recipe& recipe, Labels labels, std::span<const Output> outputs);
Result<void> check_yolox(const Recipe& recipe, Labels labels, std::span<const Output> outputs);
Result<void> check_yolo_end2end(const Recipe& recipe, std::span<const Output> outputs);
Result<void> check_ssd7(const Recipe& recipe, std::span<const Output> outputs);
Result<void> check_tf_od4(const Recipe& recipe, std::span<const Output> outputs);
Result<void> check_classes(const Recipe& recipe, Labels labels, std::span<const Output> outputs);
Result<void> check_yunet(const Recipe& recipe, std::span<const Output> outputs);
Result<void> check_ultraface(const Recipe& recipe, std::span<const Output> outputs);
Result<void> check_dlib_faces(const Recipe& recipe, std::span<const Output> outputs);
Result<void> check_embedding(const Recipe& recipe, std::span<const Output> outputs);

// REQUIRES (all): the matching check passed for call.outputs, whose values are all there.
Result<Proposals> decode_yolo8(const HeadCall& call);
Result<Proposals> decode_yolo5(const HeadCall& call);
Result<Proposals> decode_yolox(const HeadCall& call);
Result<Proposals> decode_yolo_end2end(const HeadCall& call);
Result<Proposals> decode_ssd7(const HeadCall& call);
Result<Proposals> decode_tf_od4(const HeadCall& call);
std::vector<Classification> decode_scores(const HeadCall& call);
Result<Proposals> decode_yunet(const HeadCall& call, FaceParts& parts);
Result<Proposals> decode_ultraface(const HeadCall& call);
Result<Proposals> decode_dlib_faces(const HeadCall& call, FaceParts& parts);
// Errors: corrupt_data: numbers that are not finite.
Result<std::vector<float>> read_embedding(const Recipe& recipe, std::span<const Output> outputs);

}  // namespace modelhub::vision
