// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "base/single_flight.h"

#include <atomic>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/event.h"
#include "base/executor.h"

namespace modelhub::base {
namespace {

using Flights = SingleFlight<std::string, int>;

class SingleFlightTest : public ::testing::Test {
 protected:
  // Joins; a flight that starts is kept in lead_.
  Job<int> join(const std::string& key = "a") {
    return flights_.join(key, [this](Flights::Lead lead) {
      ++starts_;
      lead_ = std::move(lead);
    });
  }

  std::shared_ptr<Executor> callbacks_ =
      std::make_shared<Executor>("callbacks", 1, Executor::Role::callbacks);
  Flights flights_{callbacks_};
  std::optional<Flights::Lead> lead_;
  int starts_ = 0;
};

TEST_F(SingleFlightTest, CallersShareOneFlightAndItsResult) {
  const Job<int> first = join();
  const Job<int> second = join();
  EXPECT_EQ(starts_, 1);
  lead_->complete(7);
  EXPECT_EQ(first.get().value(), 7);
  EXPECT_EQ(second.get().value(), 7);
}

TEST_F(SingleFlightTest, CallersShareTheError) {
  const Job<int> first = join();
  const Job<int> second = join();
  lead_->complete(Error(ErrorCode::no_space, Subject::store, "full"));
  EXPECT_EQ(first.get().error().code, ErrorCode::no_space);
  EXPECT_EQ(second.get().error().code, ErrorCode::no_space);
}

TEST_F(SingleFlightTest, WhoComesAfterTheEndStartsAnew) {
  const Job<int> first = join();
  lead_->complete(1);
  const Job<int> second = join();
  EXPECT_EQ(starts_, 2);
  lead_->complete(2);
  EXPECT_EQ(first.get().value(), 1);
  EXPECT_EQ(second.get().value(), 2);
}

TEST_F(SingleFlightTest, KeysFlyApart) {
  const Job<int> a = join("a");
  const Job<int> b = join("b");
  EXPECT_EQ(starts_, 2);
  lead_->complete(2);
  EXPECT_TRUE(b.is_done());
  EXPECT_EQ(a.get().error().code, ErrorCode::cancelled)
      << "its lead was dropped when b's replaced it";
}

TEST_F(SingleFlightTest, CancelTakesOneWaiterAway) {
  const Job<int> first = join();
  const Job<int> second = join();
  first.cancel();
  EXPECT_EQ(first.get().error().code, ErrorCode::cancelled);
  EXPECT_FALSE(second.is_done());
  EXPECT_FALSE(lead_->stop_token().stop_requested());
  lead_->complete(3);
  EXPECT_EQ(second.get().value(), 3);
}

TEST_F(SingleFlightTest, TheWorkStopsWithItsLastWaiter) {
  const Job<int> first = join();
  const Job<int> second = join();
  first.cancel();
  first.cancel();
  EXPECT_FALSE(lead_->stop_token().stop_requested()) << "cancelling twice counts once";
  second.cancel();
  EXPECT_TRUE(lead_->stop_token().stop_requested());
}

TEST_F(SingleFlightTest, WhoComesAfterTheLastWaiterLeftDoesNotInheritTheCancellation) {
  const Job<int> first = join();
  const Flights::Lead old = *lead_;
  first.cancel();
  const Job<int> second = join();
  EXPECT_EQ(starts_, 2);
  EXPECT_FALSE(lead_->stop_token().stop_requested());
  old.complete(Error(ErrorCode::cancelled, Subject::other, "stopped"));
  EXPECT_FALSE(second.is_done()) << "the old flight's end is not the new one's";
  lead_->complete(4);
  EXPECT_EQ(second.get().value(), 4);
}

TEST_F(SingleFlightTest, AStopCallbackMayEndTheFlight) {
  const Job<int> job = join();
  std::stop_callback on_stop(lead_->stop_token(), [&] {
    lead_->complete(Error(ErrorCode::cancelled, Subject::other, "stopped"));
  });
  job.cancel();
  EXPECT_EQ(job.get().error().code, ErrorCode::cancelled);
}

TEST_F(SingleFlightTest, DroppedWorkCancelsItsWaiters) {
  const Job<int> job = join();
  lead_.reset();
  EXPECT_EQ(job.get().error().code, ErrorCode::cancelled);
}

TEST_F(SingleFlightTest, FlightsOutliveTheTable) {
  std::optional<Flights> flights(callbacks_);
  std::optional<Flights::Lead> lead;
  const Job<int> job = flights->join("k", [&](Flights::Lead l) { lead = std::move(l); });
  flights.reset();
  lead->complete(5);
  EXPECT_EQ(job.get().value(), 5);
}

TEST_F(SingleFlightTest, ProgressReachesEveryWaiter) {
  const Job<int> first = join();
  const Job<int> second = join();
  Progress progress;
  progress.bytes_done = 11;
  lead_->report(progress);
  EXPECT_EQ(first.progress().bytes_done, 11U);
  EXPECT_EQ(second.progress().bytes_done, 11U);
}

TEST(SingleFlightRaceTest, EveryCallerGetsTheResultOrItsOwnCancellation) {
  auto callbacks = std::make_shared<Executor>("callbacks", 1, Executor::Role::callbacks);
  Executor workers("workers", 2, Executor::Role::workers);
  Flights flights(callbacks);
  std::vector<std::thread> threads;
  for (unsigned seed = 0; seed < 8; ++seed) {
    threads.emplace_back([&, seed] {
      std::mt19937 random(seed);
      for (int i = 0; i < 200; ++i) {
        const Job<int> job = flights.join(
            "k", [&](const Flights::Lead& lead) { workers.post([lead] { lead.complete(42); }); });
        if (random() % 4 == 0) job.cancel();
        const Result<int> result = job.get();
        EXPECT_TRUE(result ? *result == 42 : result.error().code == ErrorCode::cancelled);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace modelhub::base
