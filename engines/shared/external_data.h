// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "modelhub/engine_module.h"
#include "shared/onnx_file.h"

namespace modelhub::engine_shared {

// Makes sure that the weights which an ONNX model keeps in other files are its own, before a
// library follows the names that are written in it. Such a name counts from the folder of the
// graph. It must be a plain relative path, name one of `files`, and lead to that very file: a
// regular one inside of the folder of the graph, long enough for all that shall be read of it.
//
// What it saw stays true while nobody changes that folder: files of the store never change.
//
// Throws Failure that names the file: MH_UNSUPPORTED for one that is not the model's; MH_IO_ERROR;
// MH_CORRUPT_DATA when it is too short.
void check_external_files(const OnnxFile& model, const engine_module::File& graph,
                          const std::vector<engine_module::File>& files);

}  // namespace modelhub::engine_shared
