// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/tiny_protobuf.h"

namespace modelhub::engine::tiny_tensorflow {

// Writes frozen graphs of TensorFlow (GraphDef), a node at a time, without TensorFlow. The numbers
// are those of the fields in its graph.proto, node_def.proto, attr_value.proto and tensor.proto.

using tiny_protobuf::bytes;
using tiny_protobuf::number;
using tiny_protobuf::raw;

using Sides = std::vector<std::int64_t>;

constexpr std::uint64_t k_float = 1;
constexpr std::uint64_t k_uint8 = 4;

inline std::string shape(const Sides& sides) {
  std::string message;
  for (const std::int64_t side : sides)
    message += bytes(2, number(1, static_cast<std::uint64_t>(side)));
  return message;
}

inline std::string attribute(const std::string& key, const std::string& value) {
  return bytes(5, bytes(1, key) + bytes(2, value));
}
inline std::string type_attribute(const std::string& key, std::uint64_t type) {
  return attribute(key, number(6, type));
}
inline std::string text_attribute(const std::string& key, const std::string& text) {
  return attribute(key, bytes(2, text));
}
inline std::string list_attribute(const std::string& key, const Sides& values) {
  std::string list;
  for (const std::int64_t value : values) list += number(3, static_cast<std::uint64_t>(value));
  return attribute(key, bytes(1, list));
}

inline std::string node(const std::string& name, const std::string& op,
                        const std::vector<std::string>& inputs,
                        const std::string& attributes = {}) {
  std::string message = bytes(1, name) + bytes(2, op);
  for (const std::string& input : inputs) message += bytes(3, input);
  return bytes(1, message + attributes);
}

inline std::string placeholder(const std::string& name, const Sides& sides,
                               std::uint64_t type = k_float) {
  return node(name, "Placeholder", {},
              type_attribute("dtype", type) + attribute("shape", bytes(7, shape(sides))));
}

inline std::string floats(const std::string& name, const Sides& sides,
                          const std::vector<float>& values) {
  const std::string tensor = number(1, k_float) + bytes(2, shape(sides)) + bytes(4, raw(values));
  return node(name, "Const", {},
              type_attribute("dtype", k_float) + attribute("value", bytes(8, tensor)));
}

}  // namespace modelhub::engine::tiny_tensorflow
