// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace modelhub::base {

using Sha256State = std::array<std::uint32_t, 8>;

// FIPS 180-4, 5.3.3.
inline constexpr Sha256State k_sha256_start = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                               0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

bool has_sha256_instructions();

// Takes the same 64-byte blocks into two states. The message schedule is computed once, and the
// rounds of one state fill the time that those of the other wait for their results.
//
// REQUIRES: has_sha256_instructions().
void sha256_pair(Sha256State& one, Sha256State& other, const std::byte* data, std::size_t blocks);

}  // namespace modelhub::base
