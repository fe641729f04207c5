// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// YOLOX (arXiv 2107.08430) and YOLOv8 as their own exporters write them, with an eighth of the
// channels.
#include <array>

#include "stand_ins/onnx_layers.h"
#include "stand_ins/stand_ins.h"

namespace modelhub::test {
namespace {

using engine::tiny_onnx::attribute;
using engine::tiny_onnx::text_attribute;
using Sides = OnnxLayers::Sides;

constexpr std::int64_t k_coco_classes = 80;

// SiLU makes numbers smaller than the weights allow for.
constexpr float k_silu_gain = 1.22F;

// A convolution with its batch normalisation in it, as exporters leave it, and SiLU.
Map conv_and_silu(OnnxLayers& layers, const Map& in, std::int64_t channels, std::int64_t kernel,
                  std::int64_t stride = 1, float gain = k_silu_gain, bool is_first = false) {
  Conv spec;
  spec.channels = channels;
  spec.kernel = kernel;
  spec.stride = stride;
  spec.gain = gain;
  spec.is_balanced = !is_first;
  return layers.silu(layers.conv(in, spec));
}

Map bottleneck(OnnxLayers& layers, const Map& in, std::int64_t kernel, bool has_shortcut) {
  Map x = conv_and_silu(layers, in, in.channels, kernel);
  x = conv_and_silu(layers, x, in.channels, 3, 1, has_shortcut ? 0.5F * k_silu_gain : k_silu_gain);
  return has_shortcut ? layers.sum(in, x) : x;
}

// Pools of three sizes beside what is pooled, between two convolutions.
Map spatial_pyramid(OnnxLayers& layers, const Map& in, const std::array<std::int64_t, 3>& kernels,
                    bool is_chain) {
  const Map x = conv_and_silu(layers, in, in.channels / 2, 1);
  std::vector<Map> maps = {x};
  for (const std::int64_t kernel : kernels)
    maps.push_back(layers.max_pool(is_chain ? maps.back() : x, kernel, 1, kernel / 2));
  return conv_and_silu(layers, layers.concat(maps), in.channels, 1);
}

// ---- YOLOX ----

class YoloX {
 public:
  // `base`: channels of the first layer. `gain`: of the last, so that answers differ.
  YoloX(std::uint32_t seed, std::int64_t base, std::int64_t side, float gain)
      : layers_(seed), base_(base), side_(side), gain_(gain) {}

  std::string make() {
    layers_.add_input("images", {1, 3, side_, side_});
    const std::array<Map, 3> backbone = make_backbone();
    const std::array<Map, 3> pyramid = make_pyramid(backbone);
    std::vector<std::string> heads;
    std::int64_t cells = 0;
    for (const Map& map : pyramid) {
      heads.push_back(add_head(map));
      cells += map.side * map.side;
    }
    const std::string all = layers_.add("Concat", heads, {attribute("axis", 2)});
    layers_.add("Transpose", {all}, {attribute("perm", Sides{0, 2, 1})}, "output");
    layers_.add_output("output", {1, cells, 5 + k_coco_classes});
    return layers_.encode(11, 6);
  }

 private:
  // Every second pixel of every second row, from four corners, become channels.
  Map focus() {
    std::vector<Map> corners;
    const std::string axes = layers_.ints({2, 3});
    const std::string ends = layers_.ints({side_, side_});
    const std::string steps = layers_.ints({2, 2});
    for (const Sides& start : {Sides{0, 0}, Sides{1, 0}, Sides{0, 1}, Sides{1, 1}}) {
      corners.push_back(
          {layers_.add("Slice", {"images", layers_.ints(start), ends, axes, steps}), 3, side_ / 2});
    }
    // The levels are from 0 to 255.
    return conv_and_silu(layers_, layers_.concat(corners), base_, 3, 1, 0.01F, true);
  }

  Map stage(const Map& in, std::int64_t channels, int blocks, bool has_shortcut = true) {
    Map x = conv_and_silu(layers_, in, channels / 2, 1);
    const Map beside = conv_and_silu(layers_, in, channels / 2, 1);
    for (int i = 0; i < blocks; ++i) x = bottleneck(layers_, x, 1, has_shortcut);
    return conv_and_silu(layers_, layers_.concat({x, beside}), channels, 1);
  }

  Map smaller(const Map& in, std::int64_t channels) {
    return conv_and_silu(layers_, in, channels, 3, 2);
  }

