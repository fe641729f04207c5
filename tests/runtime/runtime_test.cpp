// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/runtime.h"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/process_memory.h"
#include "runtime/runtime_fixture.h"
#include "support/sanitized.h"

namespace modelhub::runtime {
namespace {

static_assert(!std::is_aggregate_v<RuntimeOptions>);

TEST_F(RuntimeTest, LoadsOnceAndTellsWhatItLoaded) {
  const Lease first = lease();
  EXPECT_EQ(first.info().key, "a");
  EXPECT_EQ(first.info().model, "model_a");
  EXPECT_EQ(first.info().engine, "scripted");
  EXPECT_EQ(first.info().engine_version, "1.0");
  EXPECT_EQ(first.info().plan.chosen, "cpu:0");
  EXPECT_EQ(first.info().estimate, ByteCount(1000));
  EXPECT_EQ(first.info().generation, 1U);
  EXPECT_GE(first.info().load_time.count(), 0.0);
  EXPECT_EQ(first.session().outputs().at(0).name, "number");
  const Lease second = lease();
  EXPECT_EQ(engine_->loads, 1);
  EXPECT_EQ(number_of(first), 1);
  EXPECT_EQ(number_of(second), 1);
  EXPECT_EQ(status().leases, 2U);
  EXPECT_EQ(status().state, SlotState::ready);
  EXPECT_EQ(status().info->engine, "scripted");
}

TEST_F(RuntimeTest, WhatPreparesALoadMayAddSettingsAndIsDroppedAfterIt) {
  std::atomic<int> held = 0;
  std::atomic<int> held_by_engine = -1;
  LoadSpec spec = this->spec();
  spec.prepare = [&](engine::LoadRequest& request) -> Result<std::shared_ptr<const void>> {
    request.settings.emplace_back("cache_file", "/some/where");
    ++held;
    return std::shared_ptr<const void>(&held, [](std::atomic<int>* count) { --*count; });
  };
  bool is_good = false;
  engine_->on_load = [&](const engine::LoadRequest&) -> Result<void> {
    held_by_engine = held.load();
    if (is_good) return {};
    return Error(ErrorCode::unsupported, Subject::model, "not today");
  };
  EXPECT_FALSE(runtime().acquire(spec).get());
  EXPECT_EQ(held_by_engine, 1);
  EXPECT_EQ(held, 0);
  is_good = true;
  EXPECT_TRUE(runtime().acquire(spec).get());
  EXPECT_EQ(held, 0);
  const auto settings = engine_->last_request().settings;
  ASSERT_EQ(settings.size(), 1U) << "each load begins with the request of the spec";
  EXPECT_EQ(settings[0].first, "cache_file");
  EXPECT_EQ(settings[0].second, "/some/where");
}

TEST_F(RuntimeTest, ALoadThatCannotBePreparedFailsBeforeTheEngineIsAsked) {
  LoadSpec spec = this->spec();
  spec.prepare = [](engine::LoadRequest&) -> Result<std::shared_ptr<const void>> {
    return Error(ErrorCode::corrupt_data, Subject::model, "nothing is in the archive");
  };
  const auto lease = runtime().acquire(spec).get();
  ASSERT_FALSE(lease);
  EXPECT_EQ(lease.error().code, ErrorCode::corrupt_data);
  EXPECT_EQ(engine_->loads, 0);
}

TEST_F(RuntimeTest, ThirtyTwoThreadsCauseOneLoad) {
  Gate gate;
  engine_->on_load = gate.script();
  std::atomic<int> answers = 0;
  std::vector<std::thread> threads;
  runtime();
  for (int i = 0; i < 32; ++i) {
    threads.emplace_back([&] {
      if (number_of(acquire().get().value()) == 1) ++answers;
    });
  }
  EXPECT_TRUE(becomes_true([&] { return status().waiters == 32; }));
  gate.open.set();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(answers, 32);
  EXPECT_EQ(engine_->loads, 1);
  EXPECT_TRUE(becomes_idle());
  EXPECT_EQ(engine_->counts->alive, 1) << "it stays loaded without leases";
}

TEST_F(RuntimeTest, DeviceAndThreadsComeFromThePlanAndTheBudget) {
  LoadSpec wanted = spec("a", "cuda:0");
  wanted.request.device = "cpu:0";
  wanted.request.threads = 64;
  const Lease held = runtime().acquire(wanted).get().value();
  EXPECT_EQ(engine_->last_request().device, "cuda:0");
  EXPECT_EQ(engine_->last_request().threads, 4);
  wanted.key = "b";
  wanted.request.threads = 3;
  const Lease other = runtime().acquire(wanted).get().value();
  EXPECT_EQ(engine_->last_request().threads, 3);
  EXPECT_EQ(runtime().thread_budget().total(), 4);
}

TEST_F(RuntimeTest, ASpecThatCannotBeLoadedIsRefused) {
  LoadSpec without_key = spec();
  without_key.key.clear();
  LoadSpec without_engine = spec();
  without_engine.engine = nullptr;
  LoadSpec without_device = spec();
  without_device.plan.chosen.reset();
  for (const LoadSpec& bad : {without_key, without_engine, without_device}) {
    EXPECT_EQ(runtime().acquire(bad).get().error().code, ErrorCode::invalid_argument);
  }
}

TEST_F(RuntimeTest, AFailureGoesToEveryWaiterAndTheNextCallTriesAgain) {
  Gate gate;
  std::atomic<bool> fails = true;
  engine_->on_load = [&](const engine::LoadRequest&) -> Result<void> {
    EXPECT_TRUE(gate.open.wait());
    if (fails) return Error(ErrorCode::corrupt_data, Subject::model, "a.onnx is no graph");
    return {};
  };
  const Job<Lease> first = acquire();
  const Job<Lease> second = acquire();
  gate.open.set();
  for (const Job<Lease>& job : {first, second}) {
    const Result<Lease> result = job.get();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::corrupt_data);
    EXPECT_EQ(result.error().context, "load model_a with scripted");
  }
  EXPECT_EQ(engine_->loads, 1);
  EXPECT_EQ(status().state, SlotState::failed);
  EXPECT_EQ(status().error->code, ErrorCode::corrupt_data);
  fails = false;
  EXPECT_EQ(number_of(lease()), 1);
  EXPECT_EQ(engine_->loads, 2);
  EXPECT_EQ(status().state, SlotState::ready);
  EXPECT_FALSE(status().error.has_value());
}

TEST_F(RuntimeTest, RunningOutOfMemoryIsNotTriedAgainAtOnce) {
  std::atomic<bool> fails = true;
  engine_->on_load = [&](const engine::LoadRequest&) -> Result<void> {
    if (fails) return Error(ErrorCode::out_of_memory, Subject::engine, "no memory");
    return {};
  };
  options_.out_of_memory_pause = std::chrono::milliseconds(500);
  EXPECT_EQ(acquire().get().error().code, ErrorCode::out_of_memory);
  clock_.advance(std::chrono::milliseconds(499));
  fails = false;
  const Result<Lease> again = acquire().get();
  EXPECT_EQ(again.error().code, ErrorCode::out_of_memory);
  EXPECT_TRUE(again.error().retryable);
  EXPECT_EQ(engine_->loads, 1);
  clock_.advance(std::chrono::milliseconds(1));
  EXPECT_TRUE(acquire().get());
  EXPECT_EQ(engine_->loads, 2);
}

TEST_F(RuntimeTest, WhatFailsAgainAndAgainIsTriedLessAndLessOften) {
  std::atomic<bool> fails = true;
  engine_->on_load = [&](const engine::LoadRequest&) -> Result<void> {
    if (fails) return Error(ErrorCode::corrupt_data, Subject::model, "broken");
    return {};
  };
  options_.failure_pause = std::chrono::milliseconds(100);
  options_.longest_failure_pause = std::chrono::milliseconds(250);
  const auto loads_of_a_call = [&] {
    const int before = engine_->loads;
    EXPECT_EQ(acquire().get().error().code, ErrorCode::corrupt_data);
    return engine_->loads - before;
  };
  EXPECT_EQ(loads_of_a_call(), 1);
  EXPECT_EQ(loads_of_a_call(), 1) << "it may have been mended";
  for (const int pause : {100, 200, 250, 250}) {
    EXPECT_EQ(status().retry_at, clock_.steady_now() + std::chrono::milliseconds(pause));
    clock_.advance(std::chrono::milliseconds(pause - 1));
    EXPECT_EQ(loads_of_a_call(), 0);
    clock_.advance(std::chrono::milliseconds(1));
    EXPECT_EQ(loads_of_a_call(), 1);
  }
  EXPECT_TRUE(runtime().unload("a", UnloadPolicy::drain).get());
  EXPECT_EQ(loads_of_a_call(), 1);
  EXPECT_EQ(loads_of_a_call(), 1) << "unload forgets";
  clock_.advance(std::chrono::milliseconds(100));
  fails = false;
  lease();
  ASSERT_TRUE(becomes_idle());
  ASSERT_TRUE(runtime().unload("a", UnloadPolicy::drain).get());
  fails = true;
  EXPECT_EQ(loads_of_a_call(), 1);
  EXPECT_EQ(loads_of_a_call(), 1) << "and so does a success";
}

TEST_F(RuntimeTest, FilesThatWentDuringALoadAreNoFailureToRemember) {
  LoadSpec gone = spec();
  gone.hold_files = []() -> Result<std::shared_ptr<const void>> {
    return Error(ErrorCode::not_found, Subject::model, "removed a moment ago");
  };
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(runtime().acquire(gone).get().error().code, ErrorCode::not_found);
  EXPECT_TRUE(acquire().get());
}

TEST_F(RuntimeTest, ThePlanSaysWhetherTheEngineMayUseTheCpuForParts) {
  for (const DeviceFallback policy :
       {DeviceFallback::never, DeviceFallback::listed, DeviceFallback::any}) {
    LoadSpec wanted = spec(std::string(name_of(policy)), "cuda:0");
    wanted.plan.fallback = policy;
    wanted.request.allow_fallback = policy == DeviceFallback::never;
    ASSERT_TRUE(runtime().acquire(wanted).get());
    EXPECT_EQ(engine_->last_request().allow_fallback, policy != DeviceFallback::never);
  }
}

TEST_F(RuntimeTest, UnloadForgetsAFailure) {
  std::atomic<bool> fails = true;
  engine_->on_load = [&](const engine::LoadRequest&) -> Result<void> {
    if (fails) return Error(ErrorCode::out_of_memory, Subject::engine, "no memory");
    return {};
  };
  EXPECT_FALSE(acquire().get());
  fails = false;
  EXPECT_FALSE(runtime().unload("a", UnloadPolicy::drain).get().value().was_loaded);
  EXPECT_EQ(status().state, SlotState::absent);
  EXPECT_TRUE(acquire().get());
}

TEST_F(RuntimeTest, AnEngineThatReturnsNothingIsABug) {
  class Hollow final : public engine::Engine {
   public:
    const engine::EngineInfo& info() const override { return info_; }
    ByteCount estimate(const engine::LoadRequest&) const override { return {}; }
    Result<std::unique_ptr<engine::Session>> load(const engine::LoadRequest&) override {
      return std::unique_ptr<engine::Session>();
    }

   private:
    engine::EngineInfo info_;
  };
  LoadSpec hollow = spec();
  hollow.engine = std::make_shared<Hollow>();
  EXPECT_EQ(runtime().acquire(hollow).get().error().code, ErrorCode::internal);
}

TEST_F(RuntimeTest, CancelTakesOneWaiterAwayAndTheLoadGoesOn) {
  Gate gate;
  engine_->on_load = gate.script();
  const Job<Lease> first = acquire();
  const Job<Lease> second = acquire();
  ASSERT_TRUE(gate.reached.wait());
  first.cancel();
  EXPECT_EQ(first.get().error().code, ErrorCode::cancelled);
  EXPECT_FALSE(second.is_done());
  gate.open.set();
  EXPECT_TRUE(second.get());
  EXPECT_EQ(engine_->loads, 1);
}

TEST_F(RuntimeTest, ALoadThatHasBegunIsFinishedForNobody) {
  Gate gate;
  engine_->on_load = gate.script();
  const Job<Lease> only = acquire();
  ASSERT_TRUE(gate.reached.wait());
  only.cancel();
  gate.open.set();
  EXPECT_TRUE(becomes(SlotState::ready));
  EXPECT_EQ(status().leases, 0U);
  EXPECT_EQ(engine_->counts->alive, 1);
}

TEST_F(RuntimeTest, ALoadThatHasNotBegunGoesWithItsLastWaiter) {
  Gate gate;
  engine_->on_load = gate.script();
  options_.load_threads = 1;
  const Job<Lease> blocking = acquire("blocking");
  ASSERT_TRUE(gate.reached.wait());
  const Job<Lease> queued = acquire("queued");
  EXPECT_EQ(status("queued").state, SlotState::queued);
  EXPECT_EQ(queued.progress().phase, Phase::queued);
  EXPECT_EQ(blocking.progress().phase, Phase::loading);
  EXPECT_EQ(blocking.progress().subject, "model_blocking");
  queued.cancel();
  gate.open.set();
  EXPECT_TRUE(blocking.get());
  EXPECT_TRUE(becomes(SlotState::absent, "queued"));
  EXPECT_EQ(engine_->loads, 1);
}

TEST_F(RuntimeTest, EachWaiterHasItsOwnDeadline) {
  Gate gate;
  engine_->on_load = gate.script();
  const Job<Lease> patient = acquire();
  EXPECT_FALSE(acquire().wait_for(std::chrono::milliseconds(1)));
  gate.open.set();
  EXPECT_TRUE(patient.get());
}

TEST_F(RuntimeTest, ASlowLoadDoesNotHoldUpAnotherModel) {
  Gate gate;
  engine_->on_load = [&](const engine::LoadRequest& request) -> Result<void> {
    if (request.format == "slow") {
      gate.reached.set();
      EXPECT_TRUE(gate.open.wait());
    }
    return {};
  };
  LoadSpec slow = spec("slow");
  slow.request.format = "slow";
  const Job<Lease> waiting = runtime().acquire(slow);
  ASSERT_TRUE(gate.reached.wait());
  EXPECT_TRUE(acquire("fast").get());
  EXPECT_FALSE(waiting.is_done());
  EXPECT_TRUE(runtime().try_lease("fast").has_value());
  EXPECT_FALSE(runtime().try_lease("slow").has_value());
  gate.open.set();
  EXPECT_TRUE(waiting.get());
}

TEST_F(RuntimeTest, TryLeaseNeverLoads) {
  EXPECT_FALSE(runtime().try_lease("a").has_value());
  EXPECT_EQ(engine_->loads, 0);
  lease();
  ASSERT_TRUE(becomes_idle());
  const std::optional<Lease> held = runtime().try_lease("a");
  ASSERT_TRUE(held.has_value());
  EXPECT_EQ(status().leases, 1U);
}

TEST_F(RuntimeTest, UnloadFreesAnIdleModelAndTheNextCallLoadsAgain) {
  EXPECT_EQ(number_of(lease()), 1);
  ASSERT_TRUE(becomes_idle());
  const Unloaded unloaded = runtime().unload("a", UnloadPolicy::refuse).get().value();
  EXPECT_TRUE(unloaded.was_loaded);
  EXPECT_EQ(engine_->counts->alive, 0);
  EXPECT_EQ(status().state, SlotState::absent);
  EXPECT_FALSE(runtime().unload("a", UnloadPolicy::refuse).get().value().was_loaded);
  EXPECT_FALSE(runtime().unload("never seen", UnloadPolicy::drain).get().value().was_loaded);
  const Lease again = lease();
  EXPECT_EQ(number_of(again), 2);
  EXPECT_EQ(again.info().generation, 2U);
  EXPECT_EQ(status().loads, 2U);
}

TEST_F(RuntimeTest, UnloadRefusesWhatIsInUseAndSaysSo) {
  const Lease held = lease();
  const Result<Unloaded> refused = runtime().unload("a", UnloadPolicy::refuse).get();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::busy);
  EXPECT_EQ(refused.error().subject, Subject::model);
  EXPECT_NE(refused.error().message.find("model_a is in use (1 leases)"), std::string::npos);
  EXPECT_EQ(status().state, SlotState::ready);
}

