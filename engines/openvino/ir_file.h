// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "modelhub/engine_module.h"

namespace modelhub::openvino_engine {

// The version that the first element of an IR says: `<net name="..." version="11">`. Throws
// Failure, MH_CORRUPT_DATA, when the text is not the beginning of an IR, saying what it is if
// known; `name` is what messages call it.
int ir_version_of(std::string_view beginning, const std::string& name);

// Reads a few KB of the file. Throws Failure as above; MH_IO_ERROR.
int read_ir_version(const engine_module::File& file);

}  // namespace modelhub::openvino_engine
