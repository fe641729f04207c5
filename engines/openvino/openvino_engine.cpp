// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0

// Runs ONNX models and OpenVINO's own (IR) with OpenVINO, whose library is found when the engine is
// opened: docs/engines.md says where.

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "model_source.h"
#include "modelhub/engine_module.h"
#include "ov_core.h"
#include "ov_library.h"
#include "ov_session.h"
#include "shared/compiled_file.h"
#include "shared/usable_cores.h"

namespace modelhub::openvino_engine {
namespace {

using engine_module::Failure;
using engine_module::Host;
using engine_module::LoadRequest;
using engine_module::Probe;

// As many as have cores of their own, but no more than this: each takes memory.
constexpr int k_most_runs = 4;
constexpr const char* k_gpu_plugin = "libopenvino_intel_gpu_plugin.so";

CoreOptions options_of(const LoadRequest& request) {
  CoreOptions options;
  const int cores = engine_shared::usable_cores();
  options.threads = request.threads > 0 ? request.threads : cores;
  options.runs = std::clamp(cores / options.threads, 1, k_most_runs);
  if (const std::optional<std::string> value = request.setting("precision")) {
    if (value != "exact" && value != "golden") {
      throw Failure(MH_INVALID_ARGUMENT, MH_ABOUT_ENGINE,
                    "the setting 'precision' is '" + *value + "'; it may be 'exact' or 'golden'");
    }
    options.is_exact = value == "exact";
  }
  return options;
}

class OpenVinoEngine final : public engine_module::Engine {
 public:
  explicit OpenVinoEngine(const Host& host) : host_(host), listener_(log_listeners(), host) {
    try {
      library_ = std::make_shared<const OvLibrary>(host.setting("library_dir"));
      host.log(MH_LOG_DEBUG, "OpenVINO " + library_->build() + " from " + library_->path());
    } catch (const Failure& failure) {
      missing_ = failure;
    }
  }

  Probe probe() override {
    Probe probe;
    probe.formats = {"onnx", "openvino_ir"};
    probe.concurrency = MH_SHARED;
    probe.keeps_compiled = true;
    if (library_ == nullptr) {
      probe.devices = {{"cpu:0", false, missing_->message() + "; " + missing_->hint()}};
      return probe;
    }
    probe.version = library_->version();
    probe.devices = {{"cpu:0", true, ""}, {"gpu:0", false, gpu_reason()}};
    return probe;
  }

  // Measured with OpenVINO 2026.4, float32: 65 MB for person-detection-0200 (4 MB), 95 MB for
  // YOLOv8n (13 MB), 372 MB for twelve convolutions of 113 MB when what was compiled is written,
  // too.
  std::uint64_t estimate(const LoadRequest& request) override {
    constexpr std::uint64_t k_for_any = 64 * 1024 * 1024;
    return k_for_any + Engine::estimate(request) / 2 * 3;
  }

  std::unique_ptr<engine_module::Session> load(const LoadRequest& request) override {
    if (library_ == nullptr) throw Failure(*missing_);
    if (request.device != "cpu:0") {
      throw Failure(MH_UNSUPPORTED, MH_ABOUT_DEVICE,
                    "the openvino engine runs models on cpu:0, not on " + request.device);
    }
    const ModelSource source = read_source(request, library_->version());
    const engine_shared::CompileCache cache(request, "OpenVINO " + library_->build(), host_);
    return CpuSession::load(library_, source, options_of(request), cache, host_);
  }

 private:
  std::string gpu_reason() const {
    std::string reason = "this engine runs models on the CPU only";
    std::error_code error;
    const auto plugin = std::filesystem::path(library_->path()).parent_path() / k_gpu_plugin;
    if (std::filesystem::exists(plugin, error)) return reason;
    return reason + "; OpenVINO " + library_->version() + " here has no GPU plug-in either (" +
           k_gpu_plugin + ")";
  }

  const Host host_;
  const engine_shared::LogListener listener_;
  std::shared_ptr<const OvLibrary> library_;
  std::optional<Failure> missing_;  // why there is no library_
};

}  // namespace
}  // namespace modelhub::openvino_engine

MODELHUB_ENGINE_MODULE("openvino", modelhub::openvino_engine::OpenVinoEngine)
