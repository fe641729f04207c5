// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ort_library.h"
#include "ort_provider.h"

namespace modelhub::onnxruntime_engine {

inline constexpr const char* k_webgpu_device = "webgpu:0";

// What offers webgpu:0. Where the library has the provider it is not tried: that would start the
// drivers of all GPUs in every process. So the offer says that only a load tells.
engine_module::DeviceOffer offer_webgpu(const OrtLibrary& library);

// The one adapter that ONNX Runtime takes by itself: the fastest that Vulkan has, and that may be
// one which computes on the CPU. `library` must outlive it.
Provider webgpu_provider(const OrtLibrary& library);

}  // namespace modelhub::onnxruntime_engine
