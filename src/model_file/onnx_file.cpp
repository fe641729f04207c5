// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "model_file/onnx_file.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "model_file/proto_message.h"
#include "model_file/utf8.h"

namespace modelhub::model_file {
namespace {

// Numbers of fields and of element types, from onnx.proto of ONNX 1.17; they never change.
namespace model {
constexpr std::uint64_t k_ir_version = 1;
constexpr std::uint64_t k_producer_name = 2;
constexpr std::uint64_t k_producer_version = 3;
constexpr std::uint64_t k_graph = 7;
constexpr std::uint64_t k_opset_import = 8;
constexpr std::uint64_t k_metadata_props = 14;
}  // namespace model
namespace graph {
constexpr std::uint64_t k_node = 1;
constexpr std::uint64_t k_initializer = 5;
constexpr std::uint64_t k_input = 11;
constexpr std::uint64_t k_output = 12;
constexpr std::uint64_t k_sparse_initializer = 15;
}  // namespace graph
namespace node {
constexpr std::uint64_t k_output = 2;
constexpr std::uint64_t k_op_type = 4;
}  // namespace node
namespace tensor {
constexpr std::uint64_t k_data_type = 2;
constexpr std::uint64_t k_name = 8;
constexpr std::uint64_t k_external_data = 13;
}  // namespace tensor
// Of ValueInfoProto, TypeProto, TypeProto.Tensor, TensorShapeProto, Dimension.
namespace value {
constexpr std::uint64_t k_name = 1;
constexpr std::uint64_t k_type = 2;
constexpr std::uint64_t k_tensor_type = 1;
constexpr std::uint64_t k_element_type = 1;
constexpr std::uint64_t k_shape = 2;
constexpr std::uint64_t k_dimension = 1;
constexpr std::uint64_t k_dimension_value = 1;
}  // namespace value
// Of StringStringEntryProto and OperatorSetIdProto alike: a key or domain, a value or version.
constexpr std::uint64_t k_entry_key = 1;
constexpr std::uint64_t k_entry_value = 2;
constexpr std::uint64_t k_values_of_sparse = 1;

constexpr std::size_t k_longest_name = 4096;
// The 21,843 classes of the whole ImageNet are 0.6 MB.
constexpr std::size_t k_longest_metadata = std::size_t{2} << 20;
constexpr std::size_t k_most_sides = 64;

constexpr std::int64_t k_float32 = 1;
constexpr std::int64_t k_float16 = 10;
constexpr std::int64_t k_bfloat16 = 16;

std::string element_type_name(std::int64_t type) {
  constexpr std::array<std::string_view, 17> k_names = {
      "",       "float32", "uint8",     "int8",       "uint16",  "int16",
      "int32",  "int64",   "string",    "boolean",    "float16", "float64",
      "uint32", "uint64",  "complex64", "complex128", "bfloat16"};
  const bool is_known = type > 0 && type < static_cast<std::int64_t>(k_names.size());
  return is_known ? std::string(k_names[static_cast<std::size_t>(type)])
                  : "type " + std::to_string(type);
}

// What people take for an ONNX model, by its first bytes.
struct Lookalike {
  std::string_view start;
  const char* what;
  const char* hint;
};
constexpr const char* k_fetch_again = "fetch the file again, or export the model anew";
constexpr const char* k_export = "export the model to ONNX";
constexpr Lookalike k_lookalikes[] = {
    {"PK\x03\x04", "it is a zip archive, such as PyTorch writes", k_export},
    {"\x80\x02", "it is a Python pickle", k_export},
    {"\x89HDF\r\n", "it is an HDF5 file, such as Keras writes", k_export},
    {"version https://git-lfs", "it is a Git LFS pointer, not the model itself",
     "git lfs pull brings the model in its place"},
    {"<?xml", "it is XML", "the graph of an OpenVINO IR ends in .xml, with its .bin beside it"},
    {"<", "it is a web page",
     "open the address in a browser: it may want a login or lead elsewhere"},
};

const Lookalike* lookalike_of(ProtoSource& source) {
  for (const Lookalike& lookalike : k_lookalikes) {
    if (source.size() < lookalike.start.size()) continue;
    bool is_same = true;
    for (std::size_t i = 0; i < lookalike.start.size() && is_same; ++i)
      is_same = source.byte_at(i) == static_cast<unsigned char>(lookalike.start[i]);
    if (is_same) return &lookalike;
  }
  return nullptr;
}

bool is_quantized_operator(std::string_view op) {
  constexpr std::array<std::string_view, 6> k_operators = {
      "QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear",
      "ConvInteger",    "MatMulInteger",    "QGemm"};
  return op.starts_with("QLinear") || op.starts_with("DynamicQuantize") ||
         std::find(k_operators.begin(), k_operators.end(), op) != k_operators.end();
}

// Walks over a model twice: what its graph takes and gives first, then which of that are weights
// and what computes the rest.
class OnnxReader {
 public:
  OnnxReader(ProtoSource& source, const std::string& name) : source_(source), name_(name) {}

