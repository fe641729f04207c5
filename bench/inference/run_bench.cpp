// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// ONNX Runtime by itself: nothing but Run, on the tensor that modelhub makes of the picture. See
// talk.h.
//
//   run_bench HOME CATALOG MIRROR MODEL PICTURE THREADS SETTINGS
//
// SETTINGS: "modelhub", those of engines/onnxruntime, or "own", ONNX Runtime's own defaults, with
// which THREADS is not looked at.
#include <string>
#include <vector>

#include "bare_run.h"
#include "hub/recipe.h"
#include "modelhub/hub.h"
#include "talk.h"
#include "vision/pipeline.h"

namespace {

using namespace modelhub;
using bench::require;

using bench::BareRun;
using bench::check;
using bench::fail;

bool can_be_told_how_long_to_spin() {
  const std::string version = bench::onnx_runtime().GetVersionString();  // "1.32.0"
  return std::atoi(version.substr(2).c_str()) >= 26;
}

OrtSession* load(const OrtApi& api, const std::string& file, int threads, bool has_own_settings) {
  OrtEnv* env = nullptr;
  check(api, api.CreateEnv(ORT_LOGGING_LEVEL_ERROR, "run_bench", &env));
  OrtSessionOptions* options = nullptr;
  check(api, api.CreateSessionOptions(&options));
  if (!has_own_settings) {
    check(api, api.SetIntraOpNumThreads(options, threads));
    check(api, api.SetInterOpNumThreads(options, 1));
    check(api, api.SetSessionExecutionMode(options, ORT_SEQUENTIAL));
    check(api, api.SetSessionGraphOptimizationLevel(options, ORT_ENABLE_ALL));
    // As for a model that is alone.
    if (can_be_told_how_long_to_spin())
      check(api, api.AddSessionConfigEntry(options, "session.intra_op.spin_duration_us", "50"));
    else
      check(api, api.AddSessionConfigEntry(options, "session.intra_op.allow_spinning", "0"));
  }
  OrtSession* session = nullptr;
  check(api, api.CreateSession(env, file.c_str(), options, &session));
  return session;
}

const Recipe& recipe_of(const ModelEntry& entry, const InstalledModel& model) {
  for (const ModelVersion& version : entry.versions) {
    if (version.version != model.version) continue;
    for (const Variant& variant : version.variants) {
      if (variant.id == model.variant && variant.recipe) return *variant.recipe;
    }
  }
  fail(reference_of(model) + " has no recipe");
}

}  // namespace

int main(int argc, char** argv) {
  const std::string settings = argc == 8 ? argv[7] : "";
  if (settings != "modelhub" && settings != "own") {
    std::cerr << "usage: run_bench HOME CATALOG MIRROR MODEL PICTURE THREADS modelhub|own\n";
    return 2;
  }
  HubOptions options;
  options.home = argv[1];
  options.catalogs = {argv[2]};
  options.mirrors = {argv[3]};
  const Hub hub = require(Hub::open(options));
  const InstalledModel model = require(hub.pull(argv[4]).get());
  const ModelEntry entry = require(hub.show(model.name));
  const vision::Recipe recipe = require(hub::to_executable(recipe_of(entry, model)));
  const Image image = require(Image::load(argv[5]));
  vision::Prepared prepared = require(vision::prepare(image, recipe));

  const OrtApiBase& base = bench::onnx_runtime();
  const OrtApi* const api = base.GetApi(bench::k_ort_api_version);
  if (api == nullptr) fail("another version of ONNX Runtime");
  // Nothing of it is freed before the program ends.
  OrtSession* const session =
      load(*api, model.files.front().location, std::atoi(argv[6]), settings == "own");
  Tensor& tensor = prepared.inputs.front().tensor;
  if (prepared.inputs.size() != 1 || tensor.dtype() != DType::float32)
    fail("the model has other inputs than one picture of float32");
  const BareRun call(*api, session, std::move(tensor));
  return bench::talk(
      {{"about", {{"engine", std::string("onnxruntime ") + base.GetVersionString()}}},
       {"answer", nullptr}},
      {{"run", [&] { return bench::time_of([&] { call.run(); }); }}});
}
