// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "ort_library.h"
#include "shared/onnx_file.h"

namespace modelhub::onnxruntime_engine {

// What ONNX Runtime says about a model that it will not load, in the words that a user needs.
engine_module::Failure explain_load(const OrtError& error, const std::string& model,
                                    const engine_shared::OnnxHeader& header,
                                    const std::string& version);

engine_module::Failure explain_run(const OrtError& error, const std::string& model);

}  // namespace modelhub::onnxruntime_engine