  std::array<Map, 3> make_backbone() {
    Map x = stage(smaller(focus(), 2 * base_), 2 * base_, 1);
    const Map eighth = stage(smaller(x, 4 * base_), 4 * base_, 3);
    const Map sixteenth = stage(smaller(eighth, 8 * base_), 8 * base_, 3);
    x = spatial_pyramid(layers_, smaller(sixteenth, 16 * base_), {5, 9, 13}, false);
    return {eighth, sixteenth, stage(x, 16 * base_, 1, false)};
  }

  std::array<Map, 3> make_pyramid(const std::array<Map, 3>& maps) {
    const Map top = conv_and_silu(layers_, maps[2], 8 * base_, 1);
    Map x = layers_.concat({layers_.twice_as_large(top), maps[1]});
    const Map middle = conv_and_silu(layers_, stage(x, 8 * base_, 1, false), 4 * base_, 1);
    x = layers_.concat({layers_.twice_as_large(middle), maps[0]});
    const Map eighth = stage(x, 4 * base_, 1, false);
    x = layers_.concat({smaller(eighth, 4 * base_), middle});
    const Map sixteenth = stage(x, 8 * base_, 1, false);
    x = layers_.concat({smaller(sixteenth, 8 * base_), top});
    return {eighth, sixteenth, stage(x, 16 * base_, 1, false)};
  }

  // [1, 4 + 1 + classes, cells]
  std::string add_head(const Map& in) {
    const Map stem = conv_and_silu(layers_, in, 4 * base_, 1);
    const auto branch = [&] {
      const Map x = conv_and_silu(layers_, stem, 4 * base_, 3);
      return conv_and_silu(layers_, x, 4 * base_, 3);
    };
    const Map for_classes = branch();
    const Map for_boxes = branch();
    Conv box;
    box.channels = 4;
    box.bias = 1;  // about three cells wide and high
    box.gain = gain_ / 8;
    Conv object;
    object.channels = 1;
    object.bias = -1.5F;
    object.gain = gain_;
    Conv classes;
    classes.channels = k_coco_classes;
    classes.bias = -4;
    classes.gain = gain_;
    const Map boxes = layers_.conv(for_boxes, box);
    const std::string objects = layers_.add("Sigmoid", {layers_.conv(for_boxes, object).name});
    const std::string scores = layers_.add("Sigmoid", {layers_.conv(for_classes, classes).name});
    const std::string all =
        layers_.add("Concat", {boxes.name, objects, scores}, {attribute("axis", 1)});
    return layers_.add("Reshape", {all, layers_.ints({1, 5 + k_coco_classes, in.side * in.side})});
  }

  OnnxLayers layers_;
  const std::int64_t base_;
  const std::int64_t side_;
  const float gain_;
};

// ---- YOLOv8 ----

class YoloV8 {
 public:
  YoloV8(std::uint32_t seed, std::int64_t base) : layers_(seed), base_(base) {}

  std::string make() {
    layers_.add_input("images", {1, 3, k_side, k_side});
    const std::array<Map, 3> maps = make_pyramid(make_backbone());
    std::vector<std::string> heads;
    for (const Map& map : maps) heads.push_back(add_head(map, maps[0].channels));
    const std::string all = layers_.add("Concat", heads, {attribute("axis", 2)});
    add_boxes_and_scores(all, maps);
    return layers_.encode(17, 8);
  }

 private:
  static constexpr std::int64_t k_side = 640;
  static constexpr std::int64_t k_bins = 16;  // of the distance to each side of a box

  Map conv(const Map& in, std::int64_t channels, std::int64_t kernel, std::int64_t stride = 1,
           bool is_first = false) {
    return conv_and_silu(layers_, in, channels, kernel, stride, k_silu_gain, is_first);
  }

  Map stage(const Map& in, std::int64_t channels, int blocks, bool has_shortcut) {
    const Map x = conv(in, channels, 1);
    std::vector<Map> maps;
    for (const std::string& half : layers_.add_split(x.name, {channels / 2, channels / 2}, 1))
      maps.push_back({half, channels / 2, x.side});
    for (int i = 0; i < blocks; ++i)
      maps.push_back(bottleneck(layers_, maps.back(), 3, has_shortcut));
    return conv(layers_.concat(maps), channels, 1);
  }

  std::array<Map, 3> make_backbone() {
    Map x = conv({"images", 3, k_side}, base_, 3, 2, true);
    x = stage(conv(x, 2 * base_, 3, 2), 2 * base_, 1, true);
    const Map eighth = stage(conv(x, 4 * base_, 3, 2), 4 * base_, 2, true);
    const Map sixteenth = stage(conv(eighth, 8 * base_, 3, 2), 8 * base_, 2, true);
    x = stage(conv(sixteenth, 16 * base_, 3, 2), 16 * base_, 1, true);
    return {eighth, sixteenth, spatial_pyramid(layers_, x, {5, 5, 5}, true)};
  }

