// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "stand_ins/onnx_layers.h"

#include <algorithm>
#include <utility>

namespace modelhub::test {

using engine::tiny_onnx::attribute;
using engine::tiny_onnx::encode_model;
using engine::tiny_onnx::float_weight;
using engine::tiny_onnx::Graph;
using engine::tiny_onnx::int64_weight;
using engine::tiny_onnx::k_int64;
using engine::tiny_onnx::node;
using engine::tiny_onnx::raw;
using engine::tiny_onnx::real_attribute;
using engine::tiny_onnx::tensor;
using engine::tiny_onnx::text_attribute;
using engine::tiny_onnx::value;
using Sides = OnnxLayers::Sides;

namespace {

constexpr std::uint64_t k_last_ir_with_weights_as_inputs = 3;

// Before the first and behind the last row.
std::pair<std::int64_t, std::int64_t> pads_of(const Conv& spec, std::int64_t side) {
  if (spec.pads == Conv::Pads::none) return {0, 0};
  if (spec.pads == Conv::Pads::half) return {spec.kernel / 2, spec.kernel / 2};
  const std::int64_t out = (side + spec.stride - 1) / spec.stride;
  const std::int64_t total =
      std::max<std::int64_t>(0, (out - 1) * spec.stride + spec.kernel - side);
  return {total / 2, total - total / 2};
}

std::size_t count_of(const Sides& sides) {
  std::size_t count = 1;
  for (const std::int64_t side : sides) count *= static_cast<std::size_t>(side);
  return count;
}

}  // namespace

void OnnxLayers::add_input(const std::string& name, const Sides& sides, std::uint64_t type) {
  graph_.inputs.push_back(value(name, sides, type));
}

void OnnxLayers::add_output(const std::string& name, const Sides& sides) {
  graph_.outputs.push_back(value(name, sides));
}

std::string OnnxLayers::add(const std::string& op, const std::vector<std::string>& inputs,
                            const std::vector<std::string>& attributes, std::string output) {
  if (output.empty()) output = "t" + std::to_string(count_++);
  graph_.nodes.push_back(node(op, inputs, {output}, attributes));
  return output;
}

std::vector<std::string> OnnxLayers::add_split(const std::string& input, const Sides& parts,
                                               std::int64_t axis) {
  std::vector<std::string> outputs;
  for (std::size_t i = 0; i < parts.size(); ++i) outputs.push_back("t" + std::to_string(count_++));
  graph_.nodes.push_back(node("Split", {input, ints(parts)}, outputs, {attribute("axis", axis)}));
  return outputs;
}

std::vector<std::string> OnnxLayers::add_top_k(const std::string& input, std::int64_t count) {
  const std::vector<std::string> outputs = {"t" + std::to_string(count_),
                                            "i" + std::to_string(count_)};
  ++count_;
  graph_.nodes.push_back(node("TopK", {input, ints({count})}, outputs));
  return outputs;
}

std::string OnnxLayers::ints(const Sides& values) {
  std::string name = "w" + std::to_string(count_++);
  graph_.weights.push_back(int64_weight(name, values));
  weights_as_inputs_.push_back(value(name, {static_cast<std::int64_t>(values.size())}, k_int64));
  return name;
}

std::string OnnxLayers::one_int(std::int64_t number) {
  std::string name = "w" + std::to_string(count_++);
  graph_.weights.push_back(tensor(name, k_int64, {}, raw(Sides{number})));
  weights_as_inputs_.push_back(value(name, {}, k_int64));
  return name;
}

std::string OnnxLayers::floats(const Sides& sides, const std::vector<float>& values) {
  std::string name = "w" + std::to_string(count_++);
  graph_.weights.push_back(float_weight(name, sides, values));
  weights_as_inputs_.push_back(value(name, sides));
  return name;
}

std::string OnnxLayers::one_float(float number) { return floats({}, {number}); }

Map OnnxLayers::conv(const Map& in, const Conv& spec) {
  const auto [before, behind] = pads_of(spec, in.side);
  const Sides sides = {spec.channels, in.channels / spec.groups, spec.kernel, spec.kernel};
  const std::int64_t each = sides[1] * sides[2] * sides[3];
  const float spread = spec.gain * spread_of_layer(each);
  // A filter of a depthwise convolution sees one channel, and is to keep what is even in it.
  const bool is_balanced = spec.is_balanced && spec.groups == 1;
  const std::vector<float> weights =
      is_balanced ? weights_.filters(spread, static_cast<std::size_t>(spec.channels),
                                     static_cast<std::size_t>(each))
                  : weights_.around(0, spread, count_of(sides));
  std::vector<std::string> inputs = {in.name, floats(sides, weights)};
  if (spec.has_bias) {
    inputs.push_back(floats(
        {spec.channels},
        weights_.around(spec.bias, spec.bias_spread, static_cast<std::size_t>(spec.channels))));
  }
  const std::string output =
      add("Conv", inputs,
          {attribute("dilations", Sides{1, 1}), attribute("group", spec.groups),
           attribute("kernel_shape", Sides{spec.kernel, spec.kernel}),
           attribute("pads", Sides{before, before, behind, behind}),
           attribute("strides", Sides{spec.stride, spec.stride})});
  return {output, spec.channels, (in.side + before + behind - spec.kernel) / spec.stride + 1};
}

Map OnnxLayers::batch_norm(const Map& in, float gain) {
  const auto count = static_cast<std::size_t>(in.channels);
  const auto weight = [&](float middle, float spread) {
    return floats({in.channels}, weights_.around(middle, spread, count));
  };
  const std::string gamma = weight(gain, 0.2F * gain);
  const std::string beta = weight(0, 0.2F);
  const std::string mean = weight(0, 0.1F);
  const std::string variance = weight(1, 0.2F);
  return same_size(in, add("BatchNormalization", {in.name, gamma, beta, mean, variance},
                           {real_attribute("epsilon", 1e-5F), real_attribute("momentum", 0.9F)}));
}

Map OnnxLayers::relu(const Map& in) { return same_size(in, add("Relu", {in.name})); }

Map OnnxLayers::relu6(const Map& in) {
  return same_size(in, add("Clip", {in.name, one_float(0), one_float(6)}));
}

Map OnnxLayers::silu(const Map& in) {
  return same_size(in, add("Mul", {in.name, add("Sigmoid", {in.name})}));
}

Map OnnxLayers::sum(const Map& a, const Map& b) {
  return same_size(a, add("Add", {a.name, b.name}));
}

Map OnnxLayers::concat(const std::vector<Map>& maps) {
  std::vector<std::string> inputs;
  std::int64_t channels = 0;
  for (const Map& map : maps) {
    inputs.push_back(map.name);
    channels += map.channels;
  }
  return {add("Concat", inputs, {attribute("axis", 1)}), channels, maps[0].side};
}

Map OnnxLayers::max_pool(const Map& in, std::int64_t kernel, std::int64_t stride,
                         std::int64_t pad) {
  const std::string output = add(
      "MaxPool", {in.name},
      {attribute("kernel_shape", Sides{kernel, kernel}),
       attribute("pads", Sides{pad, pad, pad, pad}), attribute("strides", Sides{stride, stride})});
  return {output, in.channels, (in.side + 2 * pad - kernel) / stride + 1};
}

Map OnnxLayers::twice_as_large(const Map& in) {
  // The second input is a region that only other modes look at.
  const std::string output =
      add("Resize", {in.name, floats({0}, {}), floats({4}, {1, 1, 2, 2})},
          {text_attribute("coordinate_transformation_mode", "asymmetric"),
           text_attribute("mode", "nearest"), text_attribute("nearest_mode", "floor")});
  return {output, in.channels, 2 * in.side};
}

std::string OnnxLayers::dense(const std::string& in, std::int64_t channels_in,
                              std::int64_t channels, float gain, const std::string& output) {
  const Sides sides = {channels, channels_in};
  const float spread = gain * spread_of_layer(channels_in);
  const std::string weight =
      floats(sides, weights_.filters(spread, static_cast<std::size_t>(channels),
                                     static_cast<std::size_t>(channels_in)));
  const std::string bias =
      floats({channels}, weights_.around(0, 0.1F, static_cast<std::size_t>(channels)));
  return add("Gemm", {in, weight, bias}, {attribute("transB", 1)}, output);
}

std::string OnnxLayers::encode(std::uint64_t opset, std::uint64_t ir_version) const {
  Graph graph = graph_;
  if (ir_version <= k_last_ir_with_weights_as_inputs)
    graph.inputs.insert(graph.inputs.end(), weights_as_inputs_.begin(), weights_as_inputs_.end());
  return encode_model(graph.encode(), opset, ir_version);
}

}  // namespace modelhub::test
