// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "support/process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include <pty.h>

namespace modelhub::test {
namespace {

struct Pipe {
  int read_end = -1;
  int write_end = -1;
};

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe2 failed");
  return {ends[0], ends[1]};
}

Pipe make_terminal(int columns) {
  winsize size{};
  size.ws_col = static_cast<unsigned short>(columns);
  size.ws_row = 24;
  Pipe terminal;
  if (::openpty(&terminal.read_end, &terminal.write_end, nullptr, nullptr, &size) != 0) {
    throw std::runtime_error("openpty failed");
  }
  return terminal;
}

std::vector<std::string> environment_of(const ProcessOptions& options) {
  std::map<std::string, std::string> variables = {{"PATH", "/usr/local/bin:/usr/bin:/bin"},
                                                  {"LANG", "C.UTF-8"}};
  for (const char* name :
       {"ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS", "ONNXRUNTIME_ROOT", "LD_LIBRARY_PATH"}) {
    if (const char* value = std::getenv(name)) variables[name] = value;
  }
  for (const auto& [name, value] : options.environment) variables[name] = value;
  std::vector<std::string> list;
  for (const auto& [name, value] : variables) list.push_back(name + "=" + value);
  return list;
}

std::vector<char*> pointers_of(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Only calls that are safe between fork and exec: the test process has threads.
[[noreturn]] void become(const std::vector<char*>& arguments, const std::vector<char*>& environment,
                         int in, int out, int err, const char* directory) {
  ::dup2(in, STDIN_FILENO);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(err, STDERR_FILENO);
  if (*directory != '\0' && ::chdir(directory) != 0) ::_exit(126);
  ::execve(arguments[0], arguments.data(), environment.data());
  ::_exit(127);
}

// Reads both streams to their ends; false when the deadline came first.
bool collect(pid_t child, int out, int err, const ProcessOptions& options, ProcessResult& result) {
  const auto deadline = std::chrono::steady_clock::now() + options.deadline;
  std::array<pollfd, 2> streams = {pollfd{out, POLLIN, 0}, pollfd{err, POLLIN, 0}};
  bool is_interrupted = options.interrupt_after.empty();
  while (streams[0].fd >= 0 || streams[1].fd >= 0) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    if (::poll(streams.data(), streams.size(), static_cast<int>(left.count())) <= 0) continue;
    for (pollfd& stream : streams) {
      if (stream.fd < 0 || stream.revents == 0) continue;
      std::array<char, 65536> buffer{};
      const ssize_t count = ::read(stream.fd, buffer.data(), buffer.size());
      if (count <= 0) {  // a terminal says EIO when the last program has left it
        stream.fd = -1;
        continue;
      }
      (&stream == &streams[0] ? result.out : result.err)
          .append(buffer.data(), static_cast<std::size_t>(count));
    }
    if (!is_interrupted && result.err.find(options.interrupt_after) != std::string::npos) {
      ::kill(child, SIGINT);
      is_interrupted = true;
    }
  }
  return true;
}

ProcessResult run_with(const std::vector<std::string>& command, const ProcessOptions& options,
                       const Pipe& err) {
  std::vector<std::string> arguments = command;
  std::vector<std::string> variables = environment_of(options);
  const std::vector<char*> argument_pointers = pointers_of(arguments);
  const std::vector<char*> variable_pointers = pointers_of(variables);
  const Pipe in = make_pipe();
  const Pipe out = make_pipe();
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("fork failed");
  if (child == 0) {
    become(argument_pointers, variable_pointers, in.read_end, out.write_end, err.write_end,
           options.working_directory.c_str());
  }
  ::close(in.read_end);
  ::close(out.write_end);
  ::close(err.write_end);
  // Inputs of tests fit into the pipe's buffer.
  if (::write(in.write_end, options.input.data(), options.input.size()) < 0)
    throw std::runtime_error("write failed");
  ::close(in.write_end);

  ProcessResult result;
  if (!collect(child, out.read_end, err.read_end, options, result)) ::kill(child, SIGKILL);
  ::close(out.read_end);
  ::close(err.read_end);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

}  // namespace

ProcessResult run_process(const std::vector<std::string>& command, const ProcessOptions& options) {
  return run_with(command, options, make_pipe());
}

ProcessResult run_on_terminal(const std::vector<std::string>& command, int columns,
                              const ProcessOptions& options) {
  ProcessOptions with_terminal = options;
  with_terminal.environment.emplace("TERM", "xterm-256color");
  return run_with(command, with_terminal, make_terminal(columns));
}

}  // namespace modelhub::test
