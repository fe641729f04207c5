// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <map>
#include <sstream>
#include <stdexcept>
#include <vector>

#include "engine/tiny_tensorflow.h"
#include "stand_ins/stand_ins.h"
#include "stand_ins/weights.h"

namespace modelhub::test {
namespace {

namespace tiny_tensorflow = engine::tiny_tensorflow;

constexpr int k_coco_ids_and_background = 91;  // with the background

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
    return boxes * (has(name, "ClassPredictor") ? k_coco_ids_and_background : 4);
  }
  if (has(name, "/expand/")) return 6 * channels_in;
  if (has(name, "/project/")) return channels_of_block(name) / k_divisor;
  if (has(name, "layer_19_"))  // "layer_19_1_Conv2d_2_1x1_256/Conv2D"
    return std::stoi(name.substr(name.rfind('_') + 1)) / k_divisor;
  return (has(name, "/Conv_1/") ? 1280 : 32) / k_divisor;
}

// A graph that only holds weights, one after the other.
class FrozenWeights {
 public:
  void add(const std::string& name, const tiny_tensorflow::Sides& sides, float middle,
           float spread) {
    std::size_t count = 1;
    for (const std::int64_t side : sides) count *= static_cast<std::size_t>(side);
    graph_ += tiny_tensorflow::floats(name, sides, weights_.around(middle, spread, count));
  }

  // Of a convolution: [side, side, inputs, outputs], the filters beside each other.
  void add_filters(const std::string& name, int side, int inputs, int outputs, float gain) {
    const auto each = static_cast<std::size_t>(side * side * inputs);
    const auto count = static_cast<std::size_t>(outputs);
    const std::vector<float> filters =
        weights_.filters(gain * spread_of_layer(side * side * inputs), count, each);
    std::vector<float> turned(filters.size());
    for (std::size_t i = 0; i < filters.size(); ++i)
      turned[i % each * count + i / each] = filters[i];
    graph_ += tiny_tensorflow::floats(name, {side, side, inputs, outputs}, turned);
  }

  const std::string& graph() const { return graph_; }

 private:
  Weights weights_{20180329};
  std::string graph_;
};

}  // namespace

std::string make_ssd_mobilenet_v2(const std::string& text_graph) {
  FrozenWeights weights;
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
      const bool is_first = node.inputs[0] == "Preprocessor/sub";
      const bool is_wide = is_first || has(node.name, "BoxPredictor_") || has(node.name, "_3x3_");
      const int side = is_wide ? 3 : 1;
      if (is_first) {
        weights.add(node.inputs[1], {side, side, in, out}, 0, spread_of_layer(side * side * in));
      } else {
        weights.add_filters(node.inputs[1], side, in, out,
                            has(node.name, "ClassPredictor") ? 0.4F : 1.0F);
      }
    }
    if (node.op == "DepthwiseConv2dNative")
      weights.add(node.inputs[1], {3, 3, in, 1}, 0, spread_of_layer(9));
    if (node.op == "FusedBatchNorm") {
      weights.add(node.inputs[1], {in}, 1, 0.2F);  // gamma
      weights.add(node.inputs[2], {in}, 0, 0.2F);  // beta
      weights.add(node.inputs[3], {in}, 0, 0.1F);  // mean
      weights.add(node.inputs[4], {in}, 1, 0.2F);  // variance
    }
    if (node.op == "BiasAdd") {
      const bool is_class = has(node.name, "ClassPredictor");
      weights.add(node.inputs[1], {in}, is_class ? -4.0F : 0.0F, 0.5F);
    }
    channels[node.name] = out;
  }
  return weights.graph();
}

}  // namespace modelhub::test
