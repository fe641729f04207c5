// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "modelhub/engine_module.h"

namespace modelhub::openvino_engine {

// The files of a model, and what they say without OpenVINO.
struct ModelSource {
  std::string name;     // how messages call it
  std::string graph;    // path
  std::string weights;  // path; empty when OpenVINO finds them by the graph, or there are none
  // As the file calls them, in its order; empty when only OpenVINO can read them. OpenVINO itself
  // tells one of several names of a tensor, and not always that of the file.
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
};

// Refuses what OpenVINO could not read, or should not see, in words that it does not have itself.
// `version` is OpenVINO's. Throws Failure: MH_UNSUPPORTED, MH_CORRUPT_DATA, MH_IO_ERROR;
// MH_INVALID_ARGUMENT when a file of the model is missing.
ModelSource read_source(const engine_module::LoadRequest& request, const std::string& version);

}  // namespace modelhub::openvino_engine
