#include "ops/cpu/intensity.hpp"

#include <immintrin.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "ops/cpu/instructions.hpp"

namespace photo51::ops::cpu {
namespace {

constexpr uint32_t multiplier0 = 0xD2511F53, multiplier1 = 0xCD9E8D57, step0 = 0x9E3779B9, step1 = 0xBB67AE85;

namespace plain {
/// Ten rounds of Philox-4x32 on `count` counters at once; as core::philox4x32.
template <int count>
void philox(uint32_t* c0, uint32_t* c1, uint32_t* c2, uint32_t* c3, const uint32_t* key) {
  for (int i = 0; i < count; ++i) {
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; ++round, k0 += step0, k1 += step1) {
      const uint64_t p0 = uint64_t{multiplier0} * c0[i], p1 = uint64_t{multiplier1} * c2[i];
      c0[i] = static_cast<uint32_t>(p1 >> 32) ^ c1[i] ^ k0;
      c2[i] = static_cast<uint32_t>(p0 >> 32) ^ c3[i] ^ k1;
      c1[i] = static_cast<uint32_t>(p1);
      c3[i] = static_cast<uint32_t>(p0);
    }
  }
}
#include "ops/cpu/intensity.inc"
}  // namespace plain

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif
namespace avx2 {
/// Eight products of 32 bits with `factor`: their low and high halves.
inline void multiply(__m256i values, __m256i factor, __m256i& low, __m256i& high) {
  const __m256i even = _mm256_mul_epu32(values, factor);
  const __m256i odd = _mm256_mul_epu32(_mm256_srli_epi64(values, 32), factor);
  low = _mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xaa);
  high = _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa);
}
template <int count>
void philox(uint32_t* c0, uint32_t* c1, uint32_t* c2, uint32_t* c3, const uint32_t* key) {
  const auto at = [](uint32_t* p) { return reinterpret_cast<__m256i*>(p); };
  const __m256i m0 = _mm256_set1_epi32(static_cast<int>(multiplier0));
  const __m256i m1 = _mm256_set1_epi32(static_cast<int>(multiplier1));
  for (int i = 0; i < count; i += 8) {
    __m256i a = _mm256_loadu_si256(at(c0 + i)), b = _mm256_loadu_si256(at(c1 + i));
    __m256i c = _mm256_loadu_si256(at(c2 + i)), d = _mm256_loadu_si256(at(c3 + i));
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; ++round, k0 += step0, k1 += step1) {
      __m256i low0, high0, low1, high1;
      multiply(a, m0, low0, high0);
      multiply(c, m1, low1, high1);
      a = _mm256_xor_si256(_mm256_xor_si256(high1, b), _mm256_set1_epi32(static_cast<int>(k0)));
      c = _mm256_xor_si256(_mm256_xor_si256(high0, d), _mm256_set1_epi32(static_cast<int>(k1)));
      b = low1;
      d = low0;
    }
    _mm256_storeu_si256(at(c0 + i), a);
    _mm256_storeu_si256(at(c1 + i), b);
    _mm256_storeu_si256(at(c2 + i), c);
    _mm256_storeu_si256(at(c3 + i), d);
  }
}
#include "ops/cpu/intensity.inc"
}  // namespace avx2
#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

}  // namespace

Summary summarize(const float* values, int64_t count) {
  return has_avx2() ? avx2::summarize(values, count) : plain::summarize(values, count);
}

void change_row(float* values, int64_t count, int64_t row, float step, const Pointwise& change) {
  has_avx2() ? avx2::change_row(values, count, row, step, change)
             : plain::change_row(values, count, row, step, change);
}

}  // namespace photo51::ops::cpu
