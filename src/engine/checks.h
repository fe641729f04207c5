// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "modelhub/engine.h"
#include "modelhub/result.h"

namespace modelhub::engine {

// "float32 [1,3,640,640]"
std::string to_string(DType dtype, const Shape& shape);

// Does `shape` fit what the model says? A side of -1 takes any length.
bool fits(const TensorSpec& spec, const Shape& shape);

// Each input of the model is there once, with its type and a fitting shape.
// Errors: invalid_argument, Subject::input; the message names what the model takes and what it was
// given.
Result<void> check_inputs(std::span<const Session::Input> given,
                          const std::vector<TensorSpec>& wanted, const std::string& model);

// What an engine says about the inputs or outputs of a model, copied.
// Errors: internal (broken contract).
Result<std::vector<TensorSpec>> copy_specs(const mh_tensor_spec* specs, std::size_t count,
                                           const std::string& engine);

// One output of a run, checked against what describe() promised and copied into memory of the host.
// Errors: internal (broken contract), out_of_memory.
Result<NamedTensor> copy_output(const mh_tensor& output, const TensorSpec& promised,
                                const std::string& engine);

// The words of a run, checked and copied. Errors: internal (broken contract).
Result<std::vector<Word>> copy_words(const mh_word* words, std::size_t count,
                                     const std::string& engine);

}  // namespace modelhub::engine
