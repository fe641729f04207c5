// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "shared/onnx_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace modelhub::engine_shared {
namespace {

using engine_module::Failure;
using engine_module::File;

// Numbers of fields, from onnx.proto of ONNX 1.17; they never change.
namespace field {
constexpr std::uint64_t k_model_ir_version = 1;
constexpr std::uint64_t k_model_graph = 7;
constexpr std::uint64_t k_model_opset_import = 8;
constexpr std::uint64_t k_opset_domain = 1;
constexpr std::uint64_t k_opset_version = 2;
constexpr std::uint64_t k_graph_initializer = 5;
constexpr std::uint64_t k_graph_input = 11;
constexpr std::uint64_t k_graph_output = 12;
constexpr std::uint64_t k_value_name = 1;
constexpr std::uint64_t k_tensor_name = 8;
constexpr std::uint64_t k_tensor_external_data = 13;
constexpr std::uint64_t k_entry_key = 1;
constexpr std::uint64_t k_entry_value = 2;
}  // namespace field

// Names of operator sets and files are short; what is longer is no name.
constexpr std::uint64_t k_longest_text = 4096;

constexpr const char* k_no_model = "it is no ONNX model";
constexpr const char* k_cut_off = "it ends in the middle";
constexpr const char* k_pull_again = "verify the model's files, or pull it again";

// What people take for a model, by its first bytes.
struct Lookalike {
  std::string_view start;
  const char* what;
  const char* hint;
};
constexpr Lookalike k_lookalikes[] = {
    {"PK\x03\x04", "it is a zip archive, such as PyTorch writes", "export the model to ONNX"},
    {"\x80\x02", "it is a Python pickle", "export the model to ONNX"},
    {"version https://git-lfs", "it is a Git LFS pointer, not the model itself", k_pull_again},
    {"<", "it is a web page or XML", k_pull_again},
};

// Thrown while walking, turned into a Failure that names the file.
struct Malformed {
  const char* what;
  const char* hint = k_pull_again;
};

// A file as a sequence of bytes with a small window, so that skipping costs nothing.
class ByteSource {
 public:
  explicit ByteSource(const File& file)
      : descriptor_(::open(file.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
    struct stat status {};
    if (descriptor_ < 0 || ::fstat(descriptor_, &status) != 0) fail(file, std::strerror(errno));
    if (!S_ISREG(status.st_mode)) fail(file, "not a regular file");
    size_ = static_cast<std::uint64_t>(status.st_size);
  }
  ~ByteSource() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;

  std::uint64_t size() const { return size_; }

  unsigned char byte_at(std::uint64_t position) {
    if (position < start_ || position >= start_ + length_) {
      const ssize_t got =
          ::pread(descriptor_, window_.data(), window_.size(), static_cast<off_t>(position));
      if (got <= 0) throw Malformed{k_cut_off};
      start_ = position;
      length_ = static_cast<std::uint64_t>(got);
    }
    return window_[position - start_];
  }

 private:
  [[noreturn]] void fail(const File& file, const char* reason) {
    if (descriptor_ >= 0) ::close(descriptor_);
    throw Failure(MH_IO_ERROR, MH_ABOUT_MODEL,
                  "cannot read " + file.name + " (" + file.path + "): " + reason);
  }

  int descriptor_;
  std::uint64_t size_ = 0;
  std::uint64_t start_ = 0;
  std::uint64_t length_ = 0;
  std::array<unsigned char, 512> window_{};
};

// The fields of one message of the protobuf encoding (protobuf.dev/programming-guides/encoding),
// one after the other.
class Message {
 public:
  Message(ByteSource& source, std::uint64_t begin, std::uint64_t end)
      : source_(source), next_(begin), end_(end) {}

  // Goes to the next field; false at the end.
  bool advance() {
    if (next_ == end_) return false;
    const std::uint64_t tag = varint();
    number_ = tag >> 3;
    if (number_ == 0) throw Malformed{k_no_model};
    switch (tag & 7) {
      case 0: value_ = varint(); break;
      case 1: take(8); break;
      case 2: take(varint()); break;
      case 5: take(4); break;
      default: throw Malformed{k_no_model};
    }
    is_bytes_ = (tag & 7) == 2;
    return true;
  }

  bool is(std::uint64_t number) const { return number_ == number; }
  // REQUIRES: the field is a number.
  std::int64_t number() const { return static_cast<std::int64_t>(value_); }
  Message message() const {
    if (!is_bytes_) throw Malformed{k_no_model};
    return {source_, begin_of_bytes_, next_};
  }
  std::string text() const {
    if (!is_bytes_ || next_ - begin_of_bytes_ > k_longest_text) throw Malformed{k_no_model};
    std::string text;
    for (std::uint64_t i = begin_of_bytes_; i < next_; ++i)
      text += static_cast<char>(source_.byte_at(i));
    return text;
  }

