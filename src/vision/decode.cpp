// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "vision/decode.h"

#include <algorithm>
#include <cmath>

#include "vision/heads.h"

namespace modelhub::vision {

NmsLimits HeadCall::nms_limits() const {
  NmsLimits limits;
  limits.iou = options.iou.value_or(recipe.post.iou);
  limits.across_classes = recipe.post.class_agnostic ? AcrossClasses::yes : AcrossClasses::no;
  limits.max_kept = static_cast<std::size_t>(options.max_det.value_or(recipe.post.max_det));
  return limits;
}

bool HeadCall::wants(int class_id) const {
  const std::vector<int>& wanted = options.classes;
  return wanted.empty() || std::find(wanted.begin(), wanted.end(), class_id) != wanted.end();
}

void Collector::offer(const Candidate& candidate) {
  if (!std::isfinite(candidate.score) || !is_finite(candidate.box) ||
      !call_.wants(candidate.class_id)) {
    return;
  }
  if (candidate.score > conf_) {
    proposals_.candidates.push_back(candidate);
  } else if (!proposals_.near_miss || candidate.score > proposals_.near_miss->score) {
    proposals_.near_miss = candidate;
  }
}

Proposals Collector::finish() && {
  sort_and_cut(proposals_.candidates, call_.max_candidates());
  return std::move(proposals_);
}

bool is_finite(const Box& box) {
  return std::isfinite(box.x1) && std::isfinite(box.y1) && std::isfinite(box.x2) &&
         std::isfinite(box.y2);
}

std::string describe(const Output& output) {
  return std::string(output.name) + " " + to_string(output.shape);
}

Error wrong_shape(const Output& output, std::string_view decode, std::string_view wanted) {
  return Error(ErrorCode::corrupt_data, Subject::model,
               describe(output) + " does not fit decode '" + std::string(decode) +
                   "', which wants " + std::string(wanted),
               "the recipe names another kind of model: check its decode");
}

Result<void> check_class_count(const Output& output, std::int64_t classes, Labels labels) {
  if (labels.empty() || classes == static_cast<std::int64_t>(labels.size())) return {};
  return Error(ErrorCode::corrupt_data, Subject::model,
               describe(output) + " has " + std::to_string(classes) + " classes, the labels " +
                   std::to_string(labels.size()),
               "give --labels FILE with one label a line for each class");
}

Result<const Output*> find_output(const Recipe& recipe, std::span<const Output> outputs,
                                  OutputRole role, int stride) {
  for (std::size_t i = 0; i < recipe.outputs.size(); ++i) {
    if (recipe.outputs[i].role == role && recipe.outputs[i].stride == stride) return &outputs[i];
  }
  std::string wanted(name_of(role));
  if (stride > 0) wanted += "_" + std::to_string(stride);
  return Error(ErrorCode::corrupt_data, Subject::model,
               "the recipe has no output with the role '" + wanted + "', which decode '" +
                   std::string(name_of(recipe.decode.kind)) + "' needs",
               "name that output in the recipe");
}

namespace {

Error missing(const Recipe& recipe, const std::string& name, const std::string& there) {
  return Error(ErrorCode::corrupt_data, Subject::model,
               "the model has no output '" + name + "', which its recipe names as " +
                   std::string(name_of(recipe.decode.kind)) + "'s; it has " + there,
               "name the model's own outputs in the recipe");
}

template <class T>
std::string names_of(std::span<const T> outputs) {
  std::string names;
  for (const T& output : outputs) names += (names.empty() ? "'" : ", '") + output.name + "'";
  return names.empty() ? "none" : names;
}

// Where in `outputs` the model has the output of that name. A recipe may leave the name of an only
// output open.
template <class T>
Result<const T*> output_named(const Recipe& recipe, const std::string& name,
                              std::span<const T> outputs) {
  if (name.empty() && recipe.outputs.size() == 1 && outputs.size() == 1) return &outputs[0];
  for (const T& output : outputs) {
    if (output.name == name) return &output;
  }
  return missing(recipe, name, names_of(outputs));
}

// The model's outputs in the order of recipe.outputs.
Result<std::vector<Output>> arrange(const Recipe& recipe, std::span<const OutputShape> declared) {
  std::vector<Output> outputs;
  for (const OutputSpec& spec : recipe.outputs) {
    const auto found = output_named(recipe, spec.name, declared);
    if (!found) return found.error();
    outputs.push_back({(*found)->name, (*found)->shape, {}});
  }
  return outputs;
}

Result<std::vector<Output>> arrange(const Recipe& recipe, std::span<const NamedTensor> computed) {
  std::vector<Output> outputs;
  for (const OutputSpec& spec : recipe.outputs) {
    const auto found = output_named(recipe, spec.name, computed);
    if (!found) return found.error();
    const auto& [name, tensor] = **found;
    if (tensor.dtype() != DType::float32) {
      return Error(ErrorCode::unsupported, Subject::model,
                   "output " + name + " is " + std::string(name_of(tensor.dtype())) +
                       ", and only float32 can be decoded (a newer modelhub)",
                   "choose another variant of the model");
    }
    outputs.push_back({name, tensor.shape(), tensor.as<float>()});
  }
  return outputs;
}

Result<void> check(const Recipe& recipe, Labels labels, std::span<const Output> outputs) {
  switch (recipe.decode.kind) {
    case DecodeKind::yolo8: return check_yolo8(recipe, labels, outputs);
    case DecodeKind::yolo5: return check_yolo5(recipe, labels, outputs);
    case DecodeKind::yolox: return check_yolox(recipe, labels, outputs);
    case DecodeKind::yolo_end2end: return check_yolo_end2end(recipe, outputs);
    case DecodeKind::ssd7: return check_ssd7(recipe, outputs);
    case DecodeKind::tf_od4: return check_tf_od4(recipe, outputs);
    case DecodeKind::logits:
    case DecodeKind::probabilities: return check_classes(recipe, labels, outputs);
    case DecodeKind::yunet: return check_yunet(recipe, outputs);
    case DecodeKind::ultraface: return check_ultraface(recipe, outputs);
    case DecodeKind::tesseract: return {};  // has no tensors: check_reader()
    case DecodeKind::dlib_faces: return check_dlib_faces(recipe, outputs);
    case DecodeKind::embedding: return check_embedding(recipe, outputs);
  }
  return Error(ErrorCode::internal, Subject::model, "a decode without a decoder");
}

std::string_view noun_of(AnswerKind kind) {
  switch (kind) {
    case AnswerKind::detections: return "boxes";
    case AnswerKind::classes: return "classes";
    case AnswerKind::faces: return "faces";
    case AnswerKind::text: return "text";
    case AnswerKind::embedding: return "the embedding of one face";
  }
  return "something else";
}

Result<void> check_kind(const Recipe& recipe, AnswerKind wanted) {
  const AnswerKind kind = answer_kind_of(recipe.decode.kind);
  if (kind == wanted) return {};
  return Error(ErrorCode::invalid_argument, Subject::usage,
               "this model answers with " + std::string(noun_of(kind)) + ", not with " +
                   std::string(noun_of(wanted)));
}

// What every decode of tensors begins with.
Result<std::vector<Output>> open(const Recipe& recipe, Labels labels, AnswerKind wanted,
                                 std::span<const NamedTensor> computed,
                                 const AnswerOptions& options) {
  if (auto right = check_kind(recipe, wanted); !right) return std::move(right).error();
  if (auto checked = check_options(options); !checked) return std::move(checked).error();
  auto outputs = arrange(recipe, computed);
  if (!outputs) return outputs;
  if (auto checked = check(recipe, labels, *outputs); !checked) return std::move(checked).error();
  return outputs;
}

bool needs_nms(DecodeKind kind) {
  switch (kind) {
    case DecodeKind::ssd7:
    case DecodeKind::tf_od4:
    case DecodeKind::yolo_end2end:
    case DecodeKind::dlib_faces: return false;
    default: return true;
  }
}

// What NMS leaves, in pixels of the picture. A box that lies in the padding only is none.
template <class Use>
void for_each_answer(const HeadCall& call, const Proposals& proposals, const Use& use) {
  const NmsLimits limits = call.nms_limits();
  std::vector<Candidate> kept = proposals.candidates;
  if (needs_nms(call.recipe.decode.kind)) kept = suppress(proposals.candidates, limits);
  if (kept.size() > limits.max_kept) kept.resize(limits.max_kept);
  for (const Candidate& candidate : kept) {
    const Box box = call.placement.to_source(candidate.box);
    if (box.width() > 0 && box.height() > 0) use(candidate, box);
  }
}

Result<Proposals> propose_detections(const HeadCall& call) {
  switch (call.recipe.decode.kind) {
    case DecodeKind::yolo8: return decode_yolo8(call);
    case DecodeKind::yolo5: return decode_yolo5(call);
    case DecodeKind::yolox: return decode_yolox(call);
    case DecodeKind::yolo_end2end: return decode_yolo_end2end(call);
    case DecodeKind::ssd7: return decode_ssd7(call);
    default: return decode_tf_od4(call);
  }
}

Result<Proposals> propose_faces(const HeadCall& call, FaceParts& parts) {
  switch (call.recipe.decode.kind) {
    case DecodeKind::yunet: return decode_yunet(call, parts);
    case DecodeKind::ultraface: return decode_ultraface(call);
    default: return decode_dlib_faces(call, parts);
  }
}

Face face_of(const Candidate& candidate, const Box& box, const FaceParts& parts,
             const Placement& placement) {
  Face face;
  face.score = candidate.score;
  face.box = box;
  const std::size_t first_point = parts.points * candidate.index;
  for (std::size_t i = 0; i < parts.points; ++i) {
    face.landmarks.push_back(placement.to_source(parts.landmarks[first_point + i]));
  }
  const auto embedding = parts.embeddings.subspan(parts.length * candidate.index, parts.length);
  face.embedding.assign(embedding.begin(), embedding.end());
  return face;
}

}  // namespace

Result<void> check_options(const AnswerOptions& options) {
  const auto wrong = [](const char* what) {
    return Error(ErrorCode::invalid_argument, Subject::usage, what);
  };
  const auto is_share = [](float value) { return value >= 0 && value <= 1; };
  if (options.conf && !is_share(*options.conf)) return wrong("conf must be from 0 to 1");
  if (options.iou && !is_share(*options.iou)) return wrong("iou must be from 0 to 1");
  if (options.max_det && *options.max_det < 1) return wrong("max_det must be at least 1");
  if (options.top_k && *options.top_k < 1) return wrong("top_k must be at least 1");
  return {};
}

Result<void> check_outputs(const Recipe& recipe, Labels labels,
                           std::span<const OutputShape> outputs) {
  if (answer_kind_of(recipe.decode.kind) == AnswerKind::text) return {};  // words are no tensors
  const auto arranged = arrange(recipe, outputs);
  if (!arranged) return arranged.error();
  return check(recipe, labels, *arranged);
}

Result<void> check_reader(const Recipe& recipe, bool gives_words) {
  const bool wants_words = answer_kind_of(recipe.decode.kind) == AnswerKind::text;
  if (!wants_words || gives_words) return {};
  return Error(ErrorCode::corrupt_data, Subject::model,
               "decode '" + std::string(name_of(recipe.decode.kind)) +
                   "' wants words, and the model gives tensors",
               "the recipe names another kind of model: check its decode");
}

Result<Detections> decode_detections(const Recipe& recipe, Labels labels,
                                     std::span<const NamedTensor> outputs,
                                     const Placement& placement, const AnswerOptions& options) {
  const auto opened = open(recipe, labels, AnswerKind::detections, outputs, options);
  if (!opened) return opened.error();
  const HeadCall call{recipe, labels, *opened, placement, options};
  const auto proposals = propose_detections(call);
  if (!proposals) return proposals.error();
  const auto label = [&](const Candidate& c) {
    return label_of(labels, c.class_id, recipe.decode.first_class);
  };
  Detections answer;
  for_each_answer(call, *proposals, [&](const Candidate& c, const Box& box) {
    answer.items.push_back({label(c), c.class_id, c.score, box});
  });
  if (answer.empty() && proposals->near_miss) {
    answer.near_miss = NearMiss{label(*proposals->near_miss), proposals->near_miss->score};
  }
  return answer;
}

Result<Classifications> decode_classes(const Recipe& recipe, Labels labels,
                                       std::span<const NamedTensor> outputs,
                                       const AnswerOptions& options) {
  const auto opened = open(recipe, labels, AnswerKind::classes, outputs, options);
  if (!opened) return opened.error();
  const Placement nowhere;
  Classifications answer;
  answer.items = decode_scores({recipe, labels, *opened, nowhere, options});
  return answer;
}

Result<Faces> decode_faces(const Recipe& recipe, std::span<const NamedTensor> outputs,
                           const Placement& placement, const AnswerOptions& options) {
  const auto opened = open(recipe, {}, AnswerKind::faces, outputs, options);
  if (!opened) return opened.error();
  const HeadCall call{recipe, {}, *opened, placement, options};
  FaceParts parts;
  const auto proposals = propose_faces(call, parts);
  if (!proposals) return proposals.error();
  Faces answer;
  for_each_answer(call, *proposals, [&](const Candidate& c, const Box& box) {
    answer.items.push_back(face_of(c, box, parts, placement));
  });
  if (answer.empty() && proposals->near_miss) {
    answer.near_miss = NearMiss{"face", proposals->near_miss->score};
  }
  return answer;
}

Result<Text> decode_text(const Recipe& recipe, std::span<const ReadWord> words,
                         const Placement& placement, const AnswerOptions& options) {
  if (auto right = check_kind(recipe, AnswerKind::text); !right) return std::move(right).error();
  if (auto checked = check_options(options); !checked) return std::move(checked).error();
  Text answer;
  int line = -1;
  int paragraph = -1;
  int block = -1;
  int last_line = -1;  // of what is in the text so far
  int last_paragraph = -1;
  for (const ReadWord& word : words) {
    line += word.begins_line ? 1 : 0;
    paragraph += word.begins_paragraph ? 1 : 0;
    block += word.begins_block ? 1 : 0;
    if (options.conf && !(word.confidence > *options.conf)) continue;
    if (!answer.text.empty()) {
      answer.text += paragraph != last_paragraph ? "\n\n" : line != last_line ? "\n" : " ";
    }
    answer.text += word.text;
    last_line = line;
    last_paragraph = paragraph;
    if (word.text.find_first_not_of(' ') == std::string::npos) continue;
    answer.items.push_back(
        {word.text, word.confidence, placement.to_source(word.box), line, paragraph, block});
  }
  if (!answer.text.empty()) answer.text += '\n';
  return answer;
}

Result<std::vector<float>> decode_embedding(const Recipe& recipe,
                                            std::span<const NamedTensor> outputs) {
  const auto opened = open(recipe, {}, AnswerKind::embedding, outputs, {});
  if (!opened) return opened.error();
  return read_embedding(recipe, *opened);
}

}  // namespace modelhub::vision
