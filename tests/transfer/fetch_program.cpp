// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// A program that fetches one file: for tests that kill it, give it an environment, or measure it.
//
//   transfer_fetch FOLDER DIGEST BYTES CA_FILE URL...     (CA_FILE "" for none)
//
// Its last line of output is "ok received=N reused=N peak_kib=N" or "error CODE: MESSAGE"; log
// lines go to standard error.
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "base/executor.h"
#include "transfer/transfer.h"

namespace {

using modelhub::transfer::Fetched;

// Since the program began: getrusage() would count what the parent had when it forked.
long peak_kib() {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word && word != "VmHWM:") {
  }
  long kib = 0;
  status >> kib;
  return kib;
}

int fetch(const std::vector<std::string>& arguments) {
  modelhub::transfer::TransferOptions options;
  options.initial_back_off = std::chrono::milliseconds(2);
  options.maximal_back_off = std::chrono::milliseconds(10);
  options.attempts_per_source = 3;
  options.ca_file = arguments[3];
  options.log = [](modelhub::LogLevel, std::string_view line) { std::cerr << line << std::endl; };
  modelhub::transfer::FetchRequest request{
      "model.onnx",
      modelhub::Digest::parse(arguments[1]).value(),
      modelhub::ByteCount(std::strtoull(arguments[2].c_str(), nullptr, 10)),
      {arguments.begin() + 4, arguments.end()},
      arguments[0]};
  auto callbacks = std::make_shared<modelhub::base::Executor>(
      "callbacks", 1, modelhub::base::Executor::Role::callbacks);
  modelhub::transfer::Transfer transfer(options, callbacks);
  const modelhub::Result<Fetched> fetched = transfer.fetch(std::move(request)).get();
  if (!fetched) {
    std::cout << "error " << fetched.error().to_string() << std::endl;
    return modelhub::exit_code_of(fetched.error());
  }
  std::cout << "ok received=" << fetched->received.count() << " reused=" << fetched->reused.count()
            << " peak_kib=" << peak_kib() << std::endl;
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() < 5) {
    std::cerr << "usage: transfer_fetch FOLDER DIGEST BYTES CA_FILE URL..." << std::endl;
    return 2;
  }
  return fetch(arguments);
}
