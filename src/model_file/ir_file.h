// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "model_file/model_file.h"
#include "modelhub/result.h"

namespace modelhub::model_file {

// What the graph of an OpenVINO IR (the .xml) says of itself. Its weights are the .bin of the same
// name beside it. `name` is the file's, for errors and for that.
//
// Errors: corrupt_data (subject model): not XML, or no graph of an IR.
Result<ModelFacts> read_ir(std::string_view text, const std::string& name);

}  // namespace modelhub::model_file
