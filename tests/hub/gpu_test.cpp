// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0

// A machine with GPUs: a fake NVML that has cuda:0, a cuda:1 that is lost, and cuda:2; and an
// engine that says that it can use them.

#include <dlfcn.h>

#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "base/event.h"
#include "hub/hub_fixture.h"

namespace modelhub {
namespace {

using ::testing::HasSubstr;

constexpr unsigned long long k_much = 70ULL << 30;

class GpuTest : public HubTest {
 protected:
  GpuTest() {
    // Whoever opens libnvidia-ml.so.1 afterwards gets the library of that name that is there.
    void* const fake = ::dlopen(FAKE_NVML, RTLD_NOW | RTLD_LOCAL);
    EXPECT_NE(fake, nullptr) << ::dlerror();
    set_free_ = reinterpret_cast<void (*)(unsigned, unsigned long long)>(
        ::dlsym(fake, "fake_nvml_set_free"));
    have_free(k_much, k_much);
    options_.engine_settings["scripted.devices"] = "cpu:0;cuda:0;cuda:2";
    record();
  }

  // How much memory is free on the two GPUs that work.
  void have_free(unsigned long long first, unsigned long long second) const {
    set_free_(0, first);
    set_free_(2, second);
  }
  void record(const std::string& more = {}) {
    serve(k_model + "record " + scratch_.path("record") + "\n" + more);
  }
  std::string recorded() const { return test::content_of(scratch_.path("record")); }
  static Result<Model> ready(const Hub& hub, const std::string& device,
                             DeviceFallback fallback = DeviceFallback::any) {
    LoadOptions options;
    options.device = device;
    options.fallback = fallback;
    return hub.ensure_ready("toy", options).get();
  }
  static LoadReport report_of(const Model& model) { return model.lease().value().report(); }
  static void expect_refused(const Result<Model>& model, const std::string& reason) {
    ASSERT_FALSE(model);
    EXPECT_EQ(model.error().code, ErrorCode::unsupported);
    EXPECT_EQ(model.error().subject, Subject::device);
    EXPECT_EQ(exit_code_of(model.error()), 7);
    EXPECT_THAT(model.error().message, HasSubstr(reason));
  }

 private:
  void (*set_free_)(unsigned, unsigned long long) = nullptr;
};

TEST_F(GpuTest, DevicesAreThoseOfTheDriverAndTheLostOneIsTold) {
  const Hub hub = open();
  const std::vector<Device> devices = hub.devices();
  ASSERT_GE(devices.size(), 3U);
  EXPECT_EQ(devices[1].id, "cuda:0");
  EXPECT_EQ(devices[2].id, "cuda:2");
  EXPECT_EQ(devices[2].memory_free, ByteCount(k_much));
  have_free(k_much, 5000);
  EXPECT_EQ(hub.devices()[2].memory_free, ByteCount(5000)) << "as it is now";
  bool is_told = false;
  for (const DeviceNote& note : hub.device_notes())
    is_told |= note.reason == "cuda:1 cannot be used: GPU is lost";
  EXPECT_TRUE(is_told);
}

TEST_F(GpuTest, TheFirstGpuThatHasRoomRunsTheModel) {
  const Hub hub = open();
  EXPECT_EQ(report_of(ready(hub, "auto").value()).device, "cuda:0");
  have_free(0, k_much);
  const LoadReport other = report_of(ready(open(), "auto").value());
  EXPECT_EQ(other.device, "cuda:2");
  EXPECT_TRUE(other.plan.warnings.empty());
  ASSERT_FALSE(other.plan.candidates.empty());
  EXPECT_THAT(other.plan.candidates[0].reason, HasSubstr("cuda:0 is full"));
}

TEST_F(GpuTest, ALostGpuThatIsNamedIsRefusedWithTheReason) {
  expect_refused(ready(open(), "cuda:1"), "GPU is lost");
}

TEST_F(GpuTest, AModelThatFillsItsGpuIsNotLoadedASecondTimeElsewhere) {
  const Hub hub = open();
  const Model first = ready(hub, "auto").value();
  have_free(0, k_much);
  const Model second = ready(hub, "auto").value();
  EXPECT_EQ(report_of(second).device, "cuda:0");
  ASSERT_TRUE(hub.unload());
  have_free(0, k_much);
  EXPECT_EQ(report_of(ready(hub, "auto").value()).device, "cuda:2") << "others have taken it";
  EXPECT_EQ(recorded(), "load cuda:0 " + recorded().substr(12, recorded().find('\n') - 12) +
                            "\nunload\nload cuda:2 " +
                            recorded().substr(12, recorded().find('\n') - 12) + "\n");
}

// Elsewhere, what went to the CPU once because a GPU was full stayed there for good.
TEST_F(GpuTest, AModelThatFoundNoRoomOnAGpuGoesThereOnceThereIsSome) {
  have_free(0, 0);
  const Hub hub = open();
  const Model model = ready(hub, "auto").value();
  {
    const LoadReport report = report_of(model);
    EXPECT_EQ(report.device, "cpu:0");
    ASSERT_EQ(report.plan.warnings.size(), 1U);
    EXPECT_THAT(report.plan.warnings[0], HasSubstr("cuda:2 is full"));
    EXPECT_THAT(report.plan.warnings[0], HasSubstr("GPU is lost"));
  }
  have_free(0, k_much);
  EXPECT_EQ(report_of(model).device, "cpu:0") << "it is there, and works";
  ASSERT_TRUE(model.unload());
  ASSERT_TRUE(model.run(picture()));
  EXPECT_EQ(report_of(model).device, "cuda:2");
  ASSERT_TRUE(model.unload());
  EXPECT_TRUE(hub.loaded().empty());
}

TEST_F(GpuTest, AnEngineWithoutCudaIsToldApartFromAMachineWithoutGpu) {
  options_.engine_settings["scripted.devices"] = "cpu:0;cuda:0=this build has no CUDA provider";
  const Hub hub = open();
  const LoadReport report = report_of(ready(hub, "gpu").value());
  EXPECT_EQ(report.device, "cpu:0");
  ASSERT_EQ(report.plan.warnings.size(), 1U);
  EXPECT_THAT(report.plan.warnings[0],
              HasSubstr("cuda:0 found, but scripted 1.0 cannot use it: this build has no CUDA "
                        "provider"));
  for (const char* device : {"auto", "gpu", "cuda:0"})
    expect_refused(ready(hub, device, DeviceFallback::never), "has no CUDA provider");
  expect_refused(ready(hub, "cuda:0"), "has no CUDA provider");
}

TEST_F(GpuTest, WhereTheEngineReallyPutTheModelIsLookedAtAfterTheLoad) {
  record("device cpu:0\n");
  const Hub hub = open();
  const LoadReport report = report_of(ready(hub, "gpu").value());
  EXPECT_EQ(report.device, "cpu:0");
  ASSERT_FALSE(report.plan.warnings.empty());
  EXPECT_THAT(report.plan.warnings.back(), HasSubstr("instead of cuda:0"));
  const Result<Model> strict = ready(open(), "gpu", DeviceFallback::never);
  expect_refused(strict, "put it on cpu:0");
}

}  // namespace
}  // namespace modelhub
