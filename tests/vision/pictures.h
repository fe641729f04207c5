// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <vector>

#include "modelhub/image.h"

namespace modelhub {

// The pictures that make_pictures.py has made; empty when it could not run.
inline std::filesystem::path made_pictures() {
  const std::filesystem::path folder = MODELHUB_TEST_PICTURES;
  return std::filesystem::exists(folder / "made") ? folder : std::filesystem::path();
}

// A folder of pictures outside the project; empty when it is not there.
inline std::filesystem::path real_pictures() {
  const char* const shared = std::getenv("MODELHUB_TEST_SHARED");
  if (shared == nullptr) return {};
  const std::filesystem::path folder = std::filesystem::path(shared) / "images";
  return std::filesystem::exists(folder) ? folder : std::filesystem::path();
}

inline std::vector<std::byte> bytes_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> content((std::istreambuf_iterator<char>(file)), {});
  const auto bytes = std::as_bytes(std::span(content));
  return {bytes.begin(), bytes.end()};
}

inline void write_bytes(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

// Removed, with all in it, at the end of the test.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "modelhub-image-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace modelhub
