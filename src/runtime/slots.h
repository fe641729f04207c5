// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "runtime/runtime.h"

namespace modelhub::runtime {

// The state behind a Runtime and its leases. The states of a slot and what leads from one to
// another: see SlotState.
//
// Invariants:    a slot is never removed or replaced. A slot that is queued, loading or draining
//                has exactly one task (or, draining, one lease) that will move it on. Loads, frees
//                and the completion of jobs happen outside the lock; under it only memory is
//                touched and tasks are posted.
// Thread safety: all methods from any thread.
class Slots : public std::enable_shared_from_this<Slots> {
 public:
  Slots(const RuntimeOptions& options, std::shared_ptr<base::Executor> callbacks,
        base::Executor* loaders, base::Executor* reaper);

  Job<Lease> acquire(const LoadSpec& spec);
  std::optional<Lease> try_lease(const std::string& key);
  Job<Unloaded> unload(const std::string& key, UnloadPolicy policy);
  std::vector<SlotStatus> status() const;
  // Cancels whoever waits and stops posting tasks. The models that are not leased go with the
  // returned list.
  std::vector<std::shared_ptr<LoadedModel>> close();

  const ThreadBudget& thread_budget() const { return budget_; }
  bool is_of_another_process() const;

 private:
  struct Slot {
    SlotState state = SlotState::absent;
    LoadSpec spec;                           // of the newest caller that had to wait
    std::shared_ptr<LoadedModel> loaded;     // ready, and draining until the reaper takes it
    std::uint64_t loads = 0;                 // that succeeded
    std::size_t leases = 0;                  // of `loaded`
    std::list<Promise<Lease>> waiters;       // queued, loading, draining
    std::list<Promise<Unloaded>> unloaders;  // loading, draining
    bool drain_when_ready = false;           // queued, loading: unload() was called
    std::optional<Error> error;              // failed
    std::chrono::steady_clock::time_point retry_at;  // failed
    std::chrono::steady_clock::time_point last_used;
  };

  // REQUIRE: mutex_ is held.
  std::optional<Error> refusal_of(Slot& slot) const;
  void queue_load(Slot& slot);
  void queue_free(Slot& slot);
  Lease lease(Slot& slot);
  void give_back(Slot& slot);
  void drop_cancelled_waiters(Slot& slot) const;

  // On the loaders' and the reaper's threads; they take mutex_.
  void run_load(Slot& slot);
  void finish_load(Slot& slot, Result<std::unique_ptr<LoadedModel>> result);
  void run_free(Slot& slot, std::shared_ptr<LoadedModel> model);

  const RuntimeOptions options_;
  const ThreadBudget budget_;
  const std::shared_ptr<base::Executor> callbacks_;
  const std::uint64_t fork_generation_;

  mutable std::mutex mutex_;
  base::Executor* loaders_;            // guarded by mutex_; null once closed
  base::Executor* reaper_;             // guarded by mutex_; null once closed
  std::map<std::string, Slot> slots_;  // guarded by mutex_; a Slot never moves
};

}  // namespace modelhub::runtime
