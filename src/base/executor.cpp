// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "base/executor.h"

#include <pthread.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "base/fork_generation.h"

namespace modelhub::base {
namespace {

thread_local bool t_is_callback_thread = false;

}  // namespace

struct Executor::State {
  const std::string name;
  const std::size_t max_threads;
  const Role role;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::function<void()>> tasks;  // guarded by mutex
  std::vector<std::thread> threads;         // guarded by mutex; no more come once stopping
  std::size_t busy = 0;                     // guarded by mutex: threads that run a task
  bool stopping = false;                    // guarded by mutex

  State(std::string called, std::size_t most, Role what)
      : name(std::move(called)), max_threads(most), role(what) {
    threads.reserve(max_threads);
  }

  void run() {
    std::unique_lock lock(mutex);
    while (true) {
      changed.wait(lock, [&] { return stopping || !tasks.empty(); });
      if (tasks.empty()) return;
      std::function<void()> task = std::move(tasks.front());
      tasks.pop_front();
      ++busy;
      lock.unlock();
      task();
      task = nullptr;  // destroy what it captured outside the lock
      lock.lock();
      --busy;
    }
  }
};

Executor::Executor(std::string name, std::size_t threads, Role role)
    : fork_generation_(fork_generation()) {
  name.resize(std::min<std::size_t>(name.size(), 15));  // the kernel's limit for a thread's name
  state_ = std::make_shared<State>(std::move(name), threads, role);
  std::lock_guard lock(state_->mutex);
  start_thread(state_);
}

// Needs the mutex.
void Executor::start_thread(const std::shared_ptr<State>& state) {
  state->threads.emplace_back([state] {
    pthread_setname_np(pthread_self(), state->name.c_str());
    t_is_callback_thread = state->role == Role::callbacks;
    state->run();
  });
}

Executor::~Executor() { stop(); }

void Executor::stop() {
  if (fork_generation_ != fork_generation()) {
    // The threads do not exist here and the mutex may be held by one of them: touch nothing.
    new std::shared_ptr<State>(std::move(state_));
    return;
  }
  std::vector<std::thread> threads;
  {
    std::lock_guard lock(state_->mutex);
    state_->stopping = true;
    threads.swap(state_->threads);
  }
  state_->changed.notify_all();
  for (std::thread& thread : threads) {
    if (thread.get_id() == std::this_thread::get_id()) {
      thread.detach();
    } else {
      thread.join();
    }
  }
}

void Executor::post(std::function<void()> task) {
  if (fork_generation_ != fork_generation()) return;
  // The task may run, and destroy this executor, before notify_one() is reached.
  const std::shared_ptr<State> state = state_;
  {
    std::lock_guard lock(state->mutex);
    if (state->stopping) return;
    state->tasks.push_back(std::move(task));
    const std::size_t idle = state->threads.size() - state->busy;
    if (state->tasks.size() > idle && state->threads.size() < state->max_threads) {
      try {
        start_thread(state);
      } catch (const std::system_error&) {
        // Those that are there will come to it.
      }
    }
  }
  state->changed.notify_one();
}

bool Executor::is_on_callback_thread() { return t_is_callback_thread; }

Error no_thread(const std::system_error& cause) {
  return {ErrorCode::out_of_memory, Subject::other,
          std::string("the machine has no thread to give: ") + cause.code().message(),
          "raise the limit of processes (ulimit -u; in a container its pids limit) or free memory"};
}

}  // namespace modelhub::base
