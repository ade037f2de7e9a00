#pragma once
/// Gradients checked by central finite differences in float64.

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <functional>

namespace photo51::test {

/// `function` maps a float64 tensor to a scalar.
inline void expect_gradient(const std::function<at::Tensor(const at::Tensor&)>& function,
                            const at::Tensor& at_point, double tolerance = 1e-6) {
  at::Tensor x = at_point.detach().to(at::kDouble).clone().set_requires_grad(true);
  const at::Tensor gradient = torch::autograd::grad({function(x)}, {x})[0].flatten();
  const at::Tensor base = x.detach().flatten();
  const double step = 1e-5;
  for (int64_t i = 0; i < base.numel(); ++i) {
    at::Tensor up = base.clone(), down = base.clone();
    up[i] += step;
    down[i] -= step;
    const double slope =
        (function(up.view(x.sizes())) - function(down.view(x.sizes()))).item<double>() / (2 * step);
    EXPECT_NEAR(gradient[i].item<double>(), slope, tolerance) << "element " << i;
  }
}

}  // namespace photo51::test
