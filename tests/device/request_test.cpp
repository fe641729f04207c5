// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

#include "device/probe.h"
#include "modelhub/device.h"

namespace modelhub {
namespace {

static_assert(!std::is_aggregate_v<device::ProbeOptions>);

TEST(DeviceRequestTest, ReadsTheFormsThatExist) {
  EXPECT_EQ(DeviceRequest().kind(), DeviceRequest::Kind::automatic);
  EXPECT_EQ(DeviceRequest::parse("auto")->kind(), DeviceRequest::Kind::automatic);
  EXPECT_EQ(DeviceRequest::parse("cpu")->kind(), DeviceRequest::Kind::cpu);
  EXPECT_EQ(DeviceRequest::parse("gpu")->kind(), DeviceRequest::Kind::gpu);
  const DeviceRequest exact = DeviceRequest::parse("cuda:12").value();
  EXPECT_EQ(exact.kind(), DeviceRequest::Kind::exact);
  EXPECT_EQ(exact.string(), "cuda:12");
  EXPECT_TRUE(exact.is_strict());
  EXPECT_EQ(DeviceRequest::parse("opencl:1")->kind(), DeviceRequest::Kind::exact);
  EXPECT_EQ(DeviceRequest::parse("webgpu:0")->kind(), DeviceRequest::Kind::exact);
  EXPECT_TRUE(DeviceRequest::parse("cpu:0")->is_strict());
  EXPECT_TRUE(DeviceRequest::parse("cpu")->is_strict());
  EXPECT_FALSE(DeviceRequest::parse("gpu")->is_strict());
  EXPECT_FALSE(DeviceRequest::parse("auto")->is_strict());
}

TEST(DeviceRequestTest, RefusesEverythingElseAsUsage) {
  for (const std::string& text :
       std::vector<std::string>{"", "CPU", "gpuu", "cuda", "cuda:", "cuda:x", "cuda:-1", "cuda:01",
                                "cuda:1000", "tpu:0", "auto ", ":0", "gpu:0:0", "cuda:0,cuda:1"}) {
    const Result<DeviceRequest> request = DeviceRequest::parse(text);
    ASSERT_FALSE(request) << text;
    EXPECT_EQ(request.error().code, ErrorCode::invalid_argument) << text;
    EXPECT_EQ(request.error().subject, Subject::usage) << text;
    EXPECT_EQ(exit_code_of(request.error()), 2) << text;
    EXPECT_FALSE(request.error().hint.empty()) << text;
  }
}

TEST(DeviceFallbackTest, NamesReadBack) {
  for (const DeviceFallback policy :
       {DeviceFallback::never, DeviceFallback::listed, DeviceFallback::any}) {
    EXPECT_EQ(parse_device_fallback(name_of(policy)).value(), policy);
  }
  EXPECT_EQ(parse_device_fallback("sometimes").error().code, ErrorCode::invalid_argument);
}

TEST(DeviceTest, NamesAreStable) {
  EXPECT_EQ(name_of(DeviceKind::npu), "npu");
  EXPECT_EQ(name_of(DeviceVerdict::chosen), "chosen");
  EXPECT_EQ(name_of(DeviceVerdict::usable), "usable");
  EXPECT_EQ(name_of(DeviceVerdict::rejected), "rejected");
  EXPECT_EQ(kind_of_device("cpu:0"), DeviceKind::cpu);
  EXPECT_EQ(kind_of_device("cuda:0"), DeviceKind::gpu);
  EXPECT_EQ(kind_of_device("npu:0"), DeviceKind::npu);
  EXPECT_EQ(kind_of_device("opencl:0"), DeviceKind::gpu);
}

}  // namespace
}  // namespace modelhub
