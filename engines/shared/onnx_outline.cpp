// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "shared/onnx_outline.h"

#include <cstdint>
#include <string_view>

#include "shared/byte_source.h"
#include "shared/onnx_fields.h"
#include "shared/protobuf_message.h"

namespace modelhub::engine_shared {
namespace {

using Message = ProtobufMessage;

// Less is not worth a mapping of its own.
constexpr std::uint64_t k_large = 4096;

void append_number(std::string& out, std::uint64_t number) {
  for (; number >= 0x80; number >>= 7) out += static_cast<char>((number & 0x7F) | 0x80);
  out += static_cast<char>(number);
}

void append_field(std::string& out, std::uint64_t field, std::string_view bytes) {
  constexpr std::uint64_t k_of_bytes = 2;
  append_number(out, field << 3 | k_of_bytes);
  append_number(out, bytes.size());
  out += bytes;
}

class Outliner {
 public:
  Outliner(ByteSource& source, const std::string& location)
      : source_(source), location_(location) {}

  std::string outline() {
    std::string out;
    Message model(source_, 0, source_.size());
    while (model.advance()) {
      if (model.is(field::k_model_graph))
        append_field(out, field::k_model_graph, outline_graph(model.message()));
      else
        copy(model, out);
    }
    return out;
  }

 private:
  std::string outline_graph(Message graph) {
    std::string out;
    while (graph.advance()) {
      if (graph.is(field::k_graph_initializer))
        append_field(out, field::k_graph_initializer, outline_tensor(graph.message()));
      else
        copy(graph, out);
    }
    return out;
  }

  std::string outline_tensor(Message tensor) {
    std::string out;
    std::string location;  // at the end: one that says "here" may stand anywhere
    while (tensor.advance()) {
      if (tensor.is(field::k_tensor_raw) && tensor.byte_count() >= k_large) {
        append_entry(out, "location", location_);
        append_entry(out, "offset", std::to_string(tensor.end() - tensor.byte_count()));
        append_entry(out, "length", std::to_string(tensor.byte_count()));
        append_number(location, field::k_tensor_data_location << 3);
        append_number(location, static_cast<std::uint64_t>(k_data_is_external));
      } else {
        copy(tensor, out);
      }
    }
    return out + location;
  }

  void copy(const Message& message, std::string& out) {
    out += source_.read(message.begin(), message.end());
  }

  static void append_entry(std::string& out, std::string_view key, std::string_view value) {
    std::string entry;
    append_field(entry, field::k_entry_key, key);
    append_field(entry, field::k_entry_value, value);
    append_field(out, field::k_tensor_external_data, entry);
  }

  ByteSource& source_;
  const std::string& location_;
};

}  // namespace

std::string onnx_outline_of(const engine_module::File& file, const std::string& location) {
  return read_model_file(file,
                         [&](ByteSource& source) { return Outliner(source, location).outline(); });
}

}  // namespace modelhub::engine_shared
