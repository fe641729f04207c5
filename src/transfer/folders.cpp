// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "transfer/folders.h"

namespace modelhub::transfer {

// A pass is a pointer to nothing whose end is what counts.
std::shared_ptr<void> Folders::announce(const std::string& folder) {
  std::lock_guard lock(mutex_);
  ++uses_[folder].passes;
  return {nullptr, [this, folder](void*) { drop(folder, false); }};
}

std::shared_ptr<void> Folders::try_enter(const std::string& folder) {
  std::lock_guard lock(mutex_);
  Use& use = uses_[folder];
  if (use.is_entered) return nullptr;
  use.is_entered = true;
  ++use.passes;
  return {this, [folder](void* self) { static_cast<Folders*>(self)->drop(folder, true); }};
}

void Folders::drop(const std::string& folder, bool is_inside) {
  {
    std::lock_guard lock(mutex_);
    const auto use = uses_.find(folder);
    if (is_inside) use->second.is_entered = false;
    if (--use->second.passes == 0) uses_.erase(use);
    // Under the lock: whoever waits may destroy this as soon as it is free.
    changed_.notify_all();
  }
  if (is_inside) on_left_();
}

void Folders::wait_until_left(const std::string& folder) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return uses_.count(folder) == 0; });
}

}  // namespace modelhub::transfer
