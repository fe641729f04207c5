// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "modelhub/log.h"
#include "store/store.h"

namespace modelhub::hub {

// What a compiled model is made of. Whoever compiles anything else must not get it.
struct CompiledParts {
  Digest model;  // the key of the installed model
  ByteCount bytes;
  std::string engine;
  std::string engine_version;
  std::string device;                 // "cpu:0"
  std::vector<std::string> features;  // of the device
};

// Lets one load of an engine that keeps what it compiles (EngineInfo::keeps_compiled) find what an
// earlier one has compiled, or leave it for a later one, in a folder of the home's `derived`: adds
// the setting `cache_file`. The folder's name is made of `parts` and of the threads and settings of
// `request`, so that nothing has to be invalidated. What an engine leaves there is kept when the
// returned value is dropped, which must be when the load has ended. No reason to fail a load: where
// there is no room, nothing is kept, and the log says so.
std::shared_ptr<const void> offer_compile_cache(store::Store& store, const CompiledParts& parts,
                                                const LogSink& log, engine::LoadRequest& request);

}  // namespace modelhub::hub
