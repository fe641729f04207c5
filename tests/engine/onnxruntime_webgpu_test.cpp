// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0

// The engine for ONNX Runtime on WebGPU, with libraries whose provider is none: cuda_onnxruntime.c.
// What the real one does, onnxruntime_webgpu_nightly_test.cpp says.

#include <thread>

#include <gmock/gmock.h>

#include "engine/onnxruntime_provider_fixture.h"

namespace modelhub::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class OnnxRuntimeWebGpuTest : public OnnxRuntimeProviderTest {
 protected:
  LoadRequest request(bool allow_fallback) const { return request_on("webgpu:0", allow_fallback); }
};

TEST_F(OnnxRuntimeWebGpuTest, OffersTheDeviceWithoutTryingIt) {
  for (const char* const library : {"webgpu_whole", "webgpu_missing"}) {
    const EngineInfo info = engine(library)->info();
    ASSERT_EQ(info.devices.size(), 3U);
    EXPECT_EQ(info.devices[2].device, "webgpu:0");
    EXPECT_TRUE(info.devices[2].is_usable);
    EXPECT_THAT(info.devices[2].reason, HasSubstr("tried when a model is loaded there"));
  }
}

TEST_F(OnnxRuntimeWebGpuTest, ALibraryWithoutTheProviderSaysSo) {
  const auto plain = engine("");
  const EngineInfo info = plain->info();
  ASSERT_EQ(info.devices.size(), 3U);
  EXPECT_EQ(info.devices[2].device, "webgpu:0");
  EXPECT_FALSE(info.devices[2].is_usable);
  const std::string reason = "ONNX Runtime " + info.version + " here has no WebGPU provider";
  EXPECT_EQ(info.devices[2].reason, reason);
  const auto session = plain->load(request(true));
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().code, ErrorCode::unsupported);
  EXPECT_EQ(session.error().subject, Subject::device);
  EXPECT_THAT(session.error().message, HasSubstr(reason));
}

TEST_F(OnnxRuntimeWebGpuTest, AModelThatTheProviderTakesRunsThere) {
  for (const bool allow_fallback : {false, true}) {
    const auto session = engine("webgpu_whole")->load(request(allow_fallback));
    ASSERT_TRUE(session) << session.error().to_string();
    EXPECT_EQ((*session)->device(), "webgpu:0");
    expect_runs(**session);
  }
  EXPECT_THAT(warnings_.all(), IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(path("compiled"))) << "what is made for a GPU is not kept";
}

TEST_F(OnnxRuntimeWebGpuTest, SeveralThreadsLoadRunAndFreeInTurns) {
  const auto shared_engine = engine("webgpu_whole");
  const LoadRequest one = request(false);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 5; ++round) {
        const auto session = shared_engine->load(one);
        ASSERT_TRUE(session) << session.error().to_string();
        expect_runs(**session);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_F(OnnxRuntimeWebGpuTest, AModelThatWouldRunOnTheCpuIsRefusedWhenTheDeviceIsExact) {
  for (const char* const library : {"webgpu_none", "webgpu_some"}) {
    const auto session = engine(library)->load(request(false));
    ASSERT_FALSE(session) << library;
    EXPECT_EQ(session.error().code, ErrorCode::unsupported);
    EXPECT_EQ(session.error().subject, Subject::device);
    EXPECT_THAT(session.error().message, HasSubstr("the WebGPU provider of ONNX Runtime"));
    EXPECT_THAT(session.error().message, HasSubstr("cannot run all of tiny.onnx on webgpu:0"));
  }
}

TEST_F(OnnxRuntimeWebGpuTest, WhatTheProviderDoesNotTakeIsTold) {
  const auto none = engine("webgpu_none")->load(request(true));
  ASSERT_TRUE(none) << none.error().to_string();
  EXPECT_EQ((*none)->device(), "cpu:0");
  const auto some = engine("webgpu_some")->load(request(true));
  ASSERT_TRUE(some) << some.error().to_string();
  EXPECT_EQ((*some)->device(), "webgpu:0");
  EXPECT_THAT(
      warnings_.all(),
      ElementsAre(HasSubstr("tiny.onnx runs on webgpu:0, but 3 of its operators run on the CPU: "
                            "the WebGPU provider of ONNX Runtime")));
  expect_runs(**none);
  expect_runs(**some);
}

TEST_F(OnnxRuntimeWebGpuTest, AMachineWithoutAnAdapterIsToldByTheLoad) {
  for (const bool allow_fallback : {false, true}) {
    const auto session = engine("webgpu_missing")->load(request(allow_fallback));
    ASSERT_FALSE(session);
    EXPECT_EQ(session.error().code, ErrorCode::unsupported);
    EXPECT_EQ(session.error().subject, Subject::device);
    EXPECT_THAT(session.error().message,
                HasSubstr("cannot use webgpu:0: no WebGPU adapter: No supported adapters"));
    EXPECT_THAT(session.error().hint, HasSubstr("Vulkan"));
  }
}

TEST_F(OnnxRuntimeWebGpuTest, AnotherNumberIsNoDevice) {
  LoadRequest other = request(true);
  other.device = "webgpu:1";
  const auto session = engine("webgpu_whole")->load(other);
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().code, ErrorCode::unsupported);
}

}  // namespace
}  // namespace modelhub::engine
