// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "model_file/ir_file.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <map>
#include <system_error>
#include <utility>

#include "model_file/utf8.h"
#include "model_file/xml_reader.h"

namespace modelhub::model_file {
namespace {

using Path = std::vector<std::string>;

bool is_at(const Path& path, std::initializer_list<std::string_view> wanted) {
  return std::equal(path.begin(), path.end(), wanted.begin(), wanted.end());
}

// "f32" -> "float32"; other words stay.
std::string ir_type_name(const std::string& word) {
  static const std::map<std::string_view, std::string_view> k_types = {
      {"f16", "float16"}, {"f32", "float32"}, {"f64", "float64"},    {"bf16", "bfloat16"},
      {"i8", "int8"},     {"i16", "int16"},   {"i32", "int32"},      {"i64", "int64"},
      {"u8", "uint8"},    {"u16", "uint16"},  {"boolean", "boolean"}};
  const auto found = k_types.find(word);
  return found == k_types.end() ? printable(word, 40) : std::string(found->second);
}

// A port's "FP32" as data calls it.
std::string word_of_precision(const std::string& precision) {
  static const std::map<std::string_view, std::string_view> k_words = {
      {"FP16", "f16"}, {"FP32", "f32"}, {"FP64", "f64"},    {"BF16", "bf16"},
      {"I8", "i8"},    {"I16", "i16"},  {"I32", "i32"},     {"I64", "i64"},
      {"U8", "u8"},    {"U16", "u16"},  {"BOOL", "boolean"}};
  const auto found = k_words.find(precision);
  return found == k_words.end() ? precision : std::string(found->second);
}

// A side: -1 where it is open, "?" or a range.
std::int64_t side_of(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  std::int64_t side = -1;
  const char* const end = text.data() + text.size();
  const auto [stop, failed] = std::from_chars(text.data(), end, side);
  return failed == std::errc() && stop == end && side >= 0 ? side : -1;
}

// "1,3,256,256" -> a shape.
Shape shape_of(std::string_view text) {
  Shape shape;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    shape.push_back(side_of(text.substr(0, comma)));
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
  }
  return shape;
}

// The first of several names; a comma inside of one is written "\,".
std::string first_name(std::string_view names) {
  std::string name;
  for (std::size_t i = 0; i < names.size() && names[i] != ','; ++i) {
    if (names[i] == '\\' && i + 1 < names.size()) ++i;
    name += names[i];
  }
  return name;
}

using PortId = std::pair<std::string, std::string>;  // of the layer, of its port

class IrReader {
 public:
  IrReader(std::string_view text, const std::string& name) : xml_(text), name_(name) {}

  Result<ModelFacts> read() {
    while (xml_.advance()) {
      const bool is_net = xml_.path().front() == "net";
      if (!is_net)
        return bad("its root is <" + printable(xml_.path().front(), 40) + ">, not <net>");
      xml_.tag() == XmlReader::Tag::begin ? on_begin() : on_end();
    }
    if (xml_.problem() != nullptr) return bad(xml_.problem());
    if (facts_.inputs.empty() || results_.empty())
      return bad("its graph has no input or no output");
    for (const auto& [result, name] : results_) add_output(result, name);
    Result<RelPath> weights = RelPath::parse(weights_name());
    if (!weights || !is_utf8(weights_name()))
      return bad("its name cannot be that of a file in a model");
    facts_.other_files.push_back(*std::move(weights));
    facts_.format = "openvino_ir";
    facts_.precision = precision();
    return std::move(facts_);
  }

 private:
  Error bad(const std::string& why) const {
    return {ErrorCode::corrupt_data, Subject::model,
            "cannot read " + name_ + " as the graph of an OpenVINO IR: " + why,
            "convert the model anew"};
  }

