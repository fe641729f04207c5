// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "ort_library.h"
#include "shared/log_listeners.h"

namespace modelhub::onnxruntime_engine {

// The one OrtEnv of a library: ONNX Runtime has a single one for the process, with a single logger.
// What it logs goes to every host that listens at that time. The environment is made once and never
// released, because ONNX Runtime does not like to start again in the same process.
//
// Throws OrtError.
OrtEnv* environment_of(const OrtLibrary& library);

// Threads of the pool that the environment has for all sessions: as many as there are cores for
// this process when it is made. An environment that somebody else made before has none.
int shared_threads();

// What ONNX Runtime tells about one session while it is made, down to where each node runs. Such a
// session is given the name id(), and the lowest severity. An environment that somebody else made
// before tells nothing.
//
// Thread safety: one thread; several logs at once.
class SessionLog {
 public:
  SessionLog();
  ~SessionLog();
  SessionLog(const SessionLog&) = delete;
  SessionLog& operator=(const SessionLog&) = delete;

  const std::string& id() const { return id_; }
  std::vector<std::string> lines() const;

 private:
  const std::string id_;
};

// Who hears what ONNX Runtime logs.
engine_shared::LogListeners& log_listeners();

}  // namespace modelhub::onnxruntime_engine
