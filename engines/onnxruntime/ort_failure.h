// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "ort_library.h"
#include "ort_provider.h"
#include "shared/onnx_file.h"

namespace modelhub::onnxruntime_engine {

// What ONNX Runtime says about a model that it will not load, in the words that a user needs.
engine_module::Failure explain_load(const OrtError& error, const std::string& model,
                                    const engine_shared::OnnxFile& file,
                                    const std::string& version);

// What ONNX Runtime says, in one line, without the place in its sources.
std::string plain_text_of(const OrtError& error);

// Why a model cannot be loaded on a GPU; `name` is the model's.
engine_module::Failure explain_gpu(const OrtError& error, const std::string& name,
                                   const Provider& provider, const std::string& version);

// Whether the GPU is the reason, and not the model.
bool is_about_gpu(const OrtError& error);

// Whether a session could not be made because nodes of it would run on the CPU, which it forbids.
bool is_about_cpu_nodes(const OrtError& error);

engine_module::Failure explain_run(const OrtError& error, const std::string& model);

}  // namespace modelhub::onnxruntime_engine
