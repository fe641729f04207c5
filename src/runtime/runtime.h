// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "engine/engine.h"
#include "modelhub/device.h"
#include "modelhub/job.h"
#include "runtime/loaded_model.h"
#include "runtime/thread_budget.h"

namespace modelhub::base {
class Executor;
}

namespace modelhub::runtime {

class Slots;

// What to load, and under which key.
struct LoadSpec {
  // Whatever sets two loads apart must be in it: the model's digest, engine, device, options.
  std::string key;
  std::string model;  // for people: "yolov8n@8.4.0:onnx-fp32"
  std::shared_ptr<engine::Engine> engine;
  // The runtime fills in its device and allow_fallback (from the plan) and its threads (from the
  // budget).
  engine::LoadRequest request;
  DevicePlan plan;  // chosen is set
  // Called by each load before the engine; what it returns is kept until the model is freed. For
  // whoever must know that the files are in use. Its error is the load's. May be empty.
  std::function<Result<std::shared_ptr<const void>>()> hold_files;
  // Called by each load after that; may change files and settings of its request. What it returns
  // is dropped when the engine has loaded the model, or failed to. Its error is the load's. May be
  // empty.
  std::function<Result<std::shared_ptr<const void>>(engine::LoadRequest& request)> prepare;
};

// Keeps one loaded generation of a model in memory.
//
// Ownership:     copies share the hold; the last one lets go. It may outlive the Runtime: the model
//                stays usable, and is freed by whoever drops the last copy.
// Thread safety: all methods from any thread; different copies may be used and dropped at once.
class Lease {
 public:
  Lease(const Lease&) = default;
  Lease(Lease&&) noexcept = default;
  Lease& operator=(const Lease&) = default;
  Lease& operator=(Lease&&) noexcept = default;
  // Not inline: g++ 12 takes the destructor of an empty std::optional<Lease> for a bug.
  ~Lease();

  const LoadedInfo& info() const { return model_->info(); }
  const engine::Session& session() const { return model_->session(); }
  // Errors: as engine::Session::run; unsupported in a fork.
  Result<RunOutput> run(std::span<const engine::Session::Input> inputs) const {
    return model_->run(inputs);
  }

 private:
  friend class Slots;
  explicit Lease(std::shared_ptr<LoadedModel> model) : model_(std::move(model)) {}

