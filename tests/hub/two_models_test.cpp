// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// What two models of one process are to each other, with real engines and weights.
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <variant>

#include <gtest/gtest.h>

#include "modelhub/hub.h"
#include "modelhub/image.h"
#include "support/scratch.h"
#include "support/shared_folder.h"

namespace modelhub::test {
namespace {

// Threads of ONNX Runtime have the name of the one that made them.
int threads_of_loads() {
  int count = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream file(task.path() / "comm");
    std::string name;
    std::getline(file, name);
    count += name == "modelhub-load" ? 1 : 0;
  }
  return count;
}

// ONNX Runtime's threads stay awake for a model that is alone, also when it has just been compiled:
// the file of that has another name as soon as the load is done.
TEST(TwoModelsTest, ShareTheirThreadsAlsoWhenTheFirstOneWasJustCompiled) {
  if (!std::filesystem::exists(shared_path("mirror/sha256"))) GTEST_SKIP() << "no mirror";
  const ScratchFolder scratch;
  HubOptions options;
  options.home = scratch.path("home");
  options.system_catalog.clear();
  options.catalogs = {std::string(MODELHUB_SOURCE_DIR) + "/tests/catalog/offline.json"};
  options.mirrors = {"file://" + shared_path("mirror")};
  const Hub hub = Hub::open(options).value();
  LoadOptions with_onnx_runtime;
  with_onnx_runtime.engine = "onnxruntime";
  const auto load = [&](const std::string& name) {
    return hub.ensure_ready(name, with_onnx_runtime).get().value();
  };
  // Starts the threads of the hub, and those that sessions share.
  std::string engine;  // "onnxruntime 1.32.0"
  for (int i = 0; i < 4; ++i) {
    const modelhub::Model other = load("ultraface");
    engine = other.lease().value().report().engine;
    ASSERT_TRUE(other.unload());
  }
  if (std::thread::hardware_concurrency() < 2 || std::stoi(engine.substr(14)) < 26)
    GTEST_SKIP() << "no threads that stay awake: one core, or " << engine;

  const modelhub::Model lone = load("mobilenet_v2");
  const Image picture = Image::load(shared_path("images/cat.jpg")).value();
  const Answer answer = lone.run(picture).value();
  const int before = threads_of_loads();
  load("ultraface");
  for (int i = 0; i < 1000 && threads_of_loads() >= before; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_LT(threads_of_loads(), before) << "its own threads have not gone";
  const Classification best = *std::get<Classifications>(answer).begin();
  const Answer later = lone.run(picture).value();
  const Classification again = *std::get<Classifications>(later).begin();
  EXPECT_EQ(again.class_id, best.class_id);
  EXPECT_EQ(again.score, best.score);
}

}  // namespace
}  // namespace modelhub::test
