// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

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
using Message = engine_shared::ProtobufMessage;

// Numbers of fields, from TensorFlow's graph.proto, node_def.proto, attr_value.proto and
// tensor_shape.proto; they never change.
namespace field {
constexpr std::uint64_t k_graph_node = 1;
constexpr std::uint64_t k_node_name = 1;
constexpr std::uint64_t k_node_op = 2;
constexpr std::uint64_t k_node_attr = 5;
constexpr std::uint64_t k_entry_key = 1;
constexpr std::uint64_t k_entry_value = 2;
constexpr std::uint64_t k_attr_shape = 7;
constexpr std::uint64_t k_shape_dim = 2;
constexpr std::uint64_t k_dim_size = 1;
}  // namespace field

constexpr const char* k_placeholder = "Placeholder";
// Operators of loops and of what comes after a detector's network: a text graph stands for them.
constexpr const char* k_need_text_graph[] = {"LoopCond",
                                             "NonMaxSuppression",
                                             "NonMaxSuppressionV2",
                                             "NonMaxSuppressionV3",
                                             "NonMaxSuppressionV4",
                                             "NonMaxSuppressionV5",
                                             "StatelessWhile",
                                             "TensorArrayV3",
                                             "While"};

struct Graph {
  std::set<std::string> operators;
  std::vector<TensorSpec> inputs;  // as TensorFlow has them
};

void read_shape(Message shape, TensorSpec& input) {
  while (shape.advance()) {
    if (!shape.is(field::k_shape_dim)) continue;
    std::int64_t side = 0;  // a number that is 0 is left out
    Message dim = shape.message();
    while (dim.advance()) {
      if (dim.is(field::k_dim_size)) side = dim.number();
    }
    input.shape.push_back(side);
  }
}

void read_attribute(Message entry, TensorSpec& input) {
  std::string key;
  while (entry.advance()) {
    if (entry.is(field::k_entry_key)) key = entry.text();
    if (!entry.is(field::k_entry_value) || key != "shape") continue;
    Message value = entry.message();
    while (value.advance()) {
      if (value.is(field::k_attr_shape)) read_shape(value.message(), input);
    }
  }
}

void read_node(Message node, Graph& graph) {
  TensorSpec input;
  std::string op;
  while (node.advance()) {
    if (node.is(field::k_node_name)) input.name = node.text();
    if (node.is(field::k_node_op)) op = node.text();
    // Weights are an attribute too, but of other operators, and the operator comes first.
    if (node.is(field::k_node_attr) && op == k_placeholder) read_attribute(node.message(), input);
  }
  if (op == k_placeholder) graph.inputs.push_back(std::move(input));
  graph.operators.insert(std::move(op));
}

// A SavedModel begins with its version and then has its graphs, further inside.
bool is_saved_model(ByteSource& source) {
  return source.size() > 2 && source.byte_at(0) == 0x08 && source.byte_at(2) == 0x12;
}

Graph read_graph(ByteSource& source) {
  engine_shared::refuse_lookalikes(source);
  if (is_saved_model(source)) {
    throw Malformed{"it is a SavedModel, not a frozen graph",
                    "freeze it (convert_variables_to_constants_v2), or convert it to ONNX with "
                    "tf2onnx"};
  }
  Graph graph;
  try {
    Message message(source, 0, source.size());
    while (message.advance()) {
      if (message.is(field::k_graph_node)) read_node(message.message(), graph);
    }
  } catch (const Malformed&) {
    // Any text "ends in the middle" of its second field.
    if (!graph.operators.empty()) throw;
  }
  if (graph.operators.empty()) throw Malformed{"it is no frozen graph of TensorFlow"};
  return graph;
}

std::vector<TensorSpec> inputs_of_text_graph(const File& file) {
  const TextMessage text_graph = read_text_file(file);
  std::vector<TensorSpec> inputs;
  bool has_node = false;
  for (const TextMessage::Field& node : text_graph.fields) {
    if (node.name != "node" || !node.is_message) continue;
    has_node = true;
    const TextMessage::Field* const op = node.message.find("op");
    const TextMessage::Field* const name = node.message.find("name");
    if (op == nullptr || name == nullptr || op->value != k_placeholder) continue;
    TensorSpec input;
    input.name = name->value;
    for (const TextMessage::Field& attr : node.message.fields) {
      const TextMessage::Field* const key = attr.message.find("key");
      const TextMessage::Field* const value = attr.message.find("value");
      if (key == nullptr || key->value != "shape" || value == nullptr) continue;
      const TextMessage::Field* const shape = value->message.find("shape");
      if (shape == nullptr) continue;
      for (const TextMessage::Field& dim : shape->message.fields) {
        const std::vector<std::int64_t> size = dim.message.numbers("size");
        if (dim.name == "dim") input.shape.push_back(size.empty() ? 0 : size[0]);
      }
    }
    inputs.push_back(std::move(input));
  }
  if (!has_node) {
    throw Failure(
        MH_CORRUPT_DATA, MH_ABOUT_MODEL,
        "cannot load " + file.name + ": it is no text graph of TensorFlow: it has no nodes",
        engine_shared::k_pull_again);
  }
  return inputs;
}

// OpenCV turns pictures to [N,C,H,W], and plans for a batch of 1 where none is given.
void to_opencv(TensorSpec& input) {
  std::vector<std::int64_t>& shape = input.shape;
  for (std::int64_t& side : shape) side = side > 0 ? side : -1;
  if (shape.empty()) shape = {-1, -1, -1, 3};  // not told: a picture
  if (shape.size() == 4) shape = {shape[0], shape[3], shape[1], shape[2]};
  if (shape[0] < 0) shape[0] = 1;
}

}  // namespace

const File* find_text_graph(const engine_module::LoadRequest& request) {
  const auto found = std::find_if(request.files.begin(), request.files.end(),
                                  [](const File& file) { return file.role == "config"; });
  return found == request.files.end() ? nullptr : &*found;
}

ModelSketch sketch_tensorflow(const engine_module::LoadRequest& request, const Version& opencv) {
  const File& file = request.file("graph");
  const Graph graph =
      engine_shared::read_model_file(file, [](ByteSource& source) { return read_graph(source); });
  ModelSketch sketch;
  sketch.inputs = graph.inputs;
  if (const File* const text = find_text_graph(request)) {
    sketch.inputs = inputs_of_text_graph(*text);
  } else {
    for (const char* const op : k_need_text_graph) {
      if (graph.operators.count(op) == 0) continue;
      throw Failure(MH_UNSUPPORTED, MH_ABOUT_MODEL,
                    file.name + " holds more than a network (the operator " + op + "): OpenCV " +
                        opencv.text + " reads it only with a text graph beside it",
                    "make one with OpenCV's tf_text_graph_ssd.py and add it to the model's files "
                    "with the role 'config'");
    }
  }
  if (sketch.inputs.empty()) {
    throw Failure(
        MH_CORRUPT_DATA, MH_ABOUT_MODEL,
        "cannot load " + file.name + ": the graph has no input (an operator Placeholder)");
  }
  for (TensorSpec& input : sketch.inputs) to_opencv(input);
  return sketch;
}

}  // namespace modelhub::opencv_engine
