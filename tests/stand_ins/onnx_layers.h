// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/tiny_onnx.h"
#include "stand_ins/weights.h"

namespace modelhub::test {

// What a layer gives: a tensor of the graph. `side` is the height and width of a feature map.
struct Map {
  std::string name;
  std::int64_t channels = 0;
  std::int64_t side = 0;
};

struct Conv {
  std::int64_t channels = 0;  // out
  std::int64_t kernel = 1;
  std::int64_t stride = 1;
  enum class Pads { half, same, none } pads = Pads::half;  // same: TensorFlow's, more at the end
  std::int64_t groups = 1;
  bool has_bias = true;
  float bias = 0;  // in the middle
  float bias_spread = 0.1F;
  float gain = 1;
  // Sees differences only: see Weights::filters(). Not the first layer of a network, for which a
  // picture that is too bright must be another picture.
  bool is_balanced = true;
};

// Writes an ONNX graph layer by layer, its weights out of a sequence. Each method adds nodes behind
// those that there are, and gives what they give.
class OnnxLayers {
 public:
  using Sides = engine::tiny_onnx::Sides;

  explicit OnnxLayers(std::uint32_t seed) : weights_(seed) {}

  void add_input(const std::string& name, const Sides& sides,
                 std::uint64_t type = engine::tiny_onnx::k_float);
  void add_output(const std::string& name, const Sides& sides);
  // A node with one output; `output` is its name, empty: any.
  std::string add(const std::string& op, const std::vector<std::string>& inputs,
                  const std::vector<std::string>& attributes = {}, std::string output = {});
  std::vector<std::string> add_split(const std::string& input, const Sides& parts,
                                     std::int64_t axis);
  // The largest of a list, and where they are in it.
  std::vector<std::string> add_top_k(const std::string& input, std::int64_t count);

  // Constants; each call makes one.
  std::string ints(const Sides& values);
  std::string one_int(std::int64_t value);  // a scalar
  std::string floats(const Sides& sides, const std::vector<float>& values);
  std::string one_float(float value);  // a scalar

  Map conv(const Map& in, const Conv& spec);
  Map batch_norm(const Map& in, float gain = 1);
  Map relu(const Map& in);
  Map relu6(const Map& in);  // Clip with its limits as inputs
  Map silu(const Map& in);   // x * sigmoid(x)
  Map sum(const Map& a, const Map& b);
  Map concat(const std::vector<Map>& maps);
  Map max_pool(const Map& in, std::int64_t kernel, std::int64_t stride, std::int64_t pad);
  Map twice_as_large(const Map& in);  // by repeating
  // [1, channels] to [1, channels], written as `output` when that is named.
  std::string dense(const std::string& in, std::int64_t channels_in, std::int64_t channels,
                    float gain, const std::string& output = {});

  // Up to IR version 3 weights are inputs too.
  std::string encode(std::uint64_t opset, std::uint64_t ir_version) const;

 private:
  Map same_size(const Map& in, const std::string& output) const {
    return {output, in.channels, in.side};
  }

  engine::tiny_onnx::Graph graph_;
  std::vector<std::string> weights_as_inputs_;
  Weights weights_;
  int count_ = 0;
};

}  // namespace modelhub::test
