#pragma once
/// What tests of the operators of ragged bags are given, and the same by single operators in float64.

#include <ATen/ATen.h>

#include <vector>

namespace photo51::test {

/// Of bags of 0, of 1 and of many instances.
inline const std::vector<int64_t> some_bags{0, 1, 3, 1100, 0, 77};

inline at::Tensor bag_offsets(const std::vector<int64_t>& lengths) {
  std::vector<int64_t> offsets{0};
  for (const int64_t length : lengths) offsets.push_back(offsets.back() + length);
  return at::tensor(offsets, at::kLong);
}

inline at::ScalarType wide_type(at::ScalarType values) {
  return values == at::kDouble ? at::kDouble : at::kFloat;
}

/// Of all bags, [B, K, D] and [N, K].
inline std::vector<at::Tensor> pooled_bag_by_bag(const at::Tensor& values, const at::Tensor& scores,
                                                 const at::Tensor& offsets) {
  std::vector<at::Tensor> pooled, attention;
  for (int64_t bag = 0; bag + 1 < offsets.size(0); ++bag) {
    const auto begin = offsets[bag].item<int64_t>(), end = offsets[bag + 1].item<int64_t>();
    attention.push_back(scores.slice(0, begin, end).softmax(0));
    pooled.push_back(at::matmul(attention.back().t(), values.slice(0, begin, end)));
  }
  return {at::stack(pooled), at::cat(attention)};
}

inline at::Tensor gated_by_steps(const at::Tensor& gates, const at::Tensor& bias, const at::Tensor& weight) {
  const auto halves = (gates + bias).chunk(2, 1);
  return at::matmul(halves[0].tanh() * halves[1].sigmoid(), weight.t());
}

/// The largest difference beside the largest value, or beside `least` if that is smaller.
inline double apart(const at::Tensor& found, const at::Tensor& expected, double least = 1e-30) {
  if (expected.numel() == 0) return found.numel() == 0 ? 0 : INFINITY;
  const at::Tensor wide = expected.detach().to(at::kDouble);
  return ((found.detach().to(at::kCPU, at::kDouble) - wide).abs().max() / wide.abs().max().clamp_min(least))
      .item<double>();
}

/// A leaf in this type and the same values as a leaf in float64.
struct TwoLeaves {
  TwoLeaves(const at::Tensor& values, at::ScalarType type)
      : leaf(values.to(type).set_requires_grad(true)),
        wide(leaf.detach().to(at::kDouble, /*non_blocking=*/false, /*copy=*/true).set_requires_grad(true)) {}
  at::Tensor leaf, wide;
};

}  // namespace photo51::test
