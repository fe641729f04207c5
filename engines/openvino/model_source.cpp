// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "model_source.h"

#include <algorithm>

#include "ir_file.h"
#include "shared/external_data.h"
#include "shared/onnx_file.h"

namespace modelhub::openvino_engine {
namespace {

using engine_module::Failure;
using engine_module::File;
using engine_module::LoadRequest;

// Version 10 came with OpenVINO 2020.1, and every release from 2022.1 on reads it and 11.
constexpr int k_oldest_ir = 10;
constexpr int k_newest_ir = 11;

std::vector<std::string> names_of(const std::vector<engine_shared::OnnxValue>& values) {
  std::vector<std::string> names;
  names.reserve(values.size());
  for (const engine_shared::OnnxValue& value : values) names.push_back(value.name);
  return names;
}

ModelSource read_onnx(const LoadRequest& request, const File& graph) {
  const engine_shared::OnnxFile file = engine_shared::read_onnx_file(graph);
  engine_shared::check_external_files(file, graph, request.files);
  return {graph.name, graph.path, "", names_of(file.inputs), names_of(file.outputs)};
}

ModelSource read_ir(const LoadRequest& request, const File& graph, const std::string& version) {
  const int ir_version = read_ir_version(graph);
  if (ir_version < k_oldest_ir || ir_version > k_newest_ir) {
    throw Failure(MH_UNSUPPORTED, MH_ABOUT_MODEL,
                  graph.name + " has version " + std::to_string(ir_version) +
                      " of the IR; OpenVINO " + version + " reads " + std::to_string(k_oldest_ir) +
                      " and " + std::to_string(k_newest_ir),
                  "convert the original model again, with ovc of a newer OpenVINO");
  }
  const auto weights = std::find_if(request.files.begin(), request.files.end(),
                                    [](const File& file) { return file.role == "weights"; });
  return {graph.name, graph.path, weights == request.files.end() ? "" : weights->path, {}, {}};
}

}  // namespace

ModelSource read_source(const LoadRequest& request, const std::string& version) {
  const File& graph = request.file("graph");
  return request.format == "openvino_ir" ? read_ir(request, graph, version)
                                         : read_onnx(request, graph);
}

}  // namespace modelhub::openvino_engine