  std::array<Map, 3> make_pyramid(const std::array<Map, 3>& maps) {
    Map x = layers_.concat({layers_.twice_as_large(maps[2]), maps[1]});
    const Map middle = stage(x, 8 * base_, 1, false);
    x = layers_.concat({layers_.twice_as_large(middle), maps[0]});
    const Map eighth = stage(x, 4 * base_, 1, false);
    x = layers_.concat({conv(eighth, 4 * base_, 3, 2), middle});
    const Map sixteenth = stage(x, 8 * base_, 1, false);
    x = layers_.concat({conv(sixteenth, 8 * base_, 3, 2), maps[2]});
    return {eighth, sixteenth, stage(x, 16 * base_, 1, false)};
  }

  // [1, 4 * bins + classes, cells]
  std::string add_head(const Map& in, std::int64_t channels) {
    Conv box;
    box.channels = 4 * k_bins;
    box.gain = 12;
    Conv classes;
    classes.channels = k_coco_classes;
    classes.bias = -9.5F;
    classes.gain = 24;
    const Map boxes = layers_.conv(conv(conv(in, k_bins, 3), k_bins, 3), box);
    const Map scores = layers_.conv(conv(conv(in, channels, 3), channels, 3), classes);
    const Map all = layers_.concat({boxes, scores});
    return layers_.add(
        "Reshape", {all.name, layers_.ints({1, 4 * k_bins + k_coco_classes, in.side * in.side})});
  }

  // The expected distance to each side, as a convolution over the bins.
  std::string distances(const std::string& boxes, std::int64_t cells) {
    const std::string bins = layers_.add(
        "Transpose", {layers_.add("Reshape", {boxes, layers_.ints({1, 4, k_bins, cells})})},
        {attribute("perm", Sides{0, 2, 1, 3})});
    const std::string shares = layers_.add("Softmax", {bins}, {attribute("axis", 1)});
    std::vector<float> numbers;
    for (int bin = 0; bin < k_bins; ++bin) numbers.push_back(static_cast<float>(bin));
    const std::string means =
        layers_.add("Conv", {shares, layers_.floats({1, k_bins, 1, 1}, numbers)});
    return layers_.add("Reshape", {means, layers_.ints({1, 4, cells})});
  }

  void add_boxes_and_scores(const std::string& heads, const std::array<Map, 3>& maps) {
    std::vector<float> across;
    std::vector<float> down;
    std::vector<float> strides;
    for (const Map& map : maps) {
      for (std::int64_t i = 0; i < map.side * map.side; ++i) {
        across.push_back(static_cast<float>(i % map.side) + 0.5F);
        down.push_back(static_cast<float>(i / map.side) + 0.5F);
        strides.push_back(static_cast<float>(k_side / map.side));
      }
    }
    const auto cells = static_cast<std::int64_t>(strides.size());
    std::vector<float> centres = across;
    centres.insert(centres.end(), down.begin(), down.end());
    const std::string anchors = layers_.floats({1, 2, cells}, centres);

    const auto parts = layers_.add_split(heads, {4 * k_bins, k_coco_classes}, 1);
    const auto sides = layers_.add_split(distances(parts[0], cells), {2, 2}, 1);
    const std::string first = layers_.add("Sub", {anchors, sides[0]});
    const std::string second = layers_.add("Add", {anchors, sides[1]});
    const std::string middle =
        layers_.add("Div", {layers_.add("Add", {first, second}), layers_.one_float(2)});
    const std::string size = layers_.add("Sub", {second, first});
    const std::string in_cells = layers_.add("Concat", {middle, size}, {attribute("axis", 1)});
    const std::string boxes = layers_.add("Mul", {in_cells, layers_.floats({1, cells}, strides)});
    const std::string scores = layers_.add("Sigmoid", {parts[1]});
    layers_.add("Concat", {boxes, scores}, {attribute("axis", 1)}, "output0");
    layers_.add_output("output0", {1, 4 + k_coco_classes, cells});
  }

  OnnxLayers layers_;
  const std::int64_t base_;
};

}  // namespace

std::string make_yolox_s() { return YoloX(640, 4, 640, 8).make(); }

std::string make_yolox_tiny() { return YoloX(416, 3, 416, 26).make(); }

std::string make_yolov8s() { return YoloV8(12, 4).make(); }

}  // namespace modelhub::test
