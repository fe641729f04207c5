// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "modelhub/answers.h"
#include "modelhub/tensor.h"
#include "vision/labels.h"
#include "vision/placement.h"
#include "vision/recipe.h"

namespace modelhub::vision {

// What one call asks for in place of the recipe's own numbers.
struct AnswerOptions {
  std::optional<float> conf;   // 0 to 1
  std::optional<float> iou;    // 0 to 1
  std::optional<int> max_det;  // at least 1
  std::optional<int> top_k;    // at least 1; classifiers
  std::vector<int> classes;    // ids from resolve_classes(); empty: all

  AnswerOptions() {}  // user-provided: see coroutine.h
};

// Errors: invalid_argument (Subject::usage) that names the option and its range.
Result<void> check_options(const AnswerOptions& options);

// An output as a session declares it before anything ran; -1 where a side is open.
struct OutputShape {
  std::string name;
  Shape shape;
};

// A word as the engine read it, in pixels of the model's input.
struct ReadWord {
  std::string text;
  Box box;
  float confidence = 0;  // 0 to 1
  bool begins_line = false;
  bool begins_paragraph = false;
  bool begins_block = false;
};

// Do the outputs that a model has fit what its recipe says of them? Once, after the load, so that a
// wrong recipe shows before the first picture. The decoders check again what really came. Errors:
// corrupt_data (Subject::model): a missing output, a shape that the decode cannot have, another
// number of classes
//         than labels. The message names the output, its shape and what was expected.
Result<void> check_outputs(const Recipe& recipe, Labels labels,
                           std::span<const OutputShape> outputs);
// The same for a recipe that reads text: that the session `gives_words`.
Result<void> check_reader(const Recipe& recipe, bool gives_words);

// The three that follow turn what the engine gave for one picture into answers in that picture's
// pixels, best first. Scores and boxes that are not finite are passed over. `labels` may be empty:
// the class id is the label then.
//
// Thread safety: any thread; nothing is kept.
// Errors:        as check_outputs(); unsupported (Subject::model) for a type of element;
//                invalid_argument (Subject::usage) from check_options() or when the recipe gives
//                another kind of answer.
Result<Detections> decode_detections(const Recipe& recipe, Labels labels,
                                     std::span<const NamedTensor> outputs,
                                     const Placement& placement, const AnswerOptions& options);
Result<Classifications> decode_classes(const Recipe& recipe, Labels labels,
                                       std::span<const NamedTensor> outputs,
                                       const AnswerOptions& options);
Result<Faces> decode_faces(const Recipe& recipe, std::span<const NamedTensor> outputs,
                           const Placement& placement, const AnswerOptions& options);
// Words of blanks alone, which stand for something without letters, are in the text and not among
// the words. Of the options, only conf leaves out words.
Result<Text> decode_text(const Recipe& recipe, std::span<const ReadWord> words,
                         const Placement& placement, const AnswerOptions& options);

// What the engine gave for one aligned face, as Face::embedding has it. Errors: as above;
// corrupt_data (Subject::model) for numbers that are not finite.
Result<std::vector<float>> decode_embedding(const Recipe& recipe,
                                            std::span<const NamedTensor> outputs);

}  // namespace modelhub::vision
