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
#include <thread>
#include <utility>
#include <vector>

#include <curl/curl.h>

#include "base/executor.h"
#include "transfer/fetch.h"
#include "transfer/host_gates.h"
#include "transfer/transfer.h"

namespace modelhub::transfer {

// The thread that owns the CURLM and runs all fetches. Others reach it by a queue and
// curl_multi_wakeup().
//
// Hashing and writing happen here too: measured, one core hashes 1.5 GB/s and writes into the page
// cache faster, which is beyond most networks, and a thread between would cost a copy. Syncing to
// disk may take seconds, so it has a thread of its own.
//
// Ownership:     borrows the options. Destroying cancels every fetch and waits until nothing is
// written any more. Thread safety: submit() and network_requests() from any thread.
class Loop {
 public:
  explicit Loop(const TransferOptions& options);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void submit(FetchRequest request, Promise<Fetched> promise);
  std::uint64_t network_requests() const {
    return network_requests_.load(std::memory_order_relaxed);
  }

 private:
  using TimePoint = std::chrono::steady_clock::time_point;
  struct Synced {
    std::uint64_t fetch_id;
    Result<void> result;
  };

  void run();
  // False when the loop should end.
  bool take_inbox();
  void end_exchanges();
  void step_all();
  std::chrono::milliseconds until_next_step() const;
  void sync_elsewhere(std::uint64_t fetch_id, std::shared_ptr<Sink> sink);

  const base::Clock& clock_;
  const std::unique_ptr<CURLM, decltype(&curl_multi_cleanup)> multi_;
  std::atomic<std::uint64_t> network_requests_{0};
  std::atomic<std::uint64_t> next_id_{0};

  // Used on the loop's thread only.
  HostGates hosts_;
  std::minstd_rand random_;
  FetchContext context_;
  std::list<std::unique_ptr<Fetch>> fetches_;

  std::mutex mutex_;
  std::vector<std::unique_ptr<Fetch>> new_fetches_;  // guarded by mutex_
  std::vector<Synced> synced_;                       // guarded by mutex_
  bool is_stopping_ = false;                         // guarded by mutex_

  // These use what is above. One sync at a time: disks do not get faster by more.
  base::Executor sync_thread_;
  std::thread thread_;
};

}  // namespace modelhub::transfer
