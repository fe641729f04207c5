// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <curl/curl.h>

#include "base/executor.h"
#include "transfer/fetch.h"
#include "transfer/folders.h"
#include "transfer/host_gates.h"
#include "transfer/rate_limit.h"
#include "transfer/transfer.h"

namespace modelhub::transfer {

// The thread that owns the CURLM and runs all fetches, and the workers that hash, sync and read
// local files for them. Others reach it by a queue and curl_multi_wakeup().
//
// Bytes are written here, straight from libcurl's buffer: that costs less than to hand them over.
//
// Ownership:     borrows the options. Destroying cancels every fetch and waits until nothing is
//                written any more.
// Thread safety: submit(), wait_until_left() and network_requests() from any thread.
class Loop {
 public:
  explicit Loop(const TransferOptions& options);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void submit(FetchRequest request, Promise<Fetched> promise);
  void wait_until_left(const std::string& place) { folders_.wait_until_left(place); }
  std::uint64_t network_requests() const {
    return network_requests_.load(std::memory_order_relaxed);
  }

 private:
  using TimePoint = std::chrono::steady_clock::time_point;

  void run();
  // False when the loop should end.
  bool take_inbox();
  void end_exchanges();
  void step_all();
  std::chrono::milliseconds until_next_step() const;
  void wake() { curl_multi_wakeup(multi_.get()); }

  const base::Clock& clock_;
  const std::unique_ptr<CURLM, decltype(&curl_multi_cleanup)> multi_;
  std::atomic<std::uint64_t> network_requests_{0};
  Folders folders_;

  // Used on the loop's thread only.
  HostGates hosts_;
  RateLimit rate_limit_;
  std::minstd_rand random_;

  base::Executor hashers_;
  base::Executor syncer_;
  const Workers workers_;
  const FetchContext context_;
  std::list<std::unique_ptr<Fetch>> fetches_;  // the loop's

  std::mutex mutex_;
  std::vector<std::unique_ptr<Fetch>> new_fetches_;  // guarded by mutex_
  bool is_stopping_ = false;                         // guarded by mutex_

  std::thread thread_;  // uses what is above
};

}  // namespace modelhub::transfer
