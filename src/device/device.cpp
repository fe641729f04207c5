// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "modelhub/device.h"

#include <algorithm>
#include <array>

namespace modelhub {
namespace {

// The families of devices that can be named exactly, as "cuda:0".
constexpr std::array<std::string_view, 4> k_families = {"cpu", "cuda", "opencl", "webgpu"};

bool is_index(std::string_view text) {
  // Three digits are more devices than any machine has, and a leading zero would give one device
  // two names.
  return !text.empty() && text.size() <= 3 && (text == "0" || text.front() != '0') &&
         text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

std::string_view name_of(DeviceKind kind) {
  switch (kind) {
    case DeviceKind::cpu: return "cpu";
    case DeviceKind::gpu: return "gpu";
    case DeviceKind::npu: return "npu";
  }
  return "unknown";
}

DeviceKind kind_of_device(std::string_view id) {
  const std::string_view family = id.substr(0, id.find(':'));
  if (family == "cpu") return DeviceKind::cpu;
  return family == "npu" ? DeviceKind::npu : DeviceKind::gpu;
}

std::string_view name_of(DeviceFallback policy) {
  switch (policy) {
    case DeviceFallback::never: return "never";
    case DeviceFallback::listed: return "listed";
    case DeviceFallback::any: return "any";
  }
  return "unknown";
}

Result<DeviceFallback> parse_device_fallback(std::string_view text) {
  for (const DeviceFallback policy :
       {DeviceFallback::never, DeviceFallback::listed, DeviceFallback::any}) {
    if (text == name_of(policy)) return policy;
  }
  return Error(ErrorCode::invalid_argument, Subject::usage,
               "'" + std::string(text.substr(0, 40)) + "' is not a fallback policy",
               "use never, listed or any");
}

std::string_view name_of(DeviceVerdict verdict) {
  switch (verdict) {
    case DeviceVerdict::chosen: return "chosen";
    case DeviceVerdict::usable: return "usable";
    case DeviceVerdict::rejected: return "rejected";
  }
  return "unknown";
}

Result<DeviceRequest> DeviceRequest::parse(std::string_view text) {
  if (text == "auto") return DeviceRequest();
  if (text == "cpu") return DeviceRequest(Kind::cpu, text);
  if (text == "gpu") return DeviceRequest(Kind::gpu, text);
  const std::size_t colon = text.find(':');
  if (colon != std::string_view::npos && is_index(text.substr(colon + 1)) &&
      std::find(k_families.begin(), k_families.end(), text.substr(0, colon)) != k_families.end()) {
    return DeviceRequest(Kind::exact, text);
  }
  return Error(ErrorCode::invalid_argument, Subject::usage,
               "'" + std::string(text.substr(0, 40)) + "' names no device",
               "use auto, cpu, gpu, or one device of this machine such as cuda:0 (modelhub devices "
               "lists them)");
}

bool DeviceRequest::accepts(const Device& device) const {
  switch (kind_) {
    case Kind::automatic: return true;
    case Kind::cpu: return device.kind == DeviceKind::cpu;
    case Kind::gpu: return device.kind == DeviceKind::gpu;
    case Kind::exact: return device.id == text_;
  }
  return false;
}

}  // namespace modelhub
