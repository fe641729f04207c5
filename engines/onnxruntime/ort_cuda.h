// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "ort_library.h"
#include "ort_provider.h"

namespace modelhub::onnxruntime_engine {

// One GPU, and how to compute there.
struct CudaOptions {
  int device = 0;
  bool is_exact = true;  // in float32 as the model's file says, not in TF32
};

// The GPUs that the host has found: the setting `cuda_devices`, numbers with commas between.
std::vector<int> cuda_devices_of(const engine_module::Host& host);

// What offers cuda:0 and so on. `devices`: those that there are.
std::vector<engine_module::DeviceOffer> offer_cuda(const OrtLibrary& library,
                                                   const std::vector<int>& devices);

// `library` must outlive it.
Provider cuda_provider(const OrtLibrary& library, const CudaOptions& options);

}  // namespace modelhub::onnxruntime_engine
