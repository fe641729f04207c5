// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/slots.h"

#include <algorithm>
#include <utility>

#include "base/executor.h"
#include "base/fork_generation.h"
#include "device/probe.h"
#include "runtime/load.h"
#include "runtime/process_memory.h"

namespace modelhub::runtime {
namespace {

Error of_another_process() {
  return {ErrorCode::unsupported, Subject::model, "this hub belongs to the process that forked",
          "open a new Hub in the child process"};
}

Error closed() { return {ErrorCode::cancelled, Subject::model, "the hub was closed"}; }

int budget_of(const RuntimeOptions& options) {
  return options.threads > 0 ? options.threads : static_cast<int>(device::usable_cores());
}

template <class T>
Job<T> finished(const std::shared_ptr<base::Executor>& callbacks, Result<T> result) {
  const Promise<T> promise(callbacks);
  promise.complete(std::move(result));
  return promise.job();
}

void report_to(const std::list<Promise<Lease>>& waiters, Phase phase, const std::string& model) {
  Progress progress;
  progress.phase = phase;
  progress.subject = model;
  for (const Promise<Lease>& waiter : waiters) waiter.report(progress);
}

}  // namespace

Slots::Slots(const RuntimeOptions& options, std::shared_ptr<base::Executor> callbacks,
             base::Executor* loaders, base::Executor* reaper)
    : options_(options),
      budget_(budget_of(options)),
      callbacks_(std::move(callbacks)),
      fork_generation_(base::fork_generation()),
      loaders_(loaders),
      reaper_(reaper) {}

bool Slots::is_of_another_process() const { return fork_generation_ != base::fork_generation(); }

Job<Lease> Slots::acquire(const LoadSpec& spec) {
  if (is_of_another_process()) return finished<Lease>(callbacks_, of_another_process());
  if (Result<void> checked = check(spec); !checked)
    return finished<Lease>(callbacks_, std::move(checked).error());
  const Promise<Lease> waiter(callbacks_);
  std::optional<Result<Lease>> answer;
  {
    std::lock_guard lock(mutex_);
    Slot& slot = slots_[spec.key];
    if (loaders_ == nullptr) {
      answer = closed();
    } else if (slot.state == SlotState::ready) {
      answer = lease(slot);
    } else if (std::optional<Error> refused = refusal_of(slot)) {
      answer = *std::move(refused);
    } else {
      slot.waiters.push_back(waiter);
      slot.spec = spec;
      if (slot.state == SlotState::absent || slot.state == SlotState::failed) queue_load(slot);
    }
  }
  if (answer) waiter.complete(*std::move(answer));
  return waiter.job();
}

std::optional<Lease> Slots::try_lease(const std::string& key) {
  if (is_of_another_process()) return std::nullopt;
  std::lock_guard lock(mutex_);
  const auto slot = slots_.find(key);
  if (slot == slots_.end() || slot->second.state != SlotState::ready) return std::nullopt;
  return lease(slot->second);
}

Job<Unloaded> Slots::unload(const std::string& key, UnloadPolicy policy) {
  if (is_of_another_process()) return finished<Unloaded>(callbacks_, of_another_process());
  const Promise<Unloaded> promise(callbacks_);
  std::optional<Result<Unloaded>> answer;
  {
    std::lock_guard lock(mutex_);
    const auto found = slots_.find(key);
    if (found == slots_.end() || found->second.state == SlotState::absent ||
        found->second.state == SlotState::failed) {
      if (found != slots_.end()) found->second.state = SlotState::absent;  // forgets the failure
      answer = Unloaded();
    } else if (Slot& slot = found->second; policy == UnloadPolicy::refuse &&
                                           slot.state != SlotState::draining &&
                                           (slot.leases > 0 || slot.state != SlotState::ready)) {
      answer =
          Error(ErrorCode::busy, Subject::model,
                slot.spec.model + (slot.leases > 0
                                       ? " is in use (" + std::to_string(slot.leases) + " leases)"
                                       : std::string(" is being loaded")),
                "try again when the calls that use it have ended, or let them end first and unload "
                "it then")
              .as_retryable();
    } else {
      slot.unloaders.push_back(promise);
      if (slot.state == SlotState::ready) {
        slot.state = SlotState::draining;
        if (slot.leases == 0) queue_free(slot);
      } else if (slot.state != SlotState::draining) {
        slot.drain_when_ready = true;
      }
    }
  }
  if (answer) promise.complete(*std::move(answer));
  return promise.job();
}

std::vector<SlotStatus> Slots::status() const {
  std::vector<SlotStatus> all;
  if (is_of_another_process()) return all;
  std::lock_guard lock(mutex_);
  for (const auto& [key, slot] : slots_) {
    SlotStatus status;
    status.key = key;
    status.model = slot.spec.model;
    status.state = slot.state;
    status.leases = slot.leases;
    status.waiters = slot.waiters.size();
    status.loads = slot.loads;
    if (slot.loaded != nullptr) status.info = slot.loaded->info();
    status.last_used = slot.last_used;
    if (slot.state == SlotState::failed) {
      status.error = slot.error;
      status.retry_at = slot.retry_at;
    }
    all.push_back(std::move(status));
  }
  return all;
}

std::vector<std::shared_ptr<LoadedModel>> Slots::close() {
  std::list<Promise<Lease>> waiters;
  std::list<Promise<Unloaded>> unloaders;
  std::vector<std::shared_ptr<LoadedModel>> models;
  {
    std::lock_guard lock(mutex_);
    loaders_ = nullptr;
    reaper_ = nullptr;
    for (auto& [key, slot] : slots_) {
      waiters.splice(waiters.end(), slot.waiters);
      unloaders.splice(unloaders.end(), slot.unloaders);
      if (slot.loaded != nullptr) models.push_back(std::move(slot.loaded));
      slot.state = SlotState::absent;
    }
  }
  for (const Promise<Lease>& waiter : waiters) waiter.complete(closed());
  for (const Promise<Unloaded>& unloader : unloaders) unloader.complete(closed());
  return models;
}

// The error of a load that failed a moment ago and may not be tried again yet.
std::optional<Error> Slots::refusal_of(Slot& slot) const {
  if (slot.state != SlotState::failed || options_.clock->steady_now() >= slot.retry_at)
    return std::nullopt;
  return slot.error;
}

void Slots::queue_load(Slot& slot) {
  slot.state = SlotState::queued;
  slot.error.reset();
  slot.drain_when_ready = false;
  loaders_->post([self = shared_from_this(), &slot] { self->run_load(slot); });
}

void Slots::queue_free(Slot& slot) {
  reaper_->post([self = shared_from_this(), &slot, model = std::move(slot.loaded)]() mutable {
    self->run_free(slot, std::move(model));
  });
}

Lease Slots::lease(Slot& slot) {
  ++slot.leases;
  slot.last_used = options_.clock->steady_now();
  LoadedModel* const model = slot.loaded.get();
  return Lease(std::shared_ptr<LoadedModel>(
      model, [self = shared_from_this(), &slot, hold = slot.loaded](LoadedModel*) mutable {
        if (self->is_of_another_process()) {
          (void)new std::shared_ptr<LoadedModel>(std::move(hold));  // leaked: see LoadedModel
          return;
        }
        // Before the lease is given back, so that it is the reaper who frees the model. Once the
        // runtime has gone there is no reaper, and this may free it.
        hold.reset();
        std::lock_guard lock(self->mutex_);
        self->give_back(slot);
      }));
}

void Slots::give_back(Slot& slot) {
  --slot.leases;
  if (reaper_ == nullptr) return;  // the runtime has gone, and perhaps its clock too
  slot.last_used = options_.clock->steady_now();
  if (slot.state == SlotState::draining && slot.leases == 0) queue_free(slot);
}

void Slots::drop_cancelled_waiters(Slot& slot) const {
  slot.waiters.remove_if(
      [](const Promise<Lease>& waiter) { return waiter.stop_token().stop_requested(); });
}

void Slots::run_load(Slot& slot) {
  LoadSpec spec;
  std::list<Promise<Lease>> waiters;
  std::list<Promise<Unloaded>> unloaders;
  std::uint64_t generation = 0;
  {
    std::lock_guard lock(mutex_);
    if (loaders_ == nullptr) return;
    drop_cancelled_waiters(slot);
    if (slot.waiters.empty()) {
      slot.state = SlotState::absent;
      unloaders.swap(slot.unloaders);
    } else {
      slot.state = SlotState::loading;
    }
    spec = slot.spec;
    waiters = slot.waiters;
    generation = slot.loads + 1;
  }
  for (const Promise<Unloaded>& unloader : unloaders) unloader.complete(Unloaded());
  if (waiters.empty()) return;
  report_to(waiters, Phase::loading, spec.model);
  finish_load(slot, load(spec, generation, budget_, *options_.clock));
}

void Slots::finish_load(Slot& slot, Result<std::unique_ptr<LoadedModel>> result) {
  std::list<std::pair<Promise<Lease>, Result<Lease>>> answers;
  std::list<Promise<Unloaded>> unloaders;
  {
    std::lock_guard lock(mutex_);
    if (loaders_ == nullptr)
      return;  // everybody was cancelled; the model goes with `result`, outside the lock
    std::list<Promise<Lease>> waiters;
    waiters.swap(slot.waiters);
    if (result) {
      slot.loaded = *std::move(result);
      ++slot.loads;
      slot.last_used = options_.clock->steady_now();
      slot.state = slot.drain_when_ready ? SlotState::draining : SlotState::ready;
      for (Promise<Lease>& waiter : waiters) {
        if (!waiter.stop_token().stop_requested())
          answers.emplace_back(std::move(waiter), lease(slot));
      }
      if (slot.state == SlotState::draining && slot.leases == 0) queue_free(slot);
    } else {
      const bool is_short_of_memory = result.error().code == ErrorCode::out_of_memory;
      slot.state = SlotState::failed;
      slot.error = is_short_of_memory ? Error(result.error()).as_retryable() : result.error();
      slot.retry_at = options_.clock->steady_now();
      if (is_short_of_memory) slot.retry_at += options_.out_of_memory_pause;
      unloaders.swap(slot.unloaders);
      for (Promise<Lease>& waiter : waiters) answers.emplace_back(std::move(waiter), *slot.error);
    }
  }
  // Each promise goes as soon as it is kept: it holds the lease as well.
  for (; !answers.empty(); answers.pop_front())
    answers.front().first.complete(std::move(answers.front().second));
  for (const Promise<Unloaded>& unloader : unloaders) unloader.complete(Unloaded());
}

void Slots::run_free(Slot& slot, std::shared_ptr<LoadedModel> model) {
  Unloaded unloaded;
  unloaded.was_loaded = true;
  const ByteCount before = resident_memory();
  model.reset();
  return_freed_memory();
  const ByteCount after = resident_memory();
  unloaded.returned = ByteCount(before.count() - std::min(before.count(), after.count()));
  std::list<Promise<Unloaded>> unloaders;
  {
    std::lock_guard lock(mutex_);
    unloaders.swap(slot.unloaders);
    slot.state = SlotState::absent;
    drop_cancelled_waiters(slot);
    if (loaders_ != nullptr && !slot.waiters.empty()) queue_load(slot);
  }
  for (const Promise<Unloaded>& unloader : unloaders) unloader.complete(unloaded);
}

}  // namespace modelhub::runtime
