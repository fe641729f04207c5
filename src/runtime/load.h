// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

#include "runtime/runtime.h"

namespace modelhub::runtime {

// Loads on the calling thread, measures, and checks that the model came to lie where the plan says.
// Errors: see Runtime::acquire.
Result<std::unique_ptr<LoadedModel>> load(const LoadSpec& spec, std::uint64_t generation,
                                          const ThreadBudget& budget, const base::Clock& clock);

// An error when `spec` can never be loaded.
Result<void> check(const LoadSpec& spec);

}  // namespace modelhub::runtime
