// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "shared/onnx_file.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <iterator>
#include <limits>
#include <utility>

#include "shared/byte_source.h"
#include "shared/onnx_fields.h"
#include "shared/protobuf_message.h"

namespace modelhub::engine_shared {
namespace {

using Message = ProtobufMessage;

// Graphs inside of graphs; as many levels as protobuf itself allows messages.
constexpr int k_deepest = 100;
constexpr std::uint64_t k_few = 64;             // numbers of a constant that are kept
constexpr std::uint64_t k_longest_choice = 64;  // of an attribute such as "SAME_UPPER"

template <std::size_t n>
bool is_any(const Message& message, const std::uint64_t (&fields)[n]) {
  return std::any_of(std::begin(fields), std::end(fields),
                     [&](std::uint64_t field) { return message.is(field); });
}

std::uint64_t byte_number(const std::string& text, const char* what) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end)
    throw Malformed{std::string("the ") + what + " of weights in another file is '" + text + "'"};
  return number;
}

// Bytes of one element, by its type; 0 for texts and what is smaller than a byte.
std::uint64_t size_of(std::int64_t type) {
  constexpr std::uint64_t k_sizes[] = {0, 4, 1, 1, 2, 2, 4, 8, 0, 1, 2, 8, 4, 8, 8, 16, 2};
  const bool is_known = type > 0 && type < static_cast<std::int64_t>(std::size(k_sizes));
  return is_known ? k_sizes[type] : 0;
}

// One tensor of a model as it is read.
struct Tensor {
  std::string name;
  OnnxWeight weight;
  std::map<std::string, std::string> external;  // where its data lies
  bool is_external = false;
};

// Numbers that lie in a list one after the other, or each in a field of its own.
void read_number(const Message& field, std::vector<std::int64_t>& numbers) {
  if (!field.is_bytes()) return numbers.push_back(field.number());
  Message list = field.message();
  while (list.has_more()) numbers.push_back(list.next_number());
}

// The data of small constants, such as the shape for a Reshape.
template <class T>
void read_values(const Message& raw, OnnxWeight& weight) {
  if (raw.byte_count() > k_few * sizeof(T)) return;
  const std::string bytes = raw.text();
  for (std::size_t i = 0; i + sizeof(T) <= bytes.size(); i += sizeof(T)) {
    T value{};
    std::memcpy(&value, bytes.data() + i, sizeof(T));
    weight.values.push_back(static_cast<double>(value));
  }
}

// Numbers of no fixed length, one after the other, or one in a field of its own.
void count_numbers(const Message& field, OnnxWeight& weight) {
  const bool is_kept = field.is(field::k_tensor_int64s);
  const auto take = [&](std::int64_t number) {
    if (is_kept && weight.elements < k_few) weight.values.push_back(static_cast<double>(number));
    ++weight.elements;
  };
  if (!field.is_bytes()) return take(field.number());
  Message list = field.message();
  while (list.has_more()) take(list.next_number());
}

void read_data(const Message& field, OnnxWeight& weight) {
  if (field.is(field::k_tensor_raw)) {
    // The type stands before the data in every file seen; where it does not, nothing is known.
    if (size_of(weight.type) > 0) weight.elements = field.byte_count() / size_of(weight.type);
    if (weight.type == onnx_type::k_float32) read_values<float>(field, weight);
    if (weight.type == onnx_type::k_int64) read_values<std::int64_t>(field, weight);
  } else if (field.is(field::k_tensor_floats)) {
    weight.elements += field.is_bytes() ? field.byte_count() / sizeof(float) : 1;
  } else if (field.is(field::k_tensor_doubles)) {
    weight.elements += field.is_bytes() ? field.byte_count() / sizeof(double) : 1;
  } else {
    count_numbers(field, weight);
  }
}

bool is_data(const Message& field) {
  return field.is(field::k_tensor_raw) || field.is(field::k_tensor_floats) ||
         field.is(field::k_tensor_doubles) || field.is(field::k_tensor_int32s) ||
         field.is(field::k_tensor_int64s) || field.is(field::k_tensor_uint64s);
}

std::pair<std::string, std::string> read_entry(Message entry) {
  std::pair<std::string, std::string> pair;
  while (entry.advance()) {
    if (entry.is(field::k_entry_key)) pair.first = entry.text();
    if (entry.is(field::k_entry_value)) pair.second = entry.text();
  }
  return pair;
}

