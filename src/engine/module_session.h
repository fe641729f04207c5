// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "engine/engine.h"
#include "engine/loaded_module.h"
#include "modelhub/engine.h"
#include "modelhub/result.h"

namespace modelhub::engine {

// Puts the C++ interface before a session that a module has loaded; takes it over in any case, also
// when it fails. `model` is how messages call the model. Errors: internal (broken contract), and
// those of describe.
Result<std::unique_ptr<Session>> wrap_session(std::shared_ptr<LoadedModule> module,
                                              mh_session* handle, const std::string& model);

}  // namespace modelhub::engine
