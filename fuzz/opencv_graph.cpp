// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "model_bytes.h"

// A frozen graph of TensorFlow.
MODELHUB_FUZZ_TARGET(opencv_graph) {
  using namespace modelhub;
  const fuzz::ModelBytes graph("graph", "m.pb", input);
  fuzz::sketch(&opencv_engine::sketch_tensorflow, "tensorflow", {graph.file()});
}
