#pragma once
/// What tests of the operator norm_act are given, and the same by single operators.

#include <ATen/ATen.h>

#include <utility>
#include <vector>

#include "photo51/ops/norm_act.hpp"

namespace photo51::test {

struct NormCase {
  std::vector<int64_t> sizes;
  at::MemoryFormat layout;
  bool per_case = false;
  double slope = 0;
  bool residual = false, running = false;
};

inline at::Tensor in_layout(const at::Tensor& x, at::MemoryFormat layout) {
  return x.contiguous(layout);
}

inline std::vector<NormCase> norm_cases() {
  std::vector<NormCase> cases;
  const auto plain = at::MemoryFormat::Contiguous, last = at::MemoryFormat::ChannelsLast,
             last_3d = at::MemoryFormat::ChannelsLast3d;
  const std::pair<std::vector<int64_t>, at::MemoryFormat> maps[] = {
      {{3, 5}, plain},           {{2, 7, 11}, plain},
      {{2, 16, 5, 6}, plain},    {{2, 16, 5, 6}, last},
      {{3, 24, 3, 4, 5}, plain}, {{3, 24, 3, 4, 5}, last_3d},
      {{1, 1, 40, 41}, last},    {{2, 3, 31, 33}, last},
      {{2, 300, 9, 9}, last},    {{2, 33, 40, 9, 7}, last_3d},
      {{2, 40, 1, 1}, last},     {{1, 2, 300, 300}, plain},
      {{2, 130, 24, 23}, last},
  };
  for (const auto& [sizes, layout] : maps)
    for (const bool per_case : {false, true}) {
      if (per_case && sizes.size() == 2) continue;
      cases.push_back({sizes, layout, per_case, 0});
      cases.push_back({sizes, layout, per_case, 1, true});
      cases.push_back({sizes, layout, per_case, 0.01, true});
      if (!per_case) cases.push_back({sizes, layout, per_case, 0.1, true, true});
    }
  return cases;
}

inline at::Tensor activated(const at::Tensor& z, double slope) {
  return slope == 1 ? z : slope == 0 ? z.relu() : at::leaky_relu(z, slope);
}

struct NormLeaves {
  at::Tensor x, weight, bias, residual, mean, variance;
};

/// Of a case, rounded to a type and then in float64.
inline NormLeaves norm_leaves(const NormCase& of, at::ScalarType type) {
  const int64_t channels = of.sizes[1];
  const auto rounded = [&](const at::Tensor& t) { return t.to(type).to(at::kDouble); };
  NormLeaves leaves{in_layout(rounded(at::randn(of.sizes) * 2 + 0.5), of.layout),
                    at::rand({channels}) + 0.5,
                    at::randn({channels}),
                    in_layout(rounded(at::randn(of.sizes)), of.layout),
                    {},
                    {}};
  if (!of.residual) leaves.residual.reset();
  if (of.running) {
    leaves.mean = at::randn({channels});
    leaves.variance = at::rand({channels}) + 0.5;
  }
  return leaves;
}

inline NormLeaves as_type(const NormLeaves& leaves, at::ScalarType type, at::MemoryFormat layout) {
  const auto parameter = [&](const at::Tensor& t) {
    return t.defined() ? t.to(ops::parameter_type(type)) : t;
  };
  const auto leaf = [](const at::Tensor& t) { return t.defined() ? t.detach().clone().requires_grad_() : t; };
  const auto map = [&](const at::Tensor& t) { return t.defined() ? in_layout(t.to(type), layout) : t; };
  return {leaf(map(leaves.x)),        leaf(parameter(leaves.weight)), leaf(parameter(leaves.bias)),
          leaf(map(leaves.residual)), parameter(leaves.mean),         parameter(leaves.variance)};
}

inline at::Tensor normed_by_steps(const NormLeaves& in, const NormCase& of) {
  at::Tensor z;
  if (of.per_case)
    z = at::instance_norm(in.x, in.weight, in.bias, {}, {}, true, 0.1, 1e-5, false);
  else
    z = at::batch_norm(in.x, in.weight, in.bias, in.mean, in.variance, !of.running, 0.0, 1e-5, false);
  return activated(in.residual.defined() ? z + in.residual : z, of.slope);
}

inline double norm_apart(const at::Tensor& a, const at::Tensor& b) {
  const double size = b.numel() == 0 ? 1 : b.abs().max().item<double>();
  return b.numel() == 0 ? 0
                        : (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>() / (size + 1e-3);
}

/// Of a gradient in a short type that the sign of a rounded value may switch: as a root of the mean square.
inline double mean_apart(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor difference = a.to(at::kDouble) - b;
  return (difference.square().mean().sqrt() / (b.square().mean().sqrt() + 1e-3)).item<double>();
}

}  // namespace photo51::test
