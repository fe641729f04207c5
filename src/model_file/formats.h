// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "modelhub/error.h"

namespace modelhub::model_file {

// The formats of models by the endings of their files; upper and lower case alike.

// Whether the name ends as files of models do, of formats that can be run and of others.
bool has_model_ending(std::string_view name);
// The graph of an OpenVINO IR.
bool is_ir_name(std::string_view name);

// For a file whose format is known and cannot be run: unsupported (subject model), with the exact
// command that makes one which can, where there is one. `name` is as the user wrote it, a path too.
std::optional<Error> refusal_of(const std::string& name);

}  // namespace modelhub::model_file
