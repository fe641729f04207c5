// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace modelhub::engine_shared {

// Cores that this process may use; two hyper-threads of one core count once, since they share its
// arithmetic units. At least 1.
int usable_cores();

}  // namespace modelhub::engine_shared
