// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "vision/resize_kernels.h"

#include <algorithm>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace modelhub::vision {
namespace {

#if defined(__SSE2__)

__m128i load_pixel(const std::uint8_t* pixel) {
  std::int32_t bytes;
  std::memcpy(&bytes, pixel, 4);
  return _mm_cvtsi32_si128(bytes);
}

// p0 q0 p1 q1 p2 q2 p3 q3, each of 16 bits: what _mm_madd_epi16 wants.
__m128i paired(const std::uint8_t* p, const std::uint8_t* q) {
  return _mm_unpacklo_epi8(_mm_unpacklo_epi8(load_pixel(p), load_pixel(q)), _mm_setzero_si128());
}

__m128i both(std::uint32_t weights) { return _mm_set1_epi32(static_cast<int>(weights)); }

// Two sums of products, of the high and of the low halves of the weights.
struct PilSum {
  __m128i high = _mm_setzero_si128();
  __m128i low = _mm_set1_epi32(1 << (k_pil_bits - 1));

  void add(__m128i pixels, const PilPair& pair) {
    high = _mm_add_epi32(high, _mm_madd_epi16(pixels, both(pair.high)));
    low = _mm_add_epi32(low, _mm_madd_epi16(pixels, both(pair.low)));
  }
  __m128i levels() const {
    return _mm_srai_epi32(_mm_add_epi32(_mm_slli_epi32(high, k_pil_split), low), k_pil_bits);
  }
};

#endif

int weight_of(const PilPair* pairs, std::size_t tap) {
  const PilPair& pair = pairs[tap / 2];
  const int shift = tap % 2 == 0 ? 0 : 16;
  return static_cast<int>(((pair.high >> shift) & 0xFFFF) << k_pil_split) +
         static_cast<int>((pair.low >> shift) & 0xFFFF);
}

std::uint8_t pil_level(std::int32_t sum) {
  return static_cast<std::uint8_t>(std::clamp(sum >> k_pil_bits, 0, 255));
}

}  // namespace

void cv_columns(const std::uint8_t* row, const CvColumn* columns, std::size_t count,
                std::int16_t* out) {
  std::size_t x = 0;
#if defined(__SSE2__)
  const auto column = [row](const CvColumn& c) {
    const __m128i pixels = paired(row + c.first_offset, row + c.second_offset);
    return _mm_srai_epi32(_mm_madd_epi16(pixels, both(c.weights)), 4);
  };
  for (; x + 2 <= count; x += 2) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + 4 * x),
                     _mm_packs_epi32(column(columns[x]), column(columns[x + 1])));
  }
#endif
  for (; x < count; ++x) {
    const CvColumn& c = columns[x];
    const int first = static_cast<int>(c.weights & 0xFFFF);
    const int second = static_cast<int>(c.weights >> 16);
    for (int k = 0; k < 3; ++k) {
      out[4 * x + k] = static_cast<std::int16_t>(
          (row[c.first_offset + k] * first + row[c.second_offset + k] * second) >> 4);
    }
  }
}

void cv_rows(const std::int16_t* upper, const std::int16_t* lower, int upper_weight,
             int lower_weight, std::size_t count, std::uint8_t* levels) {
  const auto a = static_cast<std::int16_t>(upper_weight);
  const auto b = static_cast<std::int16_t>(lower_weight);
  std::size_t i = 0;
#if defined(__SSE2__)
  const __m128i a8 = _mm_set1_epi16(a);
  const __m128i b8 = _mm_set1_epi16(b);
  const auto eight = [&](std::size_t at) {
    const __m128i u = _mm_loadu_si128(reinterpret_cast<const __m128i*>(upper + at));
    const __m128i l = _mm_loadu_si128(reinterpret_cast<const __m128i*>(lower + at));
    const __m128i sum = _mm_add_epi16(_mm_mulhi_epi16(u, a8), _mm_mulhi_epi16(l, b8));
    return _mm_srai_epi16(_mm_add_epi16(sum, _mm_set1_epi16(2)), 2);
  };
  for (; i + 16 <= count; i += 16) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(levels + i),
                     _mm_packus_epi16(eight(i), eight(i + 8)));
  }
#endif
  for (; i < count; ++i) {
    const int sum = ((upper[i] * a) >> 16) + ((lower[i] * b) >> 16);
    levels[i] = static_cast<std::uint8_t>((sum + 2) >> 2);
  }
}

void pil_column(const std::uint8_t* pixels, const PilPair* pairs, std::size_t taps,
                std::uint8_t* level) {
#if defined(__SSE2__)
  PilSum sum;
  std::size_t k = 0;
  for (; k + 2 <= taps; k += 2) {
    sum.add(paired(pixels + 3 * k, pixels + 3 * k + 3), pairs[k / 2]);
  }
  if (k < taps) sum.add(paired(pixels + 3 * k, pixels + 3 * k), pairs[k / 2]);
  const __m128i words = _mm_packs_epi32(sum.levels(), _mm_setzero_si128());
  const int bytes = _mm_cvtsi128_si32(_mm_packus_epi16(words, words));
  std::memcpy(level, &bytes, 4);
#else
  std::int32_t sum[3] = {1 << (k_pil_bits - 1), 1 << (k_pil_bits - 1), 1 << (k_pil_bits - 1)};
  for (std::size_t k = 0; k < taps; ++k, pixels += 3) {
    const int weight = weight_of(pairs, k);
    for (int c = 0; c < 3; ++c) sum[c] += pixels[c] * weight;
  }
  for (int c = 0; c < 3; ++c) level[c] = pil_level(sum[c]);
#endif
}

void pil_rows(const std::uint8_t* const* rows, const PilPair* pairs, std::size_t taps,
              std::size_t count, std::uint8_t* levels) {
  std::size_t i = 0;
#if defined(__SSE2__)
  for (; i + 8 <= count; i += 8) {
    PilSum left;
    PilSum right;
    for (std::size_t k = 0; k < taps; k += 2) {
      const auto load = [&](std::size_t tap) {
        return _mm_loadl_epi64(reinterpret_cast<const __m128i*>(rows[tap] + i));
      };
      // The weight behind an odd end is nought.
      const __m128i bytes = _mm_unpacklo_epi8(load(k), load(std::min(k + 1, taps - 1)));
      left.add(_mm_unpacklo_epi8(bytes, _mm_setzero_si128()), pairs[k / 2]);
      right.add(_mm_unpackhi_epi8(bytes, _mm_setzero_si128()), pairs[k / 2]);
    }
    const __m128i words = _mm_packs_epi32(left.levels(), right.levels());
    _mm_storel_epi64(reinterpret_cast<__m128i*>(levels + i), _mm_packus_epi16(words, words));
  }
#endif
  for (; i < count; ++i) {
    std::int32_t sum = 1 << (k_pil_bits - 1);
    for (std::size_t k = 0; k < taps; ++k) sum += rows[k][i] * weight_of(pairs, k);
    levels[i] = pil_level(sum);
  }
}

}  // namespace modelhub::vision
