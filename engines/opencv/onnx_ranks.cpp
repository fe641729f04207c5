// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "onnx_ranks.h"

#include <algorithm>
#include <iterator>
#include <string_view>

namespace modelhub::opencv_engine {
namespace {

using engine_shared::OnnxNode;

template <std::size_t n>
bool is_among(const std::string& op, const std::string_view (&ops)[n]) {
  return std::find(std::begin(ops), std::end(ops), op) != std::end(ops);
}

// Of two tensors the one with more sides decides.
constexpr std::string_view k_elementwise[] = {"Add", "Div",  "Equal", "Greater", "Less",
                                              "Max", "Mean", "Min",   "Mul",     "Pow",
                                              "Sub", "Sum",  "Where"};
// Of these nothing is known that would not need the shape.
constexpr std::string_view k_others[] = {
    "ConstantOfShape", "Einsum", "Expand", "GatherND", "If",  "Loop", "NonZero",
    "OneHot",          "Range",  "Scan",   "Size",     "GRU", "LSTM", "RNN"};

}  // namespace

OnnxRanks::OnnxRanks(const engine_shared::OnnxFile& model) : model_(model) {
  for (const auto& [name, weight] : model.weights) ranks_[name] = weight.shape.size();
  for (const engine_shared::OnnxValue& input : model.inputs) {
    if (input.has_shape) ranks_[input.name] = input.shape.size();
  }
  for (const OnnxNode& node : model.nodes) {
    const std::optional<std::size_t> rank = result_of(node);
    if (!rank) continue;
    for (const std::string& output : node.outputs) ranks_[output] = *rank;
  }
}

std::optional<std::size_t> OnnxRanks::of(const std::string& tensor) const {
  const auto found = ranks_.find(tensor);
  if (found == ranks_.end()) return std::nullopt;
  return found->second;
}

// Of the list that a node has as an attribute, or, in newer operator sets, as its second input.
std::optional<std::size_t> OnnxRanks::length_of(const OnnxNode& node, const char* attribute) const {
  const std::size_t length = node.numbers(attribute).size();
  if (length > 0) return length;
  if (node.inputs.size() < 2) return std::nullopt;
  const auto weight = model_.weights.find(node.inputs[1]);
  if (weight == model_.weights.end()) return std::nullopt;
  return weight->second.elements;
}

std::optional<std::size_t> OnnxRanks::result_of(const OnnxNode& node) const {
  if (node.op == "Flatten" || node.op == "Gemm") return 2;
  if (node.op == "Shape") return 1;
  if (node.op == "Reshape") return length_of(node, "shape");
  if (node.inputs.empty() || is_among(node.op, k_others)) return std::nullopt;
  const std::optional<std::size_t> first = of(node.inputs[0]);
  if (!first) return std::nullopt;
  if (is_among(node.op, k_elementwise) || node.op == "MatMul") {
    std::size_t most = 0;
    for (const std::string& input : node.inputs) {
      const std::optional<std::size_t> rank = of(input);
      if (!rank) return std::nullopt;
      most = std::max(most, *rank);
    }
    return most;
  }
  if (node.op == "Gather") {
    const std::optional<std::size_t> indices = of(node.inputs.back());
    if (!indices || *first + *indices == 0) return std::nullopt;
    return *first + *indices - 1;
  }
  const bool is_reduction = node.op.rfind("Reduce", 0) == 0 || node.op.rfind("Arg", 0) == 0;
  if (is_reduction && node.number("keepdims", 1) != 0) return first;
  if (node.op == "Squeeze" || node.op == "Unsqueeze" || is_reduction) {
    const bool is_one = node.op.rfind("Arg", 0) == 0;
    const std::optional<std::size_t> sides =
        is_one ? std::optional<std::size_t>(1) : length_of(node, "axes");
    if (!sides || (node.op != "Unsqueeze" && *sides > *first)) return std::nullopt;
    return node.op == "Unsqueeze" ? *first + *sides : *first - *sides;
  }
  // All others give what they get: convolutions, pools, activations, Concat, Transpose, Slice ...
  return first;
}

}  // namespace modelhub::opencv_engine
