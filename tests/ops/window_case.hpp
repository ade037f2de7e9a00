#pragma once
/// What tests of attention within windows are given, and the same by copies of the map.

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "photo51/ops/window_attention.hpp"

namespace photo51::test {

struct WindowCase {
  std::string name;
  std::vector<int64_t> map;  ///< [B, [D,] H, W]
  ops::WindowAttention of;
  int64_t heads = 2, head_dim = 4;
  bool cosine = false;
};

inline const std::vector<WindowCase> window_cases{
    {"plain", {2, 4, 6}, {{2, 3}, {0, 0}}},
    {"shifted", {2, 4, 6}, {{2, 3}, {1, 2}}},
    {"padded", {2, 5, 7}, {{3, 3}, {1, 1}}},
    {"padded after the shift", {2, 5, 7}, {{3, 3}, {1, 1}, true}},
    {"smaller than a window", {1, 2, 1}, {{3, 3}, {1, 1}, true}},
    {"one window", {1, 7, 7}, {{7, 7}, {0, 0}}, 3, 5},
    {"many places", {1, 9, 20}, {{9, 10}, {4, 5}}, 1, 40},
    {"3D", {2, 3, 4, 5}, {{2, 2, 3}, {1, 1, 1}}},
    {"3D, one wide", {1, 2, 2, 4}, {{2, 2, 2}, {0, 1, 0}}, 1, 1},
    {"cosine", {2, 4, 6}, {{2, 3}, {1, 2}}, 2, 4, true},
    {"cosine, padded", {1, 5, 4}, {{3, 3}, {1, 1}}, 2, 4, true},
};

struct WindowTensors {
  at::Tensor qkv, bias, padding, scales;
  std::vector<at::Tensor> all() const {
    std::vector<at::Tensor> defined;
    for (const at::Tensor& t : {qkv, bias, padding, scales})
      if (t.defined()) defined.push_back(t);
    return defined;
  }
  WindowTensors to(at::ScalarType type) const {
    const auto sums = type == at::kDouble ? at::kDouble : at::kFloat;
    const auto as = [](const at::Tensor& t, at::ScalarType to) {
      return t.defined() ? t.detach().to(to).clone().requires_grad_() : t;
    };
    return {as(qkv, type), as(bias, sums), as(padding, type), as(scales, sums)};
  }
  at::Tensor attended(const ops::WindowAttention& of) const {
    return ops::window_attention(qkv, bias, of, padding, scales);
  }
};

inline WindowTensors window_tensors_of(const WindowCase& of) {
  at::manual_seed(3);
  int64_t places = 1;
  for (const int64_t edge : of.of.window) places *= edge;
  auto sizes = of.map;
  sizes.push_back(3 * of.heads * of.head_dim);
  WindowTensors made;
  made.qkv = at::randn(sizes, at::kDouble);
  made.bias = at::randn({of.heads, places, places}, at::kDouble);
  made.padding = at::randn({sizes.back()}, at::kDouble);
  if (of.cosine) made.scales = at::rand({of.heads}, at::kDouble) * 5 + 1;
  return made.to(at::kDouble);
}

/// By copies of the map: padded, rolled, and each window cut out of it.
inline at::Tensor attended_by_copies(const WindowTensors& in, const WindowCase& of) {
  const size_t dims = of.of.window.size();
  std::vector<int64_t> size(of.map.begin() + 1, of.map.end()), edges, axes, back;
  for (size_t axis = 0; axis < dims; ++axis) {
    edges.push_back((size[axis] + of.of.window[axis] - 1) / of.of.window[axis] * of.of.window[axis]);
    axes.push_back(static_cast<int64_t>(axis) + 1);
    back.push_back(-of.of.shift[axis]);
  }
  const auto padded = [&](at::Tensor map) {
    for (size_t axis = 0; axis < dims; ++axis) {
      auto more = map.sizes().vec();
      more[axis + 1] = edges[axis] - size[axis];
      map = at::cat({map, in.padding.expand(more)}, axes[axis]);
    }
    return map;
  };
  const at::Tensor map =
      of.of.pad_after_shift ? padded(at::roll(in.qkv, back, axes)) : at::roll(padded(in.qkv), back, axes);
  auto out_sizes = map.sizes().vec();
  out_sizes.back() /= 3;
  at::Tensor out = at::zeros(out_sizes, map.options());
  int64_t windows = 1;
  for (size_t axis = 0; axis < dims; ++axis) windows *= edges[axis] / of.of.window[axis];
  for (int64_t number = 0; number < windows; ++number) {
    at::Tensor cut = map, to = out, part = at::zeros({1}, at::kLong);
    int64_t rest = number;
    for (size_t axis = dims; axis-- > 0;) {
      const int64_t window = of.of.window[axis], count = edges[axis] / window;
      const int64_t first = rest % count * window;
      rest /= count;
      cut = cut.slice(axes[axis], first, first + window);
      to = to.slice(axes[axis], first, first + window);
      const at::Tensor beyond = at::arange(first, first + window).ge(edges[axis] - of.of.shift[axis]);
      part = (beyond.to(at::kLong).unsqueeze(1) * (1 << axis) + part.unsqueeze(0)).flatten();
    }
    const auto shape = cut.sizes().slice(0, dims + 1).vec();
    const at::Tensor qkv =
        cut.flatten(1, -2).unflatten(-1, {3, of.heads, of.head_dim}).permute({2, 0, 3, 1, 4});
    at::Tensor q = qkv[0], k = qkv[1];
    if (of.cosine) {
      q = q / q.norm(2, {-1}, true) * in.scales.view({-1, 1, 1});
      k = k / k.norm(2, {-1}, true);
    } else {
      q = q / std::sqrt(static_cast<double>(of.head_dim));
    }
    const at::Tensor apart = part.unsqueeze(0).ne(part.unsqueeze(1)).to(at::kDouble) * 100;
    const at::Tensor weights = (at::matmul(q, k.transpose(-2, -1)) + in.bias - apart).softmax(-1);
    to.copy_(at::matmul(weights, qkv[2]).permute({0, 2, 1, 3}).flatten(-2).view(to.sizes()));
  }
  if (!of.of.pad_after_shift) out = at::roll(out, of.of.shift, axes);
  for (size_t axis = 0; axis < dims; ++axis) out = out.slice(axes[axis], 0, size[axis]);
  return of.of.pad_after_shift ? at::roll(out, of.of.shift, axes) : out;
}

inline double window_distance(const at::Tensor& a, const at::Tensor& b) {
  return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>() /
         std::max(b.to(at::kDouble).abs().max().item<double>(), 1e-9);
}

/// Output and gradients.
inline std::vector<at::Tensor> window_results(const WindowTensors& in, const at::Tensor& out) {
  at::manual_seed(4);
  const at::Tensor slope = at::randn(out.sizes(), at::kDouble).to(out.scalar_type());
  auto all = torch::autograd::grad({out}, in.all(), {slope}, {}, false, true);
  for (at::Tensor& grad : all)
    if (!grad.defined()) grad = at::zeros({1});
  all.push_back(out.detach());
  return all;
}

}  // namespace photo51::test
