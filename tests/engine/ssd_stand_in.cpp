// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "engine/ssd_stand_in.h"

#include <cmath>
#include <cstdint>
#include <map>
#include <sstream>
#include <stdexcept>
#include <vector>

#include "engine/tiny_tensorflow.h"

namespace modelhub::engine {
namespace {

constexpr int k_divisor = 8;
constexpr int k_classes = 91;  // with the background

struct Node {
  std::string name;
  std::string op;
  std::vector<std::string> inputs;
};

// "  name: \"x\"" → x, when the line is the field `field` of a node itself.
bool take_field(const std::string& line, const std::string& field, std::string& value) {
  const std::string start = "  " + field + ": \"";
  if (line.rfind(start, 0) != 0) return false;
  value = line.substr(start.size(), line.rfind('"') - start.size());
  return true;
}

std::vector<Node> read_nodes(const std::string& text_graph) {
  std::vector<Node> nodes;
  std::istringstream lines(text_graph);
  std::string value;
  for (std::string line; std::getline(lines, line);) {
    if (line == "node {") nodes.emplace_back();
    if (nodes.empty()) continue;
    if (take_field(line, "name", value)) nodes.back().name = value;
    if (take_field(line, "op", value)) nodes.back().op = value;
    if (take_field(line, "input", value)) nodes.back().inputs.push_back(value);
  }
  return nodes;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// The channels of MobileNet v2's blocks 0 to 16 (arXiv 1801.04381, table 2).
int channels_of_block(const std::string& name) {
  const std::size_t at = name.find("expanded_conv_");
  const int block = at == std::string::npos ? 0 : std::stoi(name.substr(at + 14));
  if (block == 0) return 16;
  if (block <= 2) return 24;
  if (block <= 5) return 32;
  if (block <= 9) return 64;
  if (block <= 12) return 96;
  return block <= 15 ? 160 : 320;
}

int channels_out_of(const Node& convolution, int channels_in) {
  const std::string& name = convolution.name;
  if (has(name, "BoxPredictor_")) {
    const int boxes = has(name, "BoxPredictor_0") ? 3 : 6;
    return boxes * (has(name, "ClassPredictor") ? k_classes : 4);
  }
  if (has(name, "/expand/")) return 6 * channels_in;
  if (has(name, "/project/")) return channels_of_block(name) / k_divisor;
  if (has(name, "layer_19_"))  // "layer_19_1_Conv2d_2_1x1_256/Conv2D"
    return std::stoi(name.substr(name.rfind('_') + 1)) / k_divisor;
  return (has(name, "/Conv_1/") ? 1280 : 32) / k_divisor;
}

class Weights {
 public:
  // From -1 to 1, the same numbers everywhere.
  float next() {
    state_ = state_ * 1664525U + 1013904223U;
    return static_cast<float>(static_cast<std::int32_t>(state_ >> 8) - (1 << 23)) /
           static_cast<float>(1 << 23);
  }

  void add(const std::string& name, const tiny_tensorflow::Sides& sides, float middle,
           float spread) {
    std::size_t count = 1;
    for (const std::int64_t side : sides) count *= static_cast<std::size_t>(side);
    std::vector<float> values(count);
    for (float& value : values) value = middle + spread * next();
    graph_ += tiny_tensorflow::floats(name, sides, values);
  }

  const std::string& graph() const { return graph_; }

 private:
  std::uint32_t state_ = 20180329;
  std::string graph_;
};

// Keeps the spread of numbers the same from layer to layer.
float spread_for(int inputs) { return std::sqrt(3.0F * 2.0F / static_cast<float>(inputs)); }

}  // namespace

std::string make_ssd_stand_in(const std::string& text_graph) {
  Weights weights;
  std::map<std::string, int> channels = {{"image_tensor", 3}};
  for (const Node& node : read_nodes(text_graph)) {
    if (node.inputs.empty()) continue;
    const int in = channels[node.inputs[0]];
    if (in == 0) throw std::runtime_error("the layers of the text graph are not in order");
    int out = in;
    if (node.op == "Mul") weights.add(node.inputs[1], {}, 2.0F / 255, 0);
    if (node.op == "Sub") weights.add(node.inputs[1], {}, 1, 0);
    if (node.op == "Conv2D") {
      out = channels_out_of(node, in);
      const int side =
          node.inputs[0] == "Preprocessor/sub" || has(node.name, "BoxPredictor_") ? 3 : 1;
      // Classes are to differ more than boxes.
      const float gain = has(node.name, "ClassPredictor") ? 2.0F : 1.0F;
      weights.add(node.inputs[1], {side, side, in, out}, 0, gain * spread_for(side * side * in));
    }
    if (node.op == "DepthwiseConv2dNative")
      weights.add(node.inputs[1], {3, 3, in, 1}, 0, spread_for(9));
    if (node.op == "FusedBatchNorm") {
      weights.add(node.inputs[1], {in}, 1, 0.2F);     // gamma
      weights.add(node.inputs[2], {in}, 0.5F, 0.5F);  // beta
      weights.add(node.inputs[3], {in}, 0, 0.1F);     // mean
      weights.add(node.inputs[4], {in}, 1, 0.2F);     // variance
    }
    if (node.op == "BiasAdd") {
      const bool is_class = has(node.name, "ClassPredictor");
      weights.add(node.inputs[1], {in}, is_class ? -6.0F : 0.0F, 0.5F);
    }
    channels[node.name] = out;
  }
  return weights.graph();
}

}  // namespace modelhub::engine
