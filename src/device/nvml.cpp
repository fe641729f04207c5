// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "device/nvml.h"

#include <array>
#include <cstdint>
#include <cstring>

#include "device/driver_library.h"

namespace modelhub::device {
namespace {

// The part of NVML's C interface that needs none of its headers. Statuses are ints, 0 is success; a
// device is an opaque pointer; the two structs are described below. All of it has been stable since
// driver 410 (2018).
using Status = int;
using Handle = void*;

// nvmlMemory_t: total, free and used bytes.
using MemoryInfo = std::array<unsigned long long, 3>;
// nvmlPciInfo_t: 16 bytes of legacy id, five unsigned ints, then the bus id as 32 characters.
// Larger than that, should it ever grow.
using PciInfo = std::array<char, 256>;
constexpr std::size_t k_bus_id_offset = 16 + 5 * sizeof(unsigned);
constexpr std::size_t k_bus_id_size = 32;

struct Nvml {
  Status (*init)() = nullptr;
  Status (*shutdown)() = nullptr;
  const char* (*error_string)(Status) = nullptr;
  Status (*driver_version)(char*, unsigned) = nullptr;
  Status (*device_count)(unsigned*) = nullptr;
  Status (*device_handle)(unsigned, Handle*) = nullptr;
  Status (*device_name)(Handle, char*, unsigned) = nullptr;
  Status (*device_uuid)(Handle, char*, unsigned) = nullptr;
  Status (*device_pci)(Handle, PciInfo*) = nullptr;
  Status (*device_memory)(Handle, MemoryInfo*) = nullptr;
};

bool find_symbols(void* library, Nvml& nvml, std::string& missing) {
  return find_symbol(library, "nvmlInit_v2", nvml.init, missing) &&
         find_symbol(library, "nvmlShutdown", nvml.shutdown, missing) &&
         find_symbol(library, "nvmlErrorString", nvml.error_string, missing) &&
         find_symbol(library, "nvmlSystemGetDriverVersion", nvml.driver_version, missing) &&
         find_symbol(library, "nvmlDeviceGetCount_v2", nvml.device_count, missing) &&
         find_symbol(library, "nvmlDeviceGetHandleByIndex_v2", nvml.device_handle, missing) &&
         find_symbol(library, "nvmlDeviceGetName", nvml.device_name, missing) &&
         find_symbol(library, "nvmlDeviceGetUUID", nvml.device_uuid, missing) &&
         find_symbol(library, "nvmlDeviceGetPciInfo_v3", nvml.device_pci, missing) &&
         find_symbol(library, "nvmlDeviceGetMemoryInfo", nvml.device_memory, missing);
}

// Text that `read(buffer, size)` gives, or nothing when it fails.
template <class Read>
std::string read_text(const Read& read) {
  std::array<char, 256> buffer{};
  if (read(buffer.data(), static_cast<unsigned>(buffer.size())) != 0) return {};
  buffer.back() = '\0';
  return buffer.data();
}

// "00000000:3B:00.0" as Linux writes it: "0000:3b:00.0".
std::string normalise_bus_id(std::string id) {
  for (char& c : id) {
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
  }
  return id.size() == 16 && id.rfind("0000", 0) == 0 ? id.substr(4) : id;
}

std::string pci_of(const Nvml& nvml, Handle handle) {
  PciInfo info{};
  if (nvml.device_pci(handle, &info) != 0) return {};
  const char* const begin = info.data() + k_bus_id_offset;
  return normalise_bus_id(std::string(begin, ::strnlen(begin, k_bus_id_size)));
}

Device describe(const Nvml& nvml, unsigned index, Handle handle, const std::string& driver) {
  Device device;
  device.id = "cuda:" + std::to_string(index);
  device.kind = DeviceKind::gpu;
  device.driver = driver;
  device.name =
      read_text([&](char* text, unsigned size) { return nvml.device_name(handle, text, size); });
  device.uuid =
      read_text([&](char* text, unsigned size) { return nvml.device_uuid(handle, text, size); });
  device.pci = pci_of(nvml, handle);
  if (MemoryInfo memory{}; nvml.device_memory(handle, &memory) == 0) {
    device.memory_total = ByteCount(memory[0]);
    device.memory_free = ByteCount(memory[1]);
  }
  return device;
}

// REQUIRES: nvml.init() succeeded.
void list_devices(const Nvml& nvml, Inventory& inventory) {
  const auto note = [&](const std::string& what, Status status) {
    inventory.notes.push_back({"nvml", what + ": " + nvml.error_string(status), true});
  };
  unsigned count = 0;
  if (const Status status = nvml.device_count(&count); status != 0)
    return note("the GPUs cannot be counted", status);
  if (count == 0)
    inventory.notes.push_back({"nvml", "the driver of NVIDIA is there, but no GPU", false});
  const std::string driver = read_text(nvml.driver_version);
  for (unsigned index = 0; index < count; ++index) {
    Handle handle = nullptr;
    // One GPU that fell off the bus leaves the others usable.
    if (const Status status = nvml.device_handle(index, &handle); status != 0) {
      note("cuda:" + std::to_string(index) + " cannot be used", status);
      continue;
    }
    inventory.devices.push_back(describe(nvml, index, handle, driver));
  }
}

}  // namespace

void probe_nvml(const std::string& library, Inventory& inventory) {
  std::string reason;
  void* const handle = open_driver_library(library, reason);
  if (handle == nullptr) {
    inventory.notes.push_back({"nvml", "NVIDIA's driver is not here (" + reason + ")", false});
    return;
  }
  Nvml nvml;
  std::string missing;
  if (!find_symbols(handle, nvml, missing)) {
    inventory.notes.push_back(
        {"nvml", "NVIDIA's driver is too old: " + library + " has no " + missing, false});
    return;
  }
  if (const Status status = nvml.init(); status != 0) {
    inventory.notes.push_back(
        {"nvml", "NVIDIA's driver does not start: " + std::string(nvml.error_string(status)),
         false});
    return;
  }
  list_devices(nvml, inventory);
  nvml.shutdown();
}

}  // namespace modelhub::device
