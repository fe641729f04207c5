// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <onnxruntime_c_api.h>

#include "modelhub/engine_module.h"

namespace modelhub::onnxruntime_engine {

// The version of the C interface that is asked for: that of ONNX Runtime 1.16, which every later
// one offers too. Only members of OrtApi up to this version may be used, whatever headers the build
// has.
inline constexpr std::uint32_t k_api_version = 16;

// A failure told by ONNX Runtime itself.
class OrtError : public std::exception {
 public:
  OrtError(OrtErrorCode code, std::string message) : code_(code), message_(std::move(message)) {}
  OrtErrorCode code() const { return code_; }
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  OrtErrorCode code_;
  std::string message_;
};

// Owns an object of ONNX Runtime.
template <class T>
using OrtPtr = std::unique_ptr<T, void(ORT_API_CALL*)(T*)>;

// ONNX Runtime, opened when it is needed and never closed: it keeps threads and thread-local data.
//
// Thread safety: constant after construction.
class OrtLibrary {
 public:
  // Looks in `library_dir` (and its lib/) alone if there is one. Otherwise beside this module, in
  // the folders that the module's run path names (of the build tree; none after an install) and
  // where the system looks. Throws Failure with the sentence that tells what is missing: it fits
  // behind "cannot be used: ".
  explicit OrtLibrary(const std::optional<std::string>& library_dir);

  const OrtApi& api() const { return *api_; }
  const std::string& version() const { return version_; }  // "1.32.0"
  bool is_at_least(int minor) const;                       // 1.<minor>, or newer
  const std::string& path() const { return path_; }
  bool has_provider(const std::string& name) const;

  // Throws OrtError when `status` is one.
  void check(OrtStatus* status) const;

 private:
  std::string version_;
  std::string path_;
  const OrtApi* api_ = nullptr;
};

}  // namespace modelhub::onnxruntime_engine
