// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "model_bytes.h"

// The weights of a network of Caffe.
MODELHUB_FUZZ_TARGET(opencv_caffemodel) {
  using namespace modelhub;
  const fuzz::ModelBytes network(
      "graph", "m.prototxt",
      "input: 'x' input_shape { dim: 1 dim: 3 } layer { name: 'y' bottom: 'x' top: 'y' }");
  const fuzz::ModelBytes weights("weights", "m.caffemodel", input);
  fuzz::sketch(&opencv_engine::sketch_caffe, "caffe", {network.file(), weights.file()});
}
