// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0

// A machine with two GPUs, as far as a library in place of NVIDIA's says so (fake_nvml.c), and
// ONNX Runtimes whose CUDA or WebGPU provider is none (cuda_onnxruntime.c).

#include <filesystem>

#include <gmock/gmock.h>

#include "cli_fixture.h"

namespace modelhub::test {
namespace {

using ::testing::HasSubstr;

class GpuTest : public CliTest {
 protected:
  void SetUp() override {
    if (std::string(MODELHUB_ONNXRUNTIME_LIBRARY).empty())
      GTEST_SKIP() << "the build does not know where the library lies";
    std::filesystem::create_symlink(MODELHUB_FAKE_NVML, in_work("libnvidia-ml.so.1"));
    options_.environment["LD_LIBRARY_PATH"] = work_;
  }
  void use(const std::string& library) {
    options_.environment["ONNXRUNTIME_ROOT"] = MODELHUB_CUDA_ONNXRUNTIME "/" + library;
  }
  ProcessResult run_on(const std::string& device, std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments = {"run",      "ultraface",   shared("images/one_face.jpg"),
                                          "--engine", "onnxruntime", "--device",
                                          device};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments);
  }
};

TEST_F(GpuTest, AnOnnxRuntimeWithoutTheProviderIsToldByItsVersion) {
  EXPECT_THAT(run({"devices"}).out, HasSubstr("Fake GPU 1"));
  const ProcessResult result = run_on("cuda:0");
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_THAT(result.err, HasSubstr("cuda:0 found, but onnxruntime 1."));
  EXPECT_THAT(result.err, HasSubstr("here has no CUDA provider"));
}

TEST_F(GpuTest, WhatTheProviderLacksIsToldWhereverDevicesAre) {
  use("missing");
  const std::string reason =
      "here cannot use its CUDA provider: Failed to load libonnxruntime_providers_cuda.so: "
      "libcudnn.so.9: cannot open shared object file";
  for (const char* const command : {"devices", "doctor"})
    EXPECT_THAT(run({command}).out, HasSubstr(reason)) << command;
  const ProcessResult exact = run_on("cuda:1");
  EXPECT_EQ(exact.exit_code, 7);
  EXPECT_THAT(exact.err, HasSubstr("cuda:1 found, but onnxruntime 1."));
  EXPECT_THAT(exact.err, HasSubstr(reason));
  const ProcessResult any = run_on("gpu", {"--explain"});
  EXPECT_EQ(any.exit_code, 0) << any.err;
  EXPECT_THAT(any.out + any.err, HasSubstr(reason));
}

TEST_F(GpuTest, AModelRunsOnTheGpuThatIsAskedFor) {
  use("whole");
  const ProcessResult result = run_on("cuda:1", {"--json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const Json document = json_of(result.out);
  EXPECT_EQ(document["device"], "cuda:1");
  EXPECT_EQ(document["results"][0]["faces"].size(), 1U);
}

TEST_F(GpuTest, WhatTheProviderPutsOnTheCpuIsToldOrRefused) {
  use("none");
  const ProcessResult any = run_on("gpu", {"--json"});
  ASSERT_EQ(any.exit_code, 0) << any.err;
  EXPECT_EQ(json_of(any.out)["device"], "cpu:0");
  EXPECT_THAT(any.err, HasSubstr("on cpu:0 instead of cuda:0"));
  const ProcessResult exact = run_on("cuda:0");
  EXPECT_EQ(exact.exit_code, 7);
  EXPECT_THAT(exact.err, HasSubstr("cannot run all of"));
}

TEST_F(GpuTest, WebGpuIsTakenByItsNameAndNotOtherwise) {
  use("webgpu_whole");
  options_.environment.erase("LD_LIBRARY_PATH");
  const ProcessResult named = run_on("webgpu:0", {"--json"});
  ASSERT_EQ(named.exit_code, 0) << named.err;
  EXPECT_EQ(json_of(named.out)["device"], "webgpu:0");
  EXPECT_EQ(json_of(named.out)["results"][0]["faces"].size(), 1U);
  for (const char* const other : {"auto", "gpu"}) {
    const ProcessResult result = run_on(other, {"--json"});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(json_of(result.out)["device"], "cpu:0") << other;
  }
  EXPECT_THAT(run({"devices"}).out, HasSubstr("on webgpu:0: usable, tried when a model is loaded"));
  EXPECT_THAT(run({"doctor"}).out, HasSubstr("on webgpu:0, tried when a model is loaded"));
}

TEST_F(GpuTest, WhyWebGpuCannotBeUsedIsTold) {
  const ProcessResult none = run_on("webgpu:0");
  EXPECT_EQ(none.exit_code, 7);
  EXPECT_THAT(none.err, HasSubstr("this machine has no webgpu:0; ONNX Runtime 1."));
  EXPECT_THAT(none.err, HasSubstr("here has no WebGPU provider"));
  use("webgpu_missing");
  const ProcessResult missing = run_on("webgpu:0");
  EXPECT_EQ(missing.exit_code, 7);
  EXPECT_THAT(missing.err,
              HasSubstr("cannot use webgpu:0: no WebGPU adapter: No supported adapters"));
}

}  // namespace
}  // namespace modelhub::test
