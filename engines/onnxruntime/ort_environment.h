// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ort_library.h"

namespace modelhub::onnxruntime_engine {

// The one OrtEnv of a library: ONNX Runtime has a single one for the process, with a single logger.
// What it logs goes to every host that listens at that time. The environment is made once and never
// released, because ONNX Runtime does not like to start again in the same process.
//
// Throws OrtError.
OrtEnv* environment_of(const OrtLibrary& library);

// Lets a host hear what ONNX Runtime logs, as long as it lives.
//
// Thread safety: from any thread.
class LogListener {
 public:
  explicit LogListener(const engine_module::Host& host);
  ~LogListener();
  LogListener(const LogListener&) = delete;
  LogListener& operator=(const LogListener&) = delete;

 private:
  const engine_module::Host host_;
};

}  // namespace modelhub::onnxruntime_engine
