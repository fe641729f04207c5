// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <opencv2/core.hpp>

#include "model_sketch.h"
#include "modelhub/engine_module.h"

namespace modelhub::opencv_engine {

// What OpenCV says about a model that it will not load, in the words that a user needs. `complaint`
// is protobuf's, where it had one.
engine_module::Failure explain_load(const cv::Exception& error, const std::string& complaint,
                                    const std::string& model, const Version& opencv);

// `is_open`: the model leaves sides of its input open, so that another input may do.
engine_module::Failure explain_run(const cv::Exception& error, const std::string& model,
                                   bool is_open, const Version& opencv);

}  // namespace modelhub::opencv_engine
