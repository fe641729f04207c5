// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace modelhub::test {

// A folder of its own for one test; gone afterwards.
class ScratchFolder {
 public:
  ScratchFolder();
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  std::string path(std::string_view name = "") const {
    return name.empty() ? path_ : path_ + "/" + std::string(name);
  }
  // Writes a file; missing folders are made. Returns its path.
  std::string write(std::string_view name, std::string_view content) const;

 private:
  std::string path_;
};

// "" when it cannot be read.
std::string content_of(const std::string& path);

// Looks every few milliseconds until `condition` holds; false when it did not in time.
bool eventually(const std::function<bool()>& condition,
                std::chrono::milliseconds patience = std::chrono::seconds(20));

}  // namespace modelhub::test
