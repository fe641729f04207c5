// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ov_library.h"

namespace modelhub::openvino_engine {

// What OpenVINO has compiled, kept in a file so that a later load need not compile again. The
// file ends with its length and a checksum of it and of OpenVINO's build: one that was cut off,
// changed or made by another build is not taken for one of ours.
//
// Ownership: maps the file as long as it lives.
class CompiledFile {
 public:
  // Nothing when the file is not there or not one of ours.
  static std::optional<CompiledFile> open(const std::string& path, const std::string& build);
  // Writes the file, in one step as others see it. Throws OvError, or Failure when the disk does
  // not take it; then nothing stays.
  static void write(const OvLibrary& library, const OvCompiledModel* compiled,
                    const std::string& path);

  CompiledFile(CompiledFile&& other) noexcept;
  CompiledFile& operator=(CompiledFile&&) = delete;
  ~CompiledFile();

  // What OpenVINO wrote.
  std::string_view content() const;

 private:
  explicit CompiledFile(std::string_view mapped);

  std::string_view mapped_;
};

}  // namespace modelhub::openvino_engine
