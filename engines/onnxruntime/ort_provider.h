// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <mutex>
#include <string>

#include <onnxruntime_c_api.h>

namespace modelhub::onnxruntime_engine {

// What ONNX Runtime computes with in place of the CPU.
struct Provider {
  std::string device;    // "cuda:0"
  std::string name;      // as people call it: "CUDA"
  std::string ort_name;  // as ONNX Runtime calls it: "CUDAExecutionProvider"
  // Lets a session use it. This alone tells whether ONNX Runtime can: it names a provider also
  // where what the provider needs is missing. Throws OrtError.
  std::function<void(OrtSessionOptions*)> append;
  // Held by whoever makes, runs or frees a session, where the provider's sessions share what is
  // not made for several threads; null: nobody has to.
  std::mutex* turn = nullptr;
};

// Owns the turn, or nothing when there is none to take.
inline std::unique_lock<std::mutex> take_turn(std::mutex* turn) {
  return turn != nullptr ? std::unique_lock<std::mutex>(*turn) : std::unique_lock<std::mutex>();
}

}  // namespace modelhub::onnxruntime_engine