TEST_F(RuntimeTest, ALeaseOutlivesTheUnloadAndTheLastOneFrees) {
  std::optional<Lease> held = lease();
  std::optional<Lease> copy = held;
  const Job<Unloaded> unloading = runtime().unload("a", UnloadPolicy::drain);
  EXPECT_EQ(status().state, SlotState::draining);
  EXPECT_FALSE(runtime().try_lease("a").has_value()) << "no new leases";
  EXPECT_EQ(number_of(*held), 1) << "existing leases go on working";
  held.reset();
  EXPECT_FALSE(unloading.is_done());
  EXPECT_EQ(engine_->counts->alive, 1);
  copy.reset();
  EXPECT_TRUE(unloading.get().value().was_loaded);
  EXPECT_EQ(engine_->counts->alive, 0);
}

TEST_F(RuntimeTest, AFinishedJobHoldsItsLease) {
  std::optional<Job<Lease>> job = acquire();
  ASSERT_TRUE(job->wait_for(k_test_patience));
  const Job<Unloaded> unloading = runtime().unload("a", UnloadPolicy::drain);
  EXPECT_FALSE(unloading.is_done());
  job.reset();
  EXPECT_TRUE(unloading.get());
}

TEST_F(RuntimeTest, WhoComesWhileItDrainsGetsAFreshLoadAfterwards) {
  std::optional<Lease> held = lease();
  const Job<Unloaded> unloading = runtime().unload("a", UnloadPolicy::drain);
  const Job<Unloaded> also = runtime().unload("a", UnloadPolicy::refuse);
  const Job<Lease> next = acquire();
  const Job<Lease> gone = acquire();
  gone.cancel();
  EXPECT_FALSE(next.is_done());
  EXPECT_EQ(engine_->loads, 1);
  held.reset();
  EXPECT_EQ(number_of(next.get().value()), 2);
  EXPECT_TRUE(unloading.get().value().was_loaded);
  EXPECT_TRUE(also.get().value().was_loaded);
  EXPECT_EQ(engine_->counts->alive, 1);
}

