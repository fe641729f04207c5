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
#include <dlfcn.h>

#include <memory>
#include <string>
#include <vector>

#include <onnxruntime_c_api.h>

#include "hub/recipe.h"
#include "modelhub/hub.h"
#include "talk.h"
#include "vision/pipeline.h"

namespace {

using namespace modelhub;
using bench::require;

constexpr std::uint32_t k_api_version = 16;

[[noreturn]] void fail(const std::string& why) {
  std::cerr << "run_bench: " << why << '\n';
  std::exit(1);
}

// The library that the engine of the same build finds: both have the same run path.
const OrtApiBase& onnx_runtime() {
  void* const library = dlopen("libonnxruntime.so.1", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) fail(dlerror());
  const auto get_base =
      reinterpret_cast<const OrtApiBase*(ORT_API_CALL*)()>(dlsym(library, "OrtGetApiBase"));
  if (get_base == nullptr) fail("libonnxruntime.so.1 is no ONNX Runtime");
  return *get_base();
}

void check(const OrtApi& api, OrtStatus* status) {
  if (status != nullptr) fail(api.GetErrorMessage(status));
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

// One Run, with its outputs made and dropped.
class Call {
 public:
  Call(const OrtApi& api, OrtSession* session, vision::Prepared prepared)
      : api_(api), session_(session), prepared_(std::move(prepared)) {
    OrtAllocator* allocator = nullptr;
    check(api, api.GetAllocatorWithDefaultOptions(&allocator));
    check(api, api.SessionGetInputName(session, 0, allocator, &input_));
    std::size_t count = 0;
    check(api, api.SessionGetOutputCount(session, &count));
    outputs_.resize(count);
    for (std::size_t i = 0; i < count; ++i)
      check(api, api.SessionGetOutputName(session, i, allocator, &outputs_[i]));
    OrtMemoryInfo* memory = nullptr;
    check(api, api.CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, &memory));
    Tensor& tensor = prepared_.inputs.front().tensor;
    if (prepared_.inputs.size() != 1 || tensor.dtype() != DType::float32)
      fail("the model has other inputs than one picture of float32");
    check(api, api.CreateTensorWithDataAsOrtValue(memory, tensor.data(), tensor.bytes(),
                                                  tensor.shape().data(), tensor.shape().size(),
                                                  ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, &value_));
  }

  void run() {
    std::vector<OrtValue*> results(outputs_.size(), nullptr);
    check(api_, api_.Run(session_, nullptr, &input_, &value_, 1, outputs_.data(), outputs_.size(),
                         results.data()));
    for (OrtValue* const result : results) api_.ReleaseValue(result);
  }

 private:
  const OrtApi& api_;
  OrtSession* const session_;
  vision::Prepared prepared_;
  char* input_ = nullptr;
  std::vector<char*> outputs_;
  OrtValue* value_ = nullptr;
};

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

  const OrtApiBase& base = onnx_runtime();
  const OrtApi* const api = base.GetApi(k_api_version);
  if (api == nullptr) fail("another version of ONNX Runtime");
  // Nothing of it is freed before the program ends.
  OrtSession* const session =
      load(*api, model.files.front().location, std::atoi(argv[6]), settings == "own");
  Call call(*api, session, std::move(prepared));
  return bench::talk(
      {{"about", {{"engine", std::string("onnxruntime ") + base.GetVersionString()}}},
       {"answer", nullptr}},
      {{"run", [&] { return bench::time_of([&] { call.run(); }); }}});
}
