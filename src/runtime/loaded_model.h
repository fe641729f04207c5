// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "modelhub/device.h"

namespace modelhub::runtime {

// What is known of a model in memory. Constant once loaded.
struct LoadedInfo {
  std::string key;
  std::string model;  // for people: "yolov8n@8.4.0:onnx-fp32"
  std::string engine;
  std::string engine_version;
  DevicePlan plan;               // chosen is the device that really runs it
  std::uint64_t generation = 0;  // counts the loads of this key from 1
  std::chrono::duration<double, std::milli> load_time{0};
  ByteCount estimate;  // the engine's, before the load
  // By how much the process grew during the load; other loads at the same time blur it.
  ByteCount resident;
  std::chrono::system_clock::time_point loaded_at;
};

struct RunOutput {
  std::vector<NamedTensor> outputs;  // in the model's order
  std::vector<engine::Word> words;   // in the order of reading
  // In the engine, without waiting for other callers.
  std::chrono::duration<double, std::milli> time{0};
};

// One loaded generation of a model.
//
// Thread safety: all methods from any thread; run() lets callers in one at a time where the engine
//                wants that.
// After a fork:  run() answers `unsupported` in the child, and the destructor leaks the session
//                there, because the engine's threads do not exist.
class LoadedModel {
 public:
  // `files` is kept until the session is gone.
  LoadedModel(LoadedInfo info, std::unique_ptr<engine::Session> session,
              engine::Concurrency concurrency, std::shared_ptr<const void> files);
  ~LoadedModel();
  LoadedModel(const LoadedModel&) = delete;
  LoadedModel& operator=(const LoadedModel&) = delete;

  const LoadedInfo& info() const { return info_; }
  const engine::Session& session() const { return *session_; }
  Result<RunOutput> run(std::span<const engine::Session::Input> inputs);

 private:
  const LoadedInfo info_;
  const std::shared_ptr<const void> files_;
  std::unique_ptr<engine::Session> session_;
  const engine::Concurrency concurrency_;
  const std::uint64_t fork_generation_;
  std::mutex one_at_a_time_;
};

}  // namespace modelhub::runtime
