// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "base/fork_generation.h"

#include <pthread.h>

#include <atomic>

namespace modelhub::base {
namespace {

std::atomic<std::uint64_t> g_generation{0};

}  // namespace

std::uint64_t fork_generation() {
  static const int registered = pthread_atfork(nullptr, nullptr, [] { g_generation.fetch_add(1); });
  (void)registered;
  return g_generation.load(std::memory_order_relaxed);
}

}  // namespace modelhub::base
