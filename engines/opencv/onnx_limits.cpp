// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "onnx_limits.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "modelhub/engine_module.h"
#include "onnx_ranks.h"

namespace modelhub::opencv_engine {
namespace {

using engine_module::Failure;
using engine_shared::OnnxFile;
using engine_shared::OnnxNode;
using engine_shared::OnnxShape;
using engine_shared::OnnxWeight;
namespace onnx_type = engine_shared::onnx_type;

// The operators of the standard set that OpenCV 4.6 reads; newer versions read more.
constexpr std::string_view k_operators_of_4_6[] = {
    "Abs", "Acos", "Acosh", "Add", "ArgMax", "ArgMin", "Asin", "Asinh", "Atan", "Atanh",
    "AveragePool", "BatchNormalization", "Cast", "Ceil", "Celu", "Clip", "Concat", "Constant",
    "ConstantFill", "ConstantOfShape", "Conv", "ConvTranspose", "Cos", "Cosh", "CumSum",
    "DepthToSpace", "DequantizeLinear", "DetectionOutput", "Div", "Dropout", "Elu", "Equal", "Erf",
    "Exp", "Expand", "Flatten", "Floor", "GRU", "Gather", "Gemm", "GlobalAveragePool",
    "GlobalMaxPool", "Greater", "HardSigmoid", "HardSwish", "Identity", "ImageScaler",
    "InstanceNormalization", "LRN", "LSTM", "LeakyRelu", "Less", "Log", "LogSoftmax", "MatMul",
    "Max", "MaxPool", "MaxUnpool", "Min", "Mul", "Neg", "PRelu", "Pad", "Pow", "QLinearConv",
    "QLinearMatMul", "QuantizeLinear", "Reciprocal", "ReduceL1", "ReduceL2", "ReduceLogSum",
    "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum",
    "ReduceSumSquare", "Relu", "Reshape", "Resize", "Round", "Selu", "Shape", "Shrink", "Sigmoid",
    "Sign", "Sin", "Sinh", "Slice", "Softmax", "Softplus", "Softsign", "SpaceToDepth", "Split",
    "Sqrt", "Squeeze", "Sub", "Sum", "Tan", "Tanh", "ThresholdedRelu", "Transpose", "Unsqueeze",
    "Upsample",
    // Read as part of what PyTorch makes of expand().
    "Where"};
// The same of Microsoft's set.
constexpr std::string_view k_microsoft_operators[] = {
    "QLinearAdd",       "QLinearAveragePool", "QLinearConcat", "QLinearGlobalAveragePool",
    "QLinearLeakyRelu", "QLinearMul",         "QLinearSigmoid"};

template <class Item, class Range>
bool is_among(const Item& item, const Range& range) {
  return std::find(std::begin(range), std::end(range), item) != std::end(range);
}

std::string in_quotes(const OnnxNode& node) {
  if (!node.name.empty()) return "'" + node.name + "'";
  return node.outputs.empty() ? "a node" : "'" + node.outputs[0] + "'";
}

// What rules ask of a model.
class Model {
 public:
  explicit Model(const OnnxFile& file) : file_(file), ranks_(file) {
    for (const OnnxNode& node : file.nodes) {
      for (const std::string& output : node.outputs) makers_[output] = &node;
    }
  }

  const OnnxFile& file() const { return file_; }
  std::int64_t opset() const { return file_.opset(); }
  std::optional<std::size_t> rank_of(const std::string& tensor) const { return ranks_.of(tensor); }
  // The constant that a node has as an input; nullptr when it is none, or left out.
  const OnnxWeight* constant(const OnnxNode& node, std::size_t input) const {
    if (input >= node.inputs.size()) return nullptr;
    const auto found = file_.weights.find(node.inputs[input]);
    return found == file_.weights.end() ? nullptr : &found->second;
  }
  // The node whose output an input is; nullptr when it is none.
  const OnnxNode* maker(const OnnxNode& node, std::size_t input) const {
    if (input >= node.inputs.size()) return nullptr;
    const auto found = makers_.find(node.inputs[input]);
    return found == makers_.end() ? nullptr : found->second;
  }