 private:
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (next_ == end_) throw Malformed{k_cut_off};
      const std::uint64_t byte = source_.byte_at(next_++);
      value |= (byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
    throw Malformed{k_no_model};
  }

  void take(std::uint64_t length) {
    if (length > end_ - next_) throw Malformed{k_cut_off};
    begin_of_bytes_ = next_;
    next_ += length;
  }

  ByteSource& source_;
  std::uint64_t next_;
  std::uint64_t end_;
  std::uint64_t number_ = 0;
  std::uint64_t value_ = 0;
  std::uint64_t begin_of_bytes_ = 0;
  bool is_bytes_ = false;
};

OnnxHeader::Opset read_opset(Message message) {
  OnnxHeader::Opset opset;
  while (message.advance()) {
    if (message.is(field::k_opset_domain)) opset.domain = message.text();
    if (message.is(field::k_opset_version)) opset.version = message.number();
  }
  return opset;
}

// The text of one field of a message; empty when it is not there.
std::string text_of(Message message, std::uint64_t field) {
  while (message.advance()) {
    if (message.is(field)) return message.text();
  }
  return {};
}

// The "location" of a tensor's external data; empty when the tensor has none.
std::string external_file_of(Message tensor) {
  while (tensor.advance()) {
    if (!tensor.is(field::k_tensor_external_data)) continue;
    Message entry = tensor.message();
    std::string key;
    std::string value;
    while (entry.advance()) {
      if (entry.is(field::k_entry_key)) key = entry.text();
      if (entry.is(field::k_entry_value)) value = entry.text();
    }
    if (key == "location") return value;
  }
  return {};
}

void read_graph(Message graph, OnnxHeader& header) {
  std::vector<std::string> weights;
  while (graph.advance()) {
    if (graph.is(field::k_graph_initializer)) {
      weights.push_back(text_of(graph.message(), field::k_tensor_name));
      if (header.external_file.empty()) header.external_file = external_file_of(graph.message());
    }
    if (graph.is(field::k_graph_input))
      header.inputs.push_back(text_of(graph.message(), field::k_value_name));
    if (graph.is(field::k_graph_output))
      header.outputs.push_back(text_of(graph.message(), field::k_value_name));
  }
  // Before version 4 of the format each weight was an input as well.
  std::sort(weights.begin(), weights.end());
  const auto is_weight = [&](const std::string& name) {
    return std::binary_search(weights.begin(), weights.end(), name);
  };
  header.inputs.erase(std::remove_if(header.inputs.begin(), header.inputs.end(), is_weight),
                      header.inputs.end());
}

const Lookalike* lookalike_of(ByteSource& source) {
  for (const Lookalike& lookalike : k_lookalikes) {
    if (source.size() < lookalike.start.size()) continue;
    bool is_same = true;
    for (std::size_t i = 0; i < lookalike.start.size(); ++i) {
      is_same = is_same && source.byte_at(i) == static_cast<unsigned char>(lookalike.start[i]);
    }
    if (is_same) return &lookalike;
  }
  return nullptr;
}

// Fills `header` as far as the file goes. Returns whether there was a graph.
bool walk(ByteSource& source, OnnxHeader& header) {
  bool has_graph = false;
  Message model(source, 0, source.size());
  while (model.advance()) {
    if (model.is(field::k_model_ir_version)) header.ir_version = model.number();
    if (model.is(field::k_model_opset_import)) header.opsets.push_back(read_opset(model.message()));
    if (model.is(field::k_model_graph)) {
      has_graph = true;
      read_graph(model.message(), header);
    }
  }
  return has_graph;
}

OnnxHeader read_header(ByteSource& source) {
  if (source.size() == 0) throw Malformed{"it is empty"};
  if (const Lookalike* const other = lookalike_of(source)) {
    throw Malformed{other->what, other->hint};
  }
  OnnxHeader header;
  bool has_graph = false;
  try {
    has_graph = walk(source, header);
  } catch (const Malformed&) {
    // The version comes first in a model. Where there is none, any text "ends in the middle" of its
    // second field.
    if (header.ir_version > 0) throw;
  }
  if (!has_graph || header.ir_version <= 0) throw Malformed{k_no_model};
  return header;
}

}  // namespace

std::int64_t OnnxHeader::opset() const {
  for (const Opset& opset : opsets) {
    if (opset.domain.empty() || opset.domain == "ai.onnx") return opset.version;
  }
  return 0;
}

OnnxHeader read_onnx_header(const File& file) {
  ByteSource source(file);
  try {
    return read_header(source);
  } catch (const Malformed& malformed) {
    throw Failure(MH_CORRUPT_DATA, MH_ABOUT_MODEL,
                  "cannot load " + file.name + ": " + malformed.what, malformed.hint);
  }
}

}  // namespace modelhub::engine_shared