  Result<ModelFacts> read() {
    if (source_.size() == 0) return bad("it is empty", k_fetch_again);
    if (const Lookalike* const other = lookalike_of(source_)) return bad(other->what, other->hint);
    walk_model(Pass::first);
    if (!source_.has_failed()) walk_model(Pass::second);
    // The version comes first in a model. Where there is none, any text "ends in the middle" of
    // its second field.
    if (ir_version_ <= 0 || (!source_.has_failed() && !has_graph_))
      return bad(k_not_protobuf, k_fetch_again);
    if (source_.has_failed()) return bad(source_.problem(), k_fetch_again);
    if (!outside_.empty()) {
      return bad("its weights lie in '" + printable(outside_) +
                     "', which is not a path inside of its folder",
                 "save the model with its weights beside it, under a plain name");
    }
    return finish();
  }

 private:
  enum class Pass { first, second };

  Error bad(const std::string& what, const std::string& hint) const {
    return {ErrorCode::corrupt_data, Subject::model, "cannot read " + name_ + ": " + what, hint};
  }

  void walk_model(Pass pass) {
    ProtoMessage message(source_);
    while (message.advance()) {
      if (message.is(model::k_graph)) {
        has_graph_ = true;
        pass == Pass::first ? walk_interface(message.message()) : walk_inside(message.message());
      }
      if (pass == Pass::second) continue;
      if (message.is(model::k_ir_version)) ir_version_ = message.number();
      if (message.is(model::k_producer_name)) producer_ = message.text_to_keep(k_longest_name);
      if (message.is(model::k_producer_version))
        producer_version_ = message.text_to_keep(k_longest_name);
      if (message.is(model::k_opset_import)) read_opset(message.message());
      if (message.is(model::k_metadata_props)) read_metadata(message.message());
    }
  }

  void read_opset(ProtoMessage message) {
    std::string domain;
    std::int64_t version = 0;
    while (message.advance()) {
      if (message.is(k_entry_key)) domain = message.text(k_longest_name);
      if (message.is(k_entry_value)) version = message.number();
    }
    if (domain.empty() || domain == "ai.onnx") facts_.opset = version;
  }

  void read_metadata(ProtoMessage message) {
    std::string key;
    std::string text;
    while (message.advance()) {
      if (message.is(k_entry_key)) key = message.text_to_keep(k_longest_name);
      if (message.is(k_entry_value)) text = message.text_to_keep(k_longest_metadata);
    }
    if (!source_.has_failed()) facts_.metadata.insert_or_assign(std::move(key), std::move(text));
  }

  void walk_interface(ProtoMessage message) {
    while (message.advance()) {
      if (message.is(graph::k_input)) facts_.inputs.push_back(read_value(message.message()));
      if (message.is(graph::k_output)) facts_.outputs.push_back(read_value(message.message()));
    }
  }

  TensorFacts read_value(ProtoMessage message) {
    TensorFacts facts;
    while (message.advance()) {
      if (message.is(value::k_name)) facts.name = message.text_to_keep(k_longest_name);
      if (message.is(value::k_type)) read_type(message.message(), facts);
    }
    if (facts.element_type.empty()) facts.element_type = "no tensor";
    source_.spend(sizeof facts);
    return facts;
  }

  void read_type(ProtoMessage message, TensorFacts& facts) {
    while (message.advance()) {
      if (!message.is(value::k_tensor_type)) continue;
      ProtoMessage type = message.message();
      while (type.advance()) {
        if (type.is(value::k_element_type)) facts.element_type = element_type_name(type.number());
        if (type.is(value::k_shape)) facts.shape = read_shape(type.message());
      }
    }
  }

  Shape read_shape(ProtoMessage message) {
    Shape shape;
    while (message.advance()) {
      if (!message.is(value::k_dimension)) continue;
      std::int64_t side = -1;  // named, or not told
      ProtoMessage dimension = message.message();
      while (dimension.advance()) {
        if (dimension.is(value::k_dimension_value))
          side = std::max<std::int64_t>(-1, dimension.number());
      }
      shape.push_back(side);
      if (shape.size() > k_most_sides) source_.fail("it has a tensor of more than 64 sides");
    }
    return shape;
  }

