// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include "console.h"
#include "progress_bar.h"
#include <modelhub/job.h>

namespace modelhub::cli {

// From now on SIGINT and SIGTERM only leave a mark, so that a job can be cancelled in order. A
// second SIGINT ends the process at once.
void watch_interrupts();
bool is_interrupted();

constexpr auto k_look_at_interrupts = std::chrono::milliseconds(100);

// Waits for a job on any thread; an interrupt cancels it.
template <class T>
Result<T> wait_quietly(const Job<T>& job) {
  while (!job.wait_for(k_look_at_interrupts)) {
    if (!is_interrupted()) continue;
    job.cancel();
    return Error(ErrorCode::cancelled, Subject::other, "interrupted");
  }
  return job.get();
}

// Waits for a job, drawing its progress; an interrupt cancels it. What the work still has to say,
// such as what it keeps, comes by the log before the hub is gone.
template <class T>
Result<T> wait_for(const Job<T>& job, const Console& console) {
  // A short job never shows a bar: it would only flicker.
  if (job.wait_for(std::chrono::milliseconds(30))) return job.get();
  ProgressBar bar(console);
  while (!job.wait_for(k_look_at_interrupts)) {
    bar.draw(job.progress());
    if (!is_interrupted()) continue;
    job.cancel();
    return Error(ErrorCode::cancelled, Subject::other, "interrupted");
  }
  return job.get();
}

}  // namespace modelhub::cli
