// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "modelhub/byte_count.h"
#include "modelhub/export.h"
#include "modelhub/result.h"

namespace modelhub MODELHUB_API {

enum class DeviceKind { cpu, gpu, npu };

std::string_view name_of(DeviceKind kind);
// The kind that an id says: "cpu:0" is a cpu, "npu:0" an npu, everything else ("cuda:0") a gpu.
DeviceKind kind_of_device(std::string_view id);

// Something of this machine that can run a model, as it was when the machine was looked at.
//
// Thread safety: a value.
struct Device {
  // Stable name: "cpu:0", "cuda:0" (N counts in PCI order, as nvidia-smi does), "opencl:0",
  // "webgpu:0".
  std::string id;
  DeviceKind kind = DeviceKind::cpu;
  std::string name;    // "AMD EPYC, 2 cores", "NVIDIA H100 80GB HBM3"
  std::string uuid;    // "GPU-0a1b..."; empty for a CPU, and where the driver has none
  std::string pci;     // "0000:3b:00.0"; empty for a CPU, and where the driver tells none
  std::string driver;  // version of the driver; empty for a CPU
  // CPU: threads that this process may run at once (affinity and cgroup); else 0
  unsigned cores = 0;
  ByteCount memory_total;  // 0 when unknown; for a CPU what this process may have
  ByteCount memory_free;   // the total where nobody tells what is in use (OpenCL)
  // what decides speed: "avx2", "avx512_bf16", "amx_bf16", "neon"
  std::vector<std::string> features;
};

// Why a way of finding devices found none, or less than all.
struct DeviceNote {
  std::string source;     // "nvml", "opencl"
  std::string reason;     // "NVIDIA's driver is not here (libnvidia-ml.so.1: cannot open ...)"
  bool is_fault = false;  // a device is there, and something is wrong with it
};

// On which device a model shall run: "auto" (the best that works), "cpu", "gpu" (any), or one
// exactly: "cuda:0".
//
// Thread safety: a value.
class DeviceRequest {
 public:
  enum class Kind { automatic, cpu, gpu, exact };

  DeviceRequest() = default;  // automatic
  // Errors: invalid_argument, Subject::usage, with the forms that exist.
  static Result<DeviceRequest> parse(std::string_view text);

  Kind kind() const { return kind_; }
  // As parse() reads it; for an exact request the id of the device.
  const std::string& string() const { return text_; }
  // Whether the user named one device, so that another is never taken in its place.
  bool is_strict() const { return kind_ == Kind::exact || kind_ == Kind::cpu; }
  bool accepts(const Device& device) const;

 private:
  DeviceRequest(Kind kind, std::string_view text) : kind_(kind), text_(text) {}

  Kind kind_ = Kind::automatic;
  std::string text_ = "auto";
};

// What to do when no device that was asked for can be used. A strict request never falls back,
// whatever the policy.
enum class DeviceFallback {
  never,   // an error; with "auto" also when the best kind of device of this machine cannot be used
  listed,  // another device, when the catalog lists its kind for the model
  any,     // another device, with a warning that says why
};

std::string_view name_of(DeviceFallback policy);
// Errors: invalid_argument, Subject::usage.
Result<DeviceFallback> parse_device_fallback(std::string_view text);

enum class DeviceVerdict { chosen, usable, rejected };

std::string_view name_of(DeviceVerdict verdict);

// One device with one engine, and what was thought of it.
struct DeviceCandidate {
  std::string device;  // "cuda:0"
  std::string engine;  // "onnxruntime"
  std::string engine_version;
  DeviceVerdict verdict = DeviceVerdict::rejected;
  std::string reason;  // why it was rejected, or not chosen; never empty but for the chosen one
};

// Which device and engine a model gets, and why: all candidates in the order in which they were
// preferred. It is kept with the loaded model.
//
// Thread safety: a value.
struct DevicePlan {
  std::string requested;              // "auto"
  std::optional<std::string> chosen;  // a device's id; set in every plan that was made
  std::string engine;                 // of the chosen candidate
  DeviceFallback fallback = DeviceFallback::any;
  std::vector<DeviceCandidate> candidates;
  std::vector<std::string> warnings;  // a fallback taken, each with its reason
  std::string tuned;                  // what tuning found and when; empty: it did not decide
};

}  // namespace MODELHUB_API
