// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <unordered_map>

#include "shared/onnx_file.h"

namespace modelhub::opencv_engine {

// How many sides the tensors of a model have, as far as it follows from the model without its
// input: what a constant is stretched over depends on it.
class OnnxRanks {
 public:
  explicit OnnxRanks(const engine_shared::OnnxFile& model);

  std::optional<std::size_t> of(const std::string& tensor) const;

 private:
  std::optional<std::size_t> result_of(const engine_shared::OnnxNode& node) const;
  std::optional<std::size_t> length_of(const engine_shared::OnnxNode& node,
                                       const char* attribute) const;

  const engine_shared::OnnxFile& model_;
  std::unordered_map<std::string, std::size_t> ranks_;
};

}  // namespace modelhub::opencv_engine
