// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "ort_webgpu.h"

namespace modelhub::onnxruntime_engine {
namespace {

// In the list of what is available, and where it is appended.
constexpr const char* k_webgpu_ort_name = "WebGpuExecutionProvider";
constexpr const char* k_webgpu_name = "WebGPU";

// All sessions of a process share one device with one list of commands that nobody guards (ONNX
// Runtime 1.30). Never destroyed: sessions may be freed while the process exits.
std::mutex& turn() {
  static std::mutex* const the_one = new std::mutex;
  return *the_one;
}

}  // namespace

engine_module::DeviceOffer offer_webgpu(const OrtLibrary& library) {
  if (!library.has_provider(k_webgpu_ort_name)) {
    return {k_webgpu_device, false,
            "ONNX Runtime " + library.version() + " here has no WebGPU provider"};
  }
  return {k_webgpu_device, true, "tried when a model is loaded there, taken only by its name"};
}

Provider webgpu_provider(const OrtLibrary& library) {
  const auto append = [&library](OrtSessionOptions* session) {
    library.check(library.api().SessionOptionsAppendExecutionProvider(session, k_webgpu_name,
                                                                      nullptr, nullptr, 0));
  };
  return {k_webgpu_device, k_webgpu_name, k_webgpu_ort_name, append, &turn()};
}

}  // namespace modelhub::onnxruntime_engine
