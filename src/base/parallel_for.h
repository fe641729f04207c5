// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <mutex>

#include "base/executor.h"

namespace modelhub::base {

// A loop whose parts run at the same time: helpers, threads that have nothing else to do, take some
// of them. Whoever calls works too and waits only for parts that a helper has begun: with all
// helpers busy, or none to be had, it does the whole by itself.
//
// Thread safety: all methods from any thread; many calls at a time share the helpers.
class ParallelFor {
 public:
  // `threads` may be at work for a call, the caller's among them. None is started before it is
  // needed.
  explicit ParallelFor(int threads);
  ~ParallelFor();
  ParallelFor(const ParallelFor&) = delete;
  ParallelFor& operator=(const ParallelFor&) = delete;

  int threads() const { return threads_; }
  // part(0) to part(count - 1), each once, in any order, on at most so many threads at the same
  // time. Returns when all are done. `part` must not throw.
  void run(int count, const std::function<void(int)>& part);

 private:
  Executor* executor();

  const int threads_;
  std::once_flag started_;
  std::unique_ptr<Executor> executor_;  // constant after started_
};

}  // namespace modelhub::base
