// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "modelhub/device.h"

namespace modelhub::device {

// Why a way of finding devices found none, or less than all: for doctor, and for the message when a
// GPU was asked for.
struct ProbeNote {
  std::string source;  // "nvml"
  std::string reason;  // "libnvidia-ml.so.1 cannot be opened: no such file"
};

// What this machine has. Whether an engine can use it is another question (see plan.h).
struct Inventory {
  std::vector<Device> devices;  // the CPU first
  std::vector<ProbeNote> notes;
};

struct ProbeOptions {
  // Put before every path below /proc and /sys.
  std::string root;
  // NVIDIA's management library, as dlopen takes it; empty: do not look.
  std::string nvml = "libnvidia-ml.so.1";

  ProbeOptions() {}  // NOLINT(modernize-use-equals-default): see coroutine.h
};

// Looks at the machine: some milliseconds with a GPU driver, less than one without. What cannot be
// read is left out and noted; a CPU is always found.
//
// Thread safety: may be called from any thread.
Inventory probe(const ProbeOptions& options = {});

// How many threads of this process can run at once: the cores that its affinity mask allows, at
// most those that the CPU quota of its cgroup (v2) pays for, at least 1.
unsigned usable_cores(const ProbeOptions& options = {});

}  // namespace modelhub::device
