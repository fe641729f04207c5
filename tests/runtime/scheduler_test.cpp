// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0

// Random steps against a slow reference: a model of the runtime that is a list and some loops, and
// must say beforehand what each step gives and what is in memory afterwards.

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "runtime/runtime_fixture.h"
#include "support/sanitized.h"

namespace modelhub::runtime {
namespace {

using std::chrono::milliseconds;

// What the runtime ought to do, written for being read.
class Reference {
 public:
  using Time = std::chrono::steady_clock::time_point;

  struct Model {
    std::uint64_t size = 0;
    bool is_ready = false;
    bool has_failed = false;
    std::optional<ErrorCode> next_load_fails;
    ErrorCode failure = ErrorCode::internal;
    Time retry_at;
    int failures_in_a_row = 0;
    Time last_used;
    Time loaded_at;
    std::size_t leases = 0;
    int begun_loads = 0;
  };

  Reference(const RuntimeOptions& options, std::uint64_t budget)
      : options_(options), budget_(budget) {}

  std::map<std::string, Model> models;

  struct Answer {
    std::optional<ErrorCode> error;  // none: a lease
    bool waits_for_room = false;     // in vain, until its deadline
  };

  Answer get(const std::string& key, Time now) {
    Model& model = models[key];
    if (model.is_ready) {
      lease(model, now);
      return {};
    }
    if (model.has_failed && now < model.retry_at) return {model.failure};
    model.has_failed = false;
    if (model.size > budget_) {
      fail(model, ErrorCode::out_of_memory, now);
      return {model.failure};
    }
    if (!make_room(model.size, now)) {
      fail(model, ErrorCode::out_of_memory, now);  // at its deadline: see wait_in_vain()
      return {model.failure, true};
    }
    ++model.begun_loads;
    if (model.next_load_fails) {
      fail(model, *model.next_load_fails, now);
      model.retry_at = now + pause_after(model);
      return {model.failure};
    }
    model.failures_in_a_row = 0;
    model.is_ready = true;
    model.loaded_at = now;
    lease(model, now);
    return {};
  }

  bool waits_for_room(const std::string& key, Time now) const {
    Reference copy(*this);
    return copy.get(key, now).waits_for_room;
  }

  void give_back(const std::string& key, Time now) {
    Model& model = models[key];
    --model.leases;
    model.last_used = now;
    evict_what_was_kept_too_long(now);
  }

  std::optional<ErrorCode> unload(const std::string& key) {
    Model& model = models[key];
    if (model.is_ready && model.leases > 0) return ErrorCode::busy;
    model.is_ready = false;
    if (model.has_failed) model.failures_in_a_row = 0;
    model.has_failed = false;
    return {};
  }

  void evict_what_was_kept_too_long(Time now) {
    for (auto& [key, model] : models) {
      if (options_.keep_alive && model.leases == 0 && now >= model.last_used + *options_.keep_alive)
        model.is_ready = false;
    }
  }

  std::uint64_t used() const {
    std::uint64_t bytes = 0;
    for (const auto& [key, model] : models) bytes += model.is_ready ? model.size : 0;
    return bytes;
  }

 private:
  static void lease(Model& model, Time now) {
    ++model.leases;
    model.last_used = now;
  }
  static void fail(Model& model, ErrorCode code, Time now) {
    model.has_failed = true;
    model.failure = code;
    model.retry_at = now;
  }
  milliseconds pause_after(Model& model) const {
    if (model.failure == ErrorCode::out_of_memory) return options_.out_of_memory_pause;
    if (++model.failures_in_a_row == 1) return milliseconds(0);
    milliseconds pause = options_.failure_pause;
    for (int i = 2; i < model.failures_in_a_row; ++i)
      pause = std::min(2 * pause, options_.longest_failure_pause);
    return pause;
  }
  // The longest unused go one by one, until it fits; nobody goes when that would not do.
  bool make_room(std::uint64_t need, Time now) {
    std::vector<Model*> may_go;
    std::uint64_t can_be_freed = 0;
    for (auto& [key, model] : models) {
      if (!model.is_ready || model.leases > 0) continue;
      if (now < model.loaded_at + options_.minimum_residence) continue;
      may_go.push_back(&model);
      can_be_freed += model.size;
    }
    if (used() - can_be_freed + need > budget_) return false;
    while (used() + need > budget_) {
      const auto oldest = std::min_element(
          may_go.begin(), may_go.end(),
          [](const Model* a, const Model* b) { return a->last_used < b->last_used; });
      (*oldest)->is_ready = false;
      may_go.erase(oldest);
    }
    return true;
  }

