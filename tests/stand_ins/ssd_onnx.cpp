// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// SSD MobileNet v1 of TensorFlow's object detection as tf2onnx writes it: a picture of any size in,
// scaled, searched, decoded and suppressed in the graph. An eighth of the channels.
#include <algorithm>
#include <array>
#include <cmath>

#include "stand_ins/onnx_layers.h"
#include "stand_ins/stand_ins.h"

namespace modelhub::test {
namespace {

using engine::tiny_onnx::attribute;
using engine::tiny_onnx::k_int64;
using engine::tiny_onnx::k_uint8;
using engine::tiny_onnx::text_attribute;
using Sides = OnnxLayers::Sides;

constexpr std::int64_t k_ssd_side = 300;
constexpr std::int64_t k_coco_ids = 90;
constexpr std::int64_t k_found = 100;  // the model answers with as many
constexpr int k_ssd_maps = 6;

struct SsdBlock {
  std::int64_t channels;
  std::int64_t stride;
};
constexpr SsdBlock k_ssd_blocks[] = {{64, 1},  {128, 2},  {128, 1}, {256, 2}, {256, 1},
                                     {512, 2}, {512, 1},  {512, 1}, {512, 1}, {512, 1},
                                     {512, 1}, {1024, 2}, {1024, 1}};
constexpr std::size_t k_first_searched = 10;  // of the blocks
constexpr SsdBlock k_ssd_extra[] = {{512, 2}, {256, 2}, {256, 2}, {128, 2}};

class SsdMobileNetV1 {
 public:
  std::string make() {
    layers_.add_input("inputs", {1, -1, -1, 3}, k_uint8);
    std::vector<std::string> boxes;
    std::vector<std::string> scores;
    std::vector<float> anchors;  // centre y, centre x, height, width; 0 to 1
    const std::vector<Map> maps = make_maps();
    for (int level = 0; level < k_ssd_maps; ++level) {
      const Map& map = maps[static_cast<std::size_t>(level)];
      const std::vector<std::array<double, 2>> sizes = sizes_of(level);
      const auto count = static_cast<std::int64_t>(sizes.size());
      boxes.push_back(add_predictor(map, count, 4, 0, 0.5F));
      scores.push_back(add_predictor(map, count, 1 + k_coco_ids, -7, 8));
      add_anchors(map.side, sizes, anchors);
    }
    anchors_ = static_cast<std::int64_t>(anchors.size() / 4);
    const std::string corners = decode(layers_.add("Concat", boxes, {attribute("axis", 1)}),
                                       layers_.floats({1, anchors_, 4}, anchors));
    answer(corners, layers_.add("Concat", scores, {attribute("axis", 1)}));
    return layers_.encode(12, 7);
  }

 private:
  Map conv(const Map& in, std::int64_t channels, std::int64_t kernel, std::int64_t stride,
           std::int64_t groups = 1) {
    Conv spec;
    spec.channels = channels;
    spec.kernel = kernel;
    spec.stride = stride;
    spec.groups = groups;
    spec.pads = Conv::Pads::same;
    spec.has_bias = false;
    spec.is_balanced = in.channels != 3;
    return layers_.relu6(layers_.batch_norm(layers_.conv(in, spec)));
  }

  Map scaled_picture() {
    const std::string planes =
        layers_.add("Transpose", {layers_.add("Cast", {"inputs"}, {attribute("to", 1)})},
                    {attribute("perm", Sides{0, 3, 1, 2})});
    const std::string resized =
        layers_.add("Resize",
                    {planes, layers_.floats({0}, {}), layers_.floats({0}, {}),
                     layers_.ints({1, 3, k_ssd_side, k_ssd_side})},
                    {text_attribute("coordinate_transformation_mode", "asymmetric"),
                     text_attribute("mode", "linear")});
    const std::string doubled = layers_.add("Mul", {resized, layers_.one_float(2.0F / 255)});
    return {layers_.add("Sub", {doubled, layers_.one_float(1)}), 3, k_ssd_side};
  }

  // Those that are searched, the largest first.
  std::vector<Map> make_maps() {
    std::vector<Map> maps;
    Map x = conv(scaled_picture(), 32 / k_divisor, 3, 2);
    for (std::size_t i = 0; i < std::size(k_ssd_blocks); ++i) {
      x = conv(x, x.channels, 3, k_ssd_blocks[i].stride, x.channels);
      x = conv(x, k_ssd_blocks[i].channels / k_divisor, 1, 1);
      if (i == k_first_searched) maps.push_back(x);
    }
    maps.push_back(x);
    for (const SsdBlock& extra : k_ssd_extra) {
      x = conv(x, extra.channels / 2 / k_divisor, 1, 1);
      x = conv(x, extra.channels / k_divisor, 3, extra.stride);
      maps.push_back(x);
    }
    return maps;
  }

