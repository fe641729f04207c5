// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0

// Runs ONNX models with ONNX Runtime, whose library is found when the engine is opened:
// docs/engines.md says where.

#include <memory>
#include <optional>
#include <string>

#include "modelhub/engine_module.h"
#include "ort_environment.h"
#include "ort_library.h"
#include "ort_session.h"

namespace modelhub::onnxruntime_engine {
namespace {

using engine_module::Failure;
using engine_module::Host;
using engine_module::LoadRequest;
using engine_module::Probe;

class OnnxRuntimeEngine final : public engine_module::Engine {
 public:
  explicit OnnxRuntimeEngine(const Host& host) : host_(host), listener_(log_listeners(), host) {
    try {
      library_ = std::make_shared<const OrtLibrary>(host.setting("library_dir"));
      host.log(MH_LOG_DEBUG, "ONNX Runtime " + library_->version() + " from " + library_->path());
    } catch (const Failure& failure) {
      missing_ = failure;
    }
  }

  Probe probe() override {
    Probe probe;
    probe.formats = {"onnx"};
    probe.concurrency = MH_SHARED;
    probe.keeps_compiled = true;
    if (library_ == nullptr) {
      probe.devices = {{"cpu:0", false, missing_->message() + "; " + missing_->hint()}};
      return probe;
    }
    probe.version = library_->version();
    const std::string name = "ONNX Runtime " + library_->version();
    probe.devices = {{"cpu:0", true, ""}, {"cuda:0", false, cuda_reason(name)}};
    return probe;
  }

  std::unique_ptr<engine_module::Session> load(const LoadRequest& request) override {
    if (library_ == nullptr) throw Failure(*missing_);
    if (request.device != "cpu:0") {
      throw Failure(MH_UNSUPPORTED, MH_ABOUT_DEVICE,
                    "the onnxruntime engine runs models on cpu:0, not on " + request.device);
    }
    return CpuSession::load(library_, request, host_);
  }

 private:
  std::string cuda_reason(const std::string& name) const {
    if (!library_->has_provider("CUDAExecutionProvider"))
      return name + " here has no CUDA provider";
    return "this engine runs models on the CPU only";
  }

  const Host host_;
  const engine_shared::LogListener listener_;
  std::shared_ptr<const OrtLibrary> library_;
  std::optional<Failure> missing_;  // why there is no library_
};

}  // namespace
}  // namespace modelhub::onnxruntime_engine

MODELHUB_ENGINE_MODULE("onnxruntime", modelhub::onnxruntime_engine::OnnxRuntimeEngine)