TEST_F(RuntimeTest, UnloadDuringALoadServesItsWaitersFirst) {
  Gate gate;
  engine_->on_load = gate.script();
  std::optional<Job<Lease>> waiting = acquire();
  ASSERT_TRUE(gate.reached.wait());
  EXPECT_EQ(runtime().unload("a", UnloadPolicy::refuse).get().error().code, ErrorCode::busy);
  const Job<Unloaded> unloading = runtime().unload("a", UnloadPolicy::drain);
  gate.open.set();
  EXPECT_EQ(number_of(waiting->get().value()), 1);
  EXPECT_EQ(status().state, SlotState::draining);
  EXPECT_FALSE(unloading.is_done());
  waiting.reset();
  EXPECT_TRUE(unloading.get().value().was_loaded);
}

TEST_F(RuntimeTest, UnloadDuringALoadThatFailsIsDone) {
  Gate gate;
  engine_->on_load = [&](const engine::LoadRequest&) -> Result<void> {
    gate.reached.set();
    EXPECT_TRUE(gate.open.wait());
    return Error(ErrorCode::corrupt_data, Subject::model, "broken");
  };
  const Job<Lease> waiting = acquire();
  ASSERT_TRUE(gate.reached.wait());
  const Job<Unloaded> unloading = runtime().unload("a", UnloadPolicy::drain);
  gate.open.set();
  EXPECT_FALSE(waiting.get());
  EXPECT_FALSE(unloading.get().value().was_loaded);
}

