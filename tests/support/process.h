// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace modelhub::test {

struct ProcessResult {
  int exit_code = -1;  // 128 + n for a process ended by signal n
  std::string out;
  std::string err;
};

struct ProcessOptions {
  // on top of a minimal one: PATH, LANG and sanitizer settings
  std::map<std::string, std::string> environment;
  std::string working_directory;
  std::string input;  // for standard input
  std::chrono::milliseconds deadline = std::chrono::seconds(120);
  // Sends SIGINT as soon as this text was seen on standard error.
  std::string interrupt_after;

  ProcessOptions() {}
};

// Runs a program to its end. A process that outlives the deadline is killed and reported with exit
// code 137.
ProcessResult run_process(const std::vector<std::string>& command,
                          const ProcessOptions& options = {});

// The same with standard error on a pseudo terminal of this many columns; `err` then holds what the
// terminal was sent.
ProcessResult run_on_terminal(const std::vector<std::string>& command, int columns,
                              const ProcessOptions& options = {});

}  // namespace modelhub::test
