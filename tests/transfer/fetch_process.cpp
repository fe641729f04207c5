// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "transfer/fetch_process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <stdexcept>

#include "base/hasher.h"

namespace modelhub::transfer {

std::vector<std::string> fetch_command(const std::string& folder, const test::Content& content,
                                       const std::vector<std::string>& urls,
                                       const std::string& ca_file) {
  std::vector<std::string> command = {MODELHUB_FETCH_PROGRAM, folder,
                                      base::sha256_of(*content).hex(),
                                      std::to_string(content->size()), ca_file};
  command.insert(command.end(), urls.begin(), urls.end());
  return command;
}

test::ProcessResult run_fetch(const std::vector<std::string>& command,
                              const std::map<std::string, std::string>& environment) {
  test::ProcessOptions options;
  options.environment = environment;
  options.deadline = std::chrono::seconds(60);
  return test::run_process(command, options);
}

std::uint64_t number_of(const std::string& output, const std::string& name) {
  const std::size_t at = output.find(name + "=");
  if (at == std::string::npos) return 0;
  return std::strtoull(output.c_str() + at + name.size() + 1, nullptr, 10);
}

FetchProcess::FetchProcess(const std::vector<std::string>& command) {
  std::vector<std::string> arguments = command;
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  pid_ = ::fork();
  if (pid_ < 0) throw std::runtime_error("fork failed");
  if (pid_ > 0) return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(nowhere, stream);
  ::execv(pointers[0], pointers.data());
  ::_exit(127);
}

void FetchProcess::kill() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

}  // namespace modelhub::transfer
