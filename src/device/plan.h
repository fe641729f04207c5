// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "device/probe.h"
#include "modelhub/device.h"

namespace modelhub::device {

// What one engine says about one device.
struct EngineOffer {
  std::string engine;   // "onnxruntime"
  std::string version;  // "1.32.0"
  std::string device;   // "cuda:0"; "cuda" speaks for all of the family
  bool is_usable = false;
  std::string reason;  // why not: "this ONNX Runtime has no CUDA provider"
};

// What the chosen variant of a model can run on, as the catalog lists it.
struct ModelNeeds {
  std::vector<std::string> devices;  // "cpu", "gpu", or ids; empty: any
  // names, best first; an engine that is too old offers nothing. Empty: any
  std::vector<std::string> engines;
  ByteCount memory{};  // an estimate of what it takes at most while it is loaded; 0: not known
};

// any for "auto" and "gpu", never for a request that names a device.
DeviceFallback default_fallback(const DeviceRequest& request);

// Whether the choice may depend on what OpenCL finds: a GPU is asked for, or an engine can use it.
bool wants_opencl(const DeviceRequest& request, const std::vector<EngineOffer>& offers);

// Whether a device is taken only when it is named exactly. Those of WebGPU are: what computes
// behind webgpu:0 may be a program on the CPU, many times slower than the CPU itself, and nobody
// tells.
bool is_by_name_only(std::string_view id);

// Chooses device and engine: a pure function of what it is given.
//
// What an engine can use counts, not what hardware exists: a device is usable when an engine of the
// model offers it. GPUs come before the CPU; among the engines of one device the order of
// `needs.engines` decides. Taking another device than the one asked for, or leaving hardware of a
// better kind unused, always adds a warning that says why.
//
// A device with a memory of its own that has less free than the model needs comes after all others
// that may be taken in its place. Where none may, its fullness is no reason against it: whoever
// loads the model waits for room.
//
// Errors: unsupported, Subject::device: no device may be used; the message has every reason.
Result<DevicePlan> plan(const DeviceRequest& request, const Inventory& inventory,
                        const std::vector<EngineOffer>& offers, const ModelNeeds& needs,
                        DeviceFallback policy);

}  // namespace modelhub::device
