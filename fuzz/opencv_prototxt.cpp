// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "model_bytes.h"

// A network of Caffe, in protobuf's text format.
MODELHUB_FUZZ_TARGET(opencv_prototxt) {
  using namespace modelhub;
  const fuzz::ModelBytes network("graph", "m.prototxt", input);
  // One layer that is empty.
  const fuzz::ModelBytes weights("weights", "m.caffemodel", std::string_view("\xA2\x06\x00", 3));
  fuzz::sketch(&opencv_engine::sketch_caffe, "caffe", {network.file(), weights.file()});
}
