// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "ort_environment.h"

#include <atomic>
#include <map>
#include <mutex>
#include <string>

#include "shared/usable_cores.h"

namespace modelhub::onnxruntime_engine {
namespace {

struct Shared {
  engine_shared::LogListeners listeners;
  std::mutex mutex;
  std::map<const OrtApi*, OrtEnv*> environments;             // guarded by mutex
  std::map<std::string, std::vector<std::string>> sessions;  // by SessionLog::id(); likewise
};

// Never destroyed: threads of ONNX Runtime may log while the process exits.
Shared& shared() {
  static Shared* const the_one = new Shared;
  return *the_one;
}

// ONNX Runtime's errors are returned as well, so here they are for the curious only; its warnings
// are about how it optimises a graph, seldom of use to somebody who runs it.
mh_log_level level_of(OrtLoggingLevel severity) {
  return severity == ORT_LOGGING_LEVEL_WARNING ? MH_LOG_INFO : MH_LOG_DEBUG;
}

void ORT_API_CALL log_line(void*, OrtLoggingLevel severity, const char*, const char* session,
                           const char*, const char* message) {
  if (severity < ORT_LOGGING_LEVEL_WARNING) {
    // Only sessions with a SessionLog tell so much; nobody else wants to hear it.
    const std::lock_guard<std::mutex> lock(shared().mutex);
    const auto found = shared().sessions.find(session);
    if (found != shared().sessions.end()) found->second.emplace_back(message);
    return;
  }
  shared().listeners.tell(level_of(severity), "ONNX Runtime: " + std::string(message));
}

}  // namespace

OrtEnv* environment_of(const OrtLibrary& library) {
  {
    const std::lock_guard<std::mutex> lock(shared().mutex);
    const auto found = shared().environments.find(&library.api());
    if (found != shared().environments.end()) return found->second;
  }
  // Without the lock: it may log. Making it twice gives the same one, counted twice.
  const OrtApi& api = library.api();
  OrtThreadingOptions* raw = nullptr;
  library.check(api.CreateThreadingOptions(&raw));
  const OrtPtr<OrtThreadingOptions> threading(raw, api.ReleaseThreadingOptions);
  library.check(api.SetGlobalIntraOpNumThreads(raw, shared_threads()));
  library.check(api.SetGlobalInterOpNumThreads(raw, 1));
  library.check(api.SetGlobalSpinControl(raw, 0));  // see ort_graph.cpp
  OrtEnv* made = nullptr;
  library.check(api.CreateEnvWithCustomLoggerAndGlobalThreadPools(
      &log_line, nullptr, ORT_LOGGING_LEVEL_WARNING, "modelhub", raw, &made));
  const std::lock_guard<std::mutex> lock(shared().mutex);
  shared().environments[&library.api()] = made;
  return made;
}

int shared_threads() {
  static const int threads = engine_shared::usable_cores();
  return threads;
}

SessionLog::SessionLog()
    : id_([] {
        static std::atomic<unsigned> count{0};
        return "modelhub " + std::to_string(++count);
      }()) {
  const std::lock_guard<std::mutex> lock(shared().mutex);
  shared().sessions[id_];
}

SessionLog::~SessionLog() {
  const std::lock_guard<std::mutex> lock(shared().mutex);
  shared().sessions.erase(id_);
}

std::vector<std::string> SessionLog::lines() const {
  const std::lock_guard<std::mutex> lock(shared().mutex);
  return shared().sessions.at(id_);
}

engine_shared::LogListeners& log_listeners() { return shared().listeners; }

}  // namespace modelhub::onnxruntime_engine
