// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "ov_core.h"

#include <map>
#include <mutex>
#include <string>
#include <tuple>

namespace modelhub::openvino_engine {
namespace {

using Key = std::tuple<std::string, int, int, bool>;

struct Shared {
  engine_shared::LogListeners listeners;
  std::mutex mutex;
  std::map<Key, OvCore*> cores;  // guarded by mutex
};

// Never destroyed: threads of OpenVINO may log while the process exits.
Shared& shared() {
  static Shared* const the_one = new Shared;
  return *the_one;
}

void log_line(const char* message) {
  // What fails is returned as well: this is for the curious.
  shared().listeners.tell(MH_LOG_DEBUG, "OpenVINO: " + std::string(message));
}

void set(const OvLibrary& library, const OvCore* core, const char* key, const std::string& value) {
  library.attempt([&] { return library.api().core_set_property(core, "CPU", key, value.c_str()); });
}

OvCore* make_core(const OvLibrary& library, const CoreOptions& options) {
  if (library.api().util_set_log_callback != nullptr)
    library.api().util_set_log_callback(&log_line);
  OvCore* core = nullptr;
  library.attempt([&] { return library.api().core_create(&core); });
  // Threads are shared out evenly to streams, and a run has one stream. Left to itself OpenVINO
  // makes a stream for each socket, and a run alone would use one socket.
  set(library, core, "NUM_STREAMS", std::to_string(options.runs));
  set(library, core, "INFERENCE_NUM_THREADS", std::to_string(options.threads * options.runs));
  // Otherwise every process binds its threads to the same first cores of the machine.
  set(library, core, "ENABLE_CPU_PINNING", "NO");
  if (options.is_exact) set(library, core, "INFERENCE_PRECISION_HINT", "f32");
  return core;
}

}  // namespace

OvCore* core_of(const OvLibrary& library, const CoreOptions& options) {
  const Key key(library.path(), options.threads, options.runs, options.is_exact);
  const std::lock_guard<std::mutex> lock(shared().mutex);
  OvCore*& core = shared().cores[key];
  if (core == nullptr) core = make_core(library, options);
  return core;
}

engine_shared::LogListeners& log_listeners() { return shared().listeners; }

}  // namespace modelhub::openvino_engine
