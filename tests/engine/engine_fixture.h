// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "engine/engine.h"

namespace modelhub::engine {

// A folder of its own for each test, gone at its end.
class EngineTest : public testing::Test {
 protected:
  EngineTest() {
    std::string folder = (std::filesystem::temp_directory_path() / "engine-test-XXXXXX").string();
    if (mkdtemp(folder.data()) == nullptr) throw std::runtime_error("no temporary folder");
    folder_ = folder;
  }
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

  static Tensor floats(const std::vector<float>& values) {
    Tensor tensor =
        Tensor::allocate(DType::float32, {static_cast<std::int64_t>(values.size())}).value();
    std::copy(values.begin(), values.end(), tensor.as<float>().begin());
    return tensor;
  }

  std::string folder_;
};

}  // namespace modelhub::engine
