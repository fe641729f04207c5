// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "waiting.h"

#include <csignal>

namespace modelhub::cli {
namespace {

volatile std::sig_atomic_t g_interrupted = 0;

extern "C" void mark_interrupt(int signal) {
  g_interrupted = 1;
  std::signal(signal, SIG_DFL);
}

}  // namespace

void watch_interrupts() {
  std::signal(SIGINT, mark_interrupt);
  std::signal(SIGTERM, mark_interrupt);
  // A reader that goes away (`modelhub list | head -1`) shows as a write error, not as a death.
  std::signal(SIGPIPE, SIG_IGN);
}

bool is_interrupted() { return g_interrupted != 0; }

}  // namespace modelhub::cli
