// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include <pybind11/pybind11.h>

namespace modelhub::python {

namespace py = pybind11;

// Ctrl-C is noticed within this time.
constexpr auto k_slice = std::chrono::milliseconds(50);

// True from begin_exit() on: the interpreter is about to end, and only its main thread may still
// run Python code.
bool is_exiting();
void begin_exit();

// The thread that Python delivers signals to.
bool is_main_thread();

// Gives the GIL away while it lives, for calls that block.
//
// Ends in one of two ways: with the GIL again; or, on a thread that is not the main one while the
// interpreter ends, not at all. CPython before 3.14 ends such a thread by unwinding it, which C++
// answers with std::terminate().
class WithoutGil {
 public:
  WithoutGil() : state_(PyEval_SaveThread()) {}
  ~WithoutGil();
  WithoutGil(const WithoutGil&) = delete;
  WithoutGil& operator=(const WithoutGil&) = delete;

 private:
  PyThreadState* state_;
};

// Takes the GIL while it lives, on any thread. REQUIRES: !is_exiting().
class WithGil {
 public:
  WithGil() : state_(PyGILState_Ensure()) {}
  ~WithGil() { PyGILState_Release(state_); }
  WithGil(const WithGil&) = delete;
  WithGil& operator=(const WithGil&) = delete;

 private:
  PyGILState_STATE state_;
};

// A Python callable as C++ keeps it: copied, called and destroyed on any thread, with or without
// the GIL. What it raises goes to sys.unraisablehook. Does nothing once the interpreter ends.
std::function<void()> callback_of(const py::object& callable);

// A piece of work without the GIL, as the helper thread sees it.
class Errand {
 public:
  virtual ~Errand() = default;

  // Does the work and tells whoever waits.
  void perform();
  // The waiter has gone: `kept` is what the work still reads, to be released when it ends. Needs
  // the GIL.
  void abandon(const py::object& kept);
  bool wait_a_slice();

 protected:
  virtual void work() = 0;

 private:
  struct State;
  std::shared_ptr<State> state_ = make_state();
  static std::shared_ptr<State> make_state();
};

// Waits on the main thread until a helper thread has done the errand, looking for signals every
// k_slice. When a signal's handler raises (Ctrl-C) the errand is left to itself, together with
// `kept`.
void run_by_helper(const std::shared_ptr<Errand>& errand, const py::object& kept);
// The helper thread is not in the child of a fork.
void forget_helper();

// Hands what the hub has logged to Python; called after each call that may have logged.
void deliver_logs();

// Runs `work` without the GIL, since the library's locks must never be waited for with it; for what
// ends within k_slice, so that Ctrl-C need not interrupt it.
template <class F>
auto briefly(F work) -> decltype(work()) {
  std::optional<decltype(work())> value;
  {
    const WithoutGil released;
    const F function = std::move(work);
    value.emplace(function());
  }
  deliver_logs();
  return *std::move(value);
}

// Runs `work` without the GIL and returns what it returns. Ctrl-C ends the waiting within k_slice;
// the work goes on by itself then, so that it must own what it uses, or `kept` must own it. To hand
// it to another thread costs some 20 us, and more on a machine with more threads to run than cores.
template <class F>
auto blocking(F work, const py::object& kept = py::none()) -> decltype(work()) {
  using Value = decltype(work());
  struct TypedErrand final : Errand {
    explicit TypedErrand(F f) : function(std::move(f)) {}
    void work() override {
      value.emplace((*function)());
      function.reset();  // here, where nobody holds the GIL
    }
    std::optional<F> function;
    std::optional<Value> value;
  };
  if (!is_main_thread()) return briefly(std::move(work));
  const auto errand = std::make_shared<TypedErrand>(std::move(work));
  run_by_helper(errand, kept);
  deliver_logs();
  return std::move(*errand->value);
}

}  // namespace modelhub::python
