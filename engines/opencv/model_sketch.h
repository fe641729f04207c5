// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "modelhub/engine_module.h"

namespace modelhub::opencv_engine {

// "4.6.0" in parts.
struct Version {
  int major = 0;
  int minor = 0;
  std::string text;

  bool is_before(int other_major, int other_minor) const {
    return major < other_major || (major == other_major && minor < other_minor);
  }
};

// What the files of a model say about it, read without OpenCV.
struct ModelSketch {
  // Never empty. As OpenCV wants them: float32 or uint8; what TensorFlow has as [N,H,W,C] is
  // [N,C,H,W]. -1: a side that the model leaves open, but for the batch, for which OpenCV takes 1.
  std::vector<engine_module::TensorSpec> inputs;
  // By name, as the file declares them; empty when it does not, and OpenCV finds them.
  std::vector<engine_module::TensorSpec> outputs;
};

// Each looks at all files of its format and refuses what cannot be loaded, in the words that a user
// needs, before OpenCV has seen it: its own would be those of an assertion inside, and some damaged
// files it does not survive.
//
// Throw Failure: MH_IO_ERROR; MH_CORRUPT_DATA for a file that is not what it should be;
// MH_UNSUPPORTED for what this version of OpenCV cannot read; MH_INVALID_ARGUMENT when a file is
// missing.
ModelSketch sketch_onnx(const engine_module::LoadRequest& request, const Version& opencv);
ModelSketch sketch_tensorflow(const engine_module::LoadRequest& request, const Version& opencv);
ModelSketch sketch_caffe(const engine_module::LoadRequest& request, const Version& opencv);

// The file with the role "config": TensorFlow's text graph; nullptr when there is none.
const engine_module::File* find_text_graph(const engine_module::LoadRequest& request);

}  // namespace modelhub::opencv_engine