TEST_F(RuntimeTest, UnloadDuringALoadThatNobodyWaitsForFreesIt) {
  Gate gate;
  engine_->on_load = gate.script();
  const Job<Lease> waiting = acquire();
  ASSERT_TRUE(gate.reached.wait());
  waiting.cancel();
  const Job<Unloaded> unloading = runtime().unload("a", UnloadPolicy::drain);
  gate.open.set();
  EXPECT_TRUE(unloading.get().value().was_loaded);
  EXPECT_EQ(engine_->counts->alive, 0);
}

TEST_F(RuntimeTest, ASilentFallbackToTheCpuIsAnError) {
  engine_->put_on = "cpu:0";
  LoadSpec strict = spec("a", "cuda:0");
  strict.plan.fallback = DeviceFallback::never;
  const Result<Lease> result = runtime().acquire(strict).get();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::unsupported);
  EXPECT_EQ(result.error().subject, Subject::device);
  EXPECT_EQ(result.error().message, "scripted put model_a on cpu:0 instead of cuda:0");
  EXPECT_FALSE(result.error().hint.empty());
  EXPECT_EQ(engine_->counts->alive, 0) << "the session is not kept";
}

TEST_F(RuntimeTest, AFallbackThatIsAllowedIsTold) {
  engine_->put_on = "cpu:0";
  LoadSpec lenient = spec("any", "cuda:0");
  lenient.plan.fallback = DeviceFallback::any;
  lenient.plan.candidates = {
      {"cuda:0", "scripted", "1.0", DeviceVerdict::chosen, ""},
      {"cpu:0", "scripted", "1.0", DeviceVerdict::usable, "comes after the chosen one"}};
  const Lease held = runtime().acquire(lenient).get().value();
  EXPECT_EQ(held.info().plan.chosen, "cpu:0");
  ASSERT_EQ(held.info().plan.warnings.size(), 1U);
  EXPECT_NE(held.info().plan.warnings[0].find("instead of cuda:0"), std::string::npos);
  EXPECT_EQ(held.info().plan.candidates[0].verdict, DeviceVerdict::rejected);
  EXPECT_EQ(held.info().plan.candidates[1].verdict, DeviceVerdict::chosen);

  LoadSpec listed = lenient;
  listed.key = "listed";
  listed.plan.fallback = DeviceFallback::listed;
  EXPECT_TRUE(runtime().acquire(listed).get());
  listed.key = "unlisted";
  listed.plan.candidates[1].verdict = DeviceVerdict::rejected;
  EXPECT_EQ(runtime().acquire(listed).get().error().code, ErrorCode::unsupported);
}

