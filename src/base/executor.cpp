// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "base/executor.h"

#include <pthread.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>

#include "base/fork_generation.h"

namespace modelhub::base {
namespace {

thread_local bool t_is_callback_thread = false;

}  // namespace

struct Executor::State {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::function<void()>> tasks;  // guarded by mutex
  bool stopping = false;                    // guarded by mutex

  void run() {
    std::unique_lock lock(mutex);
    while (true) {
      changed.wait(lock, [&] { return stopping || !tasks.empty(); });
      if (tasks.empty()) return;
      std::function<void()> task = std::move(tasks.front());
      tasks.pop_front();
      lock.unlock();
      task();
      task = nullptr;  // destroy what it captured outside the lock
      lock.lock();
    }
  }
};

Executor::Executor(std::string name, std::size_t threads, Role role)
    : state_(std::make_shared<State>()), fork_generation_(fork_generation()) {
  name.resize(std::min<std::size_t>(name.size(), 15));  // the kernel's limit for a thread's name
  for (std::size_t i = 0; i < threads; ++i) {
    threads_.emplace_back([state = state_, role, name] {
      pthread_setname_np(pthread_self(), name.c_str());
      t_is_callback_thread = role == Role::callbacks;
      state->run();
    });
  }
}

Executor::~Executor() { stop(); }

void Executor::stop() {
  if (fork_generation_ != fork_generation()) {
    // The threads do not exist here and the mutex may be held by one of them: touch nothing.
    new std::shared_ptr<State>(std::move(state_));
    new std::vector<std::thread>(std::move(threads_));
    return;
  }
  {
    std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->changed.notify_all();
  for (std::thread& thread : threads_) {
    if (thread.get_id() == std::this_thread::get_id()) {
      thread.detach();
    } else {
      thread.join();
    }
  }
  threads_.clear();
}

void Executor::post(std::function<void()> task) {
  if (fork_generation_ != fork_generation()) return;
  // The task may run, and destroy this executor, before notify_one() is reached.
  const std::shared_ptr<State> state = state_;
  {
    std::lock_guard lock(state->mutex);
    if (state->stopping) return;
    state->tasks.push_back(std::move(task));
  }
  state->changed.notify_one();
}

bool Executor::is_on_callback_thread() { return t_is_callback_thread; }

}  // namespace modelhub::base
