// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace modelhub::engine {

// Writes ONNX files of a few hundred bytes without an ONNX library, right ones and wrong ones. The
// numbers are those of the fields in onnx.proto; the encoding is protobuf's.
namespace tiny_onnx {

inline std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>((value & 0x7F) | 0x80);
  return bytes + static_cast<char>(value);
}
inline std::string number(int field, std::uint64_t value) {
  return varint(static_cast<std::uint64_t>(field) << 3) + varint(value);
}
inline std::string bytes(int field, const std::string& content) {
  return varint((static_cast<std::uint64_t>(field) << 3) | 2) + varint(content.size()) + content;
}

}  // namespace tiny_onnx

// y = x + x, or what is made of it by changing members.
struct TinyModel {
  std::uint64_t ir_version = 8;
  std::uint64_t opset = 13;
  std::string op = "Add";
  std::vector<std::string> node_inputs = {"x", "x"};
  std::uint64_t output_type = 1;  // 1: float32, 8: text
  std::string external_file;      // when set, a weight "w" of 3 floats lies there
  bool is_output_a_sequence = false;

  std::string encode() const {
    using namespace tiny_onnx;
    std::string node;
    for (const std::string& input : node_inputs) node += bytes(1, input);
    node += bytes(2, "y") + bytes(3, "node") + bytes(4, op);
    std::string graph = bytes(1, node) + bytes(2, "tiny");
    if (!external_file.empty()) graph += bytes(5, external_weight());
    graph += bytes(11, bytes(1, "x") + bytes(2, tensor_type(1)));
    const std::string type = tensor_type(output_type);
    graph +=
        bytes(12, bytes(1, "y") + bytes(2, is_output_a_sequence ? bytes(4, bytes(1, type)) : type));
    return number(1, ir_version) + bytes(2, "tests") + bytes(7, graph) + bytes(8, number(2, opset));
  }

 private:
  // Of the shape [N, 3].
  static std::string tensor_type(std::uint64_t element) {
    using namespace tiny_onnx;
    return bytes(1,
                 number(1, element) + bytes(2, bytes(1, bytes(2, "N")) + bytes(1, number(1, 3))));
  }
  std::string external_weight() const {
    using namespace tiny_onnx;
    return number(1, 3) + number(2, 1) + bytes(8, "w") +
           bytes(13, bytes(1, "location") + bytes(2, external_file)) + number(14, 1);
  }
};

// A graph with the contract of SFace (an aligned face of 112 x 112 in, 128 numbers out) that
// computes a small picture of it: the means of 14 x 14 pixels of red, then of green.
inline std::string tiny_face_graph() {
  using namespace tiny_onnx;
  const auto ints = [](const std::string& name, const std::vector<std::uint64_t>& values) {
    std::string list;
    for (const std::uint64_t value : values) list += number(8, value);
    return bytes(5, bytes(1, name) + list + number(20, 7));
  };
  const auto node = [](const std::string& from, const std::string& to, const std::string& op,
                       const std::string& attributes) {
    return bytes(1, bytes(1, from) + bytes(2, to) + bytes(3, op) + bytes(4, op) + attributes);
  };
  const auto value = [](const std::string& name, const std::vector<std::uint64_t>& shape) {
    std::string sides;
    for (const std::uint64_t side : shape) sides += bytes(1, number(1, side));
    return bytes(1, name) + bytes(2, bytes(1, number(1, 1) + bytes(2, sides)));
  };
  const std::string graph =
      node("data", "means", "AveragePool",
           ints("kernel_shape", {14, 14}) + ints("strides", {14, 14})) +
      node("means", "two", "Slice", ints("axes", {1}) + ints("starts", {0}) + ints("ends", {2})) +
      node("two", "fc1", "Flatten", "") + bytes(2, "tiny_face") +
      bytes(11, value("data", {1, 3, 112, 112})) + bytes(12, value("fc1", {1, 128}));
  return number(1, 4) + bytes(2, "tests") + bytes(7, graph) + bytes(8, number(2, 9));
}

}  // namespace modelhub::engine
