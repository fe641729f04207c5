// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "interpreter.h"

#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>

namespace modelhub::python {
namespace {

std::atomic<bool> g_exiting{false};

// A thread that the main thread gives its errands to, one at a time. It is never joined: the end of
// the process ends it.
class Helper {
 public:
  // Throws std::system_error when the machine has no thread to give.
  static Helper* start() {
    auto* const helper = new Helper;
    try {
      std::thread([helper] { helper->run(); }).detach();
    } catch (...) {
      delete helper;
      throw;
    }
    return helper;
  }

  void give(std::shared_ptr<Errand> errand) {
    {
      const std::lock_guard lock(mutex_);
      next_ = std::move(errand);
    }
    changed_.notify_one();
  }

  // It ends after what it is doing now.
  void dismiss() {
    {
      const std::lock_guard lock(mutex_);
      is_dismissed_ = true;
    }
    changed_.notify_one();
  }

 private:
  void run() {
    while (true) {
      std::shared_ptr<Errand> errand;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return next_ != nullptr || is_dismissed_; });
        if (next_ == nullptr) break;
        errand = std::move(next_);
      }
      errand->perform();
    }
    delete this;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<Errand> next_;  // guarded by mutex_
  bool is_dismissed_ = false;     // guarded by mutex_
};

Helper* g_helper = nullptr;  // only used by the main thread

}  // namespace

// A reference that may be dropped on any thread.
class SharedReference {
 public:
  explicit SharedReference(py::object object) : object_(object.release().ptr()) {}
  ~SharedReference() {
    if (is_exiting()) return;  // the interpreter takes it along
    const WithGil held;
    Py_DECREF(object_);
  }
  SharedReference(const SharedReference&) = delete;
  SharedReference& operator=(const SharedReference&) = delete;

  PyObject* get() const { return object_; }

 private:
  PyObject* object_;
};

bool is_exiting() { return g_exiting.load(); }
void begin_exit() { g_exiting.store(true); }

bool is_main_thread() { return ::gettid() == ::getpid(); }

WithoutGil::~WithoutGil() {
  while (is_exiting() && !is_main_thread()) ::pause();
  PyEval_RestoreThread(state_);
}

std::function<void()> callback_of(const py::object& callable) {
  return [reference = std::make_shared<const SharedReference>(callable)] {
    if (is_exiting()) return;
    const WithGil held;
    deliver_logs();
    PyObject* const answer = PyObject_CallNoArgs(reference->get());
    if (answer == nullptr) PyErr_WriteUnraisable(reference->get());
    Py_XDECREF(answer);
  };
}

struct Errand::State {
  std::mutex mutex;
  std::condition_variable changed;
  bool is_done = false;                     // guarded by mutex
  std::unique_ptr<SharedReference> orphan;  // guarded by mutex; what an abandoned errand reads
  std::exception_ptr failure;               // guarded by mutex
};

std::shared_ptr<Errand::State> Errand::make_state() { return std::make_shared<State>(); }

void Errand::perform() {
  std::exception_ptr failure;
  try {
    work();
  } catch (...) {
    failure = std::current_exception();
  }
  std::unique_ptr<SharedReference> orphan;  // dropped after the lock
  const std::lock_guard lock(state_->mutex);
  state_->is_done = true;
  state_->failure = failure;
  orphan = std::move(state_->orphan);
  state_->changed.notify_all();
}

void Errand::abandon(const py::object& kept) {
  auto orphan = std::make_unique<SharedReference>(kept);
  const std::lock_guard lock(state_->mutex);
  if (!state_->is_done) state_->orphan = std::move(orphan);
}

bool Errand::wait_a_slice() {
  std::unique_lock lock(state_->mutex);
  if (!state_->changed.wait_for(lock, k_slice, [this] { return state_->is_done; })) return false;
  if (state_->failure) std::rethrow_exception(state_->failure);
  return true;
}

void run_by_helper(const std::shared_ptr<Errand>& errand, const py::object& kept) {
  try {
    if (g_helper == nullptr) g_helper = Helper::start();
  } catch (const std::system_error&) {
    // No thread to give: then without Ctrl-C.
    const WithoutGil released;
    errand->perform();
    errand->wait_a_slice();
    return;
  }
  g_helper->give(errand);
  while (true) {
    bool is_done = false;
    {
      const WithoutGil released;
      is_done = errand->wait_a_slice();
    }
    if (is_done) return;
    if (PyErr_CheckSignals() == 0) continue;
    // A signal's handler may have come here too, and been interrupted itself.
    if (Helper* const busy = std::exchange(g_helper, nullptr)) busy->dismiss();
    errand->abandon(kept);
    throw py::error_already_set();
  }
}

void forget_helper() { g_helper = nullptr; }

}  // namespace modelhub::python
