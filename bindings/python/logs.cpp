// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "logs.h"

#include <atomic>
#include <deque>
#include <mutex>
#include <string>
#include <utility>

#include "errors.h"

namespace modelhub::python {
namespace {

// Nobody may ever make the call that would fetch them.
constexpr std::size_t k_most = 4096;

struct Message {
  LogLevel level;
  std::string text;
};

struct Waiting {
  std::mutex mutex;
  std::deque<Message> messages;  // guarded by mutex
};

// Never freed: hubs may log until the very end.
std::atomic<Waiting*>& waiting() {
  static std::atomic<Waiting*> instance{new Waiting};
  return instance;
}

PyObject* g_handler = nullptr;  // never released

}  // namespace

// The hub logs on its own threads, perhaps under a lock that somebody who holds the GIL is waiting
// for: so nothing is handed to Python here.
LogSink log_sink() {
  return [](LogLevel level, std::string_view message) {
    Waiting& queue = *waiting().load();
    const std::lock_guard lock(queue.mutex);
    if (queue.messages.size() == k_most) queue.messages.pop_front();
    queue.messages.push_back({level, std::string(message)});
  };
}

void forget_logs() { waiting().store(new Waiting); }

void set_log_handler(py::object handler) { g_handler = handler.release().ptr(); }

void deliver_logs() {
  if (g_handler == nullptr) return;
  std::deque<Message> messages;
  {
    Waiting& queue = *waiting().load();
    const std::lock_guard lock(queue.mutex);
    if (queue.messages.empty()) return;
    messages.swap(queue.messages);
  }
  for (const Message& message : messages) {
    PyObject* const answer =
        PyObject_CallFunctionObjArgs(g_handler, py::int_(static_cast<int>(message.level)).ptr(),
                                     text_of(message.text).ptr(), nullptr);
    if (answer == nullptr) PyErr_WriteUnraisable(g_handler);
    Py_XDECREF(answer);
  }
}

}  // namespace modelhub::python
