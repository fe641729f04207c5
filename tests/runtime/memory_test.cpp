// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0

// Models that share a budget of memory: who goes, who waits, who is refused.

#include <thread>
#include <vector>

#include <gmock/gmock.h>

#include "runtime/runtime_fixture.h"

namespace modelhub::runtime {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

// Room for two models of 1000 bytes on each device.
class MemoryTest : public RuntimeTest {
 protected:
  MemoryTest() {
    options_.memory_budget = [](const std::string&) { return ByteCount(2500); };
    options_.minimum_residence = milliseconds(0);
    engine_->size_of = [](const engine::LoadRequest& request) {
      return ByteCount(request.format.empty() ? 1000 : std::stoull(request.format));
    };
  }

  Job<Lease> load(const std::string& key, int bytes = 1000, const std::string& device = "cuda:0") {
    LoadSpec wanted = spec(key, device);
    wanted.request.format = std::to_string(bytes);
    return runtime().acquire(wanted);
  }
  // Loaded, and idle again.
  void visit(const std::string& key, int bytes = 1000) {
    ASSERT_TRUE(load(key, bytes).get());
    ASSERT_TRUE(becomes_idle(key));
    clock_.advance(milliseconds(10));  // each is used at a time of its own
  }
  static bool is_done_soon(const Job<Lease>& job) { return job.wait_for(milliseconds(50)); }
  void use_the_real_clock() { options_.clock = &base::Clock::real(); }
};

TEST_F(MemoryTest, TheModelThatWasNotUsedForTheLongestTimeMakesRoom) {
  visit("a");
  visit("b");
  visit("a");
  visit("c");
  EXPECT_EQ(status("a").state, SlotState::ready);
  EXPECT_EQ(status("b").state, SlotState::absent);
  EXPECT_EQ(status("c").state, SlotState::ready);
  EXPECT_EQ(status("c").memory, ByteCount(1000));
  EXPECT_EQ(status("b").memory, ByteCount());
  EXPECT_LE(engine_->counts->most_bytes_alive, 2500U);
}

TEST_F(MemoryTest, WhatIsInUseStaysAndTheLoadWaits) {
  std::optional<Lease> a = load("a").get().value();
  const Lease b = load("b").get().value();
  const Job<Lease> c = load("c");
  EXPECT_FALSE(is_done_soon(c));
  EXPECT_EQ(status("c").state, SlotState::queued);
  a.reset();
  EXPECT_TRUE(c.get());
  EXPECT_EQ(status("a").state, SlotState::absent);
  EXPECT_EQ(number_of(b), 2) << "was not touched";
}

TEST_F(MemoryTest, NothingGoesInVain) {
  visit("a");
  const Lease b = load("b").get().value();
  const Job<Lease> large = load("large", 2000);
  EXPECT_FALSE(is_done_soon(large)) << "b alone leaves too little";
  EXPECT_EQ(status("a").state, SlotState::ready);
}

TEST_F(MemoryTest, AsManyGoAsItTakes) {
  visit("a");
  visit("b");
  visit("large", 2500);
  EXPECT_EQ(status("a").state, SlotState::absent);
  EXPECT_EQ(status("b").state, SlotState::absent);
  EXPECT_LE(engine_->counts->most_bytes_alive, 2500U);
}

TEST_F(MemoryTest, AModelThatCanNeverFitIsRefusedAtOnce) {
  visit("a");
  const Result<Lease> lease = load("huge", 2501).get();
  ASSERT_FALSE(lease);
  EXPECT_EQ(lease.error().code, ErrorCode::out_of_memory);
  EXPECT_EQ(lease.error().subject, Subject::model);
  EXPECT_FALSE(lease.error().retryable);
  EXPECT_EQ(lease.error().message,
            "model_huge needs about 2.50 kB on cuda:0, more than the budget for all models there, "
            "2.50 kB");
  EXPECT_EQ(status("a").state, SlotState::ready);
  EXPECT_EQ(status("huge").state, SlotState::failed);
}

TEST_F(MemoryTest, WhoWaitsForTooLongIsToldWhatIsThere) {
  use_the_real_clock();
  options_.room_deadline = milliseconds(100);
  const Lease a = load("a").get().value();
  const Lease b = load("b").get().value();
  const Result<Lease> c = load("c").get();
  ASSERT_FALSE(c);
  EXPECT_EQ(c.error().code, ErrorCode::out_of_memory);
  EXPECT_TRUE(c.error().retryable);
  EXPECT_THAT(c.error().message, HasSubstr("no room in memory for model_c"));
  EXPECT_THAT(c.error().message, HasSubstr("model_a (1.00 kB, in use), model_b (1.00 kB, in use)"));
  EXPECT_EQ(engine_->loads, 2);
}

TEST_F(MemoryTest, AModelStaysForItsMinimumResidence) {
  use_the_real_clock();
  options_.minimum_residence = milliseconds(300);
  ASSERT_TRUE(load("a").get());
  ASSERT_TRUE(load("b").get());
  const auto loaded = std::chrono::steady_clock::now();
  ASSERT_TRUE(load("c").get()) << "nobody but the alarm wakes it";
  EXPECT_GE(std::chrono::steady_clock::now() - loaded, milliseconds(200));
  EXPECT_EQ(status("a").state, SlotState::absent);
}

TEST_F(MemoryTest, WhoCameFirstIsServedFirst) {
  std::optional<Lease> held = load("held", 2500).get().value();
  const Job<Lease> first = load("first", 2000);
  ASSERT_TRUE(becomes(SlotState::queued, "first"));
  ASSERT_FALSE(is_done_soon(first));
  const Job<Lease> second = load("second", 600);
  EXPECT_FALSE(is_done_soon(second));
  held.reset();
  EXPECT_TRUE(first.get());
  EXPECT_FALSE(is_done_soon(second)) << "the first is still in use: its job holds a lease";
}

TEST_F(MemoryTest, WhoWaitsOnOneDeviceHoldsUpNoOther) {
  const Lease held = load("held", 2500).get().value();
  const Job<Lease> waits = load("waits");
  ASSERT_FALSE(is_done_soon(waits));
  EXPECT_TRUE(load("other", 2000, "cuda:1").get());
  EXPECT_FALSE(waits.is_done());
}

TEST_F(MemoryTest, WhoLeavesTheQueueMakesWay) {
  use_the_real_clock();
  const Lease held = load("held", 1000).get().value();
  Job<Lease> large = load("large", 2000);
  ASSERT_FALSE(is_done_soon(large));  // it stands in the queue, before the other
  const Job<Lease> small = load("small", 1000);
  EXPECT_FALSE(is_done_soon(small));
  large.cancel();
  EXPECT_TRUE(small.get());
  EXPECT_EQ(status("large").state, SlotState::absent);
}

TEST_F(MemoryTest, AFailedLoadTakesNoRoom) {
  engine_->on_load = [](const engine::LoadRequest& request) -> Result<void> {
    if (request.format == "2500") return Error(ErrorCode::corrupt_data, Subject::model, "bad");
    return {};
  };
  EXPECT_FALSE(load("bad", 2500).get());
  EXPECT_EQ(status("bad").memory, ByteCount());
  EXPECT_TRUE(load("good", 2000).get());
}

TEST_F(MemoryTest, WithoutABudgetNothingGoes) {
  options_.memory_budget = {};
  for (const char* key : {"a", "b", "c", "d"}) visit(key);
  EXPECT_EQ(engine_->counts->alive, 4);
}

TEST_F(MemoryTest, KeepAliveOfNoughtFreesWithTheLastLease) {
  options_.keep_alive = milliseconds(0);
  std::optional<Lease> lease = load("a").get().value();
  clock_.advance(milliseconds(10));
  EXPECT_EQ(status("a").state, SlotState::ready);
  lease.reset();
  EXPECT_TRUE(becomes(SlotState::absent));
  EXPECT_EQ(engine_->counts->alive, 0);
  EXPECT_EQ(load("a").get()->info().generation, 2U);
}

TEST_F(MemoryTest, AnIdleModelGoesAfterItsKeepAlive) {
  use_the_real_clock();
  options_.keep_alive = milliseconds(200);
  std::optional<Lease> lease = load("a").get().value();
  std::this_thread::sleep_for(milliseconds(250));
  EXPECT_EQ(status("a").state, SlotState::ready) << "in use";
  lease.reset();
  const auto idle_since = std::chrono::steady_clock::now();
  EXPECT_TRUE(becomes(SlotState::absent));
  EXPECT_GE(std::chrono::steady_clock::now() - idle_since, milliseconds(150));
}

TEST_F(MemoryTest, WhatALoadWasSeenToTakeCountsFromThenOn) {
  constexpr std::size_t k_really = 64U << 20U;
  std::vector<char> memory;
  engine_->on_load = [&](const engine::LoadRequest&) -> Result<void> {
    memory.assign(k_really, 'x');
    return {};
  };
  ByteCount budget(2 * k_really);
  options_.memory_budget = [&](const std::string&) { return budget; };
  ASSERT_TRUE(load("a", 1000, "cpu:0").get());
  EXPECT_GE(status("a").memory, ByteCount(k_really * 9 / 10));
  ASSERT_TRUE(runtime().unload("a", UnloadPolicy::drain).get());
  budget = ByteCount(k_really / 2);
  const Result<Lease> again = load("a", 1000, "cpu:0").get();
  ASSERT_FALSE(again) << "its engine says that it takes 1000 bytes";
  EXPECT_EQ(again.error().code, ErrorCode::out_of_memory);
}

// What issue trackers call thrashing: many callers, more models than fit.
TEST_F(MemoryTest, ManyCallersOfMoreModelsThanFitAreAllServedAndLoadsAreFew) {
  use_the_real_clock();
  options_.minimum_residence = milliseconds(100);
  runtime();
  const auto begin = std::chrono::steady_clock::now();
  std::vector<std::thread> threads;
  std::atomic<int> served = 0;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; std::chrono::steady_clock::now() - begin < milliseconds(1000); ++i) {
        const Result<Lease> lease =
            load(std::string(1, static_cast<char>('a' + (i + t) % 5))).get();
        ASSERT_TRUE(lease) << lease.error().to_string();
        EXPECT_TRUE(lease->run({}));
        ++served;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  EXPECT_LE(engine_->counts->most_bytes_alive, 2500U);
  // Two places, each of which changes hands ten times a second at most.
  EXPECT_LE(engine_->loads, 2 + 2 * 10 * seconds);
  EXPECT_GT(served, engine_->loads);
}

}  // namespace
}  // namespace modelhub::runtime
