// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0

// What a load costs with what an earlier one has compiled, and without: time and memory.
// bench/README.md.
//
//     load_bench ENGINE_MODULE ROUNDS MODEL...

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "engine/module.h"
#include "stand_ins/stand_ins.h"

namespace {

namespace fs = std::filesystem;
using namespace modelhub;
using engine::LoadRequest;
using engine::Session;

// Megabytes (10^6 bytes) of this process.
double memory_now(const char* key) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind(std::string(key) + ":", 0) == 0)
      return std::stod(line.substr(std::strlen(key) + 1)) * 1024 / 1e6;
  }
  return 0;
}

struct Mapping {
  double resident = 0;
  double proportional = 0;
};

// The memory in which this process has a file mapped.
Mapping mapping_of(const std::string& file) {
  std::ifstream smaps("/proc/self/smaps");
  Mapping mapping;
  bool is_the_file = false;
  for (std::string line; std::getline(smaps, line);) {
    const auto value = [&] { return std::stod(line.substr(4)) * 1024 / 1e6; };
    if (line.find(" kB") == std::string::npos && line.rfind("VmFlags", 0) != 0)
      is_the_file = line.find(file) != std::string::npos;
    else if (is_the_file && line.rfind("Rss:", 0) == 0)
      mapping.resident += value();
    else if (is_the_file && line.rfind("Pss:", 0) == 0)
      mapping.proportional += value();
  }
  return mapping;
}

struct Contender {
  std::string name;
  std::string path;
  std::string cache;
  double megabytes = 0;
};

LoadRequest request_of(const Contender& contender, bool has_cache) {
  LoadRequest request;
  request.format = "onnx";
  request.files = {{"graph", contender.name, contender.path}};
  request.threads = 1;
  if (has_cache) request.settings = {{"cache_file", contender.cache}};
  return request;
}

std::vector<NamedTensor> answer_of(Session& session) {
  const engine::TensorSpec& spec = session.inputs().front();
  Shape shape = spec.shape;
  std::replace(shape.begin(), shape.end(), std::int64_t{-1}, std::int64_t{1});
  Tensor x = Tensor::allocate(spec.dtype, shape).value();
  for (std::size_t i = 0; i < x.as<float>().size(); ++i)
    x.as<float>()[i] = static_cast<float>((i * 7919) % 256) / 255;
  return std::move(session.run(std::vector<Session::Input>{{spec.name, &x}}).value().outputs);
}

bool are_equal(const std::vector<NamedTensor>& a, const std::vector<NamedTensor>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.tensor.shape() == y.tensor.shape() &&
           std::memcmp(x.tensor.data(), y.tensor.data(), x.tensor.bytes()) == 0;
  });
}

struct Memory {
  double peak = 0;    // while loading
  double loaded = 0;  // after it
};

// Of one load, in a process of its own.
Memory measure_memory(const std::string& module, const Contender& contender, bool has_cache) {
  int result[2];
  if (pipe(result) != 0) std::abort();
  const pid_t child = fork();
  if (child == 0) {
    const auto engine = engine::open_module(module, {}).value();
    const double before = memory_now("VmRSS");
    std::ofstream("/proc/self/clear_refs") << 5;  // VmHWM begins anew
    const auto session = engine->load(request_of(contender, has_cache)).value();
    Memory memory;
    memory.peak = memory_now("VmHWM") - before;
    memory.loaded = memory_now("VmRSS") - before;
    if (write(result[1], &memory, sizeof memory) != sizeof memory) _exit(1);
    _exit(0);
  }
  close(result[1]);
  Memory memory;
  if (read(result[0], &memory, sizeof memory) != sizeof memory) std::abort();
  close(result[0]);
  waitpid(child, nullptr, 0);
  return memory;
}

// What one of two processes has, when both have loaded the model and run it.
Mapping measure_sharing(const std::string& module, const Contender& contender) {
  int ready[2];
  int go_on[2];
  int result[2];
  if (pipe(ready) != 0 || pipe(go_on) != 0 || pipe(result) != 0) std::abort();
  for (int i = 0; i < 2; ++i) {
    if (fork() != 0) continue;
    close(go_on[1]);
    const auto session =
        engine::open_module(module, {}).value()->load(request_of(contender, true)).value();
    answer_of(*session);
    char byte = 'y';
    // A byte from the parent: both are there. The end of its pipe: both have looked.
    if (write(ready[1], &byte, 1) != 1 || read(go_on[0], &byte, 1) != 1) _exit(1);
    const Mapping mapping = mapping_of(contender.cache);
    if (write(result[1], &mapping, sizeof mapping) != sizeof mapping) _exit(1);
    if (read(go_on[0], &byte, 1) != 0) _exit(1);
    _exit(0);
  }
  close(go_on[0]);
  char bytes[2] = {};
  for (char& byte : bytes) {
    if (read(ready[0], &byte, 1) != 1) std::abort();
  }
  if (write(go_on[1], bytes, 2) != 2) std::abort();
  Mapping mapping;
  for (int i = 0; i < 2; ++i) {
    if (read(result[0], &mapping, sizeof mapping) != sizeof mapping) std::abort();
  }
  close(go_on[1]);
  while (wait(nullptr) > 0) {
  }
  for (const int end : {ready[0], ready[1], result[0], result[1]}) close(end);
  return mapping;
}

