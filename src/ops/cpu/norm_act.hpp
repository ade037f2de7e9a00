#pragma once
/// Kernels behind ops::norm_act, over raw memory: rows of `width` channels. A plane of a
/// contiguous map is rows of one channel. Statistics and sums are taken in blocks of the wide type and leave
/// in double, for the caller to add up.

#include <cstdint>
#include <type_traits>

#include "ops/cpu/bfloat16.hpp"

namespace photo51::ops::cpu {

/// In which numbers are computed with.
template <class T>
using Wide = std::conditional_t<std::is_same_v<T, double>, double, float>;

/// Row r begins at data + r * stride.
template <class T>
struct Rows {
  T* data = nullptr;
  int64_t stride = 0;
};

/// z = (x - center) * scale + shift, each [width], and where z is not positive slope * z.
template <class T>
struct AffineAct {
  const Wide<T>*center, *scale, *shift;
  Wide<T> slope;
};

/// Mean and sum of squared deviations from it of each channel, x dense.
template <class T>
void moments(const T* x, int64_t rows, int64_t width, double* mean, double* deviation);

/// y = act(z + residual); the residual (may be null) has y's stride.
template <class T>
void affine_act(Rows<const T> x, const T* residual, Rows<T> y, int64_t rows, int64_t width,
                const AffineAct<T>& of);

/// What comes back: g = gy, times slope where y is not positive. Without an activation y.data is null.
template <class T>
struct ActGradient {
  Rows<const T> gy, y;
  Wide<T> slope;
};

/// sum = sum of g, product = sum of g * (x - center) of each channel; of_residual = g where its data are not
/// null.
template <class T>
void gradient_sums(const ActGradient<T>& g, Rows<const T> x, Rows<T> of_residual, int64_t rows, int64_t width,
                   const Wide<T>* center, double* sum, double* product);

/// gx = g * scale + (x - center) * slant + shift, all dense.
template <class T>
struct InputGradient {
  const Wide<T>*center, *scale, *slant, *shift;
};
template <class T>
void gradient_input(const ActGradient<T>& g, const T* x, T* gx, int64_t rows, int64_t width,
                    const InputGradient<T>& of);

}  // namespace photo51::ops::cpu