  // Height and width of each box of a cell: the shapes of SSD (arXiv 1512.02325) between 0.2 and
  // 0.95 of the picture, and fewer and smaller ones on the first map.
  static std::vector<std::array<double, 2>> sizes_of(int level) {
    const auto scale = [](int i) {
      return i == k_ssd_maps ? 1.0 : 0.2 + (0.95 - 0.2) * i / (k_ssd_maps - 1);
    };
    std::vector<std::array<double, 2>> sizes;
    const auto add = [&](double size, double ratio) {
      sizes.push_back({size / std::sqrt(ratio), size * std::sqrt(ratio)});
    };
    if (level == 0) {
      add(0.1, 1);
      add(scale(0), 2);
      add(scale(0), 0.5);
      return sizes;
    }
    for (const double ratio : {1.0, 2.0, 0.5, 3.0, 0.3333}) add(scale(level), ratio);
    add(std::sqrt(scale(level) * scale(level + 1)), 1);
    return sizes;
  }

  static void add_anchors(std::int64_t side, const std::vector<std::array<double, 2>>& sizes,
                          std::vector<float>& anchors) {
    for (std::int64_t cell = 0; cell < side * side; ++cell) {
      for (const auto& [height, width] : sizes) {
        anchors.push_back((static_cast<float>(cell / side) + 0.5F) / static_cast<float>(side));
        anchors.push_back((static_cast<float>(cell % side) + 0.5F) / static_cast<float>(side));
        anchors.push_back(static_cast<float>(height));
        anchors.push_back(static_cast<float>(width));
      }
    }
  }

  // [1, boxes of all cells, numbers]
  std::string add_predictor(const Map& map, std::int64_t boxes, std::int64_t numbers, float bias,
                            float gain) {
    Conv spec;
    spec.channels = boxes * numbers;
    spec.bias = bias;
    spec.gain = gain;
    const std::string rows = layers_.add("Transpose", {layers_.conv(map, spec).name},
                                         {attribute("perm", Sides{0, 2, 3, 1})});
    return layers_.add("Reshape", {rows, layers_.ints({1, -1, numbers})});
  }

  // Of rows of four numbers, the first two or the last two.
  std::string half(const std::string& rows, std::int64_t begin) {
    return layers_.add("Slice",
                       {rows, layers_.ints({begin}), layers_.ints({begin + 2}), layers_.ints({2})});
  }

  // Top, left, bottom, right, cut at the picture's edges.
  std::string decode(const std::string& boxes, const std::string& anchors) {
    const std::string sizes = half(anchors, 2);
    const std::string moved =
        layers_.add("Mul", {layers_.add("Div", {half(boxes, 0), layers_.one_float(10)}), sizes});
    const std::string centres = layers_.add("Add", {moved, half(anchors, 0)});
    const std::string grown =
        layers_.add("Exp", {layers_.add("Div", {half(boxes, 2), layers_.one_float(5)})});
    const std::string halves =
        layers_.add("Div", {layers_.add("Mul", {grown, sizes}), layers_.one_float(2)});
    const std::string corners = layers_.add(
        "Concat", {layers_.add("Sub", {centres, halves}), layers_.add("Add", {centres, halves})},
        {attribute("axis", 2)});
    return layers_.add("Clip", {corners, layers_.one_float(0), layers_.one_float(1)});
  }

  std::string column(const std::string& rows, std::int64_t index) {
    return layers_.add("Gather", {rows, layers_.one_int(index)}, {attribute("axis", 1)});
  }
  std::string as_floats(const std::string& ints) {
    return layers_.add("Cast", {ints}, {attribute("to", 1)});
  }
  void add_answer(const std::string& what, const std::string& name, const Sides& sides) {
    layers_.add("Unsqueeze", {what}, {attribute("axes", Sides{0})}, name);
    layers_.add_output(name, sides);
  }

  // The best of what is left of each class; class 0 is the background.
  void answer(const std::string& corners, const std::string& logits) {
    const std::string all = layers_.add("Sigmoid", {logits});
    const std::string foreground = layers_.add(
        "Slice", {all, layers_.ints({1}), layers_.ints({1 + k_coco_ids}), layers_.ints({2})});
    const std::string scores =
        layers_.add("Transpose", {foreground}, {attribute("perm", Sides{0, 2, 1})});
    const std::string kept =
        layers_.add("NonMaxSuppression", {corners, scores, layers_.one_int(k_found),
                                          layers_.one_float(0.6F), layers_.one_float(1e-8F)});
    const std::vector<std::string> best =
        layers_.add_top_k(layers_.add("GatherND", {scores, kept}), k_found);
    const std::string rows = layers_.add("Gather", {kept, best[1]}, {attribute("axis", 0)});
    const std::string boxes = layers_.add(
        "Gather",
        {layers_.add("Squeeze", {corners}, {attribute("axes", Sides{0})}), column(rows, 2)},
        {attribute("axis", 0)});
    const std::string classes =
        layers_.add("Add", {as_floats(column(rows, 1)), layers_.one_float(1)});
    const std::string is_there =
        as_floats(layers_.add("Greater", {best[0], layers_.one_float(1e-8F)}));
    add_answer(boxes, "detection_boxes", {1, k_found, 4});
    add_answer(classes, "detection_classes", {1, k_found});
    add_answer(best[0], "detection_scores", {1, k_found});
    layers_.add("ReduceSum", {is_there}, {attribute("axes", Sides{0}), attribute("keepdims", 1)},
                "num_detections");
    layers_.add_output("num_detections", {1});
  }

  OnnxLayers layers_{1};
  std::int64_t anchors_ = 0;
};

}  // namespace

std::string make_ssd_mobilenet_v1() { return SsdMobileNetV1().make(); }

}  // namespace modelhub::test
