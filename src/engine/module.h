// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "modelhub/log.h"
#include "modelhub/result.h"

namespace modelhub::engine {

// An option for an engine. What keys there are, the engine's part of docs/engines.md says.
struct EngineSetting {
  std::string engine;  // "onnxruntime"; empty: for all
  std::string key;
  std::string value;
};

struct ModuleOptions {
  std::vector<EngineSetting> settings;
  LogSink log;  // empty: nothing is told

  ModuleOptions() {}  // user-provided: see coroutine.h
};

// "onnxruntime" for "/any/where/modelhub_engine_onnxruntime.so"; empty when it is no name of a
// module.
std::string engine_name_of(const std::string& path);

// Opens a module (modelhub/engine.h) and puts the C++ interface before its table. All that the
// module says is checked: what does not keep the contract becomes an error that names the module
// and never reaches the caller. The shared library stays open for the life of the process; the
// engine inside is closed with the last Engine and Session.
//
// Thread safety: from any thread.
// Errors:        unsupported, Subject::engine: not a module, or made for another interface; those
//                of the engine's own open and probe. The message names the path. Never throws.
Result<std::shared_ptr<Engine>> open_module(const std::string& path,
                                            const ModuleOptions& options = {});

}  // namespace modelhub::engine
