// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0

// The program on a real WebGPU provider: tests/engine/onnxruntime_webgpu_nightly_test.cpp.

#include <chrono>
#include <cmath>

#include <gmock/gmock.h>

#include "cli_fixture.h"

namespace modelhub::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class WebGpuNightlyTest : public CliTest {
 protected:
  WebGpuNightlyTest() {
    options_.environment["ONNXRUNTIME_ROOT"] = MODELHUB_WEBGPU_LIBRARY_DIR;
    options_.environment["VK_ICD_FILENAMES"] =
        MODELHUB_WEBGPU_LIBRARY_DIR "/vk_swiftshader_icd.json";
    options_.deadline = std::chrono::minutes(8);
  }
  ProcessResult run_on(const std::string& device) const {
    return run({"run", "ultraface", shared("images/one_face.jpg"), "--engine", "onnxruntime",
                "--device", device, "--json"});
  }
};

TEST_F(WebGpuNightlyTest, TheFaceIsWhereTheCpuFindsIt) {
  const ProcessResult cpu = run_on("cpu");
  ASSERT_EQ(cpu.exit_code, 0) << cpu.err;
  const Json here = json_of(cpu.out);
  EXPECT_EQ(here["device"], "cpu:0");
  const ProcessResult webgpu = run_on("webgpu:0");
  ASSERT_EQ(webgpu.exit_code, 0) << webgpu.err;
  EXPECT_EQ(webgpu.err, "") << "no warning";
  const Json there = json_of(webgpu.out);
  EXPECT_EQ(there["device"], "webgpu:0");
  const Json& faces = there["results"][0]["faces"];
  const Json& expected = here["results"][0]["faces"];
  ASSERT_EQ(faces.size(), 1U);
  ASSERT_EQ(expected.size(), 1U);
  EXPECT_NEAR(faces[0]["score"].get<double>(), expected[0]["score"].get<double>(), 1e-4);
  for (std::size_t i = 0; i < 4; ++i)
    EXPECT_NEAR(faces[0]["box"][i].get<double>(), expected[0]["box"][i].get<double>(), 0.01);
}

TEST_F(WebGpuNightlyTest, NobodyGetsItWhoDoesNotNameIt) {
  for (const char* const device : {"auto", "gpu"}) {
    const ProcessResult result = run_on(device);
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(json_of(result.out)["device"], "cpu:0") << device;
    EXPECT_THAT(result.err, Not(HasSubstr("webgpu"))) << device;
  }
  EXPECT_THAT(run({"devices"}).out, HasSubstr("on webgpu:0: usable, tried when a model is loaded"));
}

TEST_F(WebGpuNightlyTest, WithoutADriverThereIsNoAdapter) {
  options_.environment["VK_ICD_FILENAMES"] = in_work("no_such_driver.json");
  const ProcessResult result = run_on("webgpu:0");
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_THAT(result.err, HasSubstr("cannot use webgpu:0: no WebGPU adapter"));
}

}  // namespace
}  // namespace modelhub::test