  const RuntimeOptions options_;
  const std::uint64_t budget_;
};

constexpr std::uint64_t k_budget = 2500;
const std::vector<std::pair<std::string, std::uint64_t>> k_sizes = {
    {"a", 1500}, {"b", 750}, {"c", 750}, {"d", 1000}, {"e", 2000}, {"too large", 2600}};

class SchedulerTest : public RuntimeTest {
 protected:
  SchedulerTest() {
    options_.memory_budget = [](const std::string&) { return ByteCount(k_budget); };
    options_.minimum_residence = milliseconds(0);
    options_.room_deadline = milliseconds(1);  // real time passes only where a step waits in vain
    options_.out_of_memory_pause = milliseconds(4);
    options_.failure_pause = milliseconds(3);
    options_.longest_failure_pause = milliseconds(10);
    engine_->size_of = [](const engine::LoadRequest& request) {
      return ByteCount(std::stoull(request.format));
    };
    engine_->on_load = [this](const engine::LoadRequest&) -> Result<void> {
      if (!next_failure_) return {};
      return Error(*next_failure_, Subject::engine, "as scripted");
    };
  }

  void walk(unsigned seed, int steps) {
    Reference reference(options_, k_budget);
    for (const auto& [key, size] : k_sizes) reference.models[key].size = size;
    std::map<std::string, std::vector<Lease>> held;
    std::mt19937 random(seed);
    for (int step = 0; step < steps; ++step) {
      const std::string key = k_sizes[random() % k_sizes.size()].first;
      SCOPED_TRACE("seed " + std::to_string(seed) + ", step " + std::to_string(step) + ", " + key);
      take_step(random() % 16, key, reference, held);
      if (!agrees_soon(reference)) return;
    }
    for (auto& [key, leases] : held) leases.clear();
    runtime_.reset();
    EXPECT_EQ(engine_->counts->alive, 0);
  }

 private:
  using Held = std::map<std::string, std::vector<Lease>>;

  void take_step(unsigned which, const std::string& key, Reference& reference, Held& held) {
    Reference::Model& model = reference.models[key];
    // Each step has a time of its own, so that it is clear who was used last.
    clock_.advance(milliseconds(1));
    if (options_.keep_alive && !agrees_soon(reference)) return;
    switch (which) {
      case 0: EXPECT_EQ(unload(key), reference.unload(key)); break;
      case 1: drain(key, reference, held[key]); break;
      case 2: model.next_load_fails = ErrorCode::corrupt_data; break;
      case 3: model.next_load_fails = ErrorCode::out_of_memory; break;
      case 4:
      case 5: model.next_load_fails.reset(); break;
      case 6: {
        const std::optional<Lease> lease = runtime().try_lease(key);
        ASSERT_EQ(lease.has_value(), model.is_ready);
        if (!lease) break;
        ++model.leases;
        held[key].push_back(*lease);
        model.last_used = clock_.steady_now();
        break;
      }
      case 7:
      case 8:
      case 9:
      case 10: {
        if (held[key].empty()) break;
        held[key].pop_back();
        reference.give_back(key, clock_.steady_now());
        break;
      }
      default: get(key, reference, held[key]);
    }
  }

  std::optional<ErrorCode> unload(const std::string& key) {
    const Result<Unloaded> unloaded = runtime().unload(key, UnloadPolicy::refuse).get();
    return unloaded ? std::optional<ErrorCode>() : unloaded.error().code;
  }

  // No new leases, and it goes with the last one.
  void drain(const std::string& key, Reference& reference, std::vector<Lease>& held) {
    const bool was_ready = reference.models[key].is_ready;
    const Job<Unloaded> draining = runtime().unload(key, UnloadPolicy::drain);
    if (!held.empty()) {
      EXPECT_FALSE(runtime().try_lease(key).has_value());
      EXPECT_FALSE(draining.is_done());
    }
    for (; !held.empty(); held.pop_back()) --reference.models[key].leases;
    EXPECT_EQ(draining.get().value().was_loaded, was_ready);
    EXPECT_EQ(reference.unload(key), std::nullopt);
  }

