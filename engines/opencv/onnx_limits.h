// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "model_sketch.h"
#include "shared/onnx_file.h"

namespace modelhub::opencv_engine {

// Throws Failure, MH_UNSUPPORTED, when this version of OpenCV is known to refuse the model or,
// worse, to run it and give wrong numbers. Each rule was seen with the versions that it names: 4.6
// to 4.12, next to what ONNX Runtime makes of the same small graph. What no rule is about may still
// be refused by OpenCV itself.
void refuse_what_cannot_be_read(const engine_shared::OnnxFile& model, const std::string& name,
                                const Version& opencv);

}  // namespace modelhub::opencv_engine
