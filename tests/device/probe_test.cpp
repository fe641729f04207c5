// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "device/probe.h"

#include <sched.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

namespace modelhub::device {
namespace {

// A folder that looks like the /proc and /sys of another machine.
class OtherMachine {
 public:
  OtherMachine() {
    std::string pattern = ::testing::TempDir() + "modelhub_machine_XXXXXX";
    root_ = ::mkdtemp(pattern.data());
  }
  ~OtherMachine() { std::filesystem::remove_all(root_); }

  void put(const std::string& path, const std::string& content) const {
    std::filesystem::create_directories(std::filesystem::path(root_ + path).parent_path());
    std::ofstream(root_ + path) << content;
  }
  ProbeOptions options() const {
    ProbeOptions options;
    options.root = root_;
    options.nvml.clear();
    return options;
  }

 private:
  std::string root_;
};

ProbeOptions with_nvml(const std::string& name) {
  ProbeOptions options;
  options.nvml = std::string(FAKE_DRIVERS) + "/libfake_nvml_" + name + ".so";
  return options;
}

ProbeOptions with_opencl(const std::string& name) {
  ProbeOptions options;
  options.nvml.clear();
  options.opencl = std::string(FAKE_DRIVERS) + "/libfake_opencl_" + name + ".so";
  return options;
}

TEST(CpuProbeTest, FindsTheProcessorOfThisMachine) {
  const Inventory inventory = probe();
  ASSERT_FALSE(inventory.devices.empty());
  const Device& cpu = inventory.devices.front();
  EXPECT_EQ(cpu.id, "cpu:0");
  EXPECT_EQ(cpu.kind, DeviceKind::cpu);
  EXPECT_GE(cpu.cores, 1U);
  EXPECT_EQ(cpu.cores, usable_cores());
  EXPECT_GT(cpu.memory_total, cpu.memory_free);
  EXPECT_GT(cpu.memory_free, ByteCount(0));
  EXPECT_NE(cpu.name.find(std::to_string(cpu.cores) + " core"), std::string::npos) << cpu.name;
}

TEST(CpuProbeTest, ReadsNameFeaturesAndMemory) {
  OtherMachine machine;
  machine.put("/proc/cpuinfo",
              "processor\t: 0\nmodel name\t: Some Xeon\nflags\t\t: fpu fma avx avx2 avx512f "
              "avx512_bf16 amx_bf16 sse\n"
              "\nprocessor\t: 1\nmodel name\t: Some Xeon\n");
  machine.put("/proc/meminfo",
              "MemTotal:       8000 kB\nMemFree:        100 kB\nMemAvailable:   5000 kB\n");
  const Device cpu = probe(machine.options()).devices.at(0);
  EXPECT_EQ(cpu.name.rfind("Some Xeon, ", 0), 0U) << cpu.name;
  EXPECT_EQ(cpu.features,
            (std::vector<std::string>{"fma", "avx", "avx2", "avx512f", "avx512_bf16", "amx_bf16"}));
  EXPECT_EQ(cpu.memory_total, ByteCount(8'192'000));
  EXPECT_EQ(cpu.memory_free, ByteCount(5'120'000));
}

TEST(CpuProbeTest, ReadsTheFormOfArm) {
  OtherMachine machine;
  machine.put("/proc/cpuinfo", "processor\t: 0\nFeatures\t: fp asimd asimddp bf16 i8mm\n");
  const Device cpu = probe(machine.options()).devices.at(0);
  EXPECT_EQ(cpu.features, (std::vector<std::string>{"neon", "dotprod", "bf16", "i8mm"}));
  EXPECT_NE(cpu.name.find(" processor"), std::string::npos);
}

TEST(CpuProbeTest, AMachineThatTellsNothingStillHasAProcessor) {
  OtherMachine machine;
  const Inventory inventory = probe(machine.options());
  ASSERT_EQ(inventory.devices.size(), 1U);
  EXPECT_GE(inventory.devices[0].cores, 1U);
  EXPECT_EQ(inventory.devices[0].memory_total, ByteCount(0));
}

TEST(CpuProbeTest, AQuotaOfTheCgroupOrOfAParentLimitsTheCores) {
  OtherMachine machine;
  machine.put("/proc/self/cgroup", "0::/outer/inner\n");
  machine.put("/sys/fs/cgroup/outer/inner/cpu.max", "max 100000\n");
  machine.put("/sys/fs/cgroup/outer/cpu.max", "100000 100000\n");
  EXPECT_EQ(usable_cores(machine.options()), 1U);
}

TEST(CpuProbeTest, AQuotaBelowOneCoreIsOneCoreAndANonsenseOneIsIgnored) {
  OtherMachine machine;
  const unsigned all = usable_cores(machine.options());
  machine.put("/sys/fs/cgroup/cpu.max", "20000 100000\n");
  EXPECT_EQ(usable_cores(machine.options()), 1U);
  for (const char* text : {"", "max 100000\n", "0 0\n", "-5 100000\n", "garbage"}) {
    machine.put("/sys/fs/cgroup/cpu.max", text);
    EXPECT_EQ(usable_cores(machine.options()), all) << text;
  }
  machine.put("/sys/fs/cgroup/cpu.max", "100000000000 100000\n");
  EXPECT_EQ(usable_cores(machine.options()), all);
}

TEST(CpuProbeTest, AMemoryLimitOfTheCgroupCounts) {
  OtherMachine machine;
  machine.put("/proc/meminfo", "MemTotal: 8000 kB\nMemAvailable: 5000 kB\n");
  machine.put("/proc/self/cgroup", "1:name=systemd:/x\n0::/box\n");
  machine.put("/sys/fs/cgroup/box/memory.max", "1000000\n");
  machine.put("/sys/fs/cgroup/box/memory.current", "400000\n");
  Device cpu = probe(machine.options()).devices.at(0);
  EXPECT_EQ(cpu.memory_total, ByteCount(1'000'000));
  EXPECT_EQ(cpu.memory_free, ByteCount(600'000));
  machine.put("/sys/fs/cgroup/box/memory.current", "1000001\n");
  cpu = probe(machine.options()).devices.at(0);
  EXPECT_EQ(cpu.memory_free, ByteCount(0));
}

TEST(CpuProbeTest, FilesThatTheKernelCanForgetLeaveRoom) {
  OtherMachine machine;
  machine.put("/proc/meminfo", "MemTotal: 8000 kB\nMemAvailable: 5000 kB\n");
  machine.put("/proc/self/cgroup", "0::/box\n");
  machine.put("/sys/fs/cgroup/box/memory.max", "1000000\n");
  machine.put("/sys/fs/cgroup/box/memory.current", "900000\n");
  machine.put("/sys/fs/cgroup/box/memory.stat",
              "anon 100000\nfile 700000\ninactive_file 500000\nactive_file 200000\n");
  EXPECT_EQ(probe(machine.options()).devices.at(0).memory_free, ByteCount(600'000));
  machine.put("/sys/fs/cgroup/box/memory.stat", "inactive_file 2000000\n");
  EXPECT_EQ(probe(machine.options()).devices.at(0).memory_free, ByteCount(1'000'000));
}

// The kernels of many boards and of older hosts.
TEST(CpuProbeTest, LimitsOfCgroupsVersion1CountToo) {
  OtherMachine machine;
  machine.put("/proc/meminfo", "MemTotal: 8000 kB\nMemAvailable: 5000 kB\n");
  machine.put("/proc/self/cgroup",
              "9:memory:/docker/c0ffee\n4:cpu,cpuacct:/outer/inner\n3:cpuset:/x\n0::/x\n");
  machine.put("/sys/fs/cgroup/cpu/outer/inner/cpu.cfs_quota_us", "-1\n");
  machine.put("/sys/fs/cgroup/cpu/outer/inner/cpu.cfs_period_us", "100000\n");
  const unsigned all = usable_cores(machine.options());
  machine.put("/sys/fs/cgroup/cpu/outer/cpu.cfs_quota_us", "50000\n");
  machine.put("/sys/fs/cgroup/cpu/outer/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(usable_cores(machine.options()), 1U);
  machine.put("/sys/fs/cgroup/cpu/outer/cpu.cfs_quota_us", "-1\n");
  EXPECT_EQ(usable_cores(machine.options()), all);
  // In a container the path is the host's, and its own limits lie at the root.
  machine.put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "2000000\n");
  machine.put("/sys/fs/cgroup/memory/memory.usage_in_bytes", "1500000\n");
  machine.put("/sys/fs/cgroup/memory/memory.stat", "cache 9\ntotal_inactive_file 300000\n");
  Device cpu = probe(machine.options()).devices.at(0);
  EXPECT_EQ(cpu.memory_total, ByteCount(2'000'000));
  EXPECT_EQ(cpu.memory_free, ByteCount(800'000));
  // No limit, as version 1 writes it.
  machine.put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  cpu = probe(machine.options()).devices.at(0);
  EXPECT_EQ(cpu.memory_total, ByteCount(8'192'000));
  EXPECT_EQ(cpu.memory_free, ByteCount(5'120'000));
}

TEST(CpuProbeTest, TheAffinityMaskLimitsTheCores) {
  cpu_set_t before;
  ASSERT_EQ(::sched_getaffinity(0, sizeof before, &before), 0);
  cpu_set_t one;
  CPU_ZERO(&one);
  for (int cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++cpu) {
    if (CPU_ISSET(cpu, &before)) CPU_SET(cpu, &one);
  }
  ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
  EXPECT_EQ(usable_cores(), 1U);
  EXPECT_NE(probe().devices.at(0).name.find(", 1 core"), std::string::npos);
  ::sched_setaffinity(0, sizeof before, &before);
}

TEST(NvmlProbeTest, DescribesEveryGpu) {
  const Inventory inventory = probe(with_nvml("two"));
  ASSERT_EQ(inventory.devices.size(), 3U);
  EXPECT_TRUE(inventory.notes.empty());
  const Device& gpu = inventory.devices[1];
  EXPECT_EQ(gpu.id, "cuda:0");
  EXPECT_EQ(gpu.kind, DeviceKind::gpu);
  EXPECT_EQ(gpu.name, "Fake GPU 0");
  EXPECT_EQ(gpu.uuid, "GPU-00000000-0000-0000-0000-000000000000");
  EXPECT_EQ(gpu.pci, "0000:3a:00.0");
  EXPECT_EQ(gpu.driver, "550.54.15");
  EXPECT_EQ(gpu.memory_total, ByteCount(80ULL << 30));
  EXPECT_EQ(gpu.memory_free, ByteCount(70ULL << 30));
  EXPECT_EQ(inventory.devices[2].id, "cuda:1");
  EXPECT_EQ(inventory.devices[2].pci, "0000:3b:00.0");
  EXPECT_EQ(inventory.devices[2].memory_free, ByteCount(0));
}

TEST(NvmlProbeTest, ALostGpuLeavesTheOthersAndKeepsTheirNumbers) {
  const Inventory inventory = probe(with_nvml("lost"));
  ASSERT_EQ(inventory.devices.size(), 3U);
  EXPECT_EQ(inventory.devices[1].id, "cuda:0");
  EXPECT_EQ(inventory.devices[2].id, "cuda:2");
  EXPECT_EQ(inventory.devices[2].pci, "0000:3c:00.0");
  ASSERT_EQ(inventory.notes.size(), 1U);
  EXPECT_EQ(inventory.notes[0].source, "nvml");
  EXPECT_EQ(inventory.notes[0].reason, "cuda:1 cannot be used: GPU is lost");
  EXPECT_TRUE(inventory.notes[0].is_fault);
}

TEST(NvmlProbeTest, SaysWhyThereIsNoGpu) {
  const auto reason = [](const ProbeOptions& options) {
    const Inventory inventory = probe(options);
    EXPECT_EQ(inventory.devices.size(), 1U);
    return inventory.notes.empty() ? std::string("no note") : inventory.notes[0].reason;
  };
  EXPECT_EQ(reason(with_nvml("none")), "the driver of NVIDIA is there, but no GPU");
  EXPECT_EQ(reason(with_nvml("unloaded")), "NVIDIA's driver does not start: Driver Not Loaded");
  EXPECT_NE(reason(with_nvml("old")).find("too old"), std::string::npos);
  EXPECT_NE(reason(with_nvml("old")).find("nvmlDeviceGetPciInfo_v3"), std::string::npos);
  ProbeOptions missing;
  missing.nvml = "libmodelhub-has-no-such-driver.so.1";
  EXPECT_NE(reason(missing).find("libmodelhub-has-no-such-driver.so.1"), std::string::npos);
}

TEST(OpenClProbeTest, DescribesEachGpuOnce) {
  const Inventory inventory = probe(with_opencl("two"));
  ASSERT_EQ(inventory.devices.size(), 3U) << "the second platform has a card of the first";
  EXPECT_TRUE(inventory.notes.empty());
  const Device& gpu = inventory.devices[1];
  EXPECT_EQ(gpu.id, "opencl:0");
  EXPECT_EQ(gpu.kind, DeviceKind::gpu);
  EXPECT_EQ(gpu.name, "Fake Graphics");
  EXPECT_EQ(gpu.uuid, "0a010203-0405-0607-0809-0a0b0c0d0e0f");
  EXPECT_EQ(gpu.pci, "0000:00:02.0");
  EXPECT_EQ(gpu.driver, "23.43.027");
  EXPECT_EQ(gpu.memory_total, ByteCount(4ULL << 30));
  EXPECT_EQ(inventory.devices[2].id, "opencl:1");
  EXPECT_EQ(inventory.devices[2].name, "Fake Arc");
}

TEST(OpenClProbeTest, ADriverWithoutTheExtensionsTellsTheRest) {
  const Inventory inventory = probe(with_opencl("plain"));
  ASSERT_EQ(inventory.devices.size(), 3U);
  EXPECT_EQ(inventory.devices[1].name, "Fake Graphics");
  EXPECT_TRUE(inventory.devices[1].pci.empty());
  EXPECT_TRUE(inventory.devices[1].uuid.empty());
}

TEST(OpenClProbeTest, WhatNvmlHasListedIsNotListedAgain) {
  ProbeOptions options = with_opencl("nvidia");
  EXPECT_EQ(probe(options).devices.size(), 3U) << "without NVML it is all that is known of them";
  options.nvml = with_nvml("two").nvml;
  const Inventory inventory = probe(options);
  ASSERT_EQ(inventory.devices.size(), 3U);
  EXPECT_EQ(inventory.devices[1].id, "cuda:0");
  EXPECT_EQ(inventory.devices[2].id, "cuda:1");
  EXPECT_TRUE(inventory.notes.empty());
}

TEST(OpenClProbeTest, APlatformThatFailsLeavesTheOthers) {
  const Inventory inventory = probe(with_opencl("second_fails"));
  EXPECT_EQ(inventory.devices.size(), 3U);
  ASSERT_EQ(inventory.notes.size(), 1U);
  EXPECT_EQ(inventory.notes[0].reason,
            "the devices of Another Platform cannot be listed: error -5");
}

TEST(OpenClProbeTest, SaysWhyThereIsNoGpu) {
  const auto reason = [](const ProbeOptions& options) {
    const Inventory inventory = probe(options);
    EXPECT_EQ(inventory.devices.size(), 1U);
    if (inventory.notes.size() != 1) return std::string("no note");
    EXPECT_EQ(inventory.notes[0].source, "opencl");
    return inventory.notes[0].reason;
  };
  EXPECT_EQ(reason(with_opencl("loader_alone")), "OpenCL is here, but no vendor's driver for it");
  EXPECT_EQ(reason(with_opencl("empty")), "OpenCL is here, but no vendor's driver for it");
  EXPECT_EQ(reason(with_opencl("broken")), "OpenCL does not start: error -6");
  EXPECT_NE(reason(with_opencl("hollow")).find("has no clGetDeviceInfo"), std::string::npos);
  EXPECT_NE(reason(with_opencl("missing")).find("OpenCL is not here"), std::string::npos);
}

TEST(OpenClProbeTest, NobodyLooksUnlessAsked) { EXPECT_TRUE(ProbeOptions().opencl.empty()); }

}  // namespace
}  // namespace modelhub::device
