// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "vision/resize_kernels.h"

#include <algorithm>
#include <cstring>

// Into each caller, with the caller's instructions: to change between those of SSE2 and of AVX2
// within a loop costs more than the loop.
#define MODELHUB_INLINE inline __attribute__((always_inline))

#if defined(__x86_64__)
#include <immintrin.h>
#define MODELHUB_AVX2 __attribute__((target("avx2")))
#endif

namespace modelhub::vision {
namespace {

#if defined(__x86_64__)

MODELHUB_INLINE __m128i load_pixel(const std::uint8_t* pixel) {
  std::int32_t bytes;
  std::memcpy(&bytes, pixel, 4);
  return _mm_cvtsi32_si128(bytes);
}

// p0 q0 p1 q1 p2 q2 p3 q3, each of 16 bits: what _mm_madd_epi16 wants.
MODELHUB_INLINE __m128i paired(const std::uint8_t* p, const std::uint8_t* q) {
  return _mm_unpacklo_epi8(_mm_unpacklo_epi8(load_pixel(p), load_pixel(q)), _mm_setzero_si128());
}

MODELHUB_INLINE __m128i both(std::uint32_t weights) {
  return _mm_set1_epi32(static_cast<int>(weights));
}

// Two sums of products, of the high and of the low halves of the weights.
struct PilSum {
  __m128i high = _mm_setzero_si128();
  __m128i low = _mm_set1_epi32(1 << (k_pil_bits - 1));

