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
  bool is_output_a_copy = false;  // "a" is what is computed, and "y" an Identity of it
  std::string domain;             // of the operator; empty: the standard one

  std::string encode() const {
    using namespace tiny_onnx;
    std::string node;
    for (const std::string& input : node_inputs) node += bytes(1, input);
    node += bytes(2, is_output_a_copy ? "a" : "y") + bytes(3, "node") + bytes(4, op);
    if (!domain.empty()) node += bytes(7, domain);
    std::string graph = bytes(1, node);
    if (is_output_a_copy)
      graph += bytes(1, bytes(1, "a") + bytes(2, "y") + bytes(3, "copy") + bytes(4, "Identity"));
    graph += bytes(2, "tiny");
    if (!external_file.empty()) graph += bytes(5, external_weight());
    graph += bytes(11, bytes(1, "x") + bytes(2, tensor_type(1)));
    const std::string type = tensor_type(output_type);
    graph +=
        bytes(12, bytes(1, "y") + bytes(2, is_output_a_sequence ? bytes(4, bytes(1, type)) : type));
    std::string opsets = bytes(8, number(2, opset));
    if (!domain.empty()) opsets += bytes(8, bytes(1, domain) + number(2, 1));
    return number(1, ir_version) + bytes(2, "tests") + bytes(7, graph) + opsets;
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

}  // namespace modelhub::engine
