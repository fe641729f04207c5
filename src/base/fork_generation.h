// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace modelhub::base {

// How many forks lie between this process and the one in which the library was loaded. What
// remembers the number at its birth can tell later that it is a copy in a child, where none of the
// library's threads exist and any mutex may be locked for ever.
std::uint64_t fork_generation();

}  // namespace modelhub::base
