// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "engine/tiny_protobuf.h"

namespace modelhub::engine {

// Writes ONNX files of a few hundred bytes without an ONNX library, right ones and wrong ones. The
// numbers are those of the fields in onnx.proto.
namespace tiny_onnx {

using tiny_protobuf::bytes;
using tiny_protobuf::number;
using tiny_protobuf::raw;

constexpr std::uint64_t k_float = 1;
constexpr std::uint64_t k_uint8 = 2;
constexpr std::uint64_t k_int8 = 3;
constexpr std::uint64_t k_int64 = 7;
constexpr std::uint64_t k_text = 8;
constexpr std::uint64_t k_float16 = 10;

using Sides = std::vector<std::int64_t>;

// A weight whose bytes are inside.
inline std::string tensor(const std::string& name, std::uint64_t type, const Sides& sides,
                          const std::string& content) {
  std::string message;
  for (const std::int64_t side : sides) message += number(1, static_cast<std::uint64_t>(side));
  return message + number(2, type) + bytes(8, name) + bytes(9, content);
}
inline std::string float_weight(const std::string& name, const Sides& sides,
                                const std::vector<float>& values) {
  return tensor(name, k_float, sides, raw(values));
}
inline std::string int64_weight(const std::string& name, const std::vector<std::int64_t>& values) {
  return tensor(name, k_int64, {static_cast<std::int64_t>(values.size())}, raw(values));
}
// Floats that lie in another file, with the entries that say where.
inline std::string external_weight(
    const std::string& name, const Sides& sides,
    const std::vector<std::pair<std::string, std::string>>& entries) {
  std::string message;
  for (const std::int64_t side : sides) message += number(1, static_cast<std::uint64_t>(side));
  message += number(2, k_float) + bytes(8, name);
  for (const auto& [key, value] : entries) message += bytes(13, bytes(1, key) + bytes(2, value));
  return message + number(14, 1);
}

inline std::string attribute(const std::string& name, std::int64_t value) {
  return bytes(1, name) + number(3, static_cast<std::uint64_t>(value)) + number(20, 2);
}
inline std::string attribute(const std::string& name, const Sides& values) {
  std::string message = bytes(1, name);
  for (const std::int64_t value : values) message += number(8, static_cast<std::uint64_t>(value));
  return message + number(20, 7);
}
inline std::string real_attribute(const std::string& name, float value) {
  return bytes(1, name) + tiny_protobuf::real(2, value) + number(20, 1);
}
inline std::string text_attribute(const std::string& name, const std::string& text) {
  return bytes(1, name) + bytes(4, text) + number(20, 3);
}
inline std::string tensor_attribute(const std::string& name, const std::string& tensor) {
  return bytes(1, name) + bytes(5, tensor) + number(20, 4);
}
inline std::string graph_attribute(const std::string& name, const std::string& graph) {
  return bytes(1, name) + bytes(6, graph) + number(20, 5);
}

inline std::string node(const std::string& op, const std::vector<std::string>& inputs,
                        const std::vector<std::string>& outputs,
                        const std::vector<std::string>& attributes = {},
                        const std::string& domain = {}) {
  std::string message;
  for (const std::string& input : inputs) message += bytes(1, input);
  for (const std::string& output : outputs) message += bytes(2, output);
  message += bytes(3, op + "_" + (outputs.empty() ? "" : outputs[0])) + bytes(4, op);
  for (const std::string& attribute : attributes) message += bytes(5, attribute);
  return domain.empty() ? message : message + bytes(7, domain);
}

inline std::string tensor_type(std::uint64_t element, const Sides& sides) {
  std::string shape;
  for (const std::int64_t side : sides)
    shape += bytes(1, side < 0 ? bytes(2, "N") : number(1, static_cast<std::uint64_t>(side)));
  return bytes(1, number(1, element) + bytes(2, shape));
}
// An input or output; -1: a side that is open.
inline std::string value(const std::string& name, const Sides& sides,
                         std::uint64_t type = k_float) {
  return bytes(1, name) + bytes(2, tensor_type(type, sides));
}

struct Graph {
  std::vector<std::string> nodes;
  std::vector<std::string> weights;
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;

  std::string encode() const {
    std::string message;
    for (const std::string& node : nodes) message += bytes(1, node);
    message += bytes(2, "tiny");
    for (const std::string& weight : weights) message += bytes(5, weight);
    for (const std::string& input : inputs) message += bytes(11, input);
    for (const std::string& output : outputs) message += bytes(12, output);
    return message;
  }
};

inline std::string encode_model(const std::string& graph, std::uint64_t opset = 13,
                                std::uint64_t ir_version = 8) {
  return number(1, ir_version) + bytes(2, "tests") + bytes(7, graph) + bytes(8, number(2, opset));
}

}  // namespace tiny_onnx

// y = x + x, or what is made of it by changing members.
struct TinyModel {
  std::uint64_t ir_version = 8;
  std::uint64_t opset = 13;
  std::string op = "Add";
  std::vector<std::string> node_inputs = {"x", "x"};
  bool is_output_a_sequence = false;
  bool is_output_a_copy = false;  // "a" is what is computed, and "y" an Identity of it

  std::string encode() const {
    using namespace tiny_onnx;
    Graph graph;
    graph.nodes = {node(op, node_inputs, {is_output_a_copy ? "a" : "y"})};
    if (is_output_a_copy) graph.nodes.push_back(node("Identity", {"a"}, {"y"}));
    graph.inputs = {value("x", {-1, 3})};
    const std::string type = tensor_type(k_float, {-1, 3});
    graph.outputs = {bytes(1, "y") +
                     bytes(2, is_output_a_sequence ? bytes(4, bytes(1, type)) : type)};
    return encode_model(graph.encode(), opset, ir_version);
  }
};

// y = x + w, with the three numbers of w in another file.
inline std::string model_with_weights_in(const std::string& location,
                                         const std::string& offset = "0") {
  using namespace tiny_onnx;
  Graph graph;
  graph.nodes = {node("Add", {"x", "w"}, {"y"})};
  graph.weights = {
      external_weight("w", {3}, {{"location", location}, {"offset", offset}, {"length", "12"}})};
  graph.inputs = {value("x", {-1, 3})};
  graph.outputs = {value("y", {-1, 3})};
  return encode_model(graph.encode());
}

// A graph with the contract of SFace (an aligned face of 112 x 112 in, 128 numbers out) that
// computes a small picture of it: the means of 14 x 14 pixels of red, then of green.
inline std::string tiny_face_graph() {
  using namespace tiny_onnx;
  Graph graph;
  graph.nodes = {
      node("AveragePool", {"data"}, {"means"},
           {attribute("kernel_shape", Sides{14, 14}), attribute("strides", Sides{14, 14})}),
      node("Slice", {"means"}, {"two"},
           {attribute("axes", Sides{1}), attribute("starts", Sides{0}),
            attribute("ends", Sides{2})}),
      node("Flatten", {"two"}, {"fc1"})};
  graph.inputs = {value("data", {1, 3, 112, 112})};
  graph.outputs = {value("fc1", {1, 128})};
  return encode_model(graph.encode(), 9, 4);
}

}  // namespace modelhub::engine
