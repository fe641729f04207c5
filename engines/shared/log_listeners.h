// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <mutex>
#include <string>
#include <vector>

#include "modelhub/engine_module.h"

namespace modelhub::engine_shared {

// The hosts that hear what a library tells that has one log for the whole process.
//
// Thread safety: all methods from any thread.
class LogListeners {
 public:
  void tell(mh_log_level level, const std::string& line) {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const engine_module::Host* const host : hosts_) host->log(level, line);
  }

 private:
  friend class LogListener;

  std::mutex mutex_;
  std::vector<const engine_module::Host*> hosts_;  // guarded by mutex_
};

// Lets a host hear it, as long as it lives.
class LogListener {
 public:
  LogListener(LogListeners& all, const engine_module::Host& host) : all_(all), host_(host) {
    const std::lock_guard<std::mutex> lock(all_.mutex_);
    all_.hosts_.push_back(&host_);
  }
  ~LogListener() {
    const std::lock_guard<std::mutex> lock(all_.mutex_);
    all_.hosts_.erase(std::find(all_.hosts_.begin(), all_.hosts_.end(), &host_));
  }
  LogListener(const LogListener&) = delete;
  LogListener& operator=(const LogListener&) = delete;

 private:
  LogListeners& all_;
  const engine_module::Host host_;
};

}  // namespace modelhub::engine_shared
