// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "base/sha256_pair.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

namespace modelhub::base {

#if defined(__x86_64__)

namespace {

// FIPS 180-4, 4.2.2.
alignas(16) constexpr std::uint32_t k_sha256_round[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

#define MODELHUB_SHA __attribute__((target("sha,sse4.1,ssse3")))

// As the instructions want a state: {f, e, b, a} and {h, g, d, c}, lowest first.
struct Packed {
  __m128i abef;
  __m128i cdgh;
};

MODELHUB_SHA inline Packed pack(const Sha256State& state) {
  const auto* const words = reinterpret_cast<const __m128i*>(state.data());
  const __m128i badc = _mm_shuffle_epi32(_mm_loadu_si128(words), 0xB1);
  const __m128i hgfe = _mm_shuffle_epi32(_mm_loadu_si128(words + 1), 0x1B);
  return {_mm_alignr_epi8(badc, hgfe, 8), _mm_blend_epi16(hgfe, badc, 0xF0)};
}

MODELHUB_SHA inline void unpack(const Packed& packed, Sha256State& state) {
  auto* const words = reinterpret_cast<__m128i*>(state.data());
  const __m128i abef = _mm_shuffle_epi32(packed.abef, 0x1B);
  const __m128i dchg = _mm_shuffle_epi32(packed.cdgh, 0xB1);
  _mm_storeu_si128(words, _mm_blend_epi16(abef, dchg, 0xF0));
  _mm_storeu_si128(words + 1, _mm_alignr_epi8(dchg, abef, 8));
}

MODELHUB_SHA inline void four_rounds(Packed& state, __m128i message) {
  state.cdgh = _mm_sha256rnds2_epu32(state.cdgh, state.abef, message);
  state.abef = _mm_sha256rnds2_epu32(state.abef, state.cdgh, _mm_shuffle_epi32(message, 0x0E));
}

}  // namespace

bool has_sha256_instructions() {
  static const bool has = [] {
    unsigned a = 0;
    unsigned b = 0;
    unsigned c = 0;
    unsigned d = 0;
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0 || (b & (1U << 29)) == 0) return false;
    return __builtin_cpu_supports("sse4.1") != 0 && __builtin_cpu_supports("ssse3") != 0;
  }();
  return has;
}

MODELHUB_SHA void sha256_pair(Sha256State& one, Sha256State& other, const std::byte* data,
                              std::size_t blocks) {
  const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  const auto* const constants = reinterpret_cast<const __m128i*>(k_sha256_round);
  Packed first = pack(one);
  Packed second = pack(other);
  for (; blocks > 0; --blocks, data += 64) {
    const Packed first_before = first;
    const Packed second_before = second;
    __m128i w[16];
#pragma GCC unroll 16
    for (int i = 0; i < 16; ++i) {
      if (i < 4) {
        const auto* const words = reinterpret_cast<const __m128i*>(data);
        w[i] = _mm_shuffle_epi8(_mm_loadu_si128(words + i), big_endian);
      } else {
        const __m128i old = _mm_sha256msg1_epu32(w[i - 4], w[i - 3]);
        const __m128i sum = _mm_add_epi32(old, _mm_alignr_epi8(w[i - 1], w[i - 2], 4));
        w[i] = _mm_sha256msg2_epu32(sum, w[i - 1]);
      }
      const __m128i message = _mm_add_epi32(w[i], _mm_load_si128(constants + i));
      four_rounds(first, message);
      four_rounds(second, message);
    }
    first.abef = _mm_add_epi32(first.abef, first_before.abef);
    first.cdgh = _mm_add_epi32(first.cdgh, first_before.cdgh);
    second.abef = _mm_add_epi32(second.abef, second_before.abef);
    second.cdgh = _mm_add_epi32(second.cdgh, second_before.cdgh);
  }
  unpack(first, one);
  unpack(second, other);
}

#undef MODELHUB_SHA

#else

bool has_sha256_instructions() { return false; }
void sha256_pair(Sha256State&, Sha256State&, const std::byte*, std::size_t) {}

#endif

}  // namespace modelhub::base
