// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dlfcn.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include <onnxruntime_c_api.h>

#include "modelhub/tensor.h"

namespace modelhub::bench {

// ONNX Runtime without modelhub: what it is compared with. What fails ends the program; nothing is
// freed before the program ends.

inline constexpr std::uint32_t k_ort_api_version = 16;

[[noreturn]] inline void fail(const std::string& why) {
  std::cerr << why << '\n';
  std::exit(1);
}

// The library that the engine of the same build finds: both have the same run path.
inline const OrtApiBase& onnx_runtime() {
  void* const library = dlopen("libonnxruntime.so.1", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) fail(dlerror());
  const auto get_base =
      reinterpret_cast<const OrtApiBase*(ORT_API_CALL*)()>(dlsym(library, "OrtGetApiBase"));
  if (get_base == nullptr) fail("libonnxruntime.so.1 is no ONNX Runtime");
  return *get_base();
}

inline void check(const OrtApi& api, OrtStatus* status) {
  if (status != nullptr) fail(api.GetErrorMessage(status));
}

// One Run on an input that stays the same, with its outputs made and dropped.
// Thread safety: run() from many threads.
class BareRun {
 public:
  // REQUIRES: the model has one input, of float32.
  BareRun(const OrtApi& api, OrtSession* session, Tensor input)
      : api_(api), session_(session), tensor_(std::move(input)) {
    OrtAllocator* allocator = nullptr;
    check(api, api.GetAllocatorWithDefaultOptions(&allocator));
    check(api, api.SessionGetInputName(session, 0, allocator, &input_));
    std::size_t count = 0;
    check(api, api.SessionGetOutputCount(session, &count));
    outputs_.resize(count);
    for (std::size_t i = 0; i < count; ++i)
      check(api, api.SessionGetOutputName(session, i, allocator, &outputs_[i]));
    OrtMemoryInfo* memory = nullptr;
    check(api, api.CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, &memory));
    check(api, api.CreateTensorWithDataAsOrtValue(memory, tensor_.data(), tensor_.bytes(),
                                                  tensor_.shape().data(), tensor_.shape().size(),
                                                  ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, &value_));
  }

  void run() const {
    std::vector<OrtValue*> results(outputs_.size(), nullptr);
    check(api_, api_.Run(session_, nullptr, &input_, &value_, 1, outputs_.data(), outputs_.size(),
                         results.data()));
    for (OrtValue* const result : results) api_.ReleaseValue(result);
  }

 private:
  const OrtApi& api_;
  OrtSession* const session_;
  Tensor tensor_;
  char* input_ = nullptr;
  std::vector<char*> outputs_;
  OrtValue* value_ = nullptr;
};

}  // namespace modelhub::bench
