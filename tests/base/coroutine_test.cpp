// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "modelhub/coroutine.h"

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

#include "base/event.h"
#include "base/executor.h"
#include "modelhub/image.h"

namespace modelhub {
namespace {

// What a user of the library writes: a coroutine that starts at once and frees itself.
struct Detached {
  struct promise_type {
    Detached get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

// As every option struct of modelhub: not an aggregate.
struct Options {
  std::string text = "a default that is too long for the small string buffer";
  std::vector<int> numbers = {1, 2, 3};

  Options() {}  // NOLINT(modernize-use-equals-default): that would make it an aggregate
};
static_assert(!std::is_aggregate_v<Options>);
static_assert(!std::is_aggregate_v<DecodeOptions>,
              "g++ 12 frees aggregates twice in co_await f(name, {})");

// Work that ends on another thread, a little later or at once.
class Service {
 public:
  Job<std::string> ask(const std::string& name, Options options = {}) {
    const Promise<std::string> promise(callbacks_);
    workers_.post([promise, name, options = std::move(options)] {
      promise.complete(name + ":" + options.text + std::to_string(options.numbers.size()));
    });
    return promise.job();
  }
  Job<std::string> answer_at_once(std::string text) {
    const Promise<std::string> promise(callbacks_);
    promise.complete(std::move(text));
    return promise.job();
  }
  const std::shared_ptr<base::Executor>& callbacks() const { return callbacks_; }

 private:
  const std::shared_ptr<base::Executor> callbacks_ =
      std::make_shared<base::Executor>("callbacks", 1, base::Executor::Role::callbacks);
  base::Executor workers_{"workers", 1, base::Executor::Role::workers};
};

std::string answer_to(const std::string& name) { return name + ":" + Options().text + "3"; }

Detached ask_with_options(Service& service, std::string& answer, Event& done) {
  answer = (co_await service.ask("braces", {})).value();
  answer += (co_await service.ask("none")).value();
  answer += (co_await service.ask("named", Options())).value();
  done.set();
}

TEST(CoroutineTest, OptionStructsAsDefaultedParametersAreSafe) {
  Service service;
  Event done;
  std::string answer;
  ask_with_options(service, answer, done);
  ASSERT_TRUE(done.wait());
  EXPECT_EQ(answer, answer_to("braces") + answer_to("none") + answer_to("named"));
}

Detached ask_with_temporaries(Service& service, std::vector<std::string>& answers, Event& done) {
  const std::string stem = "a stem that does not fit into the small string buffer";
  answers.push_back((co_await service.ask(std::string(stem) + "/" + std::to_string(1))).value());
  for (const char c : (co_await service.ask(stem + "2")).value())
    answers.push_back(std::string(1, c));
  done.set();
}

TEST(CoroutineTest, TemporariesInAnAwaitedCallAreSafe) {
  Service service;
  Event done;
  std::vector<std::string> answers;
  ask_with_temporaries(service, answers, done);
  ASSERT_TRUE(done.wait());
  EXPECT_EQ(answers.front(), answer_to("a stem that does not fit into the small string buffer/1"));
  EXPECT_EQ(answers.size(),
            1 + answer_to("a stem that does not fit into the small string buffer2").size());
}

Detached ask_in_a_loop(Service& service, int rounds, std::size_t& bytes, Event& done) {
  for (int i = 0; i < rounds; ++i) {
    const Result<std::string> answer = co_await service.ask("round " + std::to_string(i), {});
    bytes += answer->size();
  }
  done.set();
}

TEST(CoroutineTest, AwaitsInALoop) {
  Service service;
  Event done;
  std::size_t bytes = 0;
  ask_in_a_loop(service, 1000, bytes, done);
  ASSERT_TRUE(done.wait());
  EXPECT_GT(bytes, 1000 * answer_to("round 0").size());
}

Detached await_what_is_done(Service& service, std::string& answer, std::thread::id& thread) {
  answer = (co_await service.answer_at_once("done already")).value();
  thread = std::this_thread::get_id();
}

TEST(CoroutineTest, AJobThatIsDoneDoesNotSuspend) {
  Service service;
  std::string answer;
  std::thread::id thread;
  await_what_is_done(service, answer, thread);
  EXPECT_EQ(answer, "done already");
  EXPECT_EQ(thread, std::this_thread::get_id());
}

Detached await_a_stored_job(Job<std::string> job, int& count, Event& done) {
  const Result<std::string> first = co_await job;
  const Result<std::string> second = co_await job;
  count = first.value() == second.value() ? 1 : 0;
  done.set();
}

TEST(CoroutineTest, AJobCanBeAwaitedTwice) {
  Service service;
  Event done;
  int count = 0;
  await_a_stored_job(service.ask("twice"), count, done);
  ASSERT_TRUE(done.wait());
  EXPECT_EQ(count, 1);
}

Detached await_cancelled(Job<int> job, std::optional<ErrorCode>& code, Event& done) {
  const Result<int> result = co_await job;
  if (!result) code = result.error().code;
  done.set();
}

TEST(CoroutineTest, ACancelledJobResumesWithTheError) {
  Service service;
  Event done;
  std::optional<ErrorCode> code;
  {
    const Promise<int> promise(service.callbacks());
    await_cancelled(promise.job(), code, done);
  }
  ASSERT_TRUE(done.wait());
  EXPECT_EQ(code, ErrorCode::cancelled);
}

Detached destroy_the_service(std::unique_ptr<Service> service, Event& done) {
  const Result<std::string> answer = co_await service->ask("last");
  service.reset();
  if (answer) done.set();
}

TEST(CoroutineTest, MayDestroyTheExecutorThatResumedIt) {
  for (int round = 0; round < 100; ++round) {
    Event done;
    destroy_the_service(std::make_unique<Service>(), done);
    ASSERT_TRUE(done.wait());
  }
}

Detached wait_inside(Service& service, Job<int> first, std::optional<ErrorCode>& code,
                     Event& done) {
  (void)co_await first;
  const Promise<int> never(service.callbacks());
  const Result<int> waited = never.job().get();
  if (!waited) code = waited.error().code;
  done.set();
}

TEST(CoroutineTest, BlockingAfterAResumptionIsDetected) {
  Service service;
  Event done;
  std::optional<ErrorCode> code;
  const Promise<int> first(service.callbacks());
  wait_inside(service, first.job(), code, done);  // suspends: the job is not done yet
  first.complete(1);
  ASSERT_TRUE(done.wait());
  EXPECT_EQ(code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace modelhub
