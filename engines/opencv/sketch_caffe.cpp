// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "model_sketch.h"
#include "shared/byte_source.h"
#include "shared/protobuf_message.h"
#include "text_format.h"

namespace modelhub::opencv_engine {
namespace {

using engine_module::Failure;
using engine_module::File;
using engine_module::TensorSpec;
using engine_shared::ByteSource;
using engine_shared::Malformed;

// The numbers of Caffe's NetParameter that hold layers: the old form and the present one.
constexpr std::uint64_t k_net_layers_v1 = 2;
constexpr std::uint64_t k_net_layer = 100;
constexpr std::size_t k_sides_of_input_dim = 4;  // the old form has no other

void add(std::vector<TensorSpec>& inputs, const std::string& name,
         std::vector<std::int64_t> shape) {
  for (std::int64_t& side : shape) side = side > 0 ? side : -1;
  inputs.push_back({name, MH_FLOAT32, std::move(shape)});
}

// The shapes written as `shape_field { dim: ... }`, in order.
std::vector<std::vector<std::int64_t>> shapes_of(const TextMessage& message,
                                                 const char* shape_field) {
  std::vector<std::vector<std::int64_t>> shapes;
  for (const TextMessage::Field& field : message.fields) {
    if (field.name == shape_field) shapes.push_back(field.message.numbers("dim"));
  }
  return shapes;
}

// Names in fields of the net itself: input: "data" input_shape { dim: 1 ... } or input_dim: 1 ...
void add_inputs_of_net(const TextMessage& net, std::vector<TensorSpec>& inputs) {
  const std::vector<std::vector<std::int64_t>> shapes = shapes_of(net, "input_shape");
  const std::vector<std::int64_t> sides = net.numbers("input_dim");
  std::size_t index = 0;
  for (const TextMessage::Field& field : net.fields) {
    if (field.name != "input") continue;
    std::vector<std::int64_t> shape;
    const std::size_t begin = index * k_sides_of_input_dim;
    if (index < shapes.size()) {
      shape = shapes[index];
    } else if (begin + k_sides_of_input_dim <= sides.size()) {
      shape.assign(sides.begin() + static_cast<long>(begin),
                   sides.begin() + static_cast<long>(begin + k_sides_of_input_dim));
    }
    add(inputs, field.value, std::move(shape));
    ++index;
  }
}

void add_inputs_of_layer(const TextMessage& layer, std::vector<TensorSpec>& inputs) {
  const TextMessage::Field* const type = layer.find("type");
  if (type == nullptr || type->value != "Input") return;
  const TextMessage::Field* const parameter = layer.find("input_param");
  std::vector<std::vector<std::int64_t>> shapes;
  if (parameter != nullptr) shapes = shapes_of(parameter->message, "shape");
  std::size_t index = 0;
  for (const TextMessage::Field& field : layer.fields) {
    if (field.name != "top") continue;
    // One shape may stand for all.
    const std::size_t which = std::min(index, shapes.empty() ? 0 : shapes.size() - 1);
    add(inputs, field.value, shapes.empty() ? std::vector<std::int64_t>() : shapes[which]);
    ++index;
  }
}

std::vector<TensorSpec> inputs_of_network(const File& file) {
  const TextMessage net = read_text_file(file);
  std::vector<TensorSpec> inputs;
  bool has_layer = false;
  add_inputs_of_net(net, inputs);
  for (const TextMessage::Field& field : net.fields) {
    if (field.name != "layer" && field.name != "layers") continue;
    has_layer = true;
    add_inputs_of_layer(field.message, inputs);
  }
  if (!has_layer) {
    throw Failure(MH_CORRUPT_DATA, MH_ABOUT_MODEL,
                  "cannot load " + file.name + ": it is no network of Caffe: it has no layers",
                  engine_shared::k_pull_again);
  }
  if (inputs.empty()) {
    throw Failure(MH_UNSUPPORTED, MH_ABOUT_MODEL,
                  file.name + " has no input: it is a network for training",
                  "take the network that is made for use, mostly called deploy.prototxt");
  }
  for (const TensorSpec& input : inputs) {
    if (!input.shape.empty()) continue;
    throw Failure(MH_UNSUPPORTED, MH_ABOUT_MODEL,
                  file.name + " does not say how large its input '" + input.name + "' is",
                  "add input_shape { dim: 1 dim: 3 dim: HEIGHT dim: WIDTH } to it");
  }
  return inputs;
}

void check_weights(ByteSource& source) {
  engine_shared::refuse_lookalikes(source);
  bool has_layer = false;
  try {
    engine_shared::ProtobufMessage net(source, 0, source.size());
    while (net.advance()) {
      has_layer = has_layer || net.is(k_net_layer) || net.is(k_net_layers_v1);
    }
  } catch (const Malformed&) {
    if (has_layer) throw;
  }
  if (!has_layer) throw Malformed{"it holds no weights of Caffe"};
}

}  // namespace

ModelSketch sketch_caffe(const engine_module::LoadRequest& request, const Version&) {
  ModelSketch sketch;
  sketch.inputs = inputs_of_network(request.file("graph"));
  engine_shared::read_model_file(request.file("weights"), &check_weights);
  return sketch;
}

}  // namespace modelhub::opencv_engine
