// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "model_bytes.h"

// An ONNX file, as engines read it (engines/shared) and the engine opencv judges it.
MODELHUB_FUZZ_TARGET(opencv_onnx) {
  using namespace modelhub;
  const fuzz::ModelBytes graph("graph", "m.onnx", input);
  fuzz::sketch(&opencv_engine::sketch_onnx, "onnx", {graph.file()});
}
