// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "support/process.h"
#include "support/ranged_file.h"

namespace modelhub::transfer {

// The command that fetches `content` in a process of its own (fetch_program.cpp).
std::vector<std::string> fetch_command(const std::string& folder, const test::Content& content,
                                       const std::vector<std::string>& urls,
                                       const std::string& ca_file = "");

// Runs it to its end. Of the environment it gets what is given here and a PATH.
test::ProcessResult run_fetch(const std::vector<std::string>& command,
                              const std::map<std::string, std::string>& environment = {});

// The number behind `name` in a line of the program's output, "ok received=5 ..."; 0 when it is not
// there.
std::uint64_t number_of(const std::string& output, const std::string& name);

// The same, to be killed in its middle.
//
// Ownership:     the destructor kills and waits.
// Thread safety: one thread at a time.
class FetchProcess {
 public:
  explicit FetchProcess(const std::vector<std::string>& command);
  ~FetchProcess() { kill(); }
  FetchProcess(const FetchProcess&) = delete;
  FetchProcess& operator=(const FetchProcess&) = delete;

  // SIGKILL, and waits until it has gone.
  void kill();

 private:
  pid_t pid_ = -1;
};

}  // namespace modelhub::transfer
