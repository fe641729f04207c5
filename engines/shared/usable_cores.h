// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace modelhub::engine_shared {

// Cores that this process may use, at least 1. Two hyper-threads of one core count once, since they
// share its arithmetic units.
int usable_cores();

}  // namespace modelhub::engine_shared
