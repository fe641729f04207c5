// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "base/event.h"
#include "base/executor.h"
#include "runtime/runtime.h"
#include "runtime/scripted_engine.h"

namespace modelhub::runtime {

// A clock that a test moves.
class ManualClock final : public base::Clock {
 public:
  std::chrono::steady_clock::time_point steady_now() const override {
    return std::chrono::steady_clock::time_point(std::chrono::milliseconds(milliseconds_));
  }
  std::chrono::system_clock::time_point system_now() const override { return {}; }
  void advance(std::chrono::milliseconds by) { milliseconds_ += by.count(); }

 private:
  std::atomic<std::int64_t> milliseconds_ = 1'000'000;
};

class RuntimeTest : public ::testing::Test {
 protected:
  RuntimeTest() {
    options_.threads = 4;
    options_.clock = &clock_;
  }

  Runtime& runtime() {
    if (!runtime_) runtime_.emplace(options_, callbacks_);
    return *runtime_;
  }
  // Only what lies on a CPU is measured: elsewhere a model takes what the engine's script says.
  LoadSpec spec(const std::string& key = "a", const std::string& device = "cpu:0") const {
    LoadSpec spec;
    spec.key = key;
    spec.model = "model_" + key;
    spec.engine = engine_;
    spec.plan.requested = "auto";
    spec.plan.chosen = device;
    spec.plan.engine = "scripted";
    return spec;
  }
  Job<Lease> acquire(const std::string& key = "a") { return runtime().acquire(spec(key)); }
  Lease lease(const std::string& key = "a") { return acquire(key).get().value(); }
  SlotStatus status(const std::string& key = "a") {
    for (SlotStatus& slot : runtime().status()) {
      if (slot.key == key) return std::move(slot);
    }
    return {};
  }
  bool becomes(SlotState state, const std::string& key = "a") {
    return becomes_true([&] { return status(key).state == state; });
  }
  bool becomes_idle(const std::string& key = "a") {
    return becomes_true([&] { return status(key).leases == 0; });
  }
  static std::int64_t number_of(const Lease& lease) {
    return lease.run({}).value().outputs.at(0).tensor.as<std::int64_t>()[0];
  }

  ManualClock clock_;
  RuntimeOptions options_;
  std::shared_ptr<base::Executor> callbacks_ =
      std::make_shared<base::Executor>("callbacks", 1, base::Executor::Role::callbacks);
  std::shared_ptr<ScriptedEngine> engine_ = std::make_shared<ScriptedEngine>();
  std::optional<Runtime> runtime_;
};

// Holds the loads of an engine until it is opened.
struct Gate {
  Event reached;
  Event open;

  std::function<Result<void>(const engine::LoadRequest&)> script() {
    return [this](const engine::LoadRequest&) -> Result<void> {
      reached.set();
      EXPECT_TRUE(open.wait());
      return {};
    };
  }
};

}  // namespace modelhub::runtime
