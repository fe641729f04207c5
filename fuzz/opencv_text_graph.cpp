// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "model_bytes.h"

// OpenCV's text beside a frozen graph of TensorFlow, in protobuf's text format.
MODELHUB_FUZZ_TARGET(opencv_text_graph) {
  using namespace modelhub;
  // One node, without a name, whose operator is "x".
  const fuzz::ModelBytes graph("graph", "m.pb", "\x0A\x03\x12\x01x");
  const fuzz::ModelBytes text("config", "m.pbtxt", input);
  fuzz::sketch(&opencv_engine::sketch_tensorflow, "tensorflow", {graph.file(), text.file()});
}
