// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <istream>
#include <string>

#include "modelhub/engine_module.h"

namespace modelhub::dlib_engine {

// Opens a file of a model and lets `read` take from it what it holds, which errors call `what`: "a
// face descriptor network".
// Throws Failure: MH_IO_ERROR: it cannot be read; MH_CORRUPT_DATA: it is something else, damaged or
// cut off, which `read` tells by an exception.
void read_model_file(const engine_module::File& file, const std::string& what,
                     const std::function<void(std::istream&)>& read);

}  // namespace modelhub::dlib_engine
