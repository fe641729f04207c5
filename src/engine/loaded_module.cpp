// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "engine/loaded_module.h"

#include <utility>

#include "base/fork_generation.h"

namespace modelhub::engine {
namespace {

ErrorCode code_of(mh_status status) {
  switch (status) {
    case MH_INVALID_ARGUMENT: return ErrorCode::invalid_argument;
    case MH_CORRUPT_DATA: return ErrorCode::corrupt_data;
    case MH_UNSUPPORTED: return ErrorCode::unsupported;
    case MH_OUT_OF_MEMORY: return ErrorCode::out_of_memory;
    case MH_IO_ERROR: return ErrorCode::io_error;
    case MH_BUSY: return ErrorCode::busy;
    default: return ErrorCode::internal;
  }
}

Subject subject_of(mh_subject subject) {
  switch (subject) {
    case MH_ABOUT_MODEL: return Subject::model;
    case MH_ABOUT_INPUT: return Subject::input;
    case MH_ABOUT_DEVICE: return Subject::device;
    default: return Subject::engine;
  }
}

}  // namespace

std::string text_of(const char* text) {
  return text == nullptr ? std::string() : std::string(text);
}

Error broken_contract(const std::string& engine, const std::string& what) {
  return Error(ErrorCode::internal, Subject::engine,
               "the engine '" + engine + "' does not keep its contract: " + what,
               "report this to the engine's author; engine_conformance shows it");
}

Error CallError::to_error(mh_status status, const std::string& engine) {
  // An engine may have filled the buffers to the brim.
  error_.message[sizeof error_.message - 1] = error_.hint[sizeof error_.hint - 1] = '\0';
  if (error_.message[0] == '\0') {
    return broken_contract(
        engine, "a call failed with status " + std::to_string(status) + " and no reason");
  }
  Error error(code_of(status), subject_of(error_.subject), error_.message, error_.hint);
  error.retryable = status == MH_BUSY;
  return error;
}

LoadedModule::LoadedModule(const mh_engine_api& api, std::string path, const ModuleOptions& options)
    : api_(api),
      name_(api.name),
      path_(std::move(path)),
      log_(options.log),
      fork_generation_(base::fork_generation()) {
  for (const EngineSetting& setting : options.settings) {
    if (setting.engine.empty() || setting.engine == name_) kept_.push_back(setting);
  }
  for (const EngineSetting& setting : kept_)
    settings_.push_back({setting.key.c_str(), setting.value.c_str()});
  host_.size = sizeof host_;
  host_.abi = MH_ENGINE_ABI;
  host_.log = &LoadedModule::log_line;
  host_.log_context = this;
  host_.settings = settings_.data();
  host_.setting_count = settings_.size();
}

LoadedModule::~LoadedModule() {
  if (engine_ != nullptr && !is_forked_copy()) api_.close(engine_);
}

Result<void> LoadedModule::open() {
  CallError error;
  const mh_status status = api_.open(&host_, &engine_, error.get());
  if (status != MH_OK) {
    engine_ = nullptr;
    return error.to_error(status, name_);
  }
  if (engine_ == nullptr) return broken_contract(name_, "open gave no engine");
  return {};
}

bool LoadedModule::is_forked_copy() const { return base::fork_generation() != fork_generation_; }

Error LoadedModule::forked(const std::string& do_what) {
  return Error(ErrorCode::unsupported, Subject::engine,
               "cannot " + do_what + ": the engine was opened before this process was forked",
               "open a new hub after the fork");
}

void LoadedModule::log_line(void* context, mh_log_level level, const char* message) {
  const LogSink& log = static_cast<LoadedModule*>(context)->log_;
  if (!log || message == nullptr) return;
  log(level == MH_LOG_DEBUG  ? LogLevel::debug
      : level == MH_LOG_INFO ? LogLevel::info
                             : LogLevel::warning,
      message);
}

}  // namespace modelhub::engine
