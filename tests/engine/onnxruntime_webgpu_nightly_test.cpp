// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0

// The engine for ONNX Runtime with a real WebGPU provider, on a Vulkan driver that computes on the
// CPU: what `scripts/setup nightly` has put into MODELHUB_WEBGPU_LIBRARY_DIR. A run takes some
// seconds where the CPU takes some milliseconds.

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>

#include "engine/engine_fixture.h"
#include "engine/module.h"

namespace modelhub::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Sums are added up in another order than on the CPU; seen: 1.2e-7 in scores between 0 and 1.
constexpr float k_tolerance = 1e-5F;

constexpr const char* k_ultraface =
    "34cd7e60aeff28744c657de7a3dc64e872d506741de66987f3426f2b79f88017";
constexpr const char* k_mobilenet_int8 =
    "cc028fe6cae7bc11a4ff53cfc9b79c920e8be65ce33a904ec3e2a8f66d77f95f";

using Outputs = std::vector<std::vector<float>>;

// Numbers that look like a picture with a mean of 0.
Tensor wave(std::vector<std::int64_t> shape) {
  Tensor tensor = Tensor::allocate(DType::float32, std::move(shape)).value();
  float angle = 0;
  for (float& value : tensor.as<float>()) value = std::sin(angle += 0.01F);
  return tensor;
}

Outputs run(Session& session, const Tensor& x) {
  const auto answer = session.run(std::vector<Session::Input>{{session.inputs().front().name, &x}});
  Outputs outputs;
  EXPECT_TRUE(answer) << answer.error().to_string();
  if (!answer) return outputs;
  for (const auto& output : *answer) {
    const auto values = output.tensor.as<float>();
    outputs.emplace_back(values.begin(), values.end());
  }
  return outputs;
}

float largest_difference(const Outputs& a, const Outputs& b) {
  float largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t j = 0; j < a[i].size(); ++j)
      largest = std::max(largest, std::abs(a[i][j] - b.at(i).at(j)));
  }
  return largest;
}

// The places of the five largest values, the largest first.
std::vector<std::size_t> top_5(const std::vector<float>& values) {
  std::vector<std::size_t> order(values.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::partial_sort(order.begin(), order.begin() + 5, order.end(),
                    [&](std::size_t a, std::size_t b) { return values[a] > values[b]; });
  order.resize(5);
  return order;
}

class OnnxRuntimeWebGpuNightlyTest : public EngineTest {
 protected:
  void SetUp() override {
    ASSERT_TRUE(std::filesystem::exists(MODELHUB_WEBGPU_LIBRARY_DIR "/libonnxruntime.so.1"))
        << "scripts/setup nightly puts it there";
    ModuleOptions options;
    options.log = warnings_.sink();
    options.settings = {{"onnxruntime", "library_dir", MODELHUB_WEBGPU_LIBRARY_DIR}};
    engine_ = open_module(MODELHUB_ONNXRUNTIME_MODULE, options).value();
  }
  Result<std::unique_ptr<Session>> load(const std::string& digest, const std::string& device,
                                        bool allow_fallback = false) {
    LoadRequest request;
    request.format = "onnx";
    request.files = {{"graph", "model.onnx", MODELHUB_TEST_SHARED "/mirror/sha256/" + digest}};
    request.device = device;
    request.allow_fallback = allow_fallback;
    return engine_->load(request);
  }

  std::shared_ptr<Engine> engine_;
  LogLines warnings_{LogLevel::warning};
};

TEST_F(OnnxRuntimeWebGpuNightlyTest, UltraFaceAnswersAsOnTheCpu) {
  auto cpu = load(k_ultraface, "cpu:0");
  ASSERT_TRUE(cpu) << cpu.error().to_string();
  auto webgpu = load(k_ultraface, "webgpu:0");
  ASSERT_TRUE(webgpu) << webgpu.error().to_string();
  EXPECT_EQ((*cpu)->device(), "cpu:0");
  // No operator of it runs on the CPU: the load would have been refused.
  EXPECT_EQ((*webgpu)->device(), "webgpu:0");
  EXPECT_THAT(warnings_.all(), IsEmpty());
  const Tensor x = wave({1, 3, 240, 320});
  const Outputs expected = run(**cpu, x);
  const Outputs outputs = run(**webgpu, x);
  ASSERT_EQ(outputs.size(), 2U);
  ASSERT_EQ(outputs[0].size(), 4420U * 2);
  ASSERT_EQ(outputs[1].size(), 4420U * 4);
  EXPECT_LE(largest_difference(expected, outputs), k_tolerance);
}

TEST_F(OnnxRuntimeWebGpuNightlyTest, AModelThatItHasNotAllOfIsRefusedOrTold) {
  const auto exact = load(k_mobilenet_int8, "webgpu:0");
  ASSERT_FALSE(exact);
  EXPECT_EQ(exact.error().code, ErrorCode::unsupported);
  EXPECT_EQ(exact.error().subject, Subject::device);
  EXPECT_THAT(exact.error().message, HasSubstr("cannot run all of model.onnx on webgpu:0"));

  auto partly = load(k_mobilenet_int8, "webgpu:0", true);
  ASSERT_TRUE(partly) << partly.error().to_string();
  EXPECT_EQ((*partly)->device(), "webgpu:0");
  EXPECT_THAT(warnings_.all(), ElementsAre(HasSubstr("of its operators run on the CPU")));
  auto cpu = load(k_mobilenet_int8, "cpu:0");
  ASSERT_TRUE(cpu) << cpu.error().to_string();
  const Tensor x = wave({1, 3, 224, 224});
  const Outputs expected = run(**cpu, x);
  const Outputs outputs = run(**partly, x);
  ASSERT_EQ(outputs.size(), 1U);
  EXPECT_EQ(top_5(outputs[0]), top_5(expected.at(0)));
  EXPECT_LE(largest_difference(expected, outputs), k_tolerance);
}

// ONNX Runtime gives all sessions of a process one device of WebGPU, and does not guard it.
TEST_F(OnnxRuntimeWebGpuNightlyTest, SessionsOfSeveralThreadsDoNotDisturbEachOther) {
  auto cpu = load(k_mobilenet_int8, "cpu:0");
  ASSERT_TRUE(cpu) << cpu.error().to_string();
  const Tensor x = wave({1, 3, 224, 224});
  const Outputs expected = run(**cpu, x);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 3; ++round) {
        auto session = load(k_mobilenet_int8, "webgpu:0", true);
        ASSERT_TRUE(session) << session.error().to_string();
        for (int turn = 0; turn < 3; ++turn)
          EXPECT_LE(largest_difference(expected, run(**session, x)), k_tolerance);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace modelhub::engine
