// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "engine/engine_fixture.h"
#include "engine/module.h"
#include "engine/tiny_onnx.h"

namespace modelhub::engine {

// The engine for ONNX Runtime with libraries whose provider for GPUs is none: cuda_onnxruntime.c.
class OnnxRuntimeProviderTest : public EngineTest {
 protected:
  void SetUp() override {
    if (std::string(MODELHUB_ONNXRUNTIME_LIBRARY).empty())
      GTEST_SKIP() << "the build does not know where the library lies";
  }

  // With the library of this name (empty: the real one), on a machine with these GPUs of NVIDIA.
  std::shared_ptr<Engine> engine(const std::string& library, const std::string& gpus = "0,1") {
    ModuleOptions options;
    options.log = warnings_.sink();
    options.settings = {{"onnxruntime", "cuda_devices", gpus}};
    if (!library.empty())
      options.settings.push_back(
          {"onnxruntime", "library_dir", MODELHUB_CUDA_ONNXRUNTIME "/" + library});
    return open_module(MODELHUB_ONNXRUNTIME_MODULE, options).value();
  }
  LoadRequest request_on(const std::string& device, bool allow_fallback,
                         const TinyModel& model = {}) const {
    LoadRequest request;
    request.format = "onnx";
    request.files = {{"graph", "tiny.onnx", write("blob", model.encode())}};
    request.device = device;
    request.threads = 1;
    request.allow_fallback = allow_fallback;
    request.settings = {{"cache_file", path("compiled")}};
    return request;
  }
  static void expect_runs(Session& session) {
    Tensor x = Tensor::allocate(DType::float32, {1, 3}).value();
    std::fill(x.as<float>().begin(), x.as<float>().end(), 3.0F);
    const auto answer = session.run(std::vector<Session::Input>{{"x", &x}});
    ASSERT_TRUE(answer) << answer.error().to_string();
    EXPECT_THAT((*answer)[0].tensor.as<float>(), testing::ElementsAre(6, 6, 6));
  }

  LogLines warnings_{LogLevel::warning};
};

}  // namespace modelhub::engine
