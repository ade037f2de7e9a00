#pragma once
/// The exponential function in loops that the compiler vectorises.

#include <bit>
#include <cstdint>

namespace photo51::ops::cpu {

template <class A>
struct ExpConstants;
template <>
struct ExpConstants<float> {
  using Bits = uint32_t;
  static constexpr float round = 12582912.0F;  ///< 1.5 2^23: what is added to it loses its fraction
  static constexpr int mantissa = 23;
  static constexpr Bits one = 0x3F800000;
  static constexpr float log2e = 1.44269504F;
  static constexpr float ln2_high = 0.693145752F, ln2_low = 1.42860677e-6F;  ///< the first of few digits
  static constexpr int terms = 7;
  static constexpr float limit = 10, far = 60;  ///< tanh is 1 from `limit` on, sigmoid from `far` on
};
template <>
struct ExpConstants<double> {
  using Bits = uint64_t;
  static constexpr double round = 6755399441055744.0;
  static constexpr int mantissa = 52;
  static constexpr Bits one = 0x3FF0000000000000;
  static constexpr double log2e = 1.4426950408889634;
  static constexpr double ln2_high = 0.6931471803691238, ln2_low = 1.9082149292705877e-10;
  static constexpr int terms = 13;
  static constexpr double limit = 20, far = 300;
};

/// e^x = scale (1 + rest), where scale is a power of 2 and rest, between -0.3 and 0.42, is exact to rounding
/// near 0. |x| at most 80 (float) or 700 (double); not a number makes rest so.
template <class A>
__attribute__((always_inline)) inline void exp_parts(A x, A& scale, A& rest) {
  using C = ExpConstants<A>;
  const A shifted = x * C::log2e + C::round;
  const A whole = shifted - C::round;
  const A r = (x - whole * C::ln2_high) - whole * C::ln2_low;
  // Taylor's polynomial of e^r - 1 about 0, |r| <= ln(2) / 2, by Horner's rule.
  A sum = 1;
  for (int n = C::terms; n > 1; --n) sum = 1 + sum * r * (A{1} / static_cast<A>(n));
  rest = sum * r;
  scale = std::bit_cast<A>((std::bit_cast<typename C::Bits>(shifted) << C::mantissa) + C::one);
}

}  // namespace photo51::ops::cpu
