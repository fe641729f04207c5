// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/runtime.h"

#include <algorithm>
#include <utility>

#include "base/executor.h"
#include "runtime/process_memory.h"
#include "runtime/slots.h"

namespace modelhub::runtime {

std::string_view name_of(SlotState state) {
  switch (state) {
    case SlotState::absent: return "absent";
    case SlotState::queued: return "queued";
    case SlotState::loading: return "loading";
    case SlotState::ready: return "ready";
    case SlotState::draining: return "draining";
    case SlotState::failed: return "failed";
  }
  return "unknown";
}

Lease::~Lease() = default;

Runtime::Runtime(const RuntimeOptions& options, std::shared_ptr<base::Executor> callbacks)
    : loaders_(std::make_unique<base::Executor>("modelhub-load", std::max(1, options.load_threads),
                                                base::Executor::Role::workers)),
      reaper_(std::make_unique<base::Executor>("modelhub-free", 1, base::Executor::Role::workers)),
      slots_(
          std::make_shared<Slots>(options, std::move(callbacks), loaders_.get(), reaper_.get())) {}

Runtime::~Runtime() {
  if (slots_->is_of_another_process()) {
    (void)new std::shared_ptr<Slots>(
        std::move(slots_));  // models and mutexes of threads that do not exist here
    return;
  }
  std::vector<std::shared_ptr<LoadedModel>> models = slots_->close();
  loaders_.reset();  // ends after the loads that run now; their results are dropped
  reaper_.reset();
  if (models.empty()) return;
  models.clear();
  return_freed_memory();
}

Job<Lease> Runtime::acquire(const LoadSpec& spec) { return slots_->acquire(spec); }

std::optional<Lease> Runtime::try_lease(const std::string& key) { return slots_->try_lease(key); }

Job<Unloaded> Runtime::unload(const std::string& key, UnloadPolicy policy) {
  return slots_->unload(key, policy);
}

std::vector<SlotStatus> Runtime::status() const { return slots_->status(); }

const ThreadBudget& Runtime::thread_budget() const { return slots_->thread_budget(); }

}  // namespace modelhub::runtime