Tensor read_tensor(Message message) {
  Tensor tensor;
  while (message.advance()) {
    if (message.is(field::k_tensor_dims)) read_number(message, tensor.weight.shape);
    if (message.is(field::k_tensor_data_type)) tensor.weight.type = message.number();
    if (message.is(field::k_tensor_name)) tensor.name = message.text();
    if (is_data(message)) read_data(message, tensor.weight);
    if (message.is(field::k_tensor_external_data))
      tensor.external.insert(read_entry(message.message()));
    if (message.is(field::k_tensor_data_location))
      tensor.is_external = message.number() == k_data_is_external;
  }
  tensor.is_external = tensor.is_external || tensor.external.count("location") != 0;
  return tensor;
}

std::int64_t read_side(Message dimension) {
  std::int64_t side = -1;
  while (dimension.advance()) {
    if (dimension.is(field::k_dimension_value)) side = dimension.number();
  }
  return std::max<std::int64_t>(side, -1);
}

void read_tensor_type(Message type, OnnxValue& value) {
  while (type.advance()) {
    if (type.is(field::k_tensor_type_element)) value.type = type.number();
    if (!type.is(field::k_tensor_type_shape)) continue;
    value.has_shape = true;
    Message shape = type.message();
    while (shape.advance()) {
      if (shape.is(field::k_shape_dimension)) value.shape.push_back(read_side(shape.message()));
    }
  }
}

OnnxValue read_value(Message message) {
  OnnxValue value;
  while (message.advance()) {
    if (message.is(field::k_value_name)) value.name = message.text();
    if (!message.is(field::k_value_type)) continue;
    Message type = message.message();
    while (type.advance()) {
      if (type.is(field::k_type_tensor)) read_tensor_type(type.message(), value);
    }
  }
  return value;
}

// Collects what the parts of a model say.
class Reader {
 public:
  // Returns whether there was a graph.
  bool read_model(Message model) {
    bool has_graph = false;
    while (model.advance()) {
      if (model.is(field::k_model_ir_version)) file_.ir_version = model.number();
      if (model.is(field::k_model_producer)) file_.producer = model.text();
      if (model.is(field::k_model_opset_import)) read_opset(model.message());
      if (model.is(field::k_model_graph)) {
        has_graph = true;
        read_graph(model.message(), 0);
      }
      if (model.is(field::k_model_functions)) read_function(model.message());
      if (model.is(field::k_model_training_info)) read_training(model.message());
    }
    return has_graph;
  }

  std::int64_t ir_version() const { return file_.ir_version; }

  OnnxFile finish() && {
    const auto is_weight = [&](const OnnxValue& value) {
      return file_.weights.count(value.name) != 0;
    };
    file_.inputs.erase(std::remove_if(file_.inputs.begin(), file_.inputs.end(), is_weight),
                       file_.inputs.end());
    for (auto& [location, end] : external_) file_.external_files.push_back({location, end});
    return std::move(file_);
  }

 private:
  void read_opset(Message message) {
    OnnxFile::Opset opset;
    while (message.advance()) {
      if (message.is(field::k_opset_domain)) opset.domain = message.text();
      if (message.is(field::k_opset_version)) opset.version = message.number();
    }
    file_.opsets.push_back(std::move(opset));
  }

  void read_training(Message training) {
    while (training.advance()) {
      if (is_any(training, field::k_training_graphs)) read_graph(training.message(), 1);
    }
  }

  void read_function(Message function) {
    while (function.advance()) {
      if (function.is(field::k_function_node)) read_node(function.message(), 1);
    }
  }

  // Only what the outermost graph holds is the model's; of the others the weights matter.
  void read_graph(Message graph, int depth) {
    if (depth > k_deepest) throw Malformed{"its graphs are nested too deep"};
    while (graph.advance()) {
      if (graph.is(field::k_graph_node)) {
        OnnxNode node = read_node(graph.message(), depth);
        if (depth == 0) file_.nodes.push_back(std::move(node));
      }
      if (graph.is(field::k_graph_initializer)) keep(read_tensor(graph.message()), depth);
      if (graph.is(field::k_graph_sparse_initializer)) read_sparse(graph.message(), depth);
      if (depth > 0) continue;
      if (graph.is(field::k_graph_input)) file_.inputs.push_back(read_value(graph.message()));
      if (graph.is(field::k_graph_output)) file_.outputs.push_back(read_value(graph.message()));
    }
  }

