// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "engine/tiny_onnx.h"

namespace modelhub::test {

// A tensor as a graph declares it. Sides below 0 are written by name, as open ones are.
struct OnnxTensor {
  std::string name;
  std::vector<std::int64_t> shape = {};
  std::uint64_t type = 1;  // float32
  bool has_shape = true;

  std::string encode() const {
    using namespace engine::tiny_onnx;
    std::string sides;
    for (const std::int64_t side : shape)
      sides += bytes(1, side < 0 ? bytes(2, "open") : number(1, static_cast<std::uint64_t>(side)));
    const std::string tensor = number(1, type) + (has_shape ? bytes(2, sides) : "");
    return bytes(1, name) + bytes(2, bytes(1, tensor));
  }
};

struct OnnxWeight {
  std::string name;
  std::uint64_t type = 1;
  std::string location = {};  // of external data; empty: inside
  std::string content = {};   // inside

  std::string encode() const {
    using namespace engine::tiny_onnx;
    std::string weight = number(1, 4) + number(2, type) + bytes(8, name);
    if (location.empty()) return weight + bytes(9, content);
    return weight + bytes(13, bytes(1, "location") + bytes(2, location)) + number(14, 1);
  }
};

// Writes the headers of an ONNX model without an ONNX library: what readers of headers look at. No
// engine can run it.
struct OnnxWriter {
  std::uint64_t ir_version = 8;
  std::uint64_t opset = 17;
  std::vector<OnnxTensor> inputs = {{"images", {1, 3, 640, 640}}};
  std::vector<OnnxTensor> outputs = {{"output0", {1, 84, 8400}}};
  std::vector<std::string> operators = {"Conv"};  // the last one makes the first output
  std::vector<OnnxWeight> weights = {{"w", 1, "", std::string(64, 'w')}};
  std::vector<std::pair<std::string, std::string>> metadata;

  std::string encode() const {
    using namespace engine::tiny_onnx;
    std::string graph;
    for (std::size_t i = 0; i < operators.size(); ++i) {
      const bool is_last = i + 1 == operators.size() && !outputs.empty();
      const std::string made = is_last ? outputs.front().name : "t" + std::to_string(i);
      graph += bytes(1, bytes(1, "x") + bytes(2, made) + bytes(3, "n") + bytes(4, operators[i]));
    }
    graph += bytes(2, "graph");
    for (const OnnxWeight& weight : weights) graph += bytes(5, weight.encode());
    for (const OnnxTensor& input : inputs) graph += bytes(11, input.encode());
    for (const OnnxTensor& output : outputs) graph += bytes(12, output.encode());
    std::string model = number(1, ir_version) + bytes(2, "tests") + bytes(3, "1.0") +
                        bytes(7, graph) + bytes(8, bytes(1, "") + number(2, opset));
    for (const auto& [key, value] : metadata) model += bytes(14, bytes(1, key) + bytes(2, value));
    return model;
  }
};

// What the exporter of Ultralytics writes for a detector of these classes.
inline OnnxWriter ultralytics_detector(const std::vector<std::string>& classes) {
  OnnxWriter model;
  std::string names = "{";
  for (std::size_t i = 0; i < classes.size(); ++i)
    names += (i == 0 ? "" : ", ") + std::to_string(i) + ": '" + classes[i] + "'";
  model.outputs = {{"output0", {1, static_cast<std::int64_t>(4 + classes.size()), 8400}}};
  model.metadata = {{"description", "Ultralytics YOLOv8n model trained on parcels.yaml"},
                    {"author", "Ultralytics"},
                    {"version", "8.3.0"},
                    {"license", "AGPL-3.0 License (https://ultralytics.com/license)"},
                    {"stride", "32"},
                    {"task", "detect"},
                    {"batch", "1"},
                    {"imgsz", "[640, 640]"},
                    {"names", names + "}"},
                    {"args", "{'batch': 1, 'half': False, 'dynamic': False, 'nms': False}"}};
  return model;
}

}  // namespace modelhub::test
