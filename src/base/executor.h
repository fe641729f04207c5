// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <system_error>

#include "modelhub/error.h"

namespace modelhub::base {

// Up to a fixed number of threads that run tasks in the order of posting. The first is there from
// the beginning, so that a task always finds one; the others are started when a task would wait:
// most programs that open a hub need few of them.
//
// Ownership:     the destructor runs what was posted before it, then joins. It may run on one of
//                the executor's own threads (a user's callback may destroy the hub): that thread is
//                left to end by itself.
// Thread safety: all methods from any thread.
// After a fork:  the child has none of the threads; the destructor leaks the state there instead of
//                waiting for ever.
class Executor {
 public:
  // Callback threads run code of the user: waiting for a job there would wait for itself (see
  // JobCore).
  enum class Role { workers, callbacks };

  // Throws std::system_error when the machine has no thread to give (limits on processes, memory).
  Executor(std::string name, std::size_t threads, Role role);
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  // Tasks must not throw. A task posted while the executor is being destroyed is dropped, and
  // destroyed, unrun; so is one that is posted in a fork of the process. That the machine has no
  // further thread to give only makes tasks wait.
  void post(std::function<void()> task);

  // Runs what was posted so far, then joins; tasks posted later are dropped. What the destructor
  // does, for an owner that others may still post to. Calling it again does nothing. One thread at
  // a time.
  void stop();

  static bool is_on_callback_thread();

 private:
  struct State;

  static void start_thread(const std::shared_ptr<State>& state);

  std::shared_ptr<State> state_;
  std::uint64_t fork_generation_;
};

// What a caller is told whose executor could not have its first thread.
Error no_thread(const std::system_error& cause);

}  // namespace modelhub::base
