// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// How long it takes to find a model that is loaded: a lease given and taken back, by several
// threads that do nothing else.
//
//   lookup_bench [THREADS] [SECONDS] [MODELS]     (4, 3, 5: each thread keeps to one model)
//
// It says one JSON document. A lookup's time is that on the clock: threads that share a core pay
// for each other's.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/executor.h"
#include "runtime/runtime.h"

namespace {

using namespace modelhub;

// A model that is nothing but there.
class EmptySession final : public engine::Session {
 public:
  const std::vector<engine::TensorSpec>& inputs() const override { return specs_; }
  const std::vector<engine::TensorSpec>& outputs() const override { return specs_; }
  const std::string& device() const override { return device_; }
  Result<engine::RunResult> run(std::span<const Input>) override { return engine::RunResult(); }

 private:
  const std::vector<engine::TensorSpec> specs_;
  const std::string device_ = "cpu:0";
};

class EmptyEngine final : public engine::Engine {
 public:
  EmptyEngine() { info_.name = "empty"; }
  const engine::EngineInfo& info() const override { return info_; }
  ByteCount estimate(const engine::LoadRequest&) const override { return ByteCount(1000); }
  Result<std::unique_ptr<engine::Session>> load(const engine::LoadRequest&) override {
    return std::unique_ptr<engine::Session>(std::make_unique<EmptySession>());
  }

 private:
  engine::EngineInfo info_;
};

// As the hub names it: digest, engine, device, precision, threads.
std::string key_of(int model) {
  return std::string(64, static_cast<char>('a' + model)) + "/onnxruntime/cpu:0/exact/0";
}

}  // namespace

int main(int argc, char** argv) {
  const int threads = argc > 1 ? std::max(1, std::atoi(argv[1])) : 4;
  const int seconds = argc > 2 ? std::max(1, std::atoi(argv[2])) : 3;
  const int models = argc > 3 ? std::clamp(std::atoi(argv[3]), 1, 20) : 5;
  constexpr int k_batch = 1000;
  runtime::Runtime runtime(
      {}, std::make_shared<base::Executor>("callbacks", 1, base::Executor::Role::callbacks));
  const auto engine = std::make_shared<EmptyEngine>();
  for (int model = 0; model < models; ++model) {
    runtime::LoadSpec spec;
    spec.key = key_of(model);
    spec.model = "model";
    spec.engine = engine;
    spec.plan.chosen = "cpu:0";
    (void)runtime.acquire(spec).get().value();
  }
  std::atomic<bool> is_over = false;
  std::atomic<long> lookups = 0;
  std::vector<std::thread> workers;
  const auto begin = std::chrono::steady_clock::now();
  for (int t = 0; t < threads; ++t) {
    workers.emplace_back([&, t] {
      const std::string key = key_of(t % models);
      long count = 0;
      while (!is_over) {
        for (int i = 0; i < k_batch; ++i) {
          if (!runtime.try_lease(key)) std::abort();
        }
        count += k_batch;
      }
      lookups += count;
    });
  }
  std::this_thread::sleep_for(std::chrono::seconds(seconds));
  is_over = true;
  for (std::thread& worker : workers) worker.join();
  const double nanoseconds =
      std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begin).count();
  std::cout << nlohmann::json{{"threads", threads},
                              {"models", models},
                              {"lookups", lookups.load()},
                              {"ns_each", nanoseconds * threads / static_cast<double>(lookups)}}
                   .dump()
            << '\n';
  return 0;
}
