// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0

// Runs ONNX models with ONNX Runtime, whose library is found when the engine is opened:
// docs/engines.md says where.

#include <algorithm>
#include <memory>
#include <optional>
#include <string>

#include "modelhub/engine_module.h"
#include "ort_cuda.h"
#include "ort_environment.h"
#include "ort_library.h"
#include "ort_session.h"
#include "ort_webgpu.h"

namespace modelhub::onnxruntime_engine {
namespace {

using engine_module::Failure;
using engine_module::Host;
using engine_module::LoadRequest;
using engine_module::Probe;

// GPUs have fewer bits to offer (TF32); the CPU computes the same in any case.
bool is_exact(const LoadRequest& request) { return request.setting("precision") != "golden"; }

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
    probe.devices = offer_cuda(*library_, cuda_devices_of(host_));
    probe.devices.insert(probe.devices.begin(), {"cpu:0", true, ""});
    probe.devices.push_back(offer_webgpu(*library_));
    return probe;
  }

  std::unique_ptr<engine_module::Session> load(const LoadRequest& request) override {
    if (library_ == nullptr) throw Failure(*missing_);
    for (const int device : cuda_devices_of(host_)) {
      if (request.device != "cuda:" + std::to_string(device)) continue;
      return GraphSession::load_on_gpu(
          library_, request, cuda_provider(*library_, {device, is_exact(request)}), host_);
    }
    if (request.device == k_webgpu_device) {
      const engine_module::DeviceOffer offer = offer_webgpu(*library_);
      if (!offer.is_usable) throw Failure(MH_UNSUPPORTED, MH_ABOUT_DEVICE, offer.reason);
      return GraphSession::load_on_gpu(library_, request, webgpu_provider(*library_), host_);
    }
    if (request.device != "cpu:0") {
      throw Failure(MH_UNSUPPORTED, MH_ABOUT_DEVICE,
                    "the onnxruntime engine has no device " + request.device);
    }
    return GraphSession::load(library_, request, host_);
  }

 private:
  const Host host_;
  const engine_shared::LogListener listener_;
  std::shared_ptr<const OrtLibrary> library_;
  std::optional<Failure> missing_;  // why there is no library_
};

}  // namespace
}  // namespace modelhub::onnxruntime_engine

MODELHUB_ENGINE_MODULE("onnxruntime", modelhub::onnxruntime_engine::OnnxRuntimeEngine)