  void get(const std::string& key, Reference& reference, std::vector<Lease>& held) {
    next_failure_ = reference.models[key].next_load_fails;
    // Where time makes room, what comes of waiting depends on who wakes first.
    const bool is_timed = options_.keep_alive || options_.minimum_residence > milliseconds(0);
    const bool is_left_out = is_timed || ++gets_ % 16 != 0;  // waiting takes real time
    if (is_left_out && reference.waits_for_room(key, clock_.steady_now())) return;
    const Reference::Answer expected = reference.get(key, clock_.steady_now());
    LoadSpec wanted = spec(key, "cuda:0");
    wanted.request.format = std::to_string(reference.models[key].size);
    std::optional<Job<Lease>> job = runtime().acquire(wanted);
    if (expected.waits_for_room) {
      while (!job->wait_for(milliseconds(1))) clock_.advance(options_.room_deadline);
      reference.models[key].retry_at = status(key).retry_at;
    }
    ASSERT_TRUE(job->wait_for(k_test_patience));
    Result<Lease> lease = job->get();
    job.reset();
    ASSERT_EQ(lease.has_value(), !expected.error) << (lease ? "" : lease.error().to_string());
    if (lease) {
      held.push_back(*std::move(lease));
    } else {
      EXPECT_EQ(lease.error().code, *expected.error);
    }
  }

  // What others do on their threads, frees and alarms, is over a moment later.
  bool agrees_soon(Reference& reference) {
    reference.evict_what_was_kept_too_long(clock_.steady_now());
    std::string difference;
    const bool agrees = becomes_true([&] {
      difference = difference_to(reference);
      return difference.empty() || ::testing::Test::HasFatalFailure();
    });
    EXPECT_TRUE(agrees) << difference;
    EXPECT_LE(engine_->counts->bytes_alive, k_budget);
    return agrees && !HasFailure();
  }

  std::string difference_to(const Reference& reference) {
    for (const SlotStatus& slot : runtime().status()) {
      const Reference::Model& model = reference.models.at(slot.key);
      const SlotState state = model.is_ready     ? SlotState::ready
                              : model.has_failed ? SlotState::failed
                                                 : SlotState::absent;
      if (slot.state != state)
        return slot.key + " is " + std::string(name_of(slot.state)) + ", not " +
               std::string(name_of(state));
      if (slot.leases != model.leases)
        return slot.key + " has " + std::to_string(slot.leases) + " leases, not " +
               std::to_string(model.leases);
      if (slot.memory.count() != (model.is_ready ? model.size : 0))
        return slot.key + " is charged for " + slot.memory.to_string();
      if (model.has_failed && slot.retry_at != model.retry_at)
        return slot.key + " is tried again at another time";
    }
    int loads = 0;
    for (const auto& [key, model] : reference.models) loads += model.begun_loads;
    if (loads != engine_->loads)
      return std::to_string(engine_->loads) + " loads, not " + std::to_string(loads);
    return {};
  }

  unsigned gets_ = 0;
  std::optional<ErrorCode> next_failure_;  // changes only while nothing is loaded
};

constexpr int k_steps = test::k_is_sanitized ? 10'000 : 100'000;

TEST_F(SchedulerTest, RandomStepsGiveWhatTheReferenceSays) { walk(1, k_steps); }

TEST_F(SchedulerTest, AlsoWithAMinimumResidence) {
  options_.minimum_residence = milliseconds(6);
  walk(2, k_steps / 10);
}

TEST_F(SchedulerTest, AlsoWithAKeepAlive) {
  options_.keep_alive = milliseconds(3);
  walk(3, k_steps / 50);  // each alarm takes its real time
}

TEST_F(SchedulerTest, AlsoWithWeakReferences) {
  options_.keep_alive = milliseconds(0);
  walk(4, k_steps / 10);
}

}  // namespace
}  // namespace modelhub::runtime
