// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "element_types.h"
#include "modelhub/engine_module.h"
#include "ov_api.h"

namespace modelhub::openvino_engine {

// A failure told by OpenVINO itself.
class OvError : public std::exception {
 public:
  OvError(OvStatus status, std::string message) : status_(status), message_(std::move(message)) {}
  OvStatus status() const { return status_; }
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  OvStatus status_;
  std::string message_;
};

// Owns an object of OpenVINO.
template <class T>
using OvPtr = std::unique_ptr<T, void (*)(T*)>;

// OpenVINO, opened when it is needed and never closed: it keeps threads.
//
// Thread safety: constant after construction.
class OvLibrary {
 public:
  // Looks in `library_dir` (and where installs have their libraries below it) alone if there is
  // one; otherwise where docs/engines.md says. Throws Failure with the sentence that tells what is
  // missing: it fits behind "cannot be used: ".
  explicit OvLibrary(const std::optional<std::string>& library_dir);

  const OvApi& api() const { return api_; }
  const ElementTypes& types() const { return *types_; }
  const std::string& version() const { return version_; }  // "2026.4.0"
  // What tells two builds of a version apart: "2026.4.0-21345-0123abc-releases/2026/4".
  const std::string& build() const { return build_; }
  const std::string& path() const { return path_; }

  // Throws OvError when `status` is one.
  void check(OvStatus status) const;
  // Calls, and throws OvError when that fails. OpenVINO keeps one text for the process that says
  // why a call failed; here it is surely that of this call. For steps that can be repeated.
  void attempt(const std::function<OvStatus()>& call) const;

  // What the library has as text, freed. Throws OvError.
  std::string text(const std::function<OvStatus(char** text)>& get) const;

 private:
  OvApi api_{};
  std::optional<ElementTypes> types_;
  std::string version_;
  std::string build_;
  std::string path_;
};

}  // namespace modelhub::openvino_engine
