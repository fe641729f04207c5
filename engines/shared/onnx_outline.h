// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "modelhub/engine_module.h"

namespace modelhub::engine_shared {

// An ONNX model without the data of its large weights. Of each it says that it lies in another
// file, which is the model itself: so a library that maps such data reads it where it is, in place
// of a copy. Left as they are: what small weights, graphs inside of the graph and lists of numbers
// hold.
//
// `location` is how the outline names the file, relative to where the library will look. Throws
// Failure as read_onnx_file().
std::string onnx_outline_of(const engine_module::File& file, const std::string& location);

}  // namespace modelhub::engine_shared