  void walk_inside(ProtoMessage message) {
    if (inputs_.empty()) {
      for (const TensorFacts& input : facts_.inputs) inputs_.insert(input.name);
      for (std::size_t i = 0; i < facts_.outputs.size(); ++i)
        outputs_.emplace(facts_.outputs[i].name, i);
    }
    while (message.advance()) {
      if (message.is(graph::k_initializer)) read_weight(message.message());
      if (message.is(graph::k_node)) read_node(message.message());
      if (message.is(graph::k_sparse_initializer)) {
        ProtoMessage sparse = message.message();
        while (sparse.advance()) {
          if (sparse.is(k_values_of_sparse)) read_weight(sparse.message());
        }
      }
    }
  }

  void read_weight(ProtoMessage message) {
    std::int64_t type = 0;
    while (message.advance()) {
      if (message.is(tensor::k_name)) inputs_.erase(message.text(k_longest_name));
      if (message.is(tensor::k_data_type)) type = message.number();
      if (message.is(tensor::k_external_data)) read_external(message.message());
    }
    if (type == k_float32) ++float32_;
    if (type == k_float16) ++float16_;
    if (type == k_bfloat16) ++bfloat16_;
  }

  void read_external(ProtoMessage message) {
    std::string key;
    std::string text;
    while (message.advance()) {
      if (message.is(k_entry_key)) key = message.text(k_longest_name);
      if (message.is(k_entry_value)) text = message.text(k_longest_name);
    }
    if (key != "location" || source_.has_failed()) return;
    Result<RelPath> path = RelPath::parse(text);
    if (!path) {
      outside_ = text.empty() ? "(no name)" : std::move(text);
    } else if (std::find(facts_.other_files.begin(), facts_.other_files.end(), *path) ==
               facts_.other_files.end()) {
      source_.spend(text.size());
      if (facts_.other_files.size() >= k_most_other_files)
        return source_.fail("its weights lie in more than 1000 files");
      facts_.other_files.push_back(*std::move(path));
    }
  }

  void read_node(ProtoMessage message) {
    std::string op;
    std::vector<std::size_t> made;  // of the model's outputs
    while (message.advance()) {
      if (message.is(node::k_op_type)) op = message.text(k_longest_name);
      if (!message.is(node::k_output)) continue;
      const auto found = outputs_.find(message.text(k_longest_name));
      if (found != outputs_.end()) made.push_back(found->second);
    }
    is_quantized_ = is_quantized_ || is_quantized_operator(op);
    for (const std::size_t i : made) facts_.outputs[i].made_by = op;
    if (!made.empty()) source_.spend(op.size());
  }

  ModelFacts finish() {
    facts_.format = "onnx";
    facts_.written_by = producer_;
    if (!producer_.empty() && !producer_version_.empty())
      facts_.written_by += " " + producer_version_;
    std::erase_if(facts_.inputs,
                  [&](const TensorFacts& input) { return inputs_.count(input.name) == 0; });
    facts_.precision = precision();
    return std::move(facts_);
  }

  std::string precision() const {
    if (is_quantized_) return "int8";
    if (float32_ + float16_ + bfloat16_ > 0) {
      if (float16_ > float32_) return "float16";
      return bfloat16_ > float32_ ? "bfloat16" : "float32";
    }
    // Weights that are attributes of nodes: those go along with the input.
    const auto is_half = [](const TensorFacts& input) { return input.element_type == "float16"; };
    return std::any_of(facts_.inputs.begin(), facts_.inputs.end(), is_half) ? "float16" : "float32";
  }

  static constexpr std::size_t k_most_other_files = 1000;

  ProtoSource& source_;
  const std::string& name_;
  ModelFacts facts_;
  bool has_graph_ = false;
  std::int64_t ir_version_ = 0;
  std::string producer_;
  std::string producer_version_;
  std::unordered_set<std::string> inputs_;                // those that are no weights
  std::unordered_map<std::string, std::size_t> outputs_;  // name -> index in facts_.outputs
  std::size_t float32_ = 0;                               // weights of each type
  std::size_t float16_ = 0;
  std::size_t bfloat16_ = 0;
  bool is_quantized_ = false;
  std::string outside_;  // where weights lie that the model's folder does not hold
};

}  // namespace

Result<ModelFacts> read_onnx(const base::ReadableFile& file, const std::string& name) {
  const Result<base::FileStat> stat = file.stat();
  if (!stat) return stat.error();
  ProtoSource source(file, stat->size.count());
  return OnnxReader(source, name).read();
}

}  // namespace modelhub::model_file
