// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// ResNet-50 and SqueezeNet as MXNet wrote them for the ONNX Model Zoo, EfficientNet-Lite4 as
// tf2onnx did; each with an eighth of the channels.
#include "stand_ins/onnx_layers.h"
#include "stand_ins/stand_ins.h"

namespace modelhub::test {
namespace {

using engine::tiny_onnx::attribute;
using engine::tiny_onnx::real_attribute;

constexpr std::int64_t k_imagenet_classes = 1000;
constexpr std::int64_t k_crop_side = 224;

// ---- ResNet-50 v1 (arXiv 1512.03385): the stride is in the first convolution of a block ----

Map conv_and_norm(OnnxLayers& layers, const Map& in, Conv spec, float gain = 1) {
  spec.has_bias = false;
  return layers.batch_norm(layers.conv(in, spec), gain);
}

Map resnet_block(OnnxLayers& layers, const Map& in, std::int64_t channels, std::int64_t stride) {
  Conv first;
  first.channels = channels / 4;
  first.stride = stride;
  Conv second;
  second.channels = channels / 4;
  second.kernel = 3;
  Conv third;
  third.channels = channels;
  Map x = layers.relu(conv_and_norm(layers, in, first));
  x = layers.relu(conv_and_norm(layers, x, second));
  // What is added must be small beside what it is added to, or sixteen blocks grow beyond measure.
  x = conv_and_norm(layers, x, third, 0.5F);
  if (in.channels == channels) return layers.relu(layers.sum(x, in));
  Conv shortcut;
  shortcut.channels = channels;
  shortcut.stride = stride;
  return layers.relu(layers.sum(x, conv_and_norm(layers, in, shortcut)));
}

std::string make_resnet50_with(int divisor) {
  OnnxLayers layers(50);
  layers.add_input("data", {-1, 3, k_crop_side, k_crop_side});
  Conv stem;
  stem.channels = 64 / divisor;
  stem.kernel = 7;
  stem.stride = 2;
  stem.is_balanced = false;
  Map x = layers.relu(conv_and_norm(layers, {"data", 3, k_crop_side}, stem));
  x = layers.max_pool(x, 3, 2, 1);
  const int blocks[] = {3, 4, 6, 3};
  std::int64_t channels = 256 / divisor;
  for (int stage = 0; stage < 4; ++stage, channels *= 2) {
    for (int block = 0; block < blocks[stage]; ++block)
      x = resnet_block(layers, x, channels, stage > 0 && block == 0 ? 2 : 1);
  }
  const std::string flat = layers.add("Flatten", {layers.add("GlobalAveragePool", {x.name})});
  layers.dense(flat, x.channels, k_imagenet_classes, 3, "resnetv17_dense0_fwd");
  layers.add_output("resnetv17_dense0_fwd", {-1, k_imagenet_classes});
  return layers.encode(12, 7);
}

// ---- SqueezeNet 1.1 (arXiv 1602.07360 and its authors' repository) ----

// What balanced filters take away is given back.
constexpr float k_squeezenet_gain = 1.3F;

Map fire(OnnxLayers& layers, const Map& in, std::int64_t squeezed, std::int64_t expanded) {
  Conv squeeze;
  squeeze.channels = squeezed / k_divisor;
  squeeze.gain = k_squeezenet_gain;
  Conv left;
  left.channels = expanded / k_divisor;
  left.gain = k_squeezenet_gain;
  Conv right = left;
  right.kernel = 3;
  const Map x = layers.relu(layers.conv(in, squeeze));
  return layers.concat({layers.relu(layers.conv(x, left)), layers.relu(layers.conv(x, right))});
}

// ---- EfficientNet-Lite4 (arXiv 1905.11946, no squeeze-and-excite, ReLU6) ----

struct Stage {
  int blocks;
  std::int64_t kernel;
  std::int64_t stride;
  std::int64_t expansion;
  std::int64_t channels;
};

constexpr Stage k_lite4[] = {{1, 3, 1, 1, 24},  {4, 3, 2, 6, 32},  {4, 5, 2, 6, 56},
                             {6, 3, 2, 6, 112}, {6, 5, 1, 6, 160}, {8, 5, 2, 6, 272},
                             {1, 3, 1, 6, 448}};

Map lite_conv(OnnxLayers& layers, const Map& in, Conv spec, float gain = 1) {
  spec.pads = Conv::Pads::same;
  return conv_and_norm(layers, in, spec, gain);
}

Map lite_block(OnnxLayers& layers, const Map& in, const Stage& stage, std::int64_t stride) {
  Map x = in;
  if (stage.expansion > 1) {
    Conv expand;
    expand.channels = in.channels * stage.expansion;
    x = layers.relu6(lite_conv(layers, x, expand));
  }
  Conv depthwise;
  depthwise.channels = depthwise.groups = x.channels;
  depthwise.kernel = stage.kernel;
  depthwise.stride = stride;
  x = layers.relu6(lite_conv(layers, x, depthwise));
  Conv project;
  project.channels = stage.channels / k_divisor;
  const bool is_residual = stride == 1 && in.channels == project.channels;
  x = lite_conv(layers, x, project, is_residual ? 0.5F : 1.0F);
  return is_residual ? layers.sum(x, in) : x;
}

}  // namespace

std::string make_resnet50() { return make_resnet50_with(k_divisor); }

std::string make_whole_resnet50() { return make_resnet50_with(1); }

std::string make_squeezenet() {
  OnnxLayers layers(11);
  layers.add_input("data", {1, 3, k_crop_side, k_crop_side});
  Conv stem;
  stem.channels = 64 / k_divisor;
  stem.kernel = 3;
  stem.stride = 2;
  stem.is_balanced = false;
  stem.pads = Conv::Pads::none;
  Map x = layers.relu(layers.conv({"data", 3, k_crop_side}, stem));
  x = layers.max_pool(x, 3, 2, 0);
  x = fire(layers, fire(layers, x, 16, 64), 16, 64);
  x = layers.max_pool(x, 3, 2, 0);
  x = fire(layers, fire(layers, x, 32, 128), 32, 128);
  x = layers.max_pool(x, 3, 2, 0);
  x = fire(layers, fire(layers, x, 48, 192), 48, 192);
  x = fire(layers, fire(layers, x, 64, 256), 64, 256);
  x.name = layers.add("Dropout", {x.name}, {real_attribute("ratio", 0.5F)});
  Conv last;
  last.channels = k_imagenet_classes;
  last.gain = 4;
  x = layers.relu(layers.conv(x, last));
  const std::string pooled = layers.add("AveragePool", {x.name},
                                        {attribute("kernel_shape", OnnxLayers::Sides{13, 13}),
                                         attribute("strides", OnnxLayers::Sides{13, 13})});
  layers.add("Reshape", {pooled, layers.ints({0, -1})}, {}, "squeezenet0_flatten0_reshape0");
  layers.add_output("squeezenet0_flatten0_reshape0", {1, k_imagenet_classes});
  return layers.encode(7, 3);
}

std::string make_efficientnet_lite4() {
  OnnxLayers layers(4);
  layers.add_input("images:0", {1, k_crop_side, k_crop_side, 3});
  const Map planes = {
      layers.add("Transpose", {"images:0"}, {attribute("perm", OnnxLayers::Sides{0, 3, 1, 2})}), 3,
      k_crop_side};
  Conv stem;
  stem.channels = 32 / k_divisor;
  stem.kernel = 3;
  stem.stride = 2;
  stem.is_balanced = false;
  Map x = layers.relu6(lite_conv(layers, planes, stem));
  for (const Stage& stage : k_lite4) {
    for (int block = 0; block < stage.blocks; ++block)
      x = lite_block(layers, x, stage, block == 0 ? stage.stride : 1);
  }
  Conv head;
  head.channels = 1280 / k_divisor;
  x = layers.relu6(lite_conv(layers, x, head));
  const std::string flat = layers.add("Squeeze", {layers.add("GlobalAveragePool", {x.name})},
                                      {attribute("axes", OnnxLayers::Sides{2, 3})});
  const std::string logits = layers.dense(flat, x.channels, k_imagenet_classes, 1.3F);
  layers.add("Softmax", {logits}, {attribute("axis", 1)}, "Softmax:0");
  layers.add_output("Softmax:0", {1, k_imagenet_classes});
  return layers.encode(11, 6);
}

}  // namespace modelhub::test
