// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/module.h"
#include "modelhub/engine.h"
#include "modelhub/log.h"
#include "modelhub/result.h"

namespace modelhub::engine {

// "" for a NULL, which a careless engine may leave.
std::string text_of(const char* text);

// An engine's answer that modelhub/engine.h does not allow.
Error broken_contract(const std::string& engine, const std::string& what);

// Where an engine writes why a call failed.
class CallError {
 public:
  CallError() {
    error_.size = sizeof error_;
    error_.message[0] = error_.hint[0] = '\0';
  }
  mh_error* get() { return &error_; }
  Error to_error(mh_status status, const std::string& engine);

 private:
  mh_error error_;  // 3 KB: not cleared for each call
};

// One engine inside a module that is open for good: its table, the handle from open(), and all that
// the handle borrows from the host. Sessions share it, so that it is closed after the last of them.
//
// Thread safety: open() once; then constant.
class LoadedModule {
 public:
  LoadedModule(const mh_engine_api& api, std::string path, const ModuleOptions& options);
  ~LoadedModule();
  LoadedModule(const LoadedModule&) = delete;
  LoadedModule& operator=(const LoadedModule&) = delete;

  // Errors: the engine's own.
  Result<void> open();

  const mh_engine_api& api() const { return api_; }
  mh_engine* engine() const { return engine_; }
  const std::string& name() const { return name_; }
  const std::string& path() const { return path_; }
  // Is this a copy in a forked child? There the engine's threads are missing; touching it may hang.
  bool is_forked_copy() const;
  // What a child is told that tries to `do_what`: "run yolov8n.onnx".
  static Error forked(const std::string& do_what);

 private:
  static void log_line(void* context, mh_log_level level, const char* message);

  const mh_engine_api& api_;
  const std::string name_;
  const std::string path_;
  const LogSink log_;
  const std::uint64_t fork_generation_;
  std::vector<EngineSetting> kept_;  // owns the texts of settings_
  std::vector<mh_setting> settings_;
  mh_host host_{};
  mh_engine* engine_ = nullptr;
};

}  // namespace modelhub::engine