  MODELHUB_INLINE void add(__m128i pixels, const PilPair& pair) {
    high = _mm_add_epi32(high, _mm_madd_epi16(pixels, both(pair.high)));
    low = _mm_add_epi32(low, _mm_madd_epi16(pixels, both(pair.low)));
  }
  MODELHUB_INLINE __m128i levels() const {
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

#if defined(__x86_64__)

MODELHUB_INLINE void store_levels(__m128i levels, std::uint8_t* to) {
  const __m128i words = _mm_packs_epi32(levels, _mm_setzero_si128());
  const int bytes = _mm_cvtsi128_si32(_mm_packus_epi16(words, words));
  std::memcpy(to, &bytes, 4);
}

#endif

MODELHUB_INLINE void pil_column(const std::uint8_t* pixels, const PilPair* pairs, std::size_t taps,
                                std::uint8_t* level) {
#if defined(__x86_64__)
  PilSum sum;
  std::size_t k = 0;
  for (; k + 2 <= taps; k += 2) sum.add(paired(pixels + 3 * k, pixels + 3 * k + 3), pairs[k / 2]);
  if (k < taps) sum.add(paired(pixels + 3 * k, pixels + 3 * k), pairs[k / 2]);
  store_levels(sum.levels(), level);
#else
  std::int32_t sum[3] = {1 << (k_pil_bits - 1), 1 << (k_pil_bits - 1), 1 << (k_pil_bits - 1)};
  for (std::size_t k = 0; k < taps; ++k, pixels += 3) {
    const int weight = weight_of(pairs, k);
    for (int c = 0; c < 3; ++c) sum[c] += pixels[c] * weight;
  }
  for (int c = 0; c < 3; ++c) level[c] = pil_level(sum[c]);
#endif
}

// The levels from `i` on.
void pil_rows_from(std::size_t i, const std::uint8_t* const* rows, const PilPair* pairs,
                   std::size_t taps, std::size_t count, std::uint8_t* levels) {
#if defined(__x86_64__)
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

#if defined(__x86_64__)

// Rows together, as their weights are the same; four taps of a place at a time: two pairs of
// pixels, one in each half of a register.
MODELHUB_AVX2 void pil_columns_avx2(const PilRows& rows, std::size_t pixels, const PilTaps* places,
                                    std::size_t count, const PilPair* pairs) {
  constexpr char k_none = -128;  // a byte of noughts
  // As paired(): p0 q0 p1 q1 p2 q2, of 16 bits, out of twelve bytes.
  const __m256i spread =
      _mm256_setr_epi8(0, k_none, 3, k_none, 1, k_none, 4, k_none, 2, k_none, 5, k_none, k_none,
                       k_none, k_none, k_none, 6, k_none, 9, k_none, 7, k_none, 10, k_none, 8,
                       k_none, 11, k_none, k_none, k_none, k_none, k_none);
  const __m256i of_high = _mm256_setr_epi32(0, 0, 0, 0, 2, 2, 2, 2);
  const __m256i of_low = _mm256_setr_epi32(1, 1, 1, 1, 3, 3, 3, 3);
  const __m256i half = _mm256_set1_epi32(1 << (k_pil_bits - 1));
  for (std::size_t x = 0; x < count; ++x) {
    const std::size_t begin = static_cast<std::size_t>(places[x].first) * 3;
    const PilPair* const weights = pairs + places[x].pairs;
    const std::size_t fours = (places[x].count + 3) / 4;
    // Sixteen bytes are loaded where twelve are used, and the last pixels may have no weight.
    if (begin + 12 * (fours - 1) + 16 > pixels * 3) {
      for (const PilRow& row : rows)
        pil_column(row.pixels + begin, weights, places[x].count, row.levels + 4 * x);
      continue;
    }
    __m256i high[k_pil_rows];
    __m256i low[k_pil_rows];
    for (int r = 0; r < k_pil_rows; ++r) high[r] = low[r] = _mm256_setzero_si256();
    for (std::size_t four = 0; four < fours; ++four) {
      const __m256i two = _mm256_castsi128_si256(
          _mm_loadu_si128(reinterpret_cast<const __m128i*>(weights + 2 * four)));
      const __m256i high_weights = _mm256_permutevar8x32_epi32(two, of_high);
      const __m256i low_weights = _mm256_permutevar8x32_epi32(two, of_low);
      for (int r = 0; r < k_pil_rows; ++r) {
        const auto* const at = reinterpret_cast<const __m128i*>(rows[r].pixels + begin + 12 * four);
        const __m256i both_halves = _mm256_broadcastsi128_si256(_mm_loadu_si128(at));
        const __m256i spread_out = _mm256_shuffle_epi8(both_halves, spread);
        high[r] = _mm256_add_epi32(high[r], _mm256_madd_epi16(spread_out, high_weights));
        low[r] = _mm256_add_epi32(low[r], _mm256_madd_epi16(spread_out, low_weights));
      }
    }
    for (int r = 0; r < k_pil_rows; r += 2) {
      // One row's sums in the lower half, the next one's in the upper.
      const __m256i high_sums =
          _mm256_add_epi32(_mm256_permute2x128_si256(high[r], high[r + 1], 0x20),
                           _mm256_permute2x128_si256(high[r], high[r + 1], 0x31));
      const __m256i low_sums =
          _mm256_add_epi32(_mm256_permute2x128_si256(low[r], low[r + 1], 0x20),
                           _mm256_permute2x128_si256(low[r], low[r + 1], 0x31));
      const __m256i sums = _mm256_add_epi32(_mm256_slli_epi32(high_sums, k_pil_split),
                                            _mm256_add_epi32(low_sums, half));
      const __m256i levels = _mm256_srai_epi32(sums, k_pil_bits);
      const __m256i words = _mm256_packs_epi32(levels, levels);
      const __m256i bytes = _mm256_packus_epi16(words, words);
      const int first = _mm_cvtsi128_si32(_mm256_castsi256_si128(bytes));
      const int second = _mm_cvtsi128_si32(_mm256_extracti128_si256(bytes, 1));
      std::memcpy(rows[r].levels + 4 * x, &first, 4);
      std::memcpy(rows[r + 1].levels + 4 * x, &second, 4);
    }
  }
}

// As PilSum, for eight levels.
struct PilWideSum {
  __m256i high;
  __m256i low;
};

MODELHUB_AVX2 void add(PilWideSum& sum, __m256i pixels, __m256i high_weights, __m256i low_weights) {
  sum.high = _mm256_add_epi32(sum.high, _mm256_madd_epi16(pixels, high_weights));
  sum.low = _mm256_add_epi32(sum.low, _mm256_madd_epi16(pixels, low_weights));
}

MODELHUB_AVX2 __m256i levels_of(const PilWideSum& sum) {
  return _mm256_srai_epi32(_mm256_add_epi32(_mm256_slli_epi32(sum.high, k_pil_split), sum.low),
                           k_pil_bits);
}

MODELHUB_AVX2 void pil_rows_avx2(const std::uint8_t* const* rows, const PilPair* pairs,
                                 std::size_t taps, std::size_t count, std::uint8_t* levels) {
  std::size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    const __m256i half = _mm256_set1_epi32(1 << (k_pil_bits - 1));
    PilWideSum left{_mm256_setzero_si256(), half};
    PilWideSum right{_mm256_setzero_si256(), half};
    for (std::size_t k = 0; k < taps; k += 2) {
      const auto* const upper = reinterpret_cast<const __m128i*>(rows[k] + i);
      // The weight behind an odd end is nought.
      const auto* const lower =
          reinterpret_cast<const __m128i*>(rows[std::min(k + 1, taps - 1)] + i);
      const __m256i u = _mm256_cvtepu8_epi16(_mm_loadu_si128(upper));
      const __m256i l = _mm256_cvtepu8_epi16(_mm_loadu_si128(lower));
      const __m256i high = _mm256_set1_epi32(static_cast<int>(pairs[k / 2].high));
      const __m256i low = _mm256_set1_epi32(static_cast<int>(pairs[k / 2].low));
      add(left, _mm256_unpacklo_epi16(u, l), high, low);
      add(right, _mm256_unpackhi_epi16(u, l), high, low);
    }
    // Both steps work in each half of a register: the second leaves eight bytes in each.
    const __m256i words = _mm256_packs_epi32(levels_of(left), levels_of(right));
    const __m256i bytes = _mm256_permute4x64_epi64(_mm256_packus_epi16(words, words), 0b1000);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(levels + i), _mm256_castsi256_si128(bytes));
  }
  pil_rows_from(i, rows, pairs, taps, count, levels);
}

#endif

}  // namespace

Isa best_isa() {
#if defined(__x86_64__)
  static const Isa best = __builtin_cpu_supports("avx2") != 0 ? Isa::avx2 : Isa::baseline;
  return best;
#else
  return Isa::baseline;
#endif
}

void cv_columns(const std::uint8_t* row, const CvColumn* columns, std::size_t count,
                std::int16_t* out) {
  std::size_t x = 0;
#if defined(__x86_64__)
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
#if defined(__x86_64__)
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

void pil_columns(Isa isa, const PilRows& rows, std::size_t pixels, const PilTaps* places,
                 std::size_t count, const PilPair* pairs) {
#if defined(__x86_64__)
  if (isa == Isa::avx2) return pil_columns_avx2(rows, pixels, places, count, pairs);
#endif
  (void)isa;
  (void)pixels;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    if (r > 0 && rows[r].levels == rows[r - 1].levels) continue;
    for (std::size_t x = 0; x < count; ++x) {
      const PilTaps& taps = places[x];
      pil_column(rows[r].pixels + taps.first * 3, pairs + taps.pairs, taps.count,
                 rows[r].levels + 4 * x);
    }
  }
}

void pil_rows(Isa isa, const std::uint8_t* const* rows, const PilPair* pairs, std::size_t taps,
              std::size_t count, std::uint8_t* levels) {
#if defined(__x86_64__)
  if (isa == Isa::avx2) return pil_rows_avx2(rows, pairs, taps, count, levels);
#endif
  (void)isa;
  pil_rows_from(0, rows, pairs, taps, count, levels);
}

}  // namespace modelhub::vision
