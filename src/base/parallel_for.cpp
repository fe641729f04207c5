// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "base/parallel_for.h"

#include <algorithm>
#include <atomic>
#include <system_error>

namespace modelhub::base {
namespace {

// Helpers that come when all is done still look at it.
class Work {
 public:
  Work(int count, const std::function<void(int)>& part) : count_(count), part_(part) {}

  void take_parts() {
    for (int i = next_++; i < count_; i = next_++) {
      part_(i);
      if (++done_ == count_) done_.notify_all();
    }
  }

  void wait() const {
    for (int now = done_; now < count_; now = done_) done_.wait(now);
  }

 private:
  const int count_;
  const std::function<void(int)>& part_;  // the caller's: gone when all parts are done
  std::atomic<int> next_{0};
  std::atomic<int> done_{0};
};

}  // namespace

ParallelFor::ParallelFor(int threads) : threads_(std::max(1, threads)) {}
ParallelFor::~ParallelFor() = default;

Executor* ParallelFor::executor() {
  std::call_once(started_, [this] {
    try {
      executor_ = std::make_unique<Executor>("mh-parallel", static_cast<std::size_t>(threads_ - 1),
                                             Executor::Role::workers);
    } catch (const std::system_error&) {
      // The machine has no thread to give: callers do it all.
    }
  });
  return executor_.get();
}

void ParallelFor::run(int count, const std::function<void(int)>& part) {
  const int helpers = std::min(count, threads_) - 1;
  Executor* const executor = helpers > 0 ? this->executor() : nullptr;
  if (executor == nullptr) {
    for (int i = 0; i < count; ++i) part(i);
    return;
  }
  const auto work = std::make_shared<Work>(count, part);
  for (int i = 0; i < helpers; ++i) executor->post([work] { work->take_parts(); });
  work->take_parts();
  work->wait();
}

}  // namespace modelhub::base
