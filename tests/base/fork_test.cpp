// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// What a child process sees of a parent that had threads. Each child has an alarm, so a wait that
// never ends is a failed test and not a hanging one, and leaves by _exit.
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <optional>
#include <thread>

#include <gtest/gtest.h>

#include "base/event.h"
#include "base/executor.h"
#include "base/fork_generation.h"
#include "base/owner.h"
#include "base/single_flight.h"
#include "modelhub/job.h"

namespace modelhub::base {
namespace {

// The number of the first check that failed in a fork; 0 when all held; -1 when it did not end by
// itself.
int first_failure_in_child(const std::function<int()>& checks) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(60);
    ::_exit(checks());
  }
  int status = 0;
  if (::waitpid(child, &status, 0) != child || !WIFEXITED(status)) return -1;
  return WEXITSTATUS(status);
}

std::shared_ptr<Executor> make_callbacks() {
  return std::make_shared<Executor>("callbacks", 1, Executor::Role::callbacks);
}

TEST(ForkTest, TheChildKnowsThatItIsOne) {
  const std::uint64_t before = fork_generation();
  EXPECT_EQ(first_failure_in_child([&] { return fork_generation() == before + 1 ? 0 : 1; }), 0);
  EXPECT_EQ(fork_generation(), before);
}

TEST(ForkTest, OldHandlesAnswerUnsupportedAndNeverWait) {
  const Promise<int> promise(make_callbacks());
  const Job<int> job = promise.job();
  EXPECT_EQ(first_failure_in_child([&] {
              const Result<int> result = job.get();
              if (result || result.error().code != ErrorCode::unsupported) return 1;
              if (result.error().hint.empty()) return 2;
              if (!job.is_done()) return 3;
              if (job.wait_for(std::chrono::hours(1))) return 4;
              job.cancel();
              job.then([](const Result<int>&) {});
              job.on_progress([](const Progress&) {});
              if (job.progress().bytes_done != 0) return 5;
              return promise.complete(1) ? 6 : 0;
            }),
            0);
  EXPECT_TRUE(promise.complete(1)) << "the parent goes on";
}

TEST(ForkTest, TheChildMayDestroyAJobOnWhichAThreadOfTheParentWaits) {
  std::optional<Promise<int>> promise(make_callbacks());
  std::optional<Job<int>> job = promise->job();
  Event waiting;
  // The thread waits through a borrowed handle: in the child the two resets below drop the last
  // references.
  std::thread waiter([&waiting, raw = &*job] {
    waiting.set();
    (void)raw->get();
  });
  ASSERT_TRUE(waiting.wait());
  EXPECT_EQ(first_failure_in_child([&] {
              job.reset();
              promise.reset();  // the state and its executor go here
              return 0;
            }),
            0);
  promise->complete(1);
  waiter.join();
}

TEST(ForkTest, TheChildMayDestroyTheExecutorAndPostToIt) {
  auto executor = make_callbacks();
  Event done;
  executor->post([&] { done.set(); });
  ASSERT_TRUE(done.wait());
  EXPECT_EQ(first_failure_in_child([&] {
              executor->post([] {});
              executor.reset();
              return 0;
            }),
            0);
}

TEST(ForkTest, AFlightOfTheParentCannotBeJoined) {
  using Flights = SingleFlight<int, int>;
  std::optional<Flights> flights(make_callbacks());
  std::optional<Flights::Lead> lead;
  const Job<int> job = flights->join(1, [&](Flights::Lead l) { lead = std::move(l); });
  EXPECT_EQ(first_failure_in_child([&] {
              const Job<int> joined = flights->join(1, [](const Flights::Lead&) {});
              if (joined.get().error().code != ErrorCode::unsupported) return 1;
              lead.reset();
              flights.reset();
              return 0;
            }),
            0);
  lead->complete(3);
  EXPECT_EQ(job.get().value(), 3);
}

#ifndef __SANITIZE_THREAD__  // which cannot start threads in the fork of a process with threads
TEST(ForkTest, TheChildCanStartAgain) {
  const auto of_parent = make_callbacks();
  // AddressSanitizer holds a lock while a thread begins, and a child that inherits it held cannot
  // start one: the parent's has begun when it has run something.
  Event begun;
  of_parent->post([&] { begun.set(); });
  ASSERT_TRUE(begun.wait());
  EXPECT_EQ(first_failure_in_child([] {
              const Promise<int> promise(make_callbacks());
              Event called;
              promise.job().then([&](const Result<int>&) { called.set(); });
              promise.complete(5);
              if (!called.wait()) return 1;
              return promise.job().get().value() == 5 ? 0 : 2;
            }),
            0);
}
#endif

TEST(ForkTest, TheChildIsAnotherOwner) {
  const Owner parent = Owner::current();
  EXPECT_EQ(first_failure_in_child([&] {
              const Owner child = Owner::current();
              if (child == parent || child.pid == parent.pid || child.nonce == parent.nonce)
                return 1;
              if (parent.liveness() != Owner::Liveness::alive) return 2;
              return child.liveness() == Owner::Liveness::alive ? 0 : 3;
            }),
            0);
  EXPECT_EQ(Owner::current(), parent);
}

}  // namespace
}  // namespace modelhub::base
