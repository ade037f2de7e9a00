#include <immintrin.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <type_traits>

#include "ops/cpu/displacement.hpp"
#include "ops/cpu/instructions.hpp"
#include "ops/cpu/resample.hpp"
#include "photo51/core/thread_pool.hpp"

namespace photo51::ops::cpu {
namespace {

constexpr double farthest = 1e9;  // positions are kept within, so that they fit an int32

/// An output row: input position = start + step * x + shift[x].
struct Line {
  std::array<double, 3> start{}, step{};
  std::array<const float*, 3> shift{};
  bool displaced = false;
};

/// The input as the loops see it.
struct Image {
  int64_t channels = 1, in_volume = 0, out_volume = 0, out_row = 0;
  std::array<int64_t, 3> size{}, stride{};  ///< of the image without padding; in memory
  Interpolation interpolation = Interpolation::linear;
  Padding padding = Padding::value;
  float padding_value = 0;
  std::array<float, 3> low{}, high{};  ///< before the first and beyond the last voxel's centre: padding
  std::array<size_t, 3> taps{};        ///< cubic: coefficients along an axis, 1 or 4
  std::array<int64_t, 3> first{}, last{}, padded_low{};  ///< cubic: cells that coefficients reach
};

namespace plain {
struct Stretch;
template <class T>
int read_pairs(float*, const T*, const Stretch&, const Image&) {
  return 0;
}
#include "ops/cpu/resample_warp.inc"
}  // namespace plain

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif
namespace avx2 {
struct Stretch;
template <class T>
int read_pairs(float* out, const T* input, const Stretch& s, const Image& image);
#include "ops/cpu/resample_warp.inc"

/// voxels.
/// Two neighbours along x of eight voxels: one 64-bit load each, or one 32-bit load of 16-bit voxels.
inline __m256 load_four_pairs(const float* p, __m128i index) {
  const __m256d all = _mm256_castsi256_pd(_mm256_set1_epi64x(-1));
  return _mm256_castpd_ps(
      _mm256_mask_i32gather_pd(_mm256_setzero_pd(), reinterpret_cast<const double*>(p), index, all, 4));
}
inline void load_pairs(const float* p, __m256i index, __m256& here, __m256& next) {
  const __m256i order = _mm256_permute4x64_epi64(index, 0xd8);  // 0 1 4 5 2 3 6 7, which the shuffles undo
  const __m256 a = load_four_pairs(p, _mm256_castsi256_si128(order));
  const __m256 b = load_four_pairs(p, _mm256_extracti128_si256(order, 1));
  here = _mm256_shuffle_ps(a, b, 0x88);
  next = _mm256_shuffle_ps(a, b, 0xdd);
}
inline void load_pairs(const int16_t* p, __m256i index, __m256& here, __m256& next) {
  const __m256i both = _mm256_i32gather_epi32(reinterpret_cast<const int*>(p), index, 2);
  here = _mm256_cvtepi32_ps(_mm256_srai_epi32(_mm256_slli_epi32(both, 16), 16));
  next = _mm256_cvtepi32_ps(_mm256_srai_epi32(both, 16));
}
inline void load_pairs(const uint16_t* p, __m256i index, __m256& here, __m256& next) {
  const __m256i both = _mm256_i32gather_epi32(reinterpret_cast<const int*>(p), index, 2);
  here = _mm256_cvtepi32_ps(_mm256_and_si256(both, _mm256_set1_epi32(0xffff)));
  next = _mm256_cvtepi32_ps(_mm256_srli_epi32(both, 16));
}

template <class T>
int read_pairs(float* out, const T* input, const Stretch& s, const Image& image) {
  constexpr bool can = std::is_same_v<T, float> || std::is_same_v<T, int16_t> || std::is_same_v<T, uint16_t>;
  if constexpr (!can) {
    return 0;
  } else {
    if (image.size[0] < 2 || image.in_volume >= (int64_t{1} << 31)) return 0;
    const int dy = image.size[1] > 1 ? static_cast<int>(image.stride[1]) : 0;
    const int dz = image.size[2] > 1 ? static_cast<int>(image.stride[2]) : 0;
    const __m256i row = _mm256_set1_epi32(static_cast<int>(image.stride[1]));
    const __m256i plane = _mm256_set1_epi32(static_cast<int>(image.stride[2]));
    const __m256 padding = _mm256_set1_ps(image.padding_value), one = _mm256_set1_ps(1);
    const auto load = [](const auto& from, int i) { return from.data() + i; };
    int i = 0;
    for (; i + 8 <= s.count; i += 8) {
      const auto cells = [&](size_t a) {
        return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(load(s.cell[a], i)));
      };
      const __m256i index = _mm256_add_epi32(
          cells(0), _mm256_add_epi32(_mm256_mullo_epi32(cells(1), row), _mm256_mullo_epi32(cells(2), plane)));
      const __m256 x0 = _mm256_loadu_ps(load(s.weight[0][0], i)),
                   x1 = _mm256_loadu_ps(load(s.weight[0][1], i));
      const __m256 y0 = _mm256_loadu_ps(load(s.weight[1][0], i)),
                   y1 = _mm256_loadu_ps(load(s.weight[1][1], i));
      __m256 value = _mm256_setzero_ps();
      for (int z = 0; z < 2; ++z) {
        const T* p = input + (z == 0 ? 0 : dz);
        __m256 a, b, c, d;
        load_pairs(p, index, a, b);
        load_pairs(p + dy, index, c, d);
        const __m256 upper = _mm256_fmadd_ps(x1, b, _mm256_mul_ps(x0, a));
        const __m256 lower = _mm256_fmadd_ps(x1, d, _mm256_mul_ps(x0, c));
        const __m256 slice = _mm256_fmadd_ps(y1, lower, _mm256_mul_ps(y0, upper));
        value = _mm256_fmadd_ps(_mm256_loadu_ps(load(s.weight[2][static_cast<size_t>(z)], i)), slice, value);
      }
      const __m256 rest = _mm256_loadu_ps(load(s.rest, i));
      const __m256 some = _mm256_cmp_ps(rest, _mm256_setzero_ps(), _CMP_GT_OQ);
      if (_mm256_movemask_ps(some) != 0) {
        const __m256 mixed = _mm256_blendv_ps(value, _mm256_fmadd_ps(rest, padding, value), some);
        value = _mm256_blendv_ps(mixed, padding, _mm256_cmp_ps(rest, one, _CMP_GE_OQ));
      }
      _mm256_storeu_ps(out + i, value);
    }
    return i;
  }
}
}  // namespace avx2
#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

Image image_of(const Block& block, const AffineMap& map, const ResampleOptions& options,
               const Padded& padded) {
  Image image;
  image.channels = block.channels;
  image.stride = {1, block.in[0], block.in[0] * block.in[1]};
  image.in_volume = image.stride[2] * block.in[2];
  image.out_row = block.out[0];
  image.out_volume = block.out[0] * block.out[1] * block.out[2];
  image.interpolation = options.interpolation;
  image.padding = options.padding;
  image.padding_value = options.padding_value;
  for (size_t a = 0; a < 3; ++a) {
    const double* row = map.matrix.data() + 3 * a;
    image.size[a] = block.in[a] - padded.low[a] - padded.high[a];
    double reach = edge_reach(std::hypot(row[0], row[1], row[2]));
    if (options.padding == Padding::surround)
      reach = options.interpolation == Interpolation::nearest  ? 0.5
              : options.interpolation == Interpolation::linear ? 1
                                                               : static_cast<double>(surround_padding - 2);
    image.low[a] = static_cast<float>(-reach);
    image.high[a] = static_cast<float>(reach);
    const bool surround = options.padding == Padding::surround;
    image.taps[a] = padded.low[a] > 0 ? 4 : 1;
    image.padded_low[a] = padded.low[a];
    image.first[a] = surround ? 1 - padded.low[a] : 0;
    image.last[a] = image.size[a] - 1 + (surround ? padded.high[a] - 2 : 0);
  }
  return image;
}

}  // namespace