double median(std::vector<double> times) {
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

std::string span_of(const std::vector<double>& times) {
  char text[96];
  std::snprintf(text, sizeof text, "%.1f ms (%.1f to %.1f)", median(times),
                *std::min_element(times.begin(), times.end()),
                *std::max_element(times.begin(), times.end()));
  return text;
}

void compare_memory(const std::string& module, const Contender& contender) {
  fs::remove(contender.cache);
  const Memory plain = measure_memory(module, contender, false);
  const Memory first = measure_memory(module, contender, true);
  const Memory second = measure_memory(module, contender, true);
  std::printf("%s, %.1f MB; derived file %.1f MB\n", contender.name.c_str(), contender.megabytes,
              static_cast<double>(fs::file_size(contender.cache)) / 1e6);
  const auto print = [&](const char* what, const Memory& memory) {
    std::printf("  %-12s peak %6.1f MB = %.2f x the file; then %6.1f MB = %.2f x\n", what,
                memory.peak, memory.peak / contender.megabytes, memory.loaded,
                memory.loaded / contender.megabytes);
  };
  print("plain", plain);
  print("first load", first);
  print("second load", second);
  const Mapping mapping = measure_sharing(module, contender);
  std::printf("  of two processes each has %.1f MB of the file mapped and used, Pss %.1f MB\n",
              mapping.resident, mapping.proportional);
}

// One load of each kind after the other, in turns; the first round warms up.
void compare_times(engine::Engine& engine, const Contender& contender, int rounds) {
  using Clock = std::chrono::steady_clock;
  const auto timed = [&](bool has_cache, std::unique_ptr<Session>& session) {
    const LoadRequest request = request_of(contender, has_cache);
    const auto begin = Clock::now();
    session = engine.load(request).value();
    return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
  };
  std::vector<double> plain_times;
  std::vector<double> first_times;
  std::vector<double> second_times;
  for (int round = 0; round <= rounds; ++round) {
    std::unique_ptr<Session> plain;
    std::unique_ptr<Session> first;
    std::unique_ptr<Session> second;
    const double plain_time = timed(false, plain);
    fs::remove(contender.cache);
    const double first_time = timed(true, first);
    const double second_time = timed(true, second);
    if (round == 0) {
      const auto answer = answer_of(*plain);
      const bool is_right =
          are_equal(answer, answer_of(*first)) && are_equal(answer, answer_of(*second));
      std::printf("%s: answers are %s\n", contender.name.c_str(),
                  is_right ? "equal to the last bit" : "DIFFERENT");
      if (!is_right) std::exit(1);
      continue;
    }
    plain_times.push_back(plain_time);
    first_times.push_back(first_time);
    second_times.push_back(second_time);
  }
  std::printf("  plain %s, first load %s, second load %s: %.3f x plain\n",
              span_of(plain_times).c_str(), span_of(first_times).c_str(),
              span_of(second_times).c_str(), median(second_times) / median(plain_times));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr,
                 "usage: load_bench ENGINE_MODULE ROUNDS MODEL...\n"
                 "MODEL: the path of an ONNX file with one input of float32, or resnet50\n");
    return 2;
  }
  const std::string module = argv[1];
  const int rounds = std::max(1, std::atoi(argv[2]));
  const std::string folder = (fs::temp_directory_path() / "load-bench-XXXXXX").string();
  std::vector<char> made(folder.c_str(), folder.c_str() + folder.size() + 1);
  if (mkdtemp(made.data()) == nullptr) return 1;
  const fs::path work = made.data();
  std::vector<Contender> contenders;
  for (int i = 3; i < argc; ++i) {
    Contender contender;
    contender.name = fs::path(argv[i]).filename().string().substr(0, 24);
    contender.path = argv[i];
    contender.cache = (work / (std::to_string(i) + ".derived")).string();
    if (contender.path == "resnet50") {
      contender.path = (work / "resnet50.onnx").string();
      std::ofstream(contender.path, std::ios::binary) << test::make_whole_resnet50();
    }
    contender.megabytes = static_cast<double>(fs::file_size(contender.path)) / 1e6;
    contenders.push_back(contender);
  }
  // First what needs processes of its own: this one has no threads of an engine yet.
  for (const Contender& contender : contenders) {
    compare_memory(module, contender);
    std::fflush(stdout);
  }
  const auto engine = engine::open_module(module, {}).value();
  for (const Contender& contender : contenders) compare_times(*engine, contender, rounds);
  fs::remove_all(work);
  return 0;
}
