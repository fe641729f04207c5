// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "engine/engine.h"
#include "modelhub/log.h"

namespace modelhub::engine {

// Keeps what engines say, from whichever thread (modelhub/log.h). Lives as long as what it was
// given to.
class LogLines {
 public:
  // Keeps lines of this level and of those above it.
  explicit LogLines(LogLevel least = LogLevel::debug) : least_(least) {}

  LogSink sink() {
    return [this](LogLevel level, std::string_view line) {
      if (level < least_) return;
      const std::lock_guard<std::mutex> lock(mutex_);
      lines_.emplace_back(line);
    };
  }

  std::vector<std::string> all() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return lines_;
  }

  void clear() {
    const std::lock_guard<std::mutex> lock(mutex_);
    lines_.clear();
  }

 private:
  const LogLevel least_;
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;  // guarded by mutex_
};

// A folder of its own for each test, gone at its end.
class EngineTest : public testing::Test {
 protected:
  EngineTest() : folder_(make_folder()) {}
  ~EngineTest() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return folder_ + "/" + name; }

  std::string write(const std::string& name, const std::string& content) const {
    std::ofstream(path(name), std::ios::binary) << content;
    return path(name);
  }

  std::string read(const std::string& name) const {
    std::ifstream in(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }

  // A request for a model of one file, written here.
  LoadRequest model(const std::string& format, const std::string& content) const {
    LoadRequest request;
    request.format = format;
    request.files = {{"graph", "model.txt", write("model.txt", content)}};
    return request;
  }

  // Another folder, gone with the object.
  class OtherFolder {
   public:
    OtherFolder() : folder_(make_folder()) {}
    ~OtherFolder() { std::filesystem::remove_all(folder_); }
    OtherFolder(const OtherFolder&) = delete;
    OtherFolder& operator=(const OtherFolder&) = delete;

    const std::string& folder() const { return folder_; }
    std::string path(const std::string& name) const { return folder_ + "/" + name; }
    void write(const std::string& name, const std::string& content) const {
      std::ofstream(path(name), std::ios::binary) << content;
    }

   private:
    const std::string folder_;
  };

  static Tensor floats(const std::vector<float>& values) {
    Tensor tensor =
        Tensor::allocate(DType::float32, {static_cast<std::int64_t>(values.size())}).value();
    std::copy(values.begin(), values.end(), tensor.as<float>().begin());
    return tensor;
  }

  const std::string folder_;

 private:
  static std::string make_folder() {
    std::string folder = (std::filesystem::temp_directory_path() / "engine-test-XXXXXX").string();
    if (mkdtemp(folder.data()) == nullptr) throw std::runtime_error("no temporary folder");
    return folder;
  }
};

}  // namespace modelhub::engine
