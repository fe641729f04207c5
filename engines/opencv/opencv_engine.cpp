// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0

// Runs models with the dnn module of OpenCV 4, on the CPU.

#include <memory>
#include <string>

#include <opencv2/core/utility.hpp>

#include "model_sketch.h"
#include "modelhub/engine_module.h"
#include "net_session.h"

namespace modelhub::opencv_engine {
namespace {

using engine_module::Failure;
using engine_module::Host;
using engine_module::LoadRequest;
using engine_module::Probe;

class OpenCvEngine final : public engine_module::Engine {
 public:
  explicit OpenCvEngine(const Host&) {}

  Probe probe() override {
    Probe probe;
    probe.version = version_.text;
    probe.formats.assign(std::begin(k_formats), std::end(k_formats));
    probe.devices = {{"cpu:0", true, ""},
                     {"cuda:0", false, "this engine runs models on the CPU only"}};
    // A network of OpenCV holds the answers of its last run.
    probe.concurrency = MH_ONE_AT_A_TIME;
    return probe;
  }

  // OpenCV has a model three times while it loads: as it was parsed, as its layers keep it, and as
  // their convolutions want it.
  std::uint64_t estimate(const LoadRequest& request) override {
    return Engine::estimate(request) / 2 * 3;
  }

  std::unique_ptr<engine_module::Session> load(const LoadRequest& request) override {
    if (request.device != "cpu:0") {
      throw Failure(MH_UNSUPPORTED, MH_ABOUT_DEVICE,
                    "the opencv engine runs models on cpu:0, not on " + request.device);
    }
    return load_net(request, version_);
  }

 private:
  const Version version_{cv::getVersionMajor(), cv::getVersionMinor(), cv::getVersionString()};
};

}  // namespace
}  // namespace modelhub::opencv_engine

MODELHUB_ENGINE_MODULE("opencv", modelhub::opencv_engine::OpenCvEngine)
