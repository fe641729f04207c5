// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "model_file/ir_file.h"

#include "model_file/utf8.h"
#include "target.h"

// The graph of an OpenVINO IR of a stranger.
MODELHUB_FUZZ_TARGET(ir_file) {
  using namespace modelhub;
  const Result<model_file::ModelFacts> facts = model_file::read_ir(input, "fuzz.xml");
  if (!facts) {
    MODELHUB_FUZZ_REQUIRE(facts.error().code == ErrorCode::corrupt_data);
    return;
  }
  MODELHUB_FUZZ_REQUIRE(!facts->inputs.empty() && !facts->outputs.empty());
  MODELHUB_FUZZ_REQUIRE(facts->other_files.size() == 1);
  for (const model_file::TensorFacts& tensor : facts->inputs)
    MODELHUB_FUZZ_REQUIRE(model_file::is_utf8(tensor.to_string()));
}