  std::shared_ptr<LoadedModel> model_;  // its deleter gives the lease back
};

// absent -> queued -> loading -> ready -> draining -> absent
//
// and loading -> failed(reason, retry_at) -> queued; queued -> failed when there was no room for
// too long; queued -> absent when every waiter left before the load began; draining -> queued when
// somebody waits for a new load.
enum class SlotState { absent, queued, loading, ready, draining, failed };

std::string_view name_of(SlotState state);

// A snapshot of one slot.
struct SlotStatus {
  std::string key;
  std::string model;
  std::string device;  // on which it is, or is to be: that of the newest plan
  SlotState state = SlotState::absent;
  std::size_t leases = 0;
  std::size_t waiters = 0;
  std::uint64_t loads = 0;         // that succeeded, since the runtime began
  std::optional<LoadedInfo> info;  // while ready or draining
  ByteCount memory;                // what it is charged for: while loading, ready or draining
  std::chrono::steady_clock::time_point last_used;  // when a lease was last given or returned
  std::optional<Error> error;                       // while failed
  // While failed: calls before it get the same error.
  std::chrono::steady_clock::time_point retry_at;
};

enum class UnloadPolicy {
  refuse,  // busy when somebody holds a lease or waits for one
  drain,   // no new leases; freed when the last one goes
};

struct Unloaded {
  bool was_loaded = false;
  ByteCount returned;  // by how much the process shrank
};

struct RuntimeOptions {
  // Models that load at the same time; more make each slower and the peak of memory higher.
  int load_threads = 2;
  int threads = 0;  // budget for all engines; 0: as many as this process may use cores
  // How long the error of a load that ran out of memory is repeated before it is tried again.
  std::chrono::milliseconds out_of_memory_pause{1000};
  // Every other failure is tried again by the next call, for it may have been mended; what fails
  // again at once is tried after this pause, then after twice as long, and so on up to the longest.
  // Otherwise callers that never give up would load a broken model all day.
  std::chrono::milliseconds failure_pause{100};
  std::chrono::milliseconds longest_failure_pause{10'000};

  // Bytes that the models loaded on a device may take together, by the device's id ("cpu:0"); 0: as
  // many as they want. Asked for each load, outside all locks. A load needs what an earlier one of
  // the same model was measured to take, else what its engine estimates; it waits until idle models
  // have made room, the one that was not used for the longest time first. Empty: no limits.
  std::function<ByteCount(const std::string& device)> memory_budget;
  // How long a model stays at least before it goes to make room. Two that are used in turn and do
  // not fit together would otherwise be loaded at every call; longer makes others wait longer.
  std::chrono::milliseconds minimum_residence{2000};
  // How long a load waits for room; then it fails with out_of_memory, and names what is there.
  std::chrono::milliseconds room_deadline{30'000};
  // An idle model is unloaded after this; 0: as soon as the last lease has gone. Nothing: it stays
  // as long as there is room.
  std::optional<std::chrono::milliseconds> keep_alive;
  const base::Clock* clock = &base::Clock::real();  // outlives the runtime and all leases

  RuntimeOptions() {}  // NOLINT(modernize-use-equals-default): see coroutine.h
};

// What is loaded: one slot for each key, however many ask.
//
// Invariants:    at most one load and one generation for a key at any time; the result or error of
//                a load goes to all who waited for it, each with its own deadline and cancel(); a
//                load that has begun is finished even if everybody left, and its model stays, idle.
// Ownership:     a loaded model stays until unload() or the end of the runtime, or, when nobody
//                holds a lease, until its room or its time is up (RuntimeOptions). The destructor
//                cancels all waiters, waits for running loads and frees what is not leased; leases
//                that are left go on working.
// Thread safety: all methods from any thread. Loads and frees run on threads of their own; nothing
//                blocks and no stranger's code runs under the lock. The destructor may run in a
//                callback.
// After a fork:  everything answers `unsupported` in the child; the destructor leaks there.
class Runtime {
 public:
  Runtime(const RuntimeOptions& options, std::shared_ptr<base::Executor> callbacks);
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  // A lease on the model, loading it first if need be. The finished job holds the lease too: drop
  // it after get(). The thread that loaded the model holds it for a moment longer than that.
  //
  // While the model drains, this waits until it is gone and loads it anew: a thread that holds a
  // lease of a draining model and waits here for another one waits for itself.
  //
  // Errors: those of Engine::load; out_of_memory, Subject::model (it can never fit into the budget;
  //         or there was no room for too long: retryable); unsupported, Subject::device (the engine
  //         put the model on
  //         another device than planned, and the plan's fallback policy forbids it); cancelled;
  //         invalid_argument (no key, engine or device).
  Job<Lease> acquire(const LoadSpec& spec);

  // A lease if the model is ready now; does not load, wait or fail.
  std::optional<Lease> try_lease(const std::string& key);

  // Done when the memory was given back. Cancelling the job does not stop the unloading.
  // Errors: busy, Subject::model (policy refuse).
  Job<Unloaded> unload(const std::string& key, UnloadPolicy policy);

  // All slots that were ever used, by key.
  std::vector<SlotStatus> status() const;

  const ThreadBudget& thread_budget() const;

 private:
  std::unique_ptr<base::Executor> loaders_;
  std::unique_ptr<base::Executor> reaper_;  // frees models, so that no caller waits for that
  std::shared_ptr<Slots> slots_;            // leases share it, so that they can be given back to it
};

}  // namespace modelhub::runtime
