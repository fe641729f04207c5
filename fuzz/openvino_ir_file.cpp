// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "openvino/ir_file.h"
#include "target.h"

// The beginning of a model's XML, as the engine openvino looks at it: a version is read, or the
// file is blamed.
MODELHUB_FUZZ_TARGET(openvino_ir_file) {
  try {
    (void)modelhub::openvino_engine::ir_version_of(input, "model.xml");
  } catch (const modelhub::engine_module::Failure& failure) {
    MODELHUB_FUZZ_REQUIRE(failure.status() == MH_CORRUPT_DATA);
    MODELHUB_FUZZ_REQUIRE(failure.message().find("cannot load model.xml: ") == 0);
  }
}
