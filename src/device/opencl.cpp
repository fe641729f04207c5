// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "device/opencl.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <vector>

#include "device/driver_library.h"

namespace modelhub::device {
namespace {

// The part of OpenCL's C interface that needs none of its headers: as it has been since 1.0 (2008).
// Statuses are 32-bit integers, 0 is success; platforms and devices are opaque pointers.
using Status = std::int32_t;
using Handle = void*;
using Bits = std::uint64_t;
using Name = std::uint32_t;

constexpr Status k_device_not_found = -1;
constexpr Status k_platform_not_found = -1001;  // of the loader that finds the vendors' drivers

constexpr Bits k_type_gpu = 1U << 2U;

constexpr Name k_platform_name = 0x0902;
constexpr Name k_device_vendor_id = 0x1001;
constexpr Name k_device_global_memory = 0x101F;
constexpr Name k_device_name = 0x102B;
constexpr Name k_driver_version = 0x102D;
constexpr Name k_device_uuid = 0x106A;  // extension cl_khr_device_uuid: 16 bytes
constexpr Name k_device_pci = 0x410F;   // extension cl_khr_pci_bus_info: the four numbers

constexpr std::uint32_t k_vendor_nvidia = 0x10DE;
// More than any machine has; what lies beyond is not looked at.
constexpr std::uint32_t k_most_platforms = 16;
constexpr std::uint32_t k_most_devices = 64;

struct OpenCl {
  Status (*platform_ids)(std::uint32_t, Handle*, std::uint32_t*) = nullptr;
  Status (*platform_info)(Handle, Name, std::size_t, void*, std::size_t*) = nullptr;
  Status (*device_ids)(Handle, Bits, std::uint32_t, Handle*, std::uint32_t*) = nullptr;
  Status (*device_info)(Handle, Name, std::size_t, void*, std::size_t*) = nullptr;
};

bool find_symbols(void* library, OpenCl& opencl, std::string& missing) {
  return find_symbol(library, "clGetPlatformIDs", opencl.platform_ids, missing) &&
         find_symbol(library, "clGetPlatformInfo", opencl.platform_info, missing) &&
         find_symbol(library, "clGetDeviceIDs", opencl.device_ids, missing) &&
         find_symbol(library, "clGetDeviceInfo", opencl.device_info, missing);
}

template <class Query>
std::string read_text(Query query, Handle handle, Name name) {
  std::array<char, 256> text{};
  if (query(handle, name, text.size() - 1, text.data(), nullptr) != 0) return {};
  std::string value = text.data();
  // Some drivers fill names up with spaces.
  value.erase(value.find_last_not_of(' ') + 1);
  return value;
}

// The value, or `otherwise` when the driver does not know the question.
template <class T>
T read_value(const OpenCl& opencl, Handle device, Name name, T otherwise) {
  T value{};
  std::size_t bytes = 0;
  const Status status = opencl.device_info(device, name, sizeof value, &value, &bytes);
  return status == 0 && bytes == sizeof value ? value : otherwise;
}

// As Linux writes it: "0000:3b:00.0".
std::string pci_of(const OpenCl& opencl, Handle device) {
  using Address = std::array<std::uint32_t, 4>;  // domain, bus, device, function
  const Address none = {~0U, ~0U, ~0U, ~0U};
  const Address address = read_value(opencl, device, k_device_pci, none);
  if (address == none) return {};
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%04x:%02x:%02x.%x", address[0], address[1], address[2],
                address[3]);
  return text.data();
}

// "01020304-0506-0708-090a-0b0c0d0e0f10".
std::string uuid_of(const OpenCl& opencl, Handle device) {
  using Uuid = std::array<unsigned char, 16>;
  const Uuid uuid = read_value(opencl, device, k_device_uuid, Uuid{});
  if (uuid == Uuid{}) return {};
  std::string text;
  for (std::size_t i = 0; i < uuid.size(); ++i) {
    std::array<char, 3> byte{};
    std::snprintf(byte.data(), byte.size(), "%02x", unsigned{uuid[i]});
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += byte.data();
  }
  return text;
}

class Prober {
 public:
  Prober(const OpenCl& opencl, Inventory& inventory) : opencl_(opencl), inventory_(inventory) {}

  void run() {
    std::array<Handle, k_most_platforms> platforms{};
    std::uint32_t count = 0;
    const Status status = opencl_.platform_ids(k_most_platforms, platforms.data(), &count);
    if (status == k_platform_not_found || (status == 0 && count == 0))
      return note("OpenCL is here, but no vendor's driver for it");
    if (status != 0) return note("OpenCL does not start: error " + std::to_string(status));
    for (std::uint32_t i = 0; i < std::min(count, k_most_platforms); ++i)
      list_devices(platforms[i]);
    if (found_ == 0 && notes_ == 0) note("the drivers of OpenCL know no GPU");
  }

 private:
  void note(const std::string& reason) {
    ++notes_;
    inventory_.notes.push_back({"opencl", reason, false});
  }

  void list_devices(Handle platform) {
    std::array<Handle, k_most_devices> devices{};
    std::uint32_t count = 0;
    const Status status =
        opencl_.device_ids(platform, k_type_gpu, k_most_devices, devices.data(), &count);
    if (status == k_device_not_found) return;
    if (status != 0) {
      return note("the devices of " + read_text(opencl_.platform_info, platform, k_platform_name) +
                  " cannot be listed: error " + std::to_string(status));
    }
    for (std::uint32_t i = 0; i < std::min(count, k_most_devices); ++i) {
      ++found_;
      Device device = describe(devices[i]);
      if (!is_known(device, read_value(opencl_, devices[i], k_device_vendor_id, 0U)))
        add(std::move(device));
    }
  }

  Device describe(Handle handle) const {
    Device device;
    device.kind = DeviceKind::gpu;
    device.name = read_text(opencl_.device_info, handle, k_device_name);
    device.driver = read_text(opencl_.device_info, handle, k_driver_version);
    device.uuid = uuid_of(opencl_, handle);
    device.pci = pci_of(opencl_, handle);
    device.memory_total =
        ByteCount(read_value(opencl_, handle, k_device_global_memory, std::uint64_t{0}));
    device.memory_free = device.memory_total;  // nobody tells how much is in use
    return device;
  }

  // One card may be there by several drivers, and those of NVIDIA are listed by NVML.
  bool is_known(const Device& device, std::uint32_t vendor) const {
    return std::any_of(inventory_.devices.begin(), inventory_.devices.end(),
                       [&](const Device& other) {
                         const bool is_cuda = other.id.rfind("cuda:", 0) == 0;
                         return (is_cuda && vendor == k_vendor_nvidia) ||
                                (!device.pci.empty() && other.pci == device.pci);
                       });
  }

  void add(Device device) {
    device.id = "opencl:" + std::to_string(added_++);
    inventory_.devices.push_back(std::move(device));
  }

  const OpenCl& opencl_;
  Inventory& inventory_;
  int found_ = 0;
  int added_ = 0;
  int notes_ = 0;
};

}  // namespace

void probe_opencl(const std::string& library, Inventory& inventory) {
  std::string reason;
  void* const handle = open_driver_library(library, reason);
  if (handle == nullptr) {
    inventory.notes.push_back({"opencl", "OpenCL is not here (" + reason + ")", false});
    return;
  }
  OpenCl opencl;
  if (std::string missing; !find_symbols(handle, opencl, missing)) {
    inventory.notes.push_back({"opencl", library + " is no OpenCL: it has no " + missing, false});
    return;
  }
  Prober(opencl, inventory).run();
}

}  // namespace modelhub::device