 private:
  const OnnxFile& file_;
  const OnnxRanks ranks_;
  std::unordered_map<std::string, const OnnxNode*> makers_;
};

bool has_input(const OnnxNode& node, std::size_t input) {
  return input < node.inputs.size() && !node.inputs[input].empty();
}

// OpenCV knows limits of a Clip as inputs only between a norm and the division by it.
bool has_clip_limits_as_inputs(const Model& model, const OnnxNode& node) {
  const OnnxNode* const before = model.maker(node, 0);
  const bool is_norm = before != nullptr && before->op == "ReduceL2";
  return node.inputs.size() > 1 && !is_norm;
}

// It knows the tensors of ONNX Runtime's "operator oriented" format by their names.
bool is_quantised_in_pairs(const Model& model, const OnnxNode& node) {
  if (node.op == "DequantizeLinear")
    return model.constant(node, 0) != nullptr || node.inputs.size() != 3;
  constexpr std::string_view k_ending = "quantized";
  const std::string& output = node.outputs.empty() ? std::string() : node.outputs[0];
  return output.size() <= k_ending.size() ||
         output.compare(output.size() - k_ending.size(), k_ending.size(), k_ending) != 0;
}

// Up to opset 12 all sides from `axis` on are one; from 13 on it is the last when not told.
bool is_softmax_over_another_side(const Model& model, const OnnxNode& node) {
  const std::optional<std::size_t> rank =
      node.inputs.empty() ? std::nullopt : model.rank_of(node.inputs[0]);
  const bool is_told = node.attributes.count("axis") != 0;
  if (model.opset() >= 13) return !is_told && rank != std::size_t{2};
  // Where the number of sides is not known it is the last one: exporters choose it so.
  const std::int64_t axis = node.number("axis", 1);
  return axis != -1 && rank && axis != static_cast<std::int64_t>(*rank) - 1;
}
bool is_softmax_without_axis(const Model& model, const OnnxNode& node) {
  return model.opset() >= 13 && is_softmax_over_another_side(model, node);
}
bool is_softmax_over_several_sides(const Model& model, const OnnxNode& node) {
  return model.opset() < 13 && is_softmax_over_another_side(model, node);
}

bool is_split_in_unequal_parts(const Model& model, const OnnxNode& node) {
  if (!has_input(node, 1)) return false;
  const OnnxWeight* const sizes = model.constant(node, 1);
  if (sizes == nullptr || sizes->values.empty()) return true;
  return std::any_of(sizes->values.begin(), sizes->values.end(),
                     [&](double size) { return size != sizes->values[0]; });
}

bool is_padded(const OnnxNode& node) {
  const std::vector<std::int64_t> pads = node.numbers("pads");
  return node.text("auto_pad").rfind("SAME", 0) == 0 ||
         std::any_of(pads.begin(), pads.end(), [](std::int64_t pad) { return pad != 0; });
}
// OpenCV decides by who wrote the file, not by what the node says.
bool is_mean_over_other_pads(const Model& model, const OnnxNode& node) {
  const bool includes = node.number("count_include_pad", 0) != 0;
  return is_padded(node) && includes != (model.file().producer == "pytorch");
}

bool is_dilated(const Model&, const OnnxNode& node) {
  const std::vector<std::int64_t> dilations = node.numbers("dilations");
  return std::any_of(dilations.begin(), dilations.end(), [](std::int64_t d) { return d != 1; });
}

bool is_padded_at_the_beginning(const Model&, const OnnxNode& node) {
  if (node.text("auto_pad") != "SAME_LOWER") return false;
  const std::vector<std::int64_t> kernel = node.numbers("kernel_shape");
  const std::vector<std::int64_t> strides = node.numbers("strides");
  const auto is_even = [](std::int64_t side) { return side % 2 == 0; };
  const auto is_stride = [](std::int64_t stride) { return stride != 1; };
  return std::any_of(kernel.begin(), kernel.end(), is_even) ||
         std::any_of(strides.begin(), strides.end(), is_stride);
}

bool is_scaled(const Model&, const OnnxNode& node) {
  const auto is_other_than_1 = [&](const char* name) {
    const auto found = node.attributes.find(name);
    return found != node.attributes.end() && found->second.real != 1;
  };
  return is_other_than_1("alpha") || is_other_than_1("beta");
}

bool has_axes_as_input(const Model&, const OnnxNode& node) { return has_input(node, 1); }

// OpenCV 4.8 reads them as if they were the last ones.
bool has_other_axes_than_the_last(const Model& model, const OnnxNode& node) {
  std::vector<std::int64_t> axes = node.numbers("axes");
  if (const OnnxWeight* const given = model.constant(node, 1))
    axes.assign(given->values.begin(), given->values.end());
  if (axes.empty()) return false;
  const std::optional<std::size_t> rank = model.rank_of(node.inputs[0]);
  if (!rank) return true;
  for (std::int64_t& axis : axes) axis += axis < 0 ? static_cast<std::int64_t>(*rank) : 0;
  std::sort(axes.begin(), axes.end());
  return axes.front() + static_cast<std::int64_t>(axes.size()) != static_cast<std::int64_t>(*rank);
}

bool is_always(const Model&, const OnnxNode&) { return true; }

// The first side of a constant that is not 1, once it has as many as what it is combined with.
std::size_t first_long_side(const OnnxShape& shape, std::size_t rank) {
  const auto found =
      std::find_if(shape.begin(), shape.end(), [](std::int64_t side) { return side != 1; });
  return rank - shape.size() + static_cast<std::size_t>(found - shape.begin());
}

// The constant that a node combines with something that is none, and the number of sides of that.
struct Combined {
  const OnnxWeight* constant = nullptr;
  std::size_t rank = 0;
};
std::optional<Combined> combined(const Model& model, const OnnxNode& node) {
  for (std::size_t i = 0; i < 2 && node.inputs.size() == 2; ++i) {
    const OnnxWeight* const constant = model.constant(node, i);
    if (constant == nullptr || model.constant(node, 1 - i) != nullptr) continue;
    const std::optional<std::size_t> rank = model.rank_of(node.inputs[1 - i]);
    if (!rank || constant->elements <= 1 || constant->shape.size() > *rank) return std::nullopt;
    return Combined{constant, *rank};
  }
  return std::nullopt;
}

// 4.6 takes the numbers of a factor one after the other for those of the second side, ...
bool is_factor_of_another_side(const Model& model, const OnnxNode& node) {
  const std::optional<Combined> pair = combined(model, node);
  return pair && first_long_side(pair->constant->shape, pair->rank) != 1;
}
// ... and those of a summand for the sides that it has itself, though they may be 1.
bool is_summand_of_another_side(const Model& model, const OnnxNode& node) {
  const std::optional<Combined> pair = combined(model, node);
  if (!pair) return false;
  const std::size_t own = pair->rank - pair->constant->shape.size();
  const std::size_t first = first_long_side(pair->constant->shape, pair->rank);
  return first != own && !(own == 0 && first == 1);
}
bool is_constant_divided(const Model& model, const OnnxNode& node) {
  const OnnxWeight* const dividend = model.constant(node, 0);
  return dividend != nullptr && dividend->elements > 1 && model.constant(node, 1) == nullptr;
}
bool is_of_two_unequal_constants(const Model& model, const OnnxNode& node) {
  const OnnxWeight* const first = model.constant(node, 0);
  const OnnxWeight* const second = model.constant(node, 1);
  return first != nullptr && second != nullptr && first->shape != second->shape &&
         (first->elements != 1 || second->elements != 1);
}

bool is_resized_between_pixels(const Model& model, const OnnxNode& node, const char* mode) {
  if (node.text("mode") == "linear" || node.text("mode") == "cubic") return false;
  if (node.text("coordinate_transformation_mode") != mode) return false;
  const OnnxWeight* const scales = model.constant(node, 2);
  return scales == nullptr || std::any_of(scales->values.begin(), scales->values.end(),
                                          [](double scale) { return scale != std::floor(scale); });
}
bool is_resized_to_corners(const Model& model, const OnnxNode& node) {
  return is_resized_between_pixels(model, node, "align_corners");
}
bool is_resized_to_halves(const Model& model, const OnnxNode& node) {
  return is_resized_between_pixels(model, node, "half_pixel");
}

// Versions that a rule is about: from `first` up to and without `fixed`.
struct Versions {
  int first_minor = 0;
  int fixed_minor = 0;  // 0: in no version so far
};
constexpr Versions k_all{};
constexpr Versions until(int minor) { return {0, minor}; }

struct Rule {
  std::string_view ops;  // separated by blanks; "Reduce" stands for all that begin with it
  Versions versions;
  bool (*applies)(const Model& model, const OnnxNode& node);
  const char* what;  // behind the operator
};

constexpr Rule k_rules[] = {
    {"If Loop Scan", k_all, &is_always, "holds a graph of its own"},
    {"DynamicQuantizeLinear ConvInteger MatMulInteger", k_all, &is_always,
     "is of a model that is quantised while it runs"},
    {"Clip", until(7), &has_clip_limits_as_inputs,
     "has its limits as inputs, as in opset 11 and newer"},
    {"QuantizeLinear DequantizeLinear", until(7), &is_quantised_in_pairs,
     "is of a model that is quantised with pairs of QuantizeLinear and DequantizeLinear (QDQ)"},
    {"Mul Div", until(7), &is_factor_of_another_side,
     "stretches a constant over other sides than the second, as YOLOv8 does"},
    {"Add Sub", until(7), &is_summand_of_another_side,
     "stretches a constant that begins with a side of 1"},
    {"Div", until(7), &is_constant_divided, "divides a constant of several numbers"},
    {"Add Sub Mul Div", until(7), &is_of_two_unequal_constants,
     "combines two constants of different shapes"},
    {"Split", until(8), &is_split_in_unequal_parts, "has unequal sizes as an input"},
    {"ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd "
     "ReduceSumSquare",
     until(8), &has_axes_as_input, "has its axes as an input, as in opset 18 and newer"},
    {"ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd "
     "ReduceSum ReduceSumSquare",
     {8, 9},
     &has_other_axes_than_the_last,
     "goes over other sides than the last"},
    {"Softmax LogSoftmax", until(9), &is_softmax_without_axis,
     "does not name the side that it goes over"},
    {"Softmax LogSoftmax", k_all, &is_softmax_over_several_sides,
     "goes over several sides at once, as up to opset 12"},
    {"CumSum", until(9), &is_always, "is worked out wrongly"},
    {"Gemm", until(9), &is_scaled, "has a factor (alpha or beta)"},
    {"AveragePool", k_all, &is_mean_over_other_pads,
     "counts its padding in another way than OpenCV takes from the name of the exporter"},
    {"MaxPool", k_all, &is_dilated, "has dilations"},
    {"AveragePool Conv MaxPool", k_all, &is_padded_at_the_beginning, "has auto_pad SAME_LOWER"},
    {"Resize", k_all, &is_resized_to_corners,
     "takes the nearest pixel at a factor that is no whole number (align_corners)"},
    {"Resize",
     {8, 0},
     &is_resized_to_halves,
     "takes the nearest pixel at a factor that is no whole number (half_pixel)"},
};

bool is_for(const Rule& rule, const std::string& op) {
  const std::string ops = " " + std::string(rule.ops) + " ";
  return ops.find(" " + op + " ") != std::string::npos;
}

bool is_about(const Versions& versions, const Version& opencv) {
  return !opencv.is_before(4, versions.first_minor) &&
         (versions.fixed_minor == 0 || opencv.is_before(4, versions.fixed_minor));
}

class Refusal {
 public:
  Refusal(const std::string& model, const Version& opencv) : model_(model), opencv_(opencv) {}

