// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/file_system.h"
#include "model_file/model_file.h"
#include "modelhub/result.h"

namespace modelhub::model_file {

// What an ONNX file says of itself, read without an ONNX library: it walks over the fields, a few
// bytes of each. `name` is for errors.
//
// Errors: about the model. corrupt_data: no ONNX model (and what it is, where that shows), cut off,
//         or weights in files outside of its folder; io_error.
Result<ModelFacts> read_onnx(const base::ReadableFile& file, const std::string& name);

}  // namespace modelhub::model_file
