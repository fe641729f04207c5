// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "modelhub/device.h"

namespace modelhub::device {

// What this machine has. Whether an engine can use it is another question (see plan.h).
struct Inventory {
  std::vector<Device> devices;  // the CPU first
  std::vector<DeviceNote> notes;
};

// What dlopen calls OpenCL.
inline constexpr std::string_view k_opencl_library = "libOpenCL.so.1";

struct ProbeOptions {
  // Put before every path below /proc and /sys.
  std::string root;
  // NVIDIA's management library, as dlopen takes it; empty: do not look.
  std::string nvml = "libnvidia-ml.so.1";
  // The library that finds the OpenCL drivers of all vendors; empty: do not look. It opens them,
  // and some take a second to start: only where somebody asks for it.
  std::string opencl;

  ProbeOptions() {}  // NOLINT(modernize-use-equals-default): see coroutine.h
};

// Looks at the machine: some milliseconds with a GPU driver, less than one without. What cannot be
// read is left out and noted; a CPU is always found.
//
// Thread safety: may be called from any thread.
Inventory probe(const ProbeOptions& options = {});

// How many threads of this process can run at once: the cores that its affinity mask allows, at
// most those that the CPU quota of its cgroup pays for, at least 1.
unsigned usable_cores(const ProbeOptions& options = {});

}  // namespace modelhub::device