  [[noreturn]] void because(const std::string& what, int fixed_minor = 0) const {
    std::string hint = "use the engine onnxruntime";
    if (fixed_minor > 0) hint += ", or OpenCV 4." + std::to_string(fixed_minor) + " or newer";
    throw Failure(MH_UNSUPPORTED, MH_ABOUT_MODEL,
                  "OpenCV " + opencv_.text + " cannot run " + model_ + ": " + what, hint);
  }

  void check_values(const OnnxFile& file) const {
    if (!file.external_files.empty()) {
      because("it keeps weights in another file ('" + file.external_files[0].location + "')");
    }
    for (const engine_shared::OnnxValue& input : file.inputs) {
      if (input.type != onnx_type::k_float32 && input.type != onnx_type::k_uint8)
        because("its input '" + input.name + "' takes neither float32 nor uint8");
      if (!input.has_shape) because("its input '" + input.name + "' may have any number of sides");
    }
    if (!opencv_.is_before(4, 7)) return;
    constexpr std::int64_t k_types[] = {onnx_type::k_float32, onnx_type::k_uint8,
                                        onnx_type::k_int8,    onnx_type::k_int32,
                                        onnx_type::k_int64,   onnx_type::k_float64};
    for (const auto& [name, weight] : file.weights) {
      if (weight.type == onnx_type::k_float16) because("its weights are float16", 7);
      if (!is_among(weight.type, k_types))
        because("its constant '" + name + "' is of a type that OpenCV does not read");
    }
  }

  void check_operator(const OnnxNode& node) const {
    const bool is_standard = node.domain.empty();
    const bool is_known =
        is_standard ? is_among(node.op, k_operators_of_4_6)
                    : node.domain == "com.microsoft" && is_among(node.op, k_microsoft_operators);
    // What newer versions have learned is theirs to say.
    if (is_known || !opencv_.is_before(4, 7)) return;
    because("it has no operator " + node.op + (is_standard ? "" : " of '" + node.domain + "'"));
  }

 private:
  const std::string& model_;
  const Version& opencv_;
};

}  // namespace

void refuse_what_cannot_be_read(const OnnxFile& file, const std::string& name,
                                const Version& opencv) {
  const Refusal refusal(name, opencv);
  refusal.check_values(file);
  const Model model(file);
  for (const OnnxNode& node : file.nodes) {
    for (const Rule& rule : k_rules) {
      if (!is_for(rule, node.op) || !is_about(rule.versions, opencv) || !rule.applies(model, node))
        continue;
      refusal.because("its " + node.op + " " + in_quotes(node) + " " + rule.what,
                      rule.versions.fixed_minor);
    }
    refusal.check_operator(node);
  }
}

}  // namespace modelhub::opencv_engine
