// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// What it costs to load and unload models, and what many callers of many models get. It says one
// JSON document; bench/runtime knows what is wanted of it.
//
//   residency_bench HOME CATALOG MIRROR cycles COUNT MODEL...
//   residency_bench HOME CATALOG MIRROR memory WARM-UP-MODEL MODEL
//   residency_bench HOME CATALOG MIRROR crowd SECONDS THREADS MODEL...
#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <fstream>
#include <iostream>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>

#include "../inference/talk.h"
#include "modelhub/hub.h"

namespace {

using namespace modelhub;
using bench::require;
using Json = nlohmann::json;

// Bytes of a line of /proc/self/status.
std::uint64_t status_of(const std::string& key) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind(key + ":", 0) == 0) return std::stoull(line.substr(key.size() + 1)) * 1024;
  }
  return 0;
}
std::uint64_t resident() { return status_of("VmRSS"); }
std::uint64_t peak() { return status_of("VmHWM"); }
// The peak is that from now on.
void forget_peak() { std::ofstream("/proc/self/clear_refs") << "5"; }

// Inputs of a model that are the same at each call.
std::vector<NamedTensor> inputs_for(const Model& model) {
  std::vector<NamedTensor> inputs;
  for (const TensorInfo& info : require(model.signature()).inputs) {
    Shape shape = info.shape;
    for (std::int64_t& side : shape) side = std::max<std::int64_t>(side, 1);
    Tensor tensor = require(Tensor::allocate(info.dtype, shape));
    std::minstd_rand random(1);
    if (info.dtype == DType::float32) {
      for (float& value : tensor.as<float>()) value = static_cast<float>(random() % 1000) / 1000.0F;
    }
    inputs.push_back({info.name, std::move(tensor)});
  }
  return inputs;
}

bool is_same(const std::vector<NamedTensor>& a, const std::vector<NamedTensor>& b) {
  constexpr float k_tolerance = 1e-3F;
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i].tensor.shape() != b[i].tensor.shape()) return false;
    if (a[i].tensor.dtype() != DType::float32) continue;
    const auto x = a[i].tensor.as<float>();
    const auto y = b[i].tensor.as<float>();
    for (std::size_t k = 0; k < x.size(); ++k) {
      if (std::abs(x[k] - y[k]) > k_tolerance * std::max(1.0F, std::abs(x[k]))) return false;
    }
  }
  return true;
}