  void on_begin() {
    const Path& path = xml_.path();
    if (is_at(path, {"net", "layers", "layer"})) {
      layer_ = {xml_.attribute("id"), xml_.attribute("name"), xml_.attribute("type")};
      if (layer_.type == "Parameter") facts_.inputs.push_back({layer_.name, {}, {}, {}});
      if (layer_.type == "Result") results_.emplace_back(layer_.id, layer_.name);
      layer_names_.emplace(layer_.id, std::pair(layer_.name, layer_.type));
    } else if (is_at(path, {"net", "layers", "layer", "data"})) {
      on_data();
    } else if (is_at(path, {"net", "layers", "layer", "output", "port"})) {
      TensorFacts port;
      port.name = first_name(xml_.attribute("names"));
      port.element_type = ir_type_name(word_of_precision(xml_.attribute("precision")));
      port.shape = Shape();
      port_ = &ports_.insert_or_assign({layer_.id, xml_.attribute("id")}, std::move(port))
                   .first->second;
      if (layer_.type == "Parameter" && !port_->name.empty())
        facts_.inputs.back().name = port_->name;
    } else if (is_at(path, {"net", "edges", "edge"})) {
      sources_.insert_or_assign(xml_.attribute("to-layer"),
                                PortId{xml_.attribute("from-layer"), xml_.attribute("from-port")});
    } else if (path.size() == 4 && path[1] == "rt_info" && path[2] == "model_info") {
      facts_.metadata.insert_or_assign("model_info." + path[3], xml_.attribute("value"));
    }
  }

  void on_data() {
    if (layer_.type == "Parameter") {
      facts_.inputs.back().element_type = ir_type_name(xml_.attribute("element_type"));
      facts_.inputs.back().shape = shape_of(xml_.attribute("shape"));
    }
    if (layer_.type != "Const") return;
    std::uint64_t bytes = 0;
    const std::string size = xml_.attribute("size");
    (void)std::from_chars(size.data(), size.data() + size.size(), bytes);
    bytes_of_type_[ir_type_name(xml_.attribute("element_type"))] += bytes;
  }

  void on_end() {
    if (is_at(xml_.path(), {"net", "layers", "layer", "output", "port", "dim"}) &&
        port_ != nullptr) {
      port_->shape->push_back(side_of(xml_.text()));
    }
  }

  // What a result layer hands out was made by the layer at the other end of its edge.
  void add_output(const std::string& result, const std::string& result_name) {
    TensorFacts output;
    output.name = result_name;
    const auto source = sources_.find(result);
    if (source != sources_.end()) {
      if (const auto made = layer_names_.find(source->second.first); made != layer_names_.end()) {
        output.name = made->second.first;
        output.made_by = made->second.second;
      }
      if (const auto port = ports_.find(source->second); port != ports_.end()) {
        if (!port->second.name.empty()) output.name = port->second.name;
        output.element_type = port->second.element_type;
        output.shape = port->second.shape;
      }
    }
    facts_.outputs.push_back(std::move(output));
  }

  std::string weights_name() const {
    const std::string file = name_.substr(name_.rfind('/') + 1);
    return file.substr(0, file.rfind('.')) + ".bin";
  }

  std::string precision() const {
    std::uint64_t most = 0;
    std::string precision = "float32";
    for (const auto& [type, bytes] : bytes_of_type_) {
      if (bytes <= most) continue;
      most = bytes;
      precision = type == "uint8" ? "int8" : type;
    }
    return precision;
  }

  struct Layer {
    std::string id;
    std::string name;
    std::string type;
  };

  XmlReader xml_;
  const std::string& name_;
  ModelFacts facts_;
  Layer layer_;
  TensorFacts* port_ = nullptr;  // in ports_
  std::map<PortId, TensorFacts> ports_;
  std::map<std::string, std::pair<std::string, std::string>> layer_names_;  // id -> name, type
  std::map<std::string, PortId> sources_;                     // by the layer they go to
  std::vector<std::pair<std::string, std::string>> results_;  // id, name
  std::map<std::string, std::uint64_t> bytes_of_type_;
};

}  // namespace

Result<ModelFacts> read_ir(std::string_view text, const std::string& name) {
  return IrReader(text, name).read();
}

}  // namespace modelhub::model_file
