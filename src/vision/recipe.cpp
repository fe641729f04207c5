// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "vision/recipe.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <span>

#include "vision/align.h"

namespace modelhub::vision {
namespace {

template <class E>
struct Word {
  std::string_view text;
  E value;
};

constexpr Word<InputSource> k_sources[] = {{"image", InputSource::image},
                                           {"resolution", InputSource::resolution},
                                           {"aligned_face", InputSource::aligned_face}};
constexpr Word<Layout> k_layouts[] = {{"nchw", Layout::nchw}, {"nhwc", Layout::nhwc}};
constexpr Word<ColorOrder> k_colors[] = {
    {"rgb", ColorOrder::rgb}, {"bgr", ColorOrder::bgr}, {"gray", ColorOrder::gray}};
constexpr Word<ResizeKind> k_resizes[] = {{"letterbox", ResizeKind::letterbox},
                                          {"stretch", ResizeKind::stretch},
                                          {"shorter_side_crop", ResizeKind::shorter_side_crop},
                                          {"none", ResizeKind::none}};
constexpr Word<Anchor> k_anchors[] = {{"center", Anchor::center}, {"top_left", Anchor::top_left}};
constexpr Word<Rounding> k_roundings[] = {{"half_even", Rounding::half_even},
                                          {"floor", Rounding::floor}};
constexpr Word<Filter> k_filters[] = {{"cv_linear", Filter::cv_linear},
                                      {"pil_bilinear", Filter::pil_bilinear}};
constexpr Word<DType> k_dtypes[] = {
    {"float32", DType::float32}, {"uint8", DType::uint8}, {"int32", DType::int32}};
constexpr Word<DecodeKind> k_decodes[] = {{"yolo8", DecodeKind::yolo8},
                                          {"yolo5", DecodeKind::yolo5},
                                          {"yolox", DecodeKind::yolox},
                                          {"ssd7", DecodeKind::ssd7},
                                          {"tf_od4", DecodeKind::tf_od4},
                                          {"logits", DecodeKind::logits},
                                          {"probabilities", DecodeKind::probabilities},
                                          {"yunet", DecodeKind::yunet},
                                          {"ultraface", DecodeKind::ultraface},
                                          {"yolo_end2end", DecodeKind::yolo_end2end},
                                          {"tesseract", DecodeKind::tesseract},
                                          {"dlib_faces", DecodeKind::dlib_faces},
                                          {"embedding", DecodeKind::embedding}};
constexpr Word<OutputRole> k_roles[] = {{"predictions", OutputRole::predictions},
                                        {"boxes", OutputRole::boxes},
                                        {"scores", OutputRole::scores},
                                        {"labels", OutputRole::labels},
                                        {"count", OutputRole::count},
                                        {"text", OutputRole::text},
                                        {"landmarks", OutputRole::landmarks},
                                        {"embedding", OutputRole::embedding},
                                        {"cls", OutputRole::cls},
                                        {"obj", OutputRole::obj},
                                        {"bbox", OutputRole::bbox},
                                        {"kps", OutputRole::kps}};
constexpr Word<FaceTemplate> k_templates[] = {{"five_points_112", FaceTemplate::five_points_112}};
constexpr Word<FaceMetric> k_metrics[] = {{"euclidean", FaceMetric::euclidean},
                                          {"cosine", FaceMetric::cosine}};
constexpr Word<bool> k_normalizations[] = {{"l2", true}, {"none", false}};

Error needs(std::string_view what, std::string_view word) {
  return Error(ErrorCode::unsupported, Subject::model,
               "needs " + std::string(what) + " '" + std::string(word) + "' (a newer modelhub)",
               "update modelhub, or choose another variant of the model");
}

template <class E, std::size_t N>
Result<E> parse_word(const Word<E> (&words)[N], std::string_view what, std::string_view text) {
  for (const Word<E>& word : words) {
    if (word.text == text) return word.value;
  }
  return needs(what, text);
}

template <class E, std::size_t N>
std::string_view word_of(const Word<E> (&words)[N], E value) {
  for (const Word<E>& word : words) {
    if (word.value == value) return word.text;
  }
  return "unknown";
}

bool has_stride(OutputRole role) {
  return role == OutputRole::cls || role == OutputRole::obj || role == OutputRole::bbox ||
         role == OutputRole::kps;
}

// The number behind the last underscore: 8 in "cls_8".
std::optional<int> find_stride(std::string_view text) {
  const std::size_t underscore = text.rfind('_');
  if (underscore == std::string_view::npos) return std::nullopt;
  const char* begin = text.data() + underscore + 1;
  const char* end = text.data() + text.size();
  int stride = 0;
  const auto [stop, failure] = std::from_chars(begin, end, stride);
  if (failure != std::errc() || stop != end || stride < 1) return std::nullopt;
  return stride;
}

Error wrong(const InputSpec& input, const std::string& what) {
  return Error(ErrorCode::invalid_argument, Subject::catalog,
               "recipe: input '" + input.name + "': " + what);
}

// A side beyond this is a slip of the pen; products of two sides and four bytes stay far below
// 2^63.
constexpr int k_longest_side = 1 << 20;

Result<void> check_size(const InputSpec& input) {
  const bool has_size = input.width > 0 && input.height > 0;
  if (!has_size && !(input.is_dynamic && input.resize == ResizeKind::none)) {
    return wrong(input, "size must be two numbers above 0");
  }
  if (input.width > k_longest_side || input.height > k_longest_side ||
      input.shorter_side > k_longest_side) {
    return wrong(input, "size is above " + std::to_string(k_longest_side));
  }
  if (input.multiple_of < 1 || input.multiple_of > k_longest_side) {
    return wrong(input, "multiple_of must be from 1 to " + std::to_string(k_longest_side));
  }
  if (input.is_dynamic &&
      (input.resize == ResizeKind::stretch || input.resize == ResizeKind::shorter_side_crop)) {
    return wrong(input, "a dynamic size goes with resize letterbox or none, not with " +
                            std::string(word_of(k_resizes, input.resize)));
  }
  if (input.resize == ResizeKind::shorter_side_crop && input.shorter_side < 1) {
    return wrong(input, "resize shorter_side_crop needs a shorter_side above 0");
  }
  return {};
}

Result<void> check_values(const InputSpec& input) {
  bool is_identity = input.scale == 1;
  bool is_finite = std::isfinite(input.scale);
  for (int c = 0; c < 3; ++c) {
    is_identity = is_identity && input.mean[c] == 0 && input.std[c] == 1;
    is_finite = is_finite && std::isfinite(input.mean[c]) && std::isfinite(input.std[c]);
    if (input.std[c] == 0) return wrong(input, "std must not be 0");
  }
  if (!is_finite) return wrong(input, "scale, mean and std must be numbers");
  if (input.dtype == DType::uint8 && !is_identity) {
    return wrong(input, "dtype uint8 takes levels as they are: scale 1, mean 0, std 1");
  }
  if (input.dtype != DType::uint8 && input.dtype != DType::float32) {
    return needs("input dtype", modelhub::name_of(input.dtype));
  }
  return {};
}

// Models that describe faces: what they look at, and how their numbers are compared.
Result<void> check_faces(const Recipe& recipe) {
  const InputSpec& input = recipe.inputs.front();
  const DecodeSpec& decode = recipe.decode;
  const bool takes_face = input.from == InputSource::aligned_face;
  if (takes_face != (decode.kind == DecodeKind::embedding)) {
    return needs(takes_face ? "an aligned face for decode" : "a whole picture for decode",
                 name_of(decode.kind));
  }
  if (takes_face) {
    const int side = side_of(decode.align);
    if (input.width != side || input.height != side || input.resize != ResizeKind::none) {
      return wrong(input, "an aligned face is " + std::to_string(side) + "x" +
                              std::to_string(side) + " pixels with resize none");
    }
  }
  const bool gives_embeddings = takes_face || decode.kind == DecodeKind::dlib_faces;
  if (gives_embeddings && !recipe.post.measure) {
    return Error(ErrorCode::invalid_argument, Subject::catalog,
                 "recipe: post: faces need a metric (euclidean or cosine) and a threshold");
  }
  if (decode.landmarks < 0 || decode.length < 0) {
    return Error(ErrorCode::invalid_argument, Subject::catalog,
                 "recipe: decode: landmarks and length must not be below 0");
  }
  return {};
}

}  // namespace

AnswerKind answer_kind_of(DecodeKind kind) {
  switch (kind) {
    case DecodeKind::yolo8:
    case DecodeKind::yolo5:
    case DecodeKind::yolox:
    case DecodeKind::yolo_end2end:
    case DecodeKind::ssd7:
    case DecodeKind::tf_od4: return AnswerKind::detections;
    case DecodeKind::logits:
    case DecodeKind::probabilities: return AnswerKind::classes;
    case DecodeKind::tesseract: return AnswerKind::text;
    case DecodeKind::yunet:
    case DecodeKind::ultraface:
    case DecodeKind::dlib_faces: return AnswerKind::faces;
    case DecodeKind::embedding: return AnswerKind::embedding;
  }
  return AnswerKind::detections;
}

std::string_view name_of(DecodeKind kind) { return word_of(k_decodes, kind); }
std::string_view name_of(OutputRole role) { return word_of(k_roles, role); }

Result<InputSource> parse_input_source(std::string_view word) {
  return parse_word(k_sources, "input from", word);
}
Result<Layout> parse_layout(std::string_view word) { return parse_word(k_layouts, "layout", word); }
Result<ColorOrder> parse_color(std::string_view word) {
  return parse_word(k_colors, "color", word);
}
Result<ResizeKind> parse_resize(std::string_view word) {
  return parse_word(k_resizes, "resize", word);
}
Result<Anchor> parse_anchor(std::string_view word) { return parse_word(k_anchors, "anchor", word); }
Result<Rounding> parse_rounding(std::string_view word) {
  return parse_word(k_roundings, "round", word);
}
Result<Filter> parse_filter(std::string_view word) { return parse_word(k_filters, "filter", word); }
Result<DType> parse_input_dtype(std::string_view word) {
  return parse_word(k_dtypes, "input dtype", word);
}
Result<DecodeKind> parse_decode(std::string_view word) {
  return parse_word(k_decodes, "decode", word);
}
Result<FaceTemplate> parse_align(std::string_view word) {
  return parse_word(k_templates, "align", word);
}
Result<FaceMetric> parse_metric(std::string_view word) {
  return parse_word(k_metrics, "metric", word);
}
Result<bool> parse_normalize(std::string_view word) {
  return parse_word(k_normalizations, "normalize", word);
}

Result<OutputSpec> parse_output(std::string name, std::string_view role) {
  const std::optional<int> own_stride = find_stride(role);
  const std::string_view base = own_stride ? role.substr(0, role.rfind('_')) : role;
  const Result<OutputRole> parsed = parse_word(k_roles, "output role", base);
  if (!parsed || has_stride(*parsed) == false) {
    if (!parsed || own_stride) return needs("output role", role);
    return OutputSpec{std::move(name), *parsed, 0};
  }
  const std::optional<int> stride = own_stride ? own_stride : find_stride(name);
  if (!stride) {
    return Error(ErrorCode::invalid_argument, Subject::catalog,
                 "recipe: output '" + name + "' has role '" + std::string(role) +
                     "' but no stride: write it behind the role, as in '" + std::string(role) +
                     "_8'");
  }
  return OutputSpec{std::move(name), *parsed, *stride};
}

Result<void> check_recipe(const Recipe& recipe) {
  const auto is_picture = [](const InputSpec& input) {
    return input.from == InputSource::image || input.from == InputSource::aligned_face;
  };
  if (std::count_if(recipe.inputs.begin(), recipe.inputs.end(), is_picture) != 1) {
    return Error(ErrorCode::unsupported, Subject::model,
                 "needs " + std::to_string(recipe.inputs.size()) +
                     " inputs, of which exactly one must be the picture (a newer modelhub)",
                 "update modelhub, or choose another variant of the model");
  }
  for (const InputSpec& input : recipe.inputs) {
    if (input.from == InputSource::resolution) {
      if (input.dtype != DType::int32) return wrong(input, "a resolution has the dtype int32");
      continue;
    }
    if (auto checked = check_size(input); !checked) return checked;
    if (auto checked = check_values(input); !checked) return checked;
  }
  const PostSpec& post = recipe.post;
  if (!(post.conf >= 0 && post.conf <= 1) || !(post.iou >= 0 && post.iou <= 1) ||
      post.max_det < 1 || post.max_candidates < 1 || post.top_k < 1) {
    return Error(ErrorCode::invalid_argument, Subject::catalog,
                 "recipe: post: conf and iou must be from 0 to 1, max_det, max_candidates and "
                 "top_k above 0");
  }
  if (recipe.decode.strides.empty() ||
      std::any_of(recipe.decode.strides.begin(), recipe.decode.strides.end(),
                  [](int stride) { return stride < 1; })) {
    return Error(ErrorCode::invalid_argument, Subject::catalog,
                 "recipe: decode: strides must be above 0");
  }
  return check_faces(recipe);
}

}  // namespace modelhub::vision
