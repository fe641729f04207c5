// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/slots.h"

#include <algorithm>
#include <mutex>
#include <set>
#include <utility>

#include "base/executor.h"
#include "base/fork_generation.h"
#include "device/probe.h"
#include "runtime/load.h"
#include "runtime/process_memory.h"

namespace modelhub::runtime {
namespace {

constexpr std::chrono::milliseconds k_look_interval{100};

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

Error too_large(const std::string& model, ByteCount need, const std::string& device,
                ByteCount budget) {
  return {ErrorCode::out_of_memory, Subject::model,
          model + " needs about " + need.to_string() + " on " + device +
              ", more than the budget for all models there, " + budget.to_string(),
          "take a smaller variant of it, or raise the memory budget of the hub"};
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
      reaper_(reaper),
      alarm_([this] { ring(); }, *options_.clock) {}

bool Slots::is_of_another_process() const { return fork_generation_ != base::fork_generation(); }

Job<Lease> Slots::acquire(const LoadSpec& spec) {
  if (is_of_another_process()) return finished<Lease>(callbacks_, of_another_process());
  if (Result<void> checked = check(spec); !checked)
    return finished<Lease>(callbacks_, std::move(checked).error());
  const Promise<Lease> waiter(callbacks_);
  std::optional<Result<Lease>> answer;
  {
    std::lock_guard lock(mutex_);
    Slot& slot = slot_of(spec.key);
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
  Slot* const slot = find(key);
  if (slot == nullptr || !slot->use.gate.try_enter()) return std::nullopt;
  slot->touch(options_.clock->steady_now());
  return make_lease(*slot);
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
      if (found != slots_.end()) {  // forgets the failure
        found->second.state = SlotState::absent;
        found->second.failures = 0;
      }
      answer = Unloaded();
    } else if (Slot& slot = found->second;
               policy == UnloadPolicy::refuse && slot.state != SlotState::draining &&
               (slot.state != SlotState::ready || !slot.use.gate.close_if_empty())) {
      answer =
          Error(ErrorCode::busy, Subject::model,
                slot.spec.model + (slot.state == SlotState::ready
                                       ? " is in use (" + std::to_string(slot.leases()) + " leases)"
                                       : std::string(" is being loaded")),
                "try again when the calls that use it have ended, or let them end first and unload "
                "it then")
              .as_retryable();
    } else {
      slot.unloaders.push_back(promise);
      if (slot.state == SlotState::ready) {
        slot.state = SlotState::draining;
        if (slot.use.gate.close() == 0) queue_free(slot);
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
    status.device = slot.spec.plan.chosen.value_or("");
    status.state = slot.state;
    status.leases = slot.leases();
    status.waiters = slot.waiters.size();
    status.loads = slot.loads;
    if (slot.loaded != nullptr) status.info = slot.loaded->info();
    status.memory = slot.charge;
    status.last_used = slot.use.last;
    if (slot.state == SlotState::failed) {
      status.error = slot.error;
      status.retry_at = slot.retry_at;
    }
    all.push_back(std::move(status));
  }
  return all;
}

std::vector<std::shared_ptr<LoadedModel>> Slots::close() {
  alarm_.stop();
  std::list<Promise<Lease>> waiters;
  std::list<Promise<Unloaded>> unloaders;
  std::vector<std::shared_ptr<LoadedModel>> models;
  {
    std::lock_guard lock(mutex_);
    loaders_ = nullptr;
    reaper_ = nullptr;
    room_queue_.clear();
    for (auto& [key, slot] : slots_) {
      waiters.splice(waiters.end(), slot.waiters);
      unloaders.splice(unloaders.end(), slot.unloaders);
      if (slot.use.gate.close() == 0 && slot.loaded != nullptr)
        models.push_back(std::move(slot.loaded));
      slot.state = SlotState::absent;
    }
    if (is_any_leased()) self_ = shared_from_this();
  }
  for (const Promise<Lease>& waiter : waiters) waiter.complete(closed());
  for (const Promise<Unloaded>& unloader : unloaders) unloader.complete(closed());
  return models;
}

Slots::Slot* Slots::find(const std::string& key) {
  Slot* slot = bucket_of(key).load(std::memory_order_acquire);
  while (slot != nullptr && *slot->key != key) slot = slot->next;
  return slot;
}

Slots::Bucket& Slots::bucket_of(const std::string& key) {
  return buckets_[std::hash<std::string>()(key) % buckets_.size()];
}

Slots::Slot& Slots::slot_of(const std::string& key) {
  const auto [place, is_new] = slots_.try_emplace(key);
  Slot& slot = place->second;
  if (!is_new) return slot;
  slot.key = &place->first;
  slot.use.gate.watch(options_.keep_alive || !room_queue_.empty());
  Bucket& bucket = bucket_of(key);
  slot.next = bucket.load(std::memory_order_relaxed);
  bucket.store(&slot, std::memory_order_release);
  return slot;
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
  loaders_->post([self = shared_from_this(), &slot] { self->queue_for_room(slot); });
}

void Slots::queue_free(Slot& slot) {
  reaper_->post([self = shared_from_this(), &slot, model = std::move(slot.loaded)]() mutable {
    self->run_free(slot, std::move(model));
  });
}

Lease Slots::lease(Slot& slot) {
  slot.use.gate.enter();
  slot.touch(options_.clock->steady_now());
  return make_lease(slot);
}

Lease Slots::make_lease(Slot& slot) {
  return Lease(
      std::shared_ptr<LoadedModel>(std::make_shared<Hold>(*this, slot), slot.loaded.get()));
}

void Slots::give_back(Slot& slot) {
  if (is_of_another_process()) return;
  slot.touch(options_.clock->steady_now());
  if (slot.use.gate.try_leave()) return;
  Answers answers;
  std::shared_ptr<LoadedModel> model;
  std::shared_ptr<Slots> self;
  {
    std::lock_guard lock(mutex_);
    const std::size_t left = slot.use.gate.leave();
    if (reaper_ == nullptr) {  // the runtime has gone
      if (left == 0) model = std::move(slot.loaded);
      if (!is_any_leased()) self = std::move(self_);
      return;
    }
    if (left > 0) return;
    if (slot.state == SlotState::draining) queue_free(slot);
    evict_if_kept_too_long(slot);
    if (!room_queue_.empty()) serve_room_queue(answers);
  }
  answers.give();
}

bool Slots::is_any_leased() const {
  return std::any_of(slots_.begin(), slots_.end(),
                     [](const auto& entry) { return entry.second.leases() > 0; });
}

void Slots::watch(bool is_watched) {
  for (auto& [key, slot] : slots_) slot.use.gate.watch(is_watched || options_.keep_alive);
}

void Slots::drop_cancelled_waiters(Slot& slot) const {
  slot.waiters.remove_if(
      [](const Promise<Lease>& waiter) { return waiter.stop_token().stop_requested(); });
}

void Slots::Answers::give() {
  // Each promise goes as soon as it is kept: it holds the lease as well.
  for (; !leases.empty(); leases.pop_front())
    leases.front().first.complete(std::move(leases.front().second));
  for (; !unloaders.empty(); unloaders.pop_front()) unloaders.front().complete(Unloaded());
}

void Slots::forget(Slot& slot, Answers& answers) {
  slot.state = SlotState::absent;
  slot.charge = ByteCount();
  answers.unloaders.splice(answers.unloaders.end(), slot.unloaders);
}

void Slots::fail(Slot& slot, Error error, Answers& answers) {
  slot.state = SlotState::failed;
  slot.charge = ByteCount();
  slot.error = std::move(error);
  slot.retry_at = options_.clock->steady_now();
  answers.unloaders.splice(answers.unloaders.end(), slot.unloaders);
  for (Promise<Lease>& waiter : slot.waiters)
    answers.leases.emplace_back(std::move(waiter), *slot.error);
  slot.waiters.clear();
}

std::chrono::milliseconds Slots::pause_after(Slot& slot) const {
  constexpr unsigned k_most_doublings = 20;
  const ErrorCode code = slot.error->code;
  if (code == ErrorCode::out_of_memory) return options_.out_of_memory_pause;
  // Its files went while it was loaded: whoever fetches them again loads it at once.
  if (code == ErrorCode::not_found || ++slot.failures < 2) return std::chrono::milliseconds(0);
  const unsigned doublings = std::min(slot.failures - 2, k_most_doublings);
  return std::min(options_.failure_pause * (1U << doublings), options_.longest_failure_pause);
}

void Slots::queue_for_room(Slot& slot) {
  LoadSpec spec;
  {
    std::lock_guard lock(mutex_);
    spec = slot.spec;
  }
  // Strangers' code, which looks at files.
  spec.request.device = *spec.plan.chosen;
  const ByteCount budget =
      options_.memory_budget ? options_.memory_budget(*spec.plan.chosen) : ByteCount();
  const ByteCount estimate = spec.engine->estimate(spec.request);
  Answers answers;
  {
    std::lock_guard lock(mutex_);
    if (loaders_ == nullptr) return;
    slot.device = *spec.plan.chosen;
    slot.budget = budget;
    slot.need = slot.measured.value_or(estimate);
    slot.waits_since = options_.clock->steady_now();
    room_queue_.push_back(&slot);
    serve_room_queue(answers);
  }
  answers.give();
}

void Slots::serve_room_queue(Answers& answers) {
  if (loaders_ == nullptr || room_queue_.empty()) return;
  watch(true);                 // before anybody looks whether a model is idle
  std::set<std::string> full;  // devices for which somebody waits
  for (auto place = room_queue_.begin(); place != room_queue_.end();) {
    Slot& slot = **place;
    if (serve(slot, full.count(slot.device) == 0, answers)) {
      place = room_queue_.erase(place);
    } else {
      full.insert(slot.device);
      ++place;
    }
  }
  if (room_queue_.empty()) watch(false);
}

// False: it has to wait.
bool Slots::serve(Slot& slot, bool is_first_of_its_device, Answers& answers) {
  drop_cancelled_waiters(slot);
  if (slot.waiters.empty()) {
    forget(slot, answers);
    return true;
  }
  const bool has_budget = slot.budget != ByteCount();
  if (has_budget && slot.need > slot.budget) {
    fail(slot, too_large(slot.spec.model, slot.need, slot.device, slot.budget), answers);
    return true;
  }
  if (!has_budget || (is_first_of_its_device && used_on(slot.device) + slot.need <= slot.budget)) {
    slot.charge = slot.need;
    loaders_->post([self = shared_from_this(), &slot] { self->run_load(slot); });
    return true;
  }
  const auto now = options_.clock->steady_now();
  const auto give_up_at = slot.waits_since + options_.room_deadline;
  if (now >= give_up_at) {
    fail(slot, no_room_for(slot), answers);
    return true;
  }
  // Of waiters that leave nobody tells.
  alarm_.set(std::min(give_up_at, now + k_look_interval));
  if (is_first_of_its_device) make_room(slot.device, slot.budget, slot.need);
  return false;
}

ByteCount Slots::used_on(const std::string& device) const {
  ByteCount used;
  for (const auto& [key, slot] : slots_) {
    if (slot.device == device) used += slot.charge;
  }
  return used;
}

// Evicts the models that were not used for the longest time, as many as it takes; none when even
// all that may go would not do.
void Slots::make_room(const std::string& device, ByteCount budget, ByteCount need) {
  const auto now = options_.clock->steady_now();
  ByteCount kept = used_on(device);
  std::vector<std::pair<std::chrono::steady_clock::time_point, Slot*>> idle;
  for (auto& [key, slot] : slots_) {
    if (slot.device != device || slot.leases() > 0) continue;
    if (slot.state == SlotState::draining)
      kept = ByteCount(kept.count() - slot.charge.count());  // the reaper has it
    if (slot.state != SlotState::ready) continue;
    if (const auto may_go_at = slot.loaded_at + options_.minimum_residence; may_go_at > now)
      alarm_.set(may_go_at);
    else
      idle.emplace_back(slot.use.last, &slot);
  }
  std::sort(idle.begin(), idle.end());
  std::vector<Slot*> closed;
  for (const auto& [last_used, slot] : idle) {
    if (kept + need <= budget) break;
    if (!slot->use.gate.close_if_empty()) continue;
    closed.push_back(slot);
    kept = ByteCount(kept.count() - slot->charge.count());
  }
  for (Slot* const slot : closed) {
    if (kept + need > budget) {
      slot->use.gate.open();  // somebody took one of the others in between: none goes in vain
    } else {
      slot->state = SlotState::draining;
      queue_free(*slot);
    }
  }
}

void Slots::evict_if_kept_too_long(Slot& slot) {
  if (!options_.keep_alive || slot.state != SlotState::ready || slot.leases() > 0) return;
  const auto until = slot.use.last.load() + *options_.keep_alive;
  if (options_.clock->steady_now() < until) return alarm_.set(until);
  if (!slot.use.gate.close_if_empty()) return;  // who took it will bring it back
  slot.state = SlotState::draining;
  queue_free(slot);
}

Error Slots::no_room_for(const Slot& wanted) const {
  std::string holders;
  for (const auto& [key, slot] : slots_) {
    if (slot.device != wanted.device || slot.charge == ByteCount()) continue;
    holders += (holders.empty() ? "" : ", ") + slot.spec.model + " (" + slot.charge.to_string() +
               (slot.leases() > 0 ? ", in use)" : ")");
  }
  return Error(ErrorCode::out_of_memory, Subject::model,
               "no room in memory for " + wanted.spec.model + ": it needs about " +
                   wanted.need.to_string() + " of the " + wanted.budget.to_string() +
                   " that models may take on " + wanted.device + "; there are " + holders,
               "let the calls that use these end, unload one, or raise the memory budget of the "
               "hub")
      .as_retryable();
}

void Slots::ring() {
  Answers answers;
  {
    std::lock_guard lock(mutex_);
    if (loaders_ == nullptr) return;
    for (auto& [key, slot] : slots_) evict_if_kept_too_long(slot);
    serve_room_queue(answers);
  }
  answers.give();
}

void Slots::run_load(Slot& slot) {
  LoadSpec spec;
  std::list<Promise<Lease>> waiters;
  std::uint64_t generation = 0;
  Measurement measurement;
  Answers answers;
  {
    std::lock_guard lock(mutex_);
    if (loaders_ == nullptr) return;
    drop_cancelled_waiters(slot);
    if (slot.waiters.empty()) {
      forget(slot, answers);
      serve_room_queue(answers);
    } else {
      slot.state = SlotState::loading;
      measurement = {running_loads_++ == 0, ++begun_loads_};
    }
    spec = slot.spec;
    waiters = slot.waiters;
    generation = slot.loads + 1;
  }
  answers.give();
  if (waiters.empty()) return;
  report_to(waiters, Phase::loading, spec.model);
  finish_load(slot, measurement, load(spec, generation, budget_, *options_.clock));
}

void Slots::finish_load(Slot& slot, Measurement measurement,
                        Result<std::unique_ptr<LoadedModel>> result) {
  Answers answers;
  {
    std::lock_guard lock(mutex_);
    if (loaders_ == nullptr)
      return;  // everybody was cancelled; the model goes with `result`, outside the lock
    --running_loads_;
    if (result) {
      slot.loaded = *std::move(result);
      ++slot.loads;
      slot.failures = 0;
      slot.loaded_at = options_.clock->steady_now();
      slot.use.last = slot.loaded_at;
      slot.state = slot.drain_when_ready ? SlotState::draining : SlotState::ready;
      const ByteCount seen = slot.loaded->info().resident;
      const bool is_of_its_own =
          measurement.began_alone && measurement.number == begun_loads_ && seen != ByteCount();
      // What a device of its own memory holds is not seen in the process.
      if (is_of_its_own && slot.device.compare(0, 3, "cpu") == 0)
        slot.measured = std::max(slot.measured.value_or(seen), seen);
      slot.charge = slot.measured.value_or(slot.need);
      std::list<Promise<Lease>> waiters;
      waiters.swap(slot.waiters);
      for (Promise<Lease>& waiter : waiters) {
        if (!waiter.stop_token().stop_requested())
          answers.leases.emplace_back(std::move(waiter), lease(slot));
      }
      if (slot.state == SlotState::ready) slot.use.gate.open();
      if (slot.state == SlotState::draining && slot.leases() == 0) queue_free(slot);
      evict_if_kept_too_long(slot);
      // It may have taken more than it was expected to.
      if (slot.budget != ByteCount()) make_room(slot.device, slot.budget, ByteCount());
    } else {
      const bool is_short_of_memory = result.error().code == ErrorCode::out_of_memory;
      fail(slot, is_short_of_memory ? Error(result.error()).as_retryable() : result.error(),
           answers);
      slot.retry_at += pause_after(slot);
    }
    serve_room_queue(answers);
  }
  answers.give();
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
  Answers answers;
  {
    std::lock_guard lock(mutex_);
    unloaders.swap(slot.unloaders);
    slot.state = SlotState::absent;
    slot.charge = ByteCount();
    drop_cancelled_waiters(slot);
    if (loaders_ != nullptr && !slot.waiters.empty()) queue_load(slot);
    serve_room_queue(answers);
  }
  for (const Promise<Unloaded>& unloader : unloaders) unloader.complete(unloaded);
  answers.give();
}

}  // namespace modelhub::runtime
