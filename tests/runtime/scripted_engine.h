// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/event.h"
#include "engine/engine.h"

namespace modelhub::runtime {

// What the sessions of a scripted engine did and do, seen from outside.
struct SessionCounts {
  std::atomic<int> alive = 0;
  std::atomic<int> created = 0;
  std::atomic<int> running = 0;
  std::atomic<int> most_running = 0;  // at the same time, in one session
  std::atomic<std::uint64_t> bytes_alive = 0;
  std::atomic<std::uint64_t> most_bytes_alive = 0;
};

// Makes it `value`, unless it is more.
template <class T>
void raise_to(std::atomic<T>& most, T value) {
  T before = most;
  while (value > before && !most.compare_exchange_weak(before, value)) {
  }
}

// Stands in for a model in memory: one output, which is the number of the session.
class ScriptedSession final : public engine::Session {
 public:
  ScriptedSession(std::shared_ptr<SessionCounts> counts, std::string device, ByteCount bytes)
      : counts_(std::move(counts)),
        device_(std::move(device)),
        bytes_(bytes.count()),
        number_(++counts_->created) {
    ++counts_->alive;
    raise_to(counts_->most_bytes_alive, counts_->bytes_alive += bytes_);
  }
  ~ScriptedSession() override {
    --counts_->alive;
    counts_->bytes_alive -= bytes_;
  }

  const std::vector<engine::TensorSpec>& inputs() const override { return specs_; }
  const std::vector<engine::TensorSpec>& outputs() const override { return specs_; }
  const std::string& device() const override { return device_; }
  Result<engine::RunResult> run(std::span<const Input> inputs) override {
    raise_to(counts_->most_running, ++counts_->running);
    if (during_run) during_run();
    --counts_->running;
    if (!inputs.empty() && inputs[0].name == "bad") {
      return Error(ErrorCode::invalid_argument, Subject::engine,
                   "the model takes no input named bad");
    }
    Result<Tensor> tensor = Tensor::allocate(DType::int64, {1});
    if (!tensor) return std::move(tensor).error();
    tensor->as<std::int64_t>()[0] = number_;
    engine::RunResult result;
    result.outputs.push_back({"number", *std::move(tensor)});
    return result;
  }

  std::function<void()> during_run;

 private:
  const std::shared_ptr<SessionCounts> counts_;
  const std::string device_;
  const std::uint64_t bytes_;
  const int number_;
  const std::vector<engine::TensorSpec> specs_ = {{"number", DType::int64, {1}}};
};

// An engine that does what the test says.
class ScriptedEngine final : public engine::Engine {
 public:
  explicit ScriptedEngine(engine::Concurrency concurrency = engine::Concurrency::one_at_a_time) {
    info_.name = "scripted";
    info_.version = "1.0";
    info_.concurrency = concurrency;
  }

  const engine::EngineInfo& info() const override { return info_; }
  ByteCount estimate(const engine::LoadRequest& request) const override {
    return size_of ? size_of(request) : ByteCount(1000);
  }
  Result<std::unique_ptr<engine::Session>> load(const engine::LoadRequest& request) override {
    ++loads;
    {
      std::lock_guard lock(mutex_);
      last_request_ = request;
    }
    if (on_load) {
      if (Result<void> allowed = on_load(request); !allowed) return std::move(allowed).error();
    }
    auto session = std::make_unique<ScriptedSession>(
        counts, put_on.empty() ? request.device : put_on, estimate(request));
    session->during_run = during_run;
    return std::unique_ptr<engine::Session>(std::move(session));
  }
  engine::LoadRequest last_request() const {
    std::lock_guard lock(mutex_);
    return last_request_;
  }

  // The script; set before the engine is used.
  std::function<Result<void>(const engine::LoadRequest&)> on_load;
  std::function<void()> during_run;
  std::function<ByteCount(const engine::LoadRequest&)> size_of;  // empty: 1000 bytes
  std::string put_on;  // the device that sessions really get; empty: the one asked for

  std::atomic<int> loads = 0;
  const std::shared_ptr<SessionCounts> counts = std::make_shared<SessionCounts>();

 private:
  engine::EngineInfo info_;
  mutable std::mutex mutex_;
  engine::LoadRequest last_request_;  // guarded by mutex_
};

}  // namespace modelhub::runtime
