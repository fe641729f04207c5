// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <coroutine>
#include <utility>

#include "modelhub/export.h"
#include "modelhub/job.h"

namespace modelhub MODELHUB_API {

// `Result<T> r = co_await job;` in a coroutine of the caller's own. The library itself contains no
// coroutine.
//
// The coroutine goes on, on the hub's callback thread, when the job is done: long work there delays
// other callbacks. The Job is kept alive by the awaiting frame.
//
// g++ 12 frees an *aggregate* twice that is a defaulted parameter of a function called in a
// co_await expression; the option structs of modelhub have user-provided constructors and are
// therefore safe in `co_await hub.f(name, {})`.
template <class T>
class JobAwaiter {
 public:
  explicit JobAwaiter(Job<T> job) : job_(std::move(job)) {}

  bool await_ready() const { return job_.is_done(); }
  void await_suspend(std::coroutine_handle<> waiting) const {
    job_.then([waiting](const Result<T>&) { waiting.resume(); });
  }
  Result<T> await_resume() const { return job_.get(); }

 private:
  Job<T> job_;
};

template <class T>
JobAwaiter<T> operator co_await(Job<T> job) {
  return JobAwaiter<T>(std::move(job));
}

}  // namespace MODELHUB_API
