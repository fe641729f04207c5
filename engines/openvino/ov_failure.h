// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "ov_library.h"

namespace modelhub::openvino_engine {

// What OpenVINO says about a model that it cannot read, in the words that a user needs.
engine_module::Failure explain_read(const OvError& error, const std::string& model,
                                    const std::string& version);

// About one that it has read and cannot make ready to run.
engine_module::Failure explain_compile(const OvError& error, const std::string& model,
                                       const std::string& version);

engine_module::Failure explain_run(const OvError& error, const std::string& model);

}  // namespace modelhub::openvino_engine
