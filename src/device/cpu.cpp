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

// Where one controller's files about the cgroup of this process lie, from its own folder up to the
// root; a limit of any of them binds. `hierarchy`: its folder in /sys/fs/cgroup.
void add_folders(const std::string& hierarchy, std::string group,
                 std::vector<std::string>& folders) {
  // A path that begins above the root of this cgroup namespace cannot be walked: only the root is
  // left. One of the host, which a container of version 1 sees, leads nowhere, and so to the root.
  if (group.find("..") != std::string::npos) group.clear();
  while (group.size() > 1) {
    folders.push_back(hierarchy + group);
    group.resize(group.rfind('/'));
  }
  folders.push_back(hierarchy);
}

// In version 2 one hierarchy has all controllers ("0::/group"), in version 1 each has its own
// ("4:cpu,cpuacct:/group"); a machine may have both.
std::vector<std::string> cgroup_folders(const std::string& root, const std::string& controller) {
  const std::string base = root + "/sys/fs/cgroup";
  std::vector<std::string> folders;
  std::string unified;
  std::ifstream file(root + "/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    const std::size_t list = line.find(':');
    const std::size_t path = line.find(':', list + 1);
    if (list == std::string::npos || path == std::string::npos) continue;
    const std::string controllers = "," + line.substr(list + 1, path - list - 1) + ",";
    if (controllers == ",,") unified = line.substr(path + 1);
    if (controllers.find("," + controller + ",") != std::string::npos)
      add_folders(base + "/" + controller, line.substr(path + 1), folders);
  }
  add_folders(base, unified, folders);
  return folders;
}

// The number of a file; nothing when there is none, or a word ("max").
template <class Number>
std::optional<Number> read_number(const std::string& path) {
  std::ifstream file(path);
  Number value{};
  if (!(file >> value)) return std::nullopt;
  return value;
}

// How many cores the quota pays for: microseconds of CPU time in each period.
std::optional<double> cores_of_quota(const std::string& folder) {
  std::optional<double> quota;
  std::optional<double> period;
  std::ifstream file(folder + "/cpu.max");  // "200000 100000", "max 100000"
  double first = 0;
  double second = 0;
  if (file >> first >> second) {
    quota = first;
    period = second;
  } else {  // version 1; -1: none
    quota = read_number<double>(folder + "/cpu.cfs_quota_us");
    period = read_number<double>(folder + "/cpu.cfs_period_us");
  }
  if (!quota || !period || *quota <= 0 || *period <= 0) return std::nullopt;
  return *quota / *period;
}

// Of a file of lines "name number".
std::uint64_t read_statistic(const std::string& path, std::string_view name) {
  std::ifstream file(path);
  std::string word;
  for (std::uint64_t value = 0; file >> word >> value;) {
    if (word == name) return value;
  }
  return 0;
}

struct CgroupMemory {
  std::uint64_t limit;
  std::uint64_t used;
};

// What is used counts without the pages of files that nobody has touched for long: the kernel gives
// them up first, and whoever has just fetched a model has filled the rest of the limit with them.
std::optional<CgroupMemory> memory_of_cgroup(const std::string& folder) {
  const auto read = [&](const char* limit, const char* used,
                        const char* inactive) -> std::optional<CgroupMemory> {
    const auto most = read_number<std::uint64_t>(folder + limit);
    if (!most) return std::nullopt;
    const std::uint64_t all = read_number<std::uint64_t>(folder + used).value_or(0);
    const std::uint64_t files = read_statistic(folder + "/memory.stat", inactive);
    return CgroupMemory{*most, all - std::min(all, files)};
  };
  if (auto memory = read("/memory.max", "/memory.current", "inactive_file")) return memory;
  return read("/memory.limit_in_bytes", "/memory.usage_in_bytes", "total_inactive_file");
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
  for (const std::string& folder : cgroup_folders(root, "memory")) {
    const std::optional<CgroupMemory> memory = memory_of_cgroup(folder);
    if (!memory) continue;
    const std::uint64_t free = memory->limit - std::min(memory->limit, memory->used);
    device.memory_total = std::min(device.memory_total, ByteCount(memory->limit));
    device.memory_free = std::min(device.memory_free, ByteCount(free));
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
  for (const std::string& folder : cgroup_folders(root, "cpu")) {
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
