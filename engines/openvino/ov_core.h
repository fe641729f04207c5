// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ov_library.h"
#include "shared/log_listeners.h"

namespace modelhub::openvino_engine {

// How models are to be run.
struct CoreOptions {
  int threads = 1;       // for one run
  int runs = 1;          // that compute at once; each has memory of its own for that
  bool is_exact = true;  // in float32; otherwise in the precision that OpenVINO thinks best here
};

// The core of OpenVINO with these options. They belong to the core and not to a model, because the
// C interface imports a compiled model with the options of its core. Each core is made once and
// never freed: its plug-in keeps threads, and there are few combinations.
//
// Thread safety: from any thread, also what is done with a core.
// Throws OvError.
OvCore* core_of(const OvLibrary& library, const CoreOptions& options);

// Who hears what OpenVINO logs.
engine_shared::LogListeners& log_listeners();

}  // namespace modelhub::openvino_engine
