// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "device/cpu.h"

#include <sched.h>
#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <limits>
#include <optional>
#include <sstream>
#include <thread>
#include <vector>

namespace modelhub::device {
namespace {

// What the kernel calls a feature, and what we do. Only those that change which precision or kernel
// is fastest.
struct FeatureName {
  std::string_view kernel;
  std::string_view ours;
};
constexpr std::array k_features = {
    FeatureName{"fma", "fma"},
    FeatureName{"f16c", "f16c"},
    FeatureName{"avx", "avx"},
    FeatureName{"avx2", "avx2"},
    FeatureName{"avx_vnni", "avx_vnni"},
    FeatureName{"avx512f", "avx512f"},
    FeatureName{"avx512_vnni", "avx512_vnni"},
    FeatureName{"avx512_bf16", "avx512_bf16"},
    FeatureName{"avx512_fp16", "avx512_fp16"},
    FeatureName{"amx_bf16", "amx_bf16"},
    FeatureName{"amx_int8", "amx_int8"},
    FeatureName{"asimd", "neon"},
    FeatureName{"neon", "neon"},
    FeatureName{"asimddp", "dotprod"},
    FeatureName{"bf16", "bf16"},
    FeatureName{"i8mm", "i8mm"},
    FeatureName{"sve", "sve"},
};

std::string trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t") - first + 1));
}

// The value of the first line "key : value" in a file such as /proc/cpuinfo.
std::string find_value(const std::string& path, std::string_view key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(':');
    if (colon != std::string::npos && trim(line.substr(0, colon)) == key)
      return trim(line.substr(colon + 1));
  }
  return {};
}

std::vector<std::string> features_of(const std::string& flags) {
  std::vector<std::string> features;
  std::istringstream words(flags);
  for (std::string word; words >> word;) {
    for (const FeatureName& feature : k_features) {
      if (word != feature.kernel) continue;
      if (std::find(features.begin(), features.end(), feature.ours) == features.end()) {
        features.emplace_back(feature.ours);
      }
    }
  }
  return features;
}

unsigned cores_of_affinity() {
  // The kernel refuses a mask shorter than its own; 2^16 CPUs are eight times the largest that
  // Linux can be built for.
  for (int cpus = CPU_SETSIZE; cpus <= 1 << 16; cpus *= 2) {
    cpu_set_t* const set = CPU_ALLOC(static_cast<std::size_t>(cpus));
    if (set == nullptr) break;
    const std::size_t bytes = CPU_ALLOC_SIZE(static_cast<std::size_t>(cpus));
    const int count = ::sched_getaffinity(0, bytes, set) == 0 ? CPU_COUNT_S(bytes, set) : 0;
    CPU_FREE(set);
    if (count > 0) return static_cast<unsigned>(count);
  }
  return std::max(1U, std::thread::hardware_concurrency());
}

// The folders of the cgroup (v2) of this process, from its own up to the root; a limit of any of
// them binds.
std::vector<std::string> cgroup_folders(const std::string& root) {
  std::string group;
  std::ifstream file(root + "/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("0::", 0) == 0) group = line.substr(3);
  }
  std::vector<std::string> folders;
  // A path that begins above the root of this cgroup namespace cannot be walked: only the root is
  // left.
  if (group.find("..") != std::string::npos) group.clear();
  while (group.size() > 1) {
    folders.push_back(root + "/sys/fs/cgroup" + group);
    group.resize(group.rfind('/'));
  }
  folders.push_back(root + "/sys/fs/cgroup");
  return folders;
}

// How many cores the quota pays for: "200000 100000" are microseconds of CPU time in each period.
std::optional<double> cores_of_quota(const std::string& folder) {
  std::ifstream file(folder + "/cpu.max");
  double quota = 0;
  double period = 0;
  if (!(file >> quota >> period) || quota <= 0 || period <= 0)
    return std::nullopt;  // "max 100000", or no file
  return quota / period;
}

std::optional<std::uint64_t> read_number(const std::string& path) {
  std::ifstream file(path);
  std::uint64_t value = 0;
  if (!(file >> value)) return std::nullopt;  // "max", or no file
  return value;
}

ByteCount read_meminfo(const std::string& root, std::string_view key) {
  std::istringstream value(find_value(root + "/proc/meminfo", key));  // "24684092 kB"
  std::uint64_t kibibytes = 0;
  value >> kibibytes;
  return ByteCount(kibibytes * 1024);
}

void fill_memory(const std::string& root, Device& device) {
  device.memory_total = read_meminfo(root, "MemTotal");
  device.memory_free = read_meminfo(root, "MemAvailable");
  for (const std::string& folder : cgroup_folders(root)) {
    const std::optional<std::uint64_t> limit = read_number(folder + "/memory.max");
    if (!limit) continue;
    const std::uint64_t used = read_number(folder + "/memory.current").value_or(0);
    device.memory_total = std::min(device.memory_total, ByteCount(*limit));
    device.memory_free = std::min(device.memory_free, ByteCount(*limit - std::min(*limit, used)));
  }
}

std::string processor_name(const std::string& root) {
  // ARM kernels give no model name.
  if (std::string name = find_value(root + "/proc/cpuinfo", "model name"); !name.empty())
    return name;
  utsname machine{};
  return ::uname(&machine) == 0 ? std::string(machine.machine) + " processor" : "processor";
}

}  // namespace

unsigned count_usable_cores(const std::string& root) {
  double cores = cores_of_affinity();
  for (const std::string& folder : cgroup_folders(root)) {
    // Rounded up: one and a half cores are used better by two threads than by one.
    if (const std::optional<double> quota = cores_of_quota(folder))
      cores = std::min(cores, std::ceil(*quota));
  }
  return std::max(1U, static_cast<unsigned>(cores));
}

Device probe_cpu(const std::string& root) {
  Device device;
  device.id = "cpu:0";
  device.kind = DeviceKind::cpu;
  device.cores = count_usable_cores(root);
  device.name = processor_name(root) + ", " + std::to_string(device.cores) +
                (device.cores == 1 ? " core" : " cores");
  std::string flags = find_value(root + "/proc/cpuinfo", "flags");
  if (flags.empty()) flags = find_value(root + "/proc/cpuinfo", "Features");
  device.features = features_of(flags);
  fill_memory(root, device);
  return device;
}

}  // namespace modelhub::device
