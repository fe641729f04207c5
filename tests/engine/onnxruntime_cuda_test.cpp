// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0

// The engine for ONNX Runtime on GPUs, with libraries whose CUDA provider is none:
// cuda_onnxruntime.c.

#include <gmock/gmock.h>

#include "engine/onnxruntime_provider_fixture.h"

namespace modelhub::engine {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class OnnxRuntimeCudaTest : public OnnxRuntimeProviderTest {
 protected:
  LoadRequest request(bool allow_fallback, const TinyModel& model = {}) const {
    return request_on("cuda:0", allow_fallback, model);
  }
};

TEST_F(OnnxRuntimeCudaTest, OffersTheGpusThatThereAreWhenTheProviderCanBeAppended) {
  const EngineInfo info = engine("whole")->info();
  ASSERT_EQ(info.devices.size(), 4U);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(info.devices[i].is_usable);
  EXPECT_EQ(info.devices[0].device, "cpu:0");
  EXPECT_EQ(info.devices[1].device, "cuda:0");
  EXPECT_EQ(info.devices[2].device, "cuda:1");
}

TEST_F(OnnxRuntimeCudaTest, SaysWhyTheProviderCannotBeUsedThoughTheLibraryNamesIt) {
  const EngineInfo info = engine("missing")->info();
  ASSERT_EQ(info.devices.size(), 4U);
  EXPECT_TRUE(info.devices[0].is_usable);
  for (std::size_t i = 1; i < 3; ++i) {
    EXPECT_FALSE(info.devices[i].is_usable);
    EXPECT_THAT(info.devices[i].reason, StartsWith("ONNX Runtime " + info.version +
                                                   " here cannot use its CUDA provider: Failed to "
                                                   "load libonnxruntime_providers_cuda.so: "
                                                   "libcudnn.so.9: cannot open"));
  }
  // Exact unless somebody wants it otherwise, each on its own.
  EXPECT_THAT(info.devices[1].reason, EndsWith(" device_id=0 use_tf32=0"));
  EXPECT_THAT(info.devices[2].reason, EndsWith(" device_id=1 use_tf32=0"));
}

TEST_F(OnnxRuntimeCudaTest, WithoutAGpuTheProviderIsNotTried) {
  for (const std::string none : {"", "none", "-1", "0x"}) {
    const EngineInfo info = engine("missing", none)->info();
    ASSERT_EQ(info.devices.size(), 3U);
    EXPECT_EQ(info.devices[1].reason, "ONNX Runtime " + info.version +
                                          " here has a CUDA provider, but no GPU of NVIDIA was "
                                          "found");
  }
}

TEST_F(OnnxRuntimeCudaTest, ALibraryWithoutTheProviderSaysSo) {
  const EngineInfo info = engine("")->info();
  ASSERT_EQ(info.devices.size(), 3U);
  EXPECT_FALSE(info.devices[1].is_usable);
  EXPECT_EQ(info.devices[1].reason, "ONNX Runtime " + info.version + " here has no CUDA provider");
}

TEST_F(OnnxRuntimeCudaTest, AModelThatTheProviderTakesRunsThere) {
  for (const bool allow_fallback : {false, true}) {
    const auto session = engine("whole")->load(request(allow_fallback));
    ASSERT_TRUE(session) << session.error().to_string();
    EXPECT_EQ((*session)->device(), "cuda:0");
    expect_runs(**session);
  }
  EXPECT_THAT(warnings_.all(), IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(path("compiled"))) << "what is made for a GPU is not kept";
}

TEST_F(OnnxRuntimeCudaTest, AModelThatWouldRunOnTheCpuIsRefusedWhenTheDeviceIsExact) {
  for (const char* const library : {"none", "some"}) {
    const auto session = engine(library)->load(request(false));
    ASSERT_FALSE(session) << library;
    EXPECT_EQ(session.error().code, ErrorCode::unsupported);
    EXPECT_EQ(session.error().subject, Subject::device);
    EXPECT_THAT(session.error().message, HasSubstr("cannot run all of tiny.onnx on cuda:0"));
    EXPECT_THAT(session.error().hint, HasSubstr("allow a fallback"));
  }
}

TEST_F(OnnxRuntimeCudaTest, AModelOfWhichTheProviderTakesNothingIsToldToBeOnTheCpu) {
  const auto session = engine("none")->load(request(true));
  ASSERT_TRUE(session) << session.error().to_string();
  EXPECT_EQ((*session)->device(), "cpu:0");
  expect_runs(**session);
}

TEST_F(OnnxRuntimeCudaTest, OperatorsThatTheProviderDoesNotTakeAreCounted) {
  const auto session = engine("some")->load(request(true));
  ASSERT_TRUE(session) << session.error().to_string();
  EXPECT_EQ((*session)->device(), "cuda:0");
  EXPECT_THAT(
      warnings_.all(),
      ElementsAre(HasSubstr("tiny.onnx runs on cuda:0, but 3 of its operators run on the CPU")));
  expect_runs(**session);
}

TEST_F(OnnxRuntimeCudaTest, AGpuThatIsLostAfterItWasFoundIsToldByTheLoad) {
  const auto session = engine("late", "0")->load(request(true));
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().code, ErrorCode::unsupported);
  EXPECT_EQ(session.error().subject, Subject::device);
  EXPECT_THAT(session.error().message,
              HasSubstr("cannot load tiny.onnx on cuda:0: CUDA failure 999: GPU is lost"));
}

TEST_F(OnnxRuntimeCudaTest, WhatIsWrongWithTheModelIsToldAsOnTheCpu) {
  TinyModel model;
  model.opset = 99;
  const auto session = engine("whole")->load(request(true, model));
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().subject, Subject::model);
  EXPECT_THAT(session.error().message, HasSubstr("tiny.onnx needs opset 99"));
}

TEST_F(OnnxRuntimeCudaTest, AGpuThatThereIsNotIsNoDevice) {
  LoadRequest other = request(true);
  other.device = "cuda:5";
  const auto session = engine("whole")->load(other);
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().code, ErrorCode::unsupported);
}

}  // namespace
}  // namespace modelhub::engine
