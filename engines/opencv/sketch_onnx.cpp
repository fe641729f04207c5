// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <limits>
#include <optional>

#include "model_sketch.h"
#include "onnx_limits.h"
#include "shared/byte_source.h"
#include "shared/onnx_file.h"

namespace modelhub::opencv_engine {
namespace {

using engine_module::Failure;
using engine_module::File;
using engine_module::TensorSpec;
using engine_shared::OnnxFile;
using engine_shared::OnnxShape;
using engine_shared::OnnxValue;
namespace onnx_type = engine_shared::onnx_type;

// Elements of a tensor; nothing when it is none that OpenCV could hold: its sides are ints.
std::optional<std::uint64_t> elements_of(const OnnxShape& shape) {
  std::uint64_t count = 1;
  for (const std::int64_t side : shape) {
    if (side < 0 || side > std::numeric_limits<int>::max()) return std::nullopt;
    count *= static_cast<std::uint64_t>(side);
    if (count > static_cast<std::uint64_t>(std::numeric_limits<int>::max())) return std::nullopt;
  }
  return count;
}

// OpenCV up to 4.12 copies as many bytes as the shape says, whatever there is.
void check_weights(const OnnxFile& model, const File& file) {
  for (const auto& [name, weight] : model.weights) {
    const std::optional<std::uint64_t> wanted = elements_of(weight.shape);
    if (wanted && *wanted == weight.elements) continue;
    throw Failure(MH_CORRUPT_DATA, MH_ABOUT_MODEL,
                  "cannot load " + file.name + ": the weight '" + name + "' has " +
                      std::to_string(weight.elements) + " elements, its shape says another number",
                  engine_shared::k_pull_again);
  }
}

// OpenCV plans for a batch of 1 where the model leaves it open.
TensorSpec spec_of(const OnnxValue& value) {
  TensorSpec spec{value.name,
                  value.type == onnx_type::k_uint8 ? mh_dtype{MH_UINT8} : mh_dtype{MH_FLOAT32},
                  value.shape};
  for (std::int64_t& side : spec.shape) side = side > 0 ? side : -1;
  if (!spec.shape.empty() && spec.shape[0] < 0) spec.shape[0] = 1;
  return spec;
}

}  // namespace

ModelSketch sketch_onnx(const engine_module::LoadRequest& request, const Version& opencv) {
  const File& file = request.file("graph");
  const OnnxFile model = engine_shared::read_onnx_file(file);
  refuse_what_cannot_be_read(model, file.name, opencv);
  check_weights(model, file);
  ModelSketch sketch;
  for (const OnnxValue& input : model.inputs) sketch.inputs.push_back(spec_of(input));
  for (const OnnxValue& output : model.outputs) {
    sketch.outputs.push_back(spec_of(output));
    sketch.outputs.back().dtype = MH_FLOAT32;  // whatever the model says: OpenCV has no other
    if (!output.has_shape) sketch.outputs.back().shape.clear();
  }
  if (sketch.inputs.empty() || sketch.outputs.empty()) {
    throw Failure(MH_CORRUPT_DATA, MH_ABOUT_MODEL,
                  "cannot load " + file.name + ": the graph has no input or no output",
                  "check the model with onnx.checker, or export it again");
  }
  return sketch;
}

}  // namespace modelhub::opencv_engine
