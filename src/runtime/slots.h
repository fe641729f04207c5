// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "runtime/alarm.h"
#include "runtime/lease_gate.h"
#include "runtime/runtime.h"

namespace modelhub::runtime {

// The state behind a Runtime and its leases. The states of a slot and what leads from one to
// another: see SlotState.
//
// Memory:        a slot that is loading, ready or draining is charged to its device's budget. A
//                load begins only when what it needs fits beside all charges. Who waits for room
//                is served in the order of coming, for each device; models are evicted only when
//                that makes the room, so that none goes in vain.
// Leases:        of a loaded model they are given and taken back without the lock (LeaseGate): it
// is
//                the way of every call, and what many threads write costs each of them the time of
//                a line of memory on its way between cores. The gate is open while the slot is
//                ready, and watched while somebody waits for room or idle models have to go.
// Invariants:    a slot is never removed or replaced. A slot that is queued, loading or draining
//                has exactly one task, one lease (draining) or one place in room_queue_ (queued)
//                that will move it on. Loads, frees and the completion of jobs happen outside the
//                lock; under it only memory is touched and tasks are posted.
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
  // returned list; while others are, this keeps itself. Not on the alarm's thread.
  std::vector<std::shared_ptr<LoadedModel>> close();

  const ThreadBudget& thread_budget() const { return budget_; }
  bool is_of_another_process() const;

 private:
  struct Slot {
    SlotState state = SlotState::absent;
    LoadSpec spec;  // of the newest caller that had to wait
    // Ready, and draining until the reaper takes it; once closed, while it is leased.
    std::shared_ptr<LoadedModel> loaded;
    std::uint64_t loads = 0;                         // that succeeded
    std::list<Promise<Lease>> waiters;               // queued, loading, draining
    std::list<Promise<Unloaded>> unloaders;          // loading, draining
    bool drain_when_ready = false;                   // queued, loading: unload() was called
    std::optional<Error> error;                      // failed
    std::chrono::steady_clock::time_point retry_at;  // failed
    unsigned failures = 0;  // of loads, since one succeeded or unload() was called
    std::chrono::steady_clock::time_point loaded_at;
    std::chrono::steady_clock::time_point waits_since;  // in room_queue_
    std::string device;                                 // of the newest load, as the next three
    ByteCount budget;                                   // of that device; 0: none
    ByteCount need;
    ByteCount charge;                   // loading, ready, draining
    std::optional<ByteCount> measured;  // the most that a load of its own was seen to take

    // Without the lock, from here on.
    const std::string* key = nullptr;  // constant, as the next one
    Slot* next = nullptr;              // of its bucket
    struct alignas(64) Use {           // a line of memory for each slot
      LeaseGate gate;                  // of `loaded`
      std::atomic<std::chrono::steady_clock::time_point> last{{}};
    } use;

    std::size_t leases() const { return use.gate.count(); }
    void touch(std::chrono::steady_clock::time_point now) {
      if (now > use.last.load(std::memory_order_relaxed))
        use.last.store(now, std::memory_order_relaxed);
    }
  };
  // By the hash of the key; slots come and never go.
  using Bucket = std::atomic<Slot*>;

  // What the copies of a lease share. It counts as one of the slot's leases, which keep the model
  // and, once the runtime has gone, the Slots: a counted reference to either would be one more line
  // of memory that all cores fight for at each call.
  class Hold {
   public:
    Hold(Slots& slots, Slot& slot) : slots_(slots), slot_(slot) {}
    ~Hold() { slots_.give_back(slot_); }
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;

   private:
    Slots& slots_;
    Slot& slot_;
  };

  // What is to be told once the lock is given back.
  struct Answers {
    std::list<std::pair<Promise<Lease>, Result<Lease>>> leases;
    std::list<Promise<Unloaded>> unloaders;  // there was nothing to unload
    void give();
  };
  // How a load is measured: only one that no other ran beside.
  struct Measurement {
    bool began_alone = false;
    std::uint64_t number = 0;  // of the load
  };

  Bucket& bucket_of(const std::string& key);
  Slot* find(const std::string& key);  // without the lock; null when nobody has asked for it yet

  // REQUIRE: mutex_ is held.
  Slot& slot_of(const std::string& key);  // a new one if need be
  std::optional<Error> refusal_of(Slot& slot) const;
  void queue_load(Slot& slot);
  void queue_free(Slot& slot);
  Lease lease(Slot& slot);
  bool is_any_leased() const;
  void watch(bool is_watched);
  void drop_cancelled_waiters(Slot& slot) const;
  void forget(Slot& slot, Answers& answers);  // nobody waits for its load any more
  void fail(Slot& slot, Error error, Answers& answers);
  std::chrono::milliseconds pause_after(Slot& slot) const;  // of a load that failed
  // Lets begin whoever has room, and makes room for the others.
  void serve_room_queue(Answers& answers);
  bool serve(Slot& slot, bool is_first_of_its_device, Answers& answers);
  ByteCount used_on(const std::string& device) const;
  void make_room(const std::string& device, ByteCount budget, ByteCount need);
  void evict_if_kept_too_long(Slot& slot);
  Error no_room_for(const Slot& slot) const;

  // Of a lease that is counted; with the lock or without.
  Lease make_lease(Slot& slot);
  void give_back(Slot& slot);  // may take mutex_; this may be gone afterwards

  // On the loaders', the reaper's and the alarm's threads; they take mutex_.
  void queue_for_room(Slot& slot);
  void run_load(Slot& slot);
  void finish_load(Slot& slot, Measurement measurement,
                   Result<std::unique_ptr<LoadedModel>> result);
  void run_free(Slot& slot, std::shared_ptr<LoadedModel> model);
  void ring();

  const RuntimeOptions options_;
  const ThreadBudget budget_;
  const std::shared_ptr<base::Executor> callbacks_;
  const std::uint64_t fork_generation_;

  std::array<Bucket, 64> buckets_{};  // read without mutex_, added to with it
  mutable std::mutex mutex_;
  base::Executor* loaders_;            // guarded by mutex_; null once closed
  base::Executor* reaper_;             // guarded by mutex_; null once closed
  std::map<std::string, Slot> slots_;  // guarded by mutex_; a Slot never moves
  std::list<Slot*> room_queue_;        // guarded by mutex_; queued ones
  int running_loads_ = 0;              // guarded by mutex_
  std::uint64_t begun_loads_ = 0;      // guarded by mutex_
  std::shared_ptr<Slots> self_;        // guarded by mutex_; once closed, while a model is leased
  Alarm alarm_;
};

}  // namespace modelhub::runtime
