// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <new>
#include <optional>
#include <string>

#include "base/file_system.h"

namespace modelhub::store {

// A value that all children of the test see.
template <class T>
class Shared {
 public:
  Shared()
      : place_(
            ::mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)),
        value_(new (place_) T()) {}
  ~Shared() { ::munmap(place_, sizeof(T)); }
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;
  T& operator*() { return *value_; }
  T* operator->() { return value_; }

 private:
  void* const place_;
  T* const value_;
};

// Runs `what` in a process of its own, which ends with 0, or with 1 after telling what went wrong.
inline pid_t start_child(const std::function<std::optional<std::string>()>& what) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  const std::optional<std::string> wrong = what();
  if (wrong) {
    const std::string line = "child: " + *wrong + "\n";
    (void)!::write(STDERR_FILENO, line.data(), line.size());
  }
  ::_exit(wrong ? 1 : 0);
}

// The exit code, or 128 + the signal that ended it.
inline int end_of_child(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace modelhub::store