TEST_F(RuntimeTest, OneCallAtATimeWhereTheEngineWantsIt) {
  const Lease held = lease();
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 50; ++k) EXPECT_TRUE(held.run({}));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(engine_->counts->most_running, 1);
}

TEST_F(RuntimeTest, SharedSessionsRunAtOnce) {
  engine_ = std::make_shared<ScriptedEngine>(engine::Concurrency::shared);
  // Each run waits for the other: serialised they would never end.
  std::atomic<int> inside = 0;
  Event both;
  engine_->during_run = [&] {
    if (++inside == 2) both.set();
    EXPECT_TRUE(both.wait());
  };
  const Lease held = lease();
  std::thread other([&] { EXPECT_TRUE(held.run({})); });
  EXPECT_TRUE(held.run({}));
  other.join();
  EXPECT_EQ(engine_->counts->most_running, 2);
}

TEST_F(RuntimeTest, ErrorsOfARunSayWhatRan) {
  const Lease held = lease();
  const Tensor tensor;
  const engine::Session::Input input{"bad", &tensor};
  const Result<RunOutput> output = held.run(std::span(&input, 1));
  EXPECT_EQ(output.error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(output.error().context, "run model_a");
}

TEST_F(RuntimeTest, LastUseFollowsTheLeases) {
  lease();
  ASSERT_TRUE(becomes_idle());
  {
    const std::optional<Lease> held = runtime().try_lease("a");
    ASSERT_TRUE(held.has_value());
    clock_.advance(std::chrono::milliseconds(100));
  }
  EXPECT_EQ(status().last_used, clock_.steady_now());
}

TEST_F(RuntimeTest, TheEndOfTheRuntimeCancelsWaiters) {
  Gate gate;
  engine_->on_load = gate.script();
  options_.load_threads = 1;
  const Job<Lease> loading = acquire("loading");
  ASSERT_TRUE(gate.reached.wait());
  const Job<Lease> queued = acquire("queued");
  std::thread closing([&] { runtime_.reset(); });
  EXPECT_EQ(loading.get().error().code, ErrorCode::cancelled);
  EXPECT_EQ(queued.get().error().code, ErrorCode::cancelled);
  gate.open.set();
  closing.join();
  EXPECT_EQ(engine_->loads, 1) << "what was queued is not begun any more";
  EXPECT_EQ(engine_->counts->alive, 0);
}

TEST_F(RuntimeTest, LeasesOutliveTheRuntime) {
  std::optional<Lease> held = lease();
  std::optional<Lease> draining = lease("b");
  const Job<Unloaded> unloading = runtime().unload("b", UnloadPolicy::drain);
  runtime_.reset();
  EXPECT_EQ(unloading.get().error().code, ErrorCode::cancelled);
  EXPECT_EQ(number_of(*held), 1);
  EXPECT_EQ(number_of(*draining), 2);
  held.reset();
  draining.reset();
  EXPECT_EQ(engine_->counts->alive, 0) << "freed by whoever drops the last lease";
}

TEST_F(RuntimeTest, TheRuntimeMayBeDestroyedByACallback) {
  Event done;
  runtime();
  acquire().then([&](const Result<Lease>& result) {
    EXPECT_TRUE(result);
    runtime_.reset();
    done.set();
  });
  ASSERT_TRUE(done.wait());
  EXPECT_TRUE(becomes_true([&] { return engine_->counts->alive == 0; }));
}

TEST_F(RuntimeTest, AForkGetsErrorsAndTouchesNothing) {
  std::optional<Lease> held = lease();
  runtime();
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(60);
    if (held->run({}).error().code != ErrorCode::unsupported) ::_exit(1);
    if (acquire().get().error().code != ErrorCode::unsupported) ::_exit(2);
    if (runtime().unload("a", UnloadPolicy::drain).get().error().code != ErrorCode::unsupported)
      ::_exit(3);
    if (runtime().try_lease("a").has_value() || !runtime().status().empty()) ::_exit(4);
    held.reset();
    runtime_.reset();
    ::_exit(engine_->counts->alive == 1 ? 0 : 5);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(number_of(*held), 1) << "the parent goes on";
}

// Four models of which two or three fit into the budget at a time.
TEST_F(RuntimeTest, RandomOperationsOfManyThreadsKeepTheInvariants) {
  constexpr int k_threads = 8;
  constexpr int k_operations = test::k_is_sanitized ? 10'000 : 100'000;
  const std::vector<std::string> keys = {"a", "b", "c", "d"};
  const ByteCount budget(2500);
  engine_->size_of = [](const engine::LoadRequest& request) {
    return ByteCount(request.format == "a" ? 1500 : 750);
  };
  options_.memory_budget = [&](const std::string&) { return budget; };
  options_.minimum_residence = std::chrono::milliseconds(0);
  std::vector<std::atomic<int>> loading(keys.size());
  std::atomic<unsigned> load_number = 0;
  engine_->on_load = [&](const engine::LoadRequest& request) -> Result<void> {
    std::atomic<int>& count = loading[static_cast<std::size_t>(request.format[0] - 'a')];
    EXPECT_EQ(count.fetch_add(1), 0) << "one load for a key at a time";
    std::this_thread::yield();
    count.fetch_sub(1);
    if (load_number.fetch_add(1) % 5 == 4)
      return Error(ErrorCode::corrupt_data, Subject::model, "every fifth");
    return {};
  };
  runtime();
  std::vector<std::thread> threads;
  for (unsigned seed = 0; seed < k_threads; ++seed) {
    threads.emplace_back([&, seed] {
      std::mt19937 random(seed);
      std::vector<Lease> held;
      for (int i = 0; i < k_operations / k_threads; ++i) {
        const std::string& key = keys[random() % keys.size()];
        LoadSpec wanted = spec(key, "cuda:0");
        wanted.request.format = key;
        switch (random() % 8) {
          case 0: (void)runtime().unload(key, UnloadPolicy::drain); break;
          case 1: (void)runtime().unload(key, UnloadPolicy::refuse); break;
          case 2: runtime().acquire(wanted).cancel(); break;
          case 3:
            if (std::optional<Lease> lease = runtime().try_lease(key))
              held.push_back(*std::move(lease));
            break;
          case 4: (void)runtime().status(); break;
          default: {
            // Never waits while it holds a lease: a draining model would wait for that very lease.
            held.clear();
            const Result<Lease> lease = runtime().acquire(wanted).get();
            if (lease) {
              EXPECT_EQ(lease->info().key, key);
              EXPECT_TRUE(lease->run({}));
              EXPECT_LE(engine_->counts->bytes_alive, budget.count());
            } else {
              EXPECT_EQ(lease.error().code, ErrorCode::corrupt_data);
            }
          }
        }
        if (held.size() > 2) held.clear();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& key : keys) (void)runtime().unload(key, UnloadPolicy::drain).get();
  EXPECT_TRUE(becomes_true([&] {
    for (const SlotStatus& slot : runtime().status()) {
      if (slot.state != SlotState::absent && slot.state != SlotState::failed) {
        (void)runtime().unload(slot.key, UnloadPolicy::drain);
        return false;
      }
    }
    return true;
  }));
  EXPECT_EQ(engine_->counts->alive, 0);
  EXPECT_LE(engine_->counts->most_bytes_alive, budget.count());
  for (const SlotStatus& slot : runtime().status()) {
    EXPECT_EQ(slot.leases, 0U);
    EXPECT_EQ(slot.memory, ByteCount());
  }
}

TEST(SlotStateTest, NamesAreStable) {
  EXPECT_EQ(name_of(SlotState::absent), "absent");
  EXPECT_EQ(name_of(SlotState::queued), "queued");
  EXPECT_EQ(name_of(SlotState::loading), "loading");
  EXPECT_EQ(name_of(SlotState::ready), "ready");
  EXPECT_EQ(name_of(SlotState::draining), "draining");
  EXPECT_EQ(name_of(SlotState::failed), "failed");
}

TEST(ThreadBudgetTest, GrantsNoMoreThanThereAre) {
  const ThreadBudget budget(4);
  EXPECT_EQ(budget.grant(0), 4);
  EXPECT_EQ(budget.grant(2), 2);
  EXPECT_EQ(budget.grant(9), 4);
  EXPECT_EQ(ThreadBudget(0).total(), 1);
}

TEST(ProcessMemoryTest, IsMeasured) {
  EXPECT_GT(resident_memory(), ByteCount(100'000));
  return_freed_memory();
}

}  // namespace
}  // namespace modelhub::runtime