// Loads and unloads the models in turn, each with one run.
Json cycles(const Hub& hub, int count, const std::vector<std::string>& names) {
  std::vector<Model> models;
  std::vector<std::vector<NamedTensor>> inputs;
  for (const std::string& name : names) {
    models.push_back(require(hub.ensure_ready(name).get()));
    inputs.push_back(inputs_for(models.back()));
  }
  for (const Model& model : models) (void)require(model.unload());
  const auto begin = std::chrono::steady_clock::now();
  std::uint64_t first = 0;
  std::uint64_t most = 0;
  Json sampled = Json::array();
  for (int i = 0; i < count; ++i) {
    const std::size_t which = static_cast<std::size_t>(i) % models.size();
    (void)require(models[which].infer(inputs[which]));
    (void)require(models[which].unload());
    const std::uint64_t now = resident();
    most = std::max(most, now);
    // Once each has been there, all that is kept for good is there: libraries, the engine's pool.
    if (i + 1 == static_cast<int>(3 * models.size())) first = now;
    if (i % std::max(1, count / 10) == 0) sampled.push_back(now);
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  return {{"cycles", count},        {"seconds", seconds.count()}, {"rss_first", first},
          {"rss_last", resident()}, {"rss_most", most},           {"rss", sampled}};
}

// The peak of a load, and what stays, against the bytes of the model's files; the first load and a
// later one.
Json memory(const Hub& hub, const std::string& warm_up, const std::string& name) {
  const Model small = require(hub.ensure_ready(warm_up).get());
  const std::uint64_t file = require(hub.pull(name).get()).bytes.count();
  (void)require(small.unload());
  Json loads = Json::array();
  const auto measured = [&](const auto& load) {
    const std::uint64_t before = resident();
    forget_peak();
    auto held = load();
    const auto growth = [&](std::uint64_t to) { return to - std::min(to, before); };
    loads.push_back({{"peak", growth(peak())}, {"steady", growth(resident())}});
    return held;
  };
  const Model model = measured([&] { return require(hub.ensure_ready(name).get()); });
  for (int i = 0; i < 2; ++i) {
    (void)require(model.unload());
    (void)measured([&] { return require(model.lease()); });
  }
  return {{"model", name}, {"file", file}, {"loads", loads}};
}

std::map<std::string, std::uint64_t> loads_by_model(const Hub& hub) {
  std::map<std::string, std::uint64_t> loads;
  for (const LoadedModelStatus& status : hub.loaded()) loads[status.model] = status.loads;
  return loads;
}

// Many threads, more models than there is room for: room for the two largest.
Json crowd(HubOptions options, int seconds, int threads, const std::vector<std::string>& names) {
  std::vector<std::vector<NamedTensor>> inputs;
  std::vector<std::vector<NamedTensor>> right;
  ByteCount largest;
  {
    const Hub alone = require(Hub::open(options));
    for (const std::string& name : names) {
      const Model model = require(alone.ensure_ready(name).get());
      inputs.push_back(inputs_for(model));
      right.push_back(require(model.infer(inputs.back())));
      (void)require(model.unload());
      (void)require(model.lease());
      for (const LoadedModelStatus& status : alone.loaded())
        largest = std::max(largest, status.memory);
      (void)require(model.unload());
    }
  }
  options.memory_budget = largest + largest;
  const Hub hub = require(Hub::open(options));
  std::atomic<int> served = 0;
  std::atomic<int> failed = 0;
  std::atomic<int> wrong = 0;
  std::atomic<int> over = 0;
  std::vector<std::thread> workers;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  for (int t = 0; t < threads; ++t) {
    workers.emplace_back([&, t] {
      std::minstd_rand random(static_cast<unsigned>(t) + 1);
      while (std::chrono::steady_clock::now() < end) {
        const std::size_t which = random() % names.size();
        const Result<Model> model = hub.ensure_ready(names[which]).get();
        const auto answer =
            model ? model->infer(inputs[which]) : Result<std::vector<NamedTensor>>(model.error());
        if (!answer) {
          if (failed++ == 0) std::cerr << answer.error().to_string() << '\n';
        } else if (!is_same(*answer, right[which])) {
          ++wrong;
        }
        ++served;
        ByteCount used;
        for (const LoadedModelStatus& status : hub.loaded()) used = used + status.memory;
        if (used > options.memory_budget) ++over;
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  // Those that are not loaded now tell their number when they are loaded once more.
  std::map<std::string, std::uint64_t> loads = loads_by_model(hub);
  for (const std::string& name : names) {
    const std::string reference = reference_of(require(hub.ensure_ready(name).get()).installed());
    if (loads.count(reference) == 0) loads[reference] = loads_by_model(hub)[reference] - 1;
  }
  std::uint64_t all_loads = 0;
  for (const auto& [reference, count] : loads) all_loads += count;
  return {{"seconds", seconds},
          {"threads", threads},
          {"budget", options.memory_budget.count()},
          {"served", served.load()},
          {"failed", failed.load()},
          {"wrong", wrong.load()},
          {"over_budget", over.load()},
          {"loads", all_loads}};
}

}  // namespace

int main(int argc, char** argv) {
#ifdef __GLIBC__
  ::mallopt(M_MMAP_THRESHOLD, 128 * 1024);  // as apps/cli does
#endif
  const std::vector<std::string> words(argv + 1, argv + argc);
  const std::string what = words.size() > 5 ? words[3] : "";
  HubOptions options;
  if (!what.empty()) {
    options.home = words[0];
    options.catalogs = {words[1]};
    options.mirrors = {words[2]};
  }
  Json result;
  if (what == "cycles") {
    const Hub hub = require(Hub::open(options));
    result = cycles(hub, std::atoi(argv[5]), {words.begin() + 5, words.end()});
  } else if (what == "memory" && words.size() == 6) {
    result = memory(require(Hub::open(options)), words[4], words[5]);
  } else if (what == "crowd" && words.size() > 6) {
    result =
        crowd(options, std::atoi(argv[5]), std::atoi(argv[6]), {words.begin() + 6, words.end()});
  } else {
    std::cerr << "usage: residency_bench HOME CATALOG MIRROR cycles COUNT MODEL...\n"
                 "       residency_bench HOME CATALOG MIRROR memory WARM-UP-MODEL MODEL\n"
                 "       residency_bench HOME CATALOG MIRROR crowd SECONDS THREADS MODEL...\n";
    return 2;
  }
  std::cout << result.dump() << '\n';
  return 0;
}
