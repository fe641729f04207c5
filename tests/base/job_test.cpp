// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "modelhub/job.h"

#include <atomic>
#include <limits>
#include <optional>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/event.h"
#include "base/executor.h"

namespace modelhub {
namespace {

using namespace std::chrono_literals;

std::shared_ptr<base::Executor> make_callbacks() {
  return std::make_shared<base::Executor>("callbacks", 1, base::Executor::Role::callbacks);
}

class JobTest : public ::testing::Test {
 protected:
  std::shared_ptr<base::Executor> callbacks_ = make_callbacks();
};

TEST_F(JobTest, EveryCopyOfAHandleGetsTheResult) {
  const Promise<int> promise(callbacks_);
  const Job<int> job = promise.job();
  const Job<int> copy = job;
  EXPECT_FALSE(job.is_done());
  EXPECT_FALSE(job.wait_for(0ns));
  std::vector<std::thread> waiters;
  std::atomic<int> sum = 0;
  for (int i = 0; i < 8; ++i) waiters.emplace_back([&] { sum += copy.get().value(); });
  EXPECT_TRUE(promise.complete(3));
  EXPECT_FALSE(promise.complete(4)) << "done never changes again";
  for (std::thread& waiter : waiters) waiter.join();
  EXPECT_EQ(sum, 24);
  EXPECT_TRUE(job.is_done());
}

TEST_F(JobTest, WaitForTakesAnyPatience) {
  const Promise<int> promise(callbacks_);
  EXPECT_FALSE(promise.job().wait_for(-1s));
  EXPECT_FALSE(promise.job().wait_for(std::chrono::nanoseconds::min()));
  promise.complete(1);
  EXPECT_TRUE(promise.job().wait_for(std::chrono::nanoseconds::max()));
  EXPECT_TRUE(promise.job().wait_for(0ns));
}

TEST_F(JobTest, CancelEndsTheJobAndAsksTheWorkToStop) {
  const Promise<int> promise(callbacks_);
  const Job<int> job = promise.job();
  EXPECT_FALSE(promise.stop_token().stop_requested());
  job.cancel();
  EXPECT_TRUE(promise.stop_token().stop_requested());
  EXPECT_EQ(job.get().error().code, ErrorCode::cancelled);
  EXPECT_FALSE(promise.complete(1));
  job.cancel();
}

TEST_F(JobTest, CancelAfterTheEndChangesNothing) {
  const Promise<int> promise(callbacks_);
  promise.complete(5);
  promise.job().cancel();
  EXPECT_FALSE(promise.stop_token().stop_requested());
  EXPECT_EQ(promise.job().get().value(), 5);
}

TEST_F(JobTest, DroppingEveryHandleCancelsNothing) {
  const Promise<int> promise(callbacks_);
  { const Job<int> job = promise.job(); }
  EXPECT_FALSE(promise.stop_token().stop_requested());
  EXPECT_TRUE(promise.complete(1));
}

TEST_F(JobTest, WorkThatNobodyDoesAnyMoreIsCancelled) {
  std::optional<Promise<int>> promise(callbacks_);
  const Job<int> job = promise->job();
  const Promise<int> copy = *promise;
  promise.reset();
  EXPECT_FALSE(job.is_done());
  { const Promise<int> last = std::move(const_cast<Promise<int>&>(copy)); }
  EXPECT_EQ(job.get().error().code, ErrorCode::cancelled);
}

TEST_F(JobTest, HandlesOutliveTheExecutorAndItsPromise) {
  std::optional<Promise<int>> promise(callbacks_);
  const Job<int> job = promise->job();
  callbacks_.reset();
  promise.reset();
  EXPECT_EQ(job.get().error().code, ErrorCode::cancelled);
  Event called;
  job.then([&](const Result<int>& result) {
    EXPECT_EQ(result.error().code, ErrorCode::cancelled);
    called.set();
  });
  EXPECT_TRUE(called.wait());
}

TEST_F(JobTest, ThenRunsOnceOnTheCallbackThread) {
  const Promise<int> promise(callbacks_);
  Event before;
  Event after;
  promise.job().then([&](const Result<int>& result) {
    EXPECT_EQ(result.value(), 2);
    EXPECT_TRUE(base::Executor::is_on_callback_thread());
    before.set();
  });
  EXPECT_FALSE(before.is_set());
  promise.complete(2);
  EXPECT_TRUE(before.wait());
  promise.job().then([&](const Result<int>& result) {
    EXPECT_EQ(result.value(), 2);
    EXPECT_TRUE(base::Executor::is_on_callback_thread());
    after.set();
  });
  EXPECT_TRUE(after.wait());
}

TEST_F(JobTest, TheCallbackMayDropTheLastHandleAndTheLastExecutor) {
  for (int round = 0; round < 200; ++round) {
    struct Owner {
      std::optional<Job<int>> job;
    };
    auto owner = std::make_shared<Owner>();
    Event done;
    {
      auto callbacks = make_callbacks();
      const Promise<int> promise(callbacks);
      owner->job = promise.job();
      promise.complete(round);
    }
    // The executor lives through the job alone now; the callback ends both while then() may still
    // be running.
    Owner* const raw = owner.get();
    raw->job->then([&, owner = std::move(owner)](const Result<int>&) mutable {
      owner.reset();
      done.set();
    });
    ASSERT_TRUE(done.wait());
  }
}

TEST_F(JobTest, WaitingInsideACallbackIsRefused) {
  const Promise<int> trigger(callbacks_);
  const Promise<int> other(callbacks_);
  Event done;
  trigger.job().then([&, job = other.job()](const Result<int>&) {
    const Result<int> waited = job.get();
    EXPECT_EQ(waited.error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(waited.error().subject, Subject::usage);
    EXPECT_FALSE(waited.error().hint.empty());
    EXPECT_FALSE(job.wait_for(1h)) << "does not wait there";
    done.set();
  });
  trigger.complete(1);
  EXPECT_TRUE(done.wait());
  Event again;
  trigger.job().then([&, job = trigger.job()](const Result<int>&) {
    EXPECT_EQ(job.get().value(), 1) << "what is done already needs no waiting";
    again.set();
  });
  EXPECT_TRUE(again.wait());
}

TEST_F(JobTest, ObserversSeeTheNewestProgress) {
  const Promise<int> promise(callbacks_);
  std::atomic<std::uint64_t> newest = 0;
  std::atomic<int> calls = 0;
  Event blocker;
  Event blocked;
  callbacks_->post([&] {
    blocked.set();
    EXPECT_TRUE(blocker.wait());
  });
  EXPECT_TRUE(blocked.wait());
  promise.job().on_progress([&](const Progress& progress) {
    ++calls;
    newest = progress.bytes_done;  // last: it is what the test waits for
  });
  for (std::uint64_t i = 1; i <= 1000; ++i) {
    Progress progress;
    progress.phase = Phase::downloading;
    progress.bytes_done = i;
    promise.report(progress);
  }
  EXPECT_EQ(promise.job().progress().bytes_done, 1000U);
  EXPECT_EQ(promise.job().progress().phase, Phase::downloading);
  blocker.set();
  EXPECT_TRUE(becomes_true([&] { return newest == 1000; }));
  EXPECT_EQ(calls, 1) << "a slow observer is not flooded";
}

TEST_F(JobTest, ProgressAfterTheEndIsIgnored) {
  const Promise<int> promise(callbacks_);
  promise.complete(1);
  Progress progress;
  progress.bytes_done = 9;
  promise.report(progress);
  EXPECT_EQ(promise.job().progress().bytes_done, 0U);
}

// What an observer holds may hold the job: a ring that nobody would ever break.
TEST_F(JobTest, AnObserverOfAJobThatHasEndedIsNotKept) {
  const Promise<int> promise(callbacks_);
  const Job<int> job = promise.job();
  promise.complete(1);
  const auto held = std::make_shared<int>(0);
  job.on_progress([held](const Progress&) {});
  EXPECT_EQ(held.use_count(), 1);
}

TEST_F(JobTest, ManyThreadsRaceToEndOneJob) {
  for (int round = 0; round < 100; ++round) {
    const Promise<int> promise(callbacks_);
    std::atomic<int> winners = 0;
    std::atomic<int> callbacks = 0;
    for (int i = 0; i < 3; ++i) promise.job().then([&](const Result<int>&) { ++callbacks; });
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&, i] { winners += promise.complete(i) ? 1 : 0; });
    threads.emplace_back([&] { promise.job().cancel(); });
    for (std::thread& thread : threads) thread.join();
    EXPECT_LE(winners, 1);
    ASSERT_TRUE(becomes_true([&] { return callbacks == 3; }));
  }
}

TEST(PhaseTest, NamesAreStable) {
  EXPECT_EQ(name_of(Phase::queued), "queued");
  EXPECT_EQ(name_of(Phase::downloading), "downloading");
  EXPECT_EQ(name_of(Phase::finished), "finished");
}

}  // namespace
}  // namespace modelhub
