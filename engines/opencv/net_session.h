// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "model_sketch.h"
#include "modelhub/engine_module.h"

namespace modelhub::opencv_engine {

// Loads a model into a network of OpenCV, on the CPU. Its run() is one call at a time.
// REQUIRES: the format is one of k_formats.
//
// Throws Failure.
std::unique_ptr<engine_module::Session> load_net(const engine_module::LoadRequest& request,
                                                 const Version& opencv);

inline constexpr const char* k_formats[] = {"caffe", "onnx", "tensorflow"};

}  // namespace modelhub::opencv_engine
