// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <string>
#include <string_view>

#include "modelhub/engine_module.h"
#include "opencv/model_sketch.h"
#include "target.h"

namespace modelhub::fuzz {

// Bytes as a file that an engine can open: readers of models take paths. It lives in memory.
class ModelBytes {
 public:
  ModelBytes(std::string role, std::string name, std::string_view bytes)
      : descriptor_(::memfd_create("model", MFD_CLOEXEC)),
        file_{std::move(role), std::move(name), "/proc/self/fd/" + std::to_string(descriptor_)} {
    MODELHUB_FUZZ_REQUIRE(::write(descriptor_, bytes.data(), bytes.size()) ==
                          static_cast<ssize_t>(bytes.size()));
  }
  ~ModelBytes() { ::close(descriptor_); }
  ModelBytes(const ModelBytes&) = delete;
  ModelBytes& operator=(const ModelBytes&) = delete;

  const engine_module::File& file() const { return file_; }

 private:
  const int descriptor_;
  const engine_module::File file_;
};

using Sketch = opencv_engine::ModelSketch (*)(const engine_module::LoadRequest&,
                                              const opencv_engine::Version&);

// What the engine opencv looks at before OpenCV sees a model: inputs that OpenCV can plan for are
// found, or a file is blamed by its name.
inline void sketch(Sketch sketch, std::string format,
                   const std::vector<engine_module::File>& files) {
  engine_module::LoadRequest request;
  request.format = std::move(format);
  request.files = files;
  try {
    const opencv_engine::ModelSketch found = sketch(request, {4, 6, "4.6.0"});
    MODELHUB_FUZZ_REQUIRE(!found.inputs.empty());
    for (const engine_module::TensorSpec& input : found.inputs) {
      for (const std::int64_t side : input.shape) MODELHUB_FUZZ_REQUIRE(side == -1 || side > 0);
    }
  } catch (const engine_module::Failure& failure) {
    MODELHUB_FUZZ_REQUIRE(failure.status() == MH_CORRUPT_DATA ||
                          failure.status() == MH_UNSUPPORTED);
    MODELHUB_FUZZ_REQUIRE(failure.subject() == static_cast<mh_subject>(MH_ABOUT_MODEL));
    bool is_named = false;
    for (const engine_module::File& file : files)
      is_named = is_named || failure.message().find(file.name) != std::string::npos;
    MODELHUB_FUZZ_REQUIRE(is_named);
  }
}

}  // namespace modelhub::fuzz
