// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "modelhub/engine_module.h"

namespace modelhub::engine_shared {

// Element types as ONNX numbers them (TensorProto.DataType): those that somebody asks for.
namespace onnx_type {
inline constexpr std::int64_t k_float32 = 1;
inline constexpr std::int64_t k_uint8 = 2;
inline constexpr std::int64_t k_int8 = 3;
inline constexpr std::int64_t k_int32 = 6;
inline constexpr std::int64_t k_int64 = 7;
inline constexpr std::int64_t k_float16 = 10;
inline constexpr std::int64_t k_float64 = 11;
}  // namespace onnx_type

using OnnxShape = std::vector<std::int64_t>;  // -1 where a side is open

struct OnnxAttribute {
  std::vector<std::int64_t> ints;  // of one number, or of a list
  float real = 0;
  std::string text;
  bool has_graph = false;
};

struct OnnxNode {
  std::string op;
  std::string domain;               // empty: the standard operators
  std::string name;                 // may be empty
  std::vector<std::string> inputs;  // an empty one is left out
  std::vector<std::string> outputs;
  std::map<std::string, OnnxAttribute> attributes;

  // The number of an attribute, or the one that stands for it when it is not there.
  std::int64_t number(const std::string& attribute, std::int64_t otherwise) const;
  // Empty when it is not there.
  std::vector<std::int64_t> numbers(const std::string& attribute) const;
  std::string text(const std::string& attribute) const;
};

// A constant: an initializer, or what a node "Constant" holds.
struct OnnxWeight {
  std::int64_t type = 0;  // as in onnx_type
  OnnxShape shape;
  std::uint64_t elements = 0;  // as many as its data holds: it may be other than the shape says
  std::vector<double> values;  // of few numbers, float32 and int64 only
};

struct OnnxValue {
  std::string name;
  std::int64_t type = 0;   // as in onnx_type; 0: not a tensor
  bool has_shape = false;  // the number of sides is known
  OnnxShape shape;
};

// What an ONNX file says about itself, read without an ONNX library.
struct OnnxFile {
  struct Opset {
    std::string domain;  // empty: the standard operators
    std::int64_t version = 0;
  };
  // A file that weights lie in.
  struct ExternalFile {
    std::string location;   // as written in the model
    std::uint64_t end = 0;  // the file must have at least as many bytes
  };

  std::int64_t ir_version = 0;
  std::string producer;  // "pytorch"
  std::vector<Opset> opsets;
  std::vector<OnnxNode> nodes;                          // of the graph itself, not of graphs inside
  std::unordered_map<std::string, OnnxWeight> weights;  // of the graph itself
  std::vector<OnnxValue> inputs;                        // without those that are weights
  std::vector<OnnxValue> outputs;
  std::vector<ExternalFile> external_files;  // each location once; empty when all is inside

  std::int64_t opset() const;  // of the standard operators; 0 when not told
};

// Walks over the fields of the file, a few bytes of each, and reads none of the weights but those
// of a few numbers: 1 ms for a model of 100 MB. Throws Failure: MH_IO_ERROR; MH_CORRUPT_DATA when
// the file is no ONNX model or cut off, saying what it is if known.
OnnxFile read_onnx_file(const engine_module::File& file);

}  // namespace modelhub::engine_shared
