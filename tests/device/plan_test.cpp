// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "device/plan.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace modelhub::device {
namespace {

constexpr const char* k_no_provider = "this ONNX Runtime has no CUDA provider";

Device make_device(const std::string& id) {
  Device device;
  device.id = id;
  device.kind = kind_of_device(id);
  return device;
}

Inventory machine(const std::vector<std::string>& ids, const std::string& note = "") {
  Inventory inventory;
  for (const std::string& id : ids) inventory.devices.push_back(make_device(id));
  if (!note.empty()) inventory.notes.push_back({"nvml", note, false});
  return inventory;
}

EngineOffer usable(const std::string& engine, const std::string& device) {
  return {engine, "1.32.0", device, true, ""};
}
EngineOffer unusable(const std::string& engine, const std::string& device,
                     const std::string& reason) {
  return {engine, "1.32.0", device, false, reason};
}

const std::vector<EngineOffer> k_cpu_only = {usable("onnxruntime", "cpu:0"),
                                             unusable("onnxruntime", "cuda:0", k_no_provider)};
const std::vector<EngineOffer> k_with_cuda = {usable("onnxruntime", "cpu:0"),
                                              usable("onnxruntime", "cuda:0")};
const ModelNeeds k_any_device = {{"cpu", "gpu"}, {"onnxruntime"}, {}};

Result<DevicePlan> plan_for(const std::string& request, const Inventory& inventory,
                            const std::vector<EngineOffer>& offers,
                            const ModelNeeds& needs = k_any_device,
                            DeviceFallback policy = DeviceFallback::any) {
  return plan(DeviceRequest::parse(request).value(), inventory, offers, needs, policy);
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

void expect_refused(const Result<DevicePlan>& result, const std::string& part) {
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::unsupported);
  EXPECT_EQ(result.error().subject, Subject::device);
  EXPECT_EQ(exit_code_of(result.error()), 7);
  EXPECT_TRUE(has(result.error().message, part)) << result.error().message;
  EXPECT_FALSE(result.error().hint.empty());
}

TEST(PlanTest, AutoTakesTheCpuOfAMachineWithoutGpuAndDoesNotWarn) {
  const DevicePlan made = plan_for("auto", machine({"cpu:0"}, "no driver"), k_cpu_only).value();
  EXPECT_EQ(made.chosen, "cpu:0");
  EXPECT_EQ(made.engine, "onnxruntime");
  EXPECT_EQ(made.requested, "auto");
  EXPECT_TRUE(made.warnings.empty());
  ASSERT_EQ(made.candidates.size(), 1U);
  EXPECT_EQ(made.candidates[0].verdict, DeviceVerdict::chosen);
}

TEST(PlanTest, AutoPrefersAGpuThatWorks) {
  const DevicePlan made = plan_for("auto", machine({"cpu:0", "cuda:0"}), k_with_cuda).value();
  EXPECT_EQ(made.chosen, "cuda:0");
  EXPECT_TRUE(made.warnings.empty());
  ASSERT_EQ(made.candidates.size(), 2U);
  EXPECT_EQ(made.candidates[1].device, "cpu:0");
  EXPECT_EQ(made.candidates[1].verdict, DeviceVerdict::usable);
  EXPECT_EQ(made.candidates[1].reason, "comes after the chosen one");
}

TEST(PlanTest, AutoNeverLeavesAGpuUnusedSilently) {
  const DevicePlan made = plan_for("auto", machine({"cpu:0", "cuda:0"}), k_cpu_only).value();
  EXPECT_EQ(made.chosen, "cpu:0");
  ASSERT_EQ(made.warnings.size(), 1U);
  EXPECT_EQ(made.warnings[0],
            "running on cpu:0: cuda:0 found, but onnxruntime 1.32.0 cannot use it: this ONNX "
            "Runtime has no CUDA provider");
  EXPECT_EQ(made.candidates[0].verdict, DeviceVerdict::rejected);
  EXPECT_TRUE(has(made.candidates[0].reason, k_no_provider));
}

TEST(PlanTest, AutoThatMustNotFallBackRefusesToLeaveAGpuUnused) {
  expect_refused(plan_for("auto", machine({"cpu:0", "cuda:0"}), k_cpu_only, k_any_device,
                          DeviceFallback::never),
                 k_no_provider);
  EXPECT_EQ(
      plan_for("auto", machine({"cpu:0"}), k_cpu_only, k_any_device, DeviceFallback::never)->chosen,
      "cpu:0");
}

TEST(PlanTest, GpuFallsBackWithAWarningThatSaysWhy) {
  const DevicePlan without =
      plan_for("gpu", machine({"cpu:0"}, "NVIDIA's driver is not here"), k_cpu_only).value();
  EXPECT_EQ(without.chosen, "cpu:0");
  ASSERT_EQ(without.warnings.size(), 1U);
  EXPECT_TRUE(has(without.warnings[0], "no GPU")) << without.warnings[0];
  EXPECT_TRUE(has(without.warnings[0], "NVIDIA's driver is not here")) << without.warnings[0];
  const DevicePlan useless = plan_for("gpu", machine({"cpu:0", "cuda:0"}), k_cpu_only).value();
  EXPECT_EQ(useless.chosen, "cpu:0");
  EXPECT_TRUE(has(useless.warnings.at(0), k_no_provider));
}

TEST(PlanTest, GpuThatMustNotFallBackIsRefused) {
  expect_refused(plan_for("gpu", machine({"cpu:0"}, "no driver"), k_cpu_only, k_any_device,
                          DeviceFallback::never),
                 "no driver");
  expect_refused(plan_for("gpu", machine({"cpu:0", "cuda:0"}), k_cpu_only, k_any_device,
                          DeviceFallback::never),
                 k_no_provider);
}

TEST(PlanTest, ListedFallsBackOnlyToWhatTheCatalogLists) {
  const ModelNeeds gpu_only = {{"gpu"}, {"onnxruntime"}, {}};
  const Inventory cpu = machine({"cpu:0"});
  expect_refused(plan_for("gpu", cpu, k_cpu_only, gpu_only, DeviceFallback::listed), "no GPU");
  EXPECT_EQ(plan_for("gpu", cpu, k_cpu_only, k_any_device, DeviceFallback::listed)->chosen,
            "cpu:0");
  EXPECT_EQ(plan_for("gpu", cpu, k_cpu_only, gpu_only, DeviceFallback::any)->chosen, "cpu:0");
  const DevicePlan made = plan_for("auto", cpu, k_cpu_only, gpu_only).value();
  EXPECT_EQ(made.chosen, "cpu:0");
  EXPECT_TRUE(has(made.warnings.at(0), "made for gpu, not for cpu:0")) << made.warnings[0];
  expect_refused(plan_for("auto", cpu, k_cpu_only, gpu_only, DeviceFallback::listed),
                 "made for gpu");
}

TEST(PlanTest, ADeviceThatIsNamedIsTakenOrRefused) {
  const Inventory two = machine({"cpu:0", "cuda:0", "cuda:1"});
  const std::vector<EngineOffer> offers = {usable("onnxruntime", "cpu:0"),
                                           usable("onnxruntime", "cuda:0"),
                                           usable("onnxruntime", "cuda:1")};
  EXPECT_EQ(plan_for("cuda:1", two, offers)->chosen, "cuda:1");
  EXPECT_EQ(plan_for("cpu", two, offers)->chosen, "cpu:0");
  EXPECT_EQ(plan_for("cpu:0", two, offers)->chosen, "cpu:0");
  EXPECT_TRUE(plan_for("cpu", two, offers)->warnings.empty());
  EXPECT_EQ(plan_for("cpu", two, offers)->candidates[0].reason, "was not asked for");
  for (const DeviceFallback policy :
       {DeviceFallback::never, DeviceFallback::listed, DeviceFallback::any}) {
    expect_refused(plan_for("cuda:7", two, offers, k_any_device, policy), "no cuda:7");
    expect_refused(
        plan_for("cuda:0", machine({"cpu:0", "cuda:0"}), k_cpu_only, k_any_device, policy),
        k_no_provider);
    expect_refused(
        plan_for("cuda:0", machine({"cpu:0"}, "no driver"), k_cpu_only, k_any_device, policy),
        "no driver");
  }
}

TEST(PlanTest, AVariantThatIsNotMadeForTheNamedDeviceIsRefused) {
  expect_refused(
      plan_for("cuda:0", machine({"cpu:0", "cuda:0"}), k_with_cuda, {{"cpu"}, {"onnxruntime"}}),
      "made for cpu, not for cuda:0");
}

TEST(PlanTest, TheOrderOfTheVariantsEnginesDecides) {
  const std::vector<EngineOffer> offers = {usable("opencv", "cpu:0"),
                                           usable("onnxruntime", "cpu:0")};
  EXPECT_EQ(plan_for("auto", machine({"cpu:0"}), offers, {{}, {"onnxruntime", "opencv"}})->engine,
            "onnxruntime");
  EXPECT_EQ(plan_for("auto", machine({"cpu:0"}), offers, {{}, {"opencv", "onnxruntime"}})->engine,
            "opencv");
  EXPECT_EQ(plan_for("auto", machine({"cpu:0"}), offers, {})->engine, "opencv");
}

TEST(PlanTest, AGpuOfALesserEngineComesBeforeTheCpuOfABetterOne) {
  const std::vector<EngineOffer> offers = {usable("onnxruntime", "cpu:0"),
                                           usable("opencv", "cuda:0")};
  const DevicePlan made =
      plan_for("auto", machine({"cpu:0", "cuda:0"}), offers, {{}, {"onnxruntime", "opencv"}})
          .value();
  EXPECT_EQ(made.chosen, "cuda:0");
  EXPECT_EQ(made.engine, "opencv");
  EXPECT_TRUE(made.warnings.empty());
}

TEST(PlanTest, EnginesThatAreMissingOrTooOldAreNamed) {
  expect_refused(plan_for("auto", machine({"cpu:0"}), {}, k_any_device),
                 "the engine onnxruntime is not installed");
  expect_refused(plan_for("auto", machine({"cpu:0"}), {}, {}), "no engine is installed");
  expect_refused(plan_for("cpu", machine({"cpu:0"}),
                          {unusable("onnxruntime", "cpu:0", "needs 1.16 or newer")}),
                 "needs 1.16 or newer");
  const std::vector<EngineOffer> offers = {usable("opencv", "cpu:0")};
  const DevicePlan made =
      plan_for("auto", machine({"cpu:0"}), offers, {{}, {"onnxruntime", "opencv"}}).value();
  EXPECT_EQ(made.engine, "opencv");
  EXPECT_EQ(made.candidates[0].reason, "the engine onnxruntime is not installed");
}

TEST(PlanTest, WhatAnEngineSaysOfOneGpuOrOfTheFamilyHoldsForItsSiblings) {
  const Inventory two = machine({"cpu:0", "cuda:0", "cuda:1"});
  expect_refused(plan_for("cuda:1", two, k_cpu_only), k_no_provider);
  EXPECT_EQ(plan_for("cuda:1", two, {usable("onnxruntime", "cuda")})->chosen, "cuda:1");
  expect_refused(plan_for("cuda:1", two, {usable("onnxruntime", "cuda:0")}), "cannot use it");
}

TEST(PlanTest, ADeviceThatOnlyTheEngineSeesCounts) {
  const DevicePlan made = plan_for("gpu", machine({"cpu:0"}), k_with_cuda).value();
  EXPECT_EQ(made.chosen, "cuda:0");
  EXPECT_TRUE(made.warnings.empty());
}

// Two GPUs of 80 GB, of which the given have nothing free.
Inventory gpus_of_which_are_full(const std::vector<std::string>& full) {
  Inventory inventory = machine({"cpu:0", "cuda:0", "cuda:1"});
  for (Device& device : inventory.devices) {
    device.memory_total = ByteCount(80ULL << 30);
    const bool is_full = std::find(full.begin(), full.end(), device.id) != full.end();
    device.memory_free = is_full ? ByteCount(1000) : device.memory_total;
  }
  return inventory;
}
const std::vector<EngineOffer> k_both_gpus = {usable("onnxruntime", "cpu:0"),
                                              usable("onnxruntime", "cuda")};
const ModelNeeds k_some_memory = {{"cpu", "gpu"}, {"onnxruntime"}, ByteCount(2000)};

TEST(PlanTest, OfTwoGpusTheFullOneIsPassedOver) {
  for (const char* request : {"auto", "gpu"}) {
    for (const DeviceFallback policy : {DeviceFallback::never, DeviceFallback::any}) {
      const DevicePlan made =
          plan_for(request, gpus_of_which_are_full({"cuda:0"}), k_both_gpus, k_some_memory, policy)
              .value();
      EXPECT_EQ(made.chosen, "cuda:1");
      EXPECT_TRUE(made.warnings.empty());
      EXPECT_EQ(made.candidates[0].verdict, DeviceVerdict::rejected);
      EXPECT_EQ(made.candidates[0].reason,
                "cuda:0 is full: 1.00 kB of its 85.9 GB are free, the model needs about 2.00 kB");
    }
  }
}

TEST(PlanTest, WhereAllGpusAreFullTheCpuIsTakenAndTold) {
  const Inventory full = gpus_of_which_are_full({"cpu:0", "cuda:0", "cuda:1"});
  for (const char* request : {"auto", "gpu"}) {
    const DevicePlan made = plan_for(request, full, k_both_gpus, k_some_memory).value();
    EXPECT_EQ(made.chosen, "cpu:0") << "main memory is the system's business";
    ASSERT_EQ(made.warnings.size(), 1U);
    EXPECT_TRUE(has(made.warnings[0], "cuda:0 is full")) << made.warnings[0];
    EXPECT_TRUE(has(made.warnings[0], "cuda:1 is full")) << made.warnings[0];
  }
}

TEST(PlanTest, WhereNoOtherDeviceMayBeTakenAFullOneIsChosenAndItsLoadWaits) {
  const Inventory full = gpus_of_which_are_full({"cuda:0", "cuda:1"});
  EXPECT_EQ(plan_for("cuda:1", full, k_both_gpus, k_some_memory)->chosen, "cuda:1");
  for (const char* request : {"auto", "gpu"}) {
    const DevicePlan made =
        plan_for(request, full, k_both_gpus, k_some_memory, DeviceFallback::never).value();
    EXPECT_EQ(made.chosen, "cuda:0");
    EXPECT_EQ(made.candidates[0].reason, "");
  }
  const ModelNeeds gpu_only = {{"gpu"}, {"onnxruntime"}, ByteCount(2000)};
  EXPECT_EQ(plan_for("auto", full, k_both_gpus, gpu_only)->chosen, "cuda:0")
      << "before a CPU that it is not made for";
}

TEST(PlanTest, AGpuOfWhichNothingIsKnownIsNotFull) {
  EXPECT_EQ(plan_for("auto", machine({"cpu:0", "cuda:0"}), k_with_cuda, k_some_memory)->chosen,
            "cuda:0");
}

TEST(PlanTest, AutoTellsOfAGpuThatIsThereAndDoesNotWork) {
  Inventory lost = machine({"cpu:0"});
  lost.notes.push_back({"nvml", "cuda:0 cannot be used: GPU is lost", true});
  const DevicePlan made = plan_for("auto", lost, k_cpu_only).value();
  EXPECT_EQ(made.chosen, "cpu:0");
  ASSERT_EQ(made.warnings.size(), 1U);
  EXPECT_TRUE(has(made.warnings[0], "GPU is lost")) << made.warnings[0];
  expect_refused(plan_for("auto", lost, k_cpu_only, k_any_device, DeviceFallback::never),
                 "GPU is lost");
  EXPECT_TRUE(plan_for("cpu", lost, k_cpu_only)->warnings.empty());
}

TEST(PlanTest, AnOpenClDeviceCountsWhenAnEngineSaysSo) {
  const Inventory opencl = machine({"cpu:0", "opencl:0"});
  const std::string reason = "opencl:0 found, but onnxruntime 1.32.0 cannot use it";
  expect_refused(plan_for("opencl:0", opencl, k_cpu_only), reason);
  const DevicePlan gpu = plan_for("gpu", opencl, k_cpu_only).value();
  EXPECT_EQ(gpu.chosen, "cpu:0");
  EXPECT_TRUE(has(gpu.warnings.at(0), reason)) << gpu.warnings[0];
  EXPECT_EQ(plan_for("gpu", opencl, {usable("onnxruntime", "opencl")})->chosen, "opencl:0");
}

TEST(PlanTest, WebGpuIsTakenOnlyByItsName) {
  const std::vector<EngineOffer> offers = {usable("onnxruntime", "cpu:0"),
                                           usable("onnxruntime", "webgpu:0")};
  const DevicePlan named = plan_for("webgpu:0", machine({"cpu:0"}), offers).value();
  EXPECT_EQ(named.chosen, "webgpu:0");
  EXPECT_TRUE(named.warnings.empty());
  for (const DeviceFallback policy :
       {DeviceFallback::never, DeviceFallback::listed, DeviceFallback::any}) {
    const DevicePlan best =
        plan_for("auto", machine({"cpu:0"}), offers, k_any_device, policy).value();
    EXPECT_EQ(best.chosen, "cpu:0");
    EXPECT_EQ(best.candidates.size(), 1U);
    EXPECT_TRUE(best.warnings.empty());
    expect_refused(plan_for("webgpu:1", machine({"cpu:0"}), offers, k_any_device, policy),
                   "no webgpu:1");
  }
  EXPECT_EQ(plan_for("gpu", machine({"cpu:0"}), offers)->chosen, "cpu:0");
  expect_refused(plan_for("gpu", machine({"cpu:0"}), offers, k_any_device, DeviceFallback::never),
                 "no GPU");
  EXPECT_EQ(plan_for("cpu", machine({"cpu:0"}), offers)->candidates.size(), 1U);
}

TEST(PlanTest, WhyThereIsNoWebGpuIsWhatTheEngineSays) {
  const Result<DevicePlan> refused = plan_for(
      "webgpu:0", machine({"cpu:0"}, "no driver of NVIDIA"),
      {usable("onnxruntime", "cpu:0"), unusable("onnxruntime", "webgpu:0", "no provider")});
  expect_refused(refused, "this machine has no webgpu:0; no provider");
  EXPECT_FALSE(has(refused.error().message, "NVIDIA")) << refused.error().message;
}

TEST(PlanTest, OpenClIsAskedOnlyWhereItMayMatter) {
  const auto wants = [](const std::string& request, const std::vector<EngineOffer>& offers) {
    return wants_opencl(DeviceRequest::parse(request).value(), offers);
  };
  const std::vector<EngineOffer> with_opencl = {usable("onnxruntime", "opencl:0")};
  EXPECT_FALSE(wants("auto", k_cpu_only));
  EXPECT_FALSE(wants("auto", {unusable("onnxruntime", "opencl:0", "no driver")}));
  EXPECT_TRUE(wants("auto", with_opencl));
  EXPECT_FALSE(wants("cpu", with_opencl));
  EXPECT_FALSE(wants("cuda:0", with_opencl));
  EXPECT_TRUE(wants("opencl:0", k_cpu_only));
  EXPECT_TRUE(wants("gpu", k_cpu_only));
}

TEST(PlanTest, DefaultsAreStrictOnlyForWhatIsNamed) {
  EXPECT_EQ(default_fallback(DeviceRequest::parse("auto").value()), DeviceFallback::any);
  EXPECT_EQ(default_fallback(DeviceRequest::parse("gpu").value()), DeviceFallback::any);
  EXPECT_EQ(default_fallback(DeviceRequest::parse("cpu").value()), DeviceFallback::never);
  EXPECT_EQ(default_fallback(DeviceRequest::parse("cuda:0").value()), DeviceFallback::never);
}

}  // namespace
}  // namespace modelhub::device
