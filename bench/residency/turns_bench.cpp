// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// Two models that two threads use in turn. See bench/inference/talk.h.
//
//   turns_bench HOME CATALOG MIRROR MODEL MODEL WAY
//
// WAY: "modelhub"; or ONNX Runtime by itself, with "one" pool of threads for both sessions, or
// "two", one for each. Each pool has as many threads as there are cores, which sleep while they
// wait, as those of modelhub do.
#include <thread>
#include <vector>

#include "../inference/bare_run.h"
#include "../inference/talk.h"
#include "modelhub/hub.h"

namespace {

using namespace modelhub;
using bench::BareRun;
using bench::check;
using bench::require;

constexpr int k_rounds = 10;  // of each thread in a turn: both models once

// Numbers in 0..1 that are the same at each call.
Tensor noise(Shape shape) {
  for (std::int64_t& side : shape) side = std::max<std::int64_t>(side, 1);
  Tensor tensor = require(Tensor::allocate(DType::float32, shape));
  unsigned state = 1;
  for (float& value : tensor.as<float>()) {
    state = state * 1664525U + 1013904223U;
    value = static_cast<float>(state >> 8U) / static_cast<float>(1U << 24U);
  }
  return tensor;
}

OrtEnv* make_env(const OrtApi& api, bool is_shared) {
  OrtEnv* env = nullptr;
  if (!is_shared) {
    check(api, api.CreateEnv(ORT_LOGGING_LEVEL_ERROR, "turns_bench", &env));
    return env;
  }
  OrtThreadingOptions* pools = nullptr;
  check(api, api.CreateThreadingOptions(&pools));
  check(api, api.SetGlobalSpinControl(pools, 0));
  check(api,
        api.CreateEnvWithGlobalThreadPools(ORT_LOGGING_LEVEL_ERROR, "turns_bench", pools, &env));
  return env;
}

BareRun load(const OrtApi& api, OrtEnv* env, const std::string& file, bool is_shared) {
  OrtSessionOptions* options = nullptr;
  check(api, api.CreateSessionOptions(&options));
  if (is_shared) check(api, api.DisablePerSessionThreads(options));
  check(api, api.SetSessionExecutionMode(options, ORT_SEQUENTIAL));
  check(api, api.SetSessionGraphOptimizationLevel(options, ORT_ENABLE_ALL));
  check(api, api.AddSessionConfigEntry(options, "session.intra_op.allow_spinning", "0"));
  OrtSession* session = nullptr;
  check(api, api.CreateSession(env, file.c_str(), options, &session));
  OrtTypeInfo* type = nullptr;
  check(api, api.SessionGetInputTypeInfo(session, 0, &type));
  const OrtTensorTypeAndShapeInfo* info = nullptr;
  check(api, api.CastTypeInfoToTensorInfo(type, &info));
  std::size_t rank = 0;
  check(api, api.GetDimensionsCount(info, &rank));
  Shape shape(rank);
  check(api, api.GetDimensions(info, shape.data(), rank));
  return {api, session, noise(shape)};
}

// Each thread runs the one, then the other; the second thread begins with the other.
template <class First, class Second>
bench::Times take_turns(const First& first, const Second& second) {
  return bench::time_of([&] {
    std::thread other([&] {
      for (int i = 0; i < k_rounds; ++i) {
        second();
        first();
      }
    });
    for (int i = 0; i < k_rounds; ++i) {
      first();
      second();
    }
    other.join();
  });
}

int talk_as_modelhub(const Hub& hub, char** names) {
  std::vector<Model> models;
  std::vector<std::vector<NamedTensor>> inputs;
  for (int i = 0; i < 2; ++i) {
    models.push_back(require(hub.ensure_ready(names[i]).get()));
    const TensorInfo input = require(models.back().signature()).inputs.front();
    inputs.emplace_back();
    inputs.back().push_back({input.name, noise(input.shape)});
  }
  const std::string engine = require(models[0].lease()).report().engine;
  return bench::talk({{"about", {{"engine", engine}}}, {"answer", nullptr}},
                     {{"turns", [&] {
                         return take_turns([&] { require(models[0].infer(inputs[0])); },
                                           [&] { require(models[1].infer(inputs[1])); });
                       }}});
}

int talk_bare(const Hub& hub, char** names, bool is_shared) {
  const OrtApiBase& base = bench::onnx_runtime();
  const OrtApi* const api = base.GetApi(bench::k_ort_api_version);
  if (api == nullptr) bench::fail("another version of ONNX Runtime");
  OrtEnv* const env = make_env(*api, is_shared);
  std::vector<BareRun> models;
  for (int i = 0; i < 2; ++i) {
    const InstalledModel installed = require(hub.pull(names[i]).get());
    models.push_back(load(*api, env, installed.files.front().location, is_shared));
  }
  const std::string engine = std::string("onnxruntime ") + base.GetVersionString();
  return bench::talk(
      {{"about", {{"engine", engine}}}, {"answer", nullptr}},
      {{"turns", [&] { return take_turns([&] { models[0].run(); }, [&] { models[1].run(); }); }}});
}

}  // namespace

int main(int argc, char** argv) {
  const std::string way = argc == 7 ? argv[6] : "";
  if (way != "modelhub" && way != "one" && way != "two") {
    std::cerr << "usage: turns_bench HOME CATALOG MIRROR MODEL MODEL modelhub|one|two\n";
    return 2;
  }
  HubOptions options;
  options.home = argv[1];
  options.catalogs = {argv[2]};
  options.mirrors = {argv[3]};
  const Hub hub = require(Hub::open(options));
  if (way == "modelhub") return talk_as_modelhub(hub, argv + 4);
  return talk_bare(hub, argv + 4, way == "one");
}