template <class T>
void resample_warp(const T* input, float* output, const Block& block, const AffineMap& map,
                   const ResampleOptions& options, const Padded& padded) {
  const Image image = image_of(block, map, options, padded);
  const auto row_kernel = has_avx2() ? &avx2::warp_row<T> : &plain::warp_row<T>;
  // Rows are read up to a whole stretch at a time.
  const int64_t room = (block.out[0] + plain::stretch - 1) / plain::stretch * plain::stretch;
  const auto rows = [&](int64_t begin, int64_t end) {
    Displacement displacement(options.displacement, block.out, room);
    for (int64_t row = begin; row < end; ++row) {
      const int64_t y = row % block.out[1], z = row / block.out[1];
      Line line;
      for (size_t a = 0; a < 3; ++a) {
        const double* m = map.matrix.data() + 3 * a;
        line.step[a] = m[0];
        line.start[a] = m[1] * static_cast<double>(y) + m[2] * static_cast<double>(z) + map.offset[a];
      }
      line.shift = displacement.row(y, z);
      line.displaced = options.displacement != nullptr;
      row_kernel(output + row * block.out[0], input, line, image);
    }
  };
  const int64_t total = block.out[1] * block.out[2];
  if (options.pool != nullptr) {
    options.pool->parallel_for(total, 64, rows);
  } else {
    rows(0, total);
  }
}

#define PHOTO51_INSTANTIATE(T)                                                                             \
  template void resample_warp<T>(const T*, float*, const Block&, const AffineMap&, const ResampleOptions&, \
                                 const Padded&);
PHOTO51_FOR_VOXEL_TYPES(PHOTO51_INSTANTIATE)

}  // namespace photo51::ops::cpu