  OnnxNode read_node(Message message, int depth) {
    OnnxNode node;
    std::vector<Tensor> tensors;
    while (message.advance()) {
      if (message.is(field::k_node_input)) node.inputs.push_back(message.text());
      if (message.is(field::k_node_output)) node.outputs.push_back(message.text());
      if (message.is(field::k_node_name)) node.name = message.text();
      if (message.is(field::k_node_op_type)) node.op = message.text();
      if (message.is(field::k_node_domain)) node.domain = message.text();
      if (message.is(field::k_node_attribute))
        node.attributes.insert(read_attribute(message.message(), depth, tensors));
    }
    if (node.domain == "ai.onnx") node.domain.clear();
    for (Tensor& tensor : tensors) {
      const bool is_constant = node.op == "Constant" && node.outputs.size() == 1;
      tensor.name = is_constant ? node.outputs[0] : std::string();
      keep(std::move(tensor), depth);
    }
    return node;
  }

  std::pair<std::string, OnnxAttribute> read_attribute(Message message, int depth,
                                                       std::vector<Tensor>& tensors) {
    std::pair<std::string, OnnxAttribute> named;
    OnnxAttribute& attribute = named.second;
    while (message.advance()) {
      if (message.is(field::k_attribute_name)) named.first = message.text();
      if (message.is(field::k_attribute_real)) attribute.real = message.real();
      if (message.is(field::k_attribute_int)) attribute.ints.push_back(message.number());
      if (message.is(field::k_attribute_ints)) read_number(message, attribute.ints);
      // Longer ones are no choice among a few.
      if (message.is(field::k_attribute_text) && message.byte_count() <= k_longest_choice)
        attribute.text = message.text();
      if (is_any(message, field::k_attribute_tensors))
        tensors.push_back(read_tensor(message.message()));
      if (is_any(message, field::k_attribute_sparse_tensors)) read_sparse(message.message(), 1);
      if (!is_any(message, field::k_attribute_graphs)) continue;
      attribute.has_graph = true;
      read_graph(message.message(), depth + 1);
    }
    return named;
  }

  void read_sparse(Message message, int depth) {
    while (message.advance()) {
      if (is_any(message, field::k_sparse_tensors)) keep(read_tensor(message.message()), depth);
    }
  }

  void keep(Tensor tensor, int depth) {
    if (tensor.is_external) add_external(tensor.external);
    if (depth == 0 && !tensor.name.empty()) file_.weights[tensor.name] = std::move(tensor.weight);
  }

  void add_external(std::map<std::string, std::string>& entries) {
    const std::uint64_t offset = byte_number_of(entries, "offset");
    const std::uint64_t length = byte_number_of(entries, "length");
    // Signed, as those who read it later count.
    constexpr auto k_most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    if (offset > k_most || length > k_most - offset)
      throw Malformed{"weights in another file lie beyond any end"};
    std::uint64_t& end = external_[entries["location"]];
    end = std::max(end, offset + length);
  }

  static std::uint64_t byte_number_of(const std::map<std::string, std::string>& entries,
                                      const char* key) {
    const auto found = entries.find(key);
    return found == entries.end() ? 0 : byte_number(found->second, key);
  }

  OnnxFile file_;
  std::map<std::string, std::uint64_t> external_;  // location → end
};

OnnxFile read_source(ByteSource& source) {
  refuse_lookalikes(source);
  Reader reader;
  bool has_graph = false;
  try {
    has_graph = reader.read_model(Message(source, 0, source.size()));
  } catch (const Malformed&) {
    // The version comes first in a model. Where there is none, any text "ends in the middle" of its
    // second field.
    if (reader.ir_version() > 0) throw;
  }
  if (!has_graph || reader.ir_version() <= 0) throw Malformed{"it is no ONNX model"};
  return std::move(reader).finish();
}

}  // namespace

std::int64_t OnnxFile::opset() const {
  for (const Opset& opset : opsets) {
    if (opset.domain.empty() || opset.domain == "ai.onnx") return opset.version;
  }
  return 0;
}

std::int64_t OnnxNode::number(const std::string& attribute, std::int64_t otherwise) const {
  const auto found = attributes.find(attribute);
  const bool is_there = found != attributes.end() && !found->second.ints.empty();
  return is_there ? found->second.ints.front() : otherwise;
}

std::vector<std::int64_t> OnnxNode::numbers(const std::string& attribute) const {
  const auto found = attributes.find(attribute);
  return found == attributes.end() ? std::vector<std::int64_t>() : found->second.ints;
}

std::string OnnxNode::text(const std::string& attribute) const {
  const auto found = attributes.find(attribute);
  return found == attributes.end() ? std::string() : found->second.text;
}

OnnxFile read_onnx_file(const engine_module::File& file) {
  return read_model_file(file, read_source);
}

}  // namespace modelhub::engine_shared
