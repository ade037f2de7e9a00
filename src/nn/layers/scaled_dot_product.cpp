#include "photo51/nn/layers/scaled_dot_product.hpp"

#include <torch/nn/module.h>

#include <cmath>

#include "photo51/nn/capture.hpp"

namespace photo51::nn {

at::Tensor ScaledDotProduct::fused(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                   const std::optional<at::Tensor>& bias) const {
  return at::scaled_dot_product_attention(q, k, v, bias, is_training() ? dropout_ : 0.0, false, scale_);
}

at::Tensor ScaledDotProduct::forward(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                     const at::Tensor& bias) const {
  std::optional<at::Tensor> added;
  if (bias.defined()) added = bias.to(q.scalar_type());
  if (!is_captured(*this)) {
    if (q.dim() == 4) return fused(q, k, v, added);
    // The kernels know a single axis before the heads: where each window has a bias of its own, windows and
    // heads become one axis, so that the bias is the same of all cases and is not repeated.
    const bool own_bias = added && added->dim() > 3 && added->size(-4) > 1;
    const int64_t first = own_bias ? 1 : 0;
    const auto flat = [&](const at::Tensor& t) { return t.flatten(first, first + 1); };
    if (own_bias) added = added->expand({-1, q.size(2), -1, -1}).flatten(0, 1).unsqueeze(0);
    return fused(flat(q), flat(k), flat(v), added).unflatten(first, q.sizes().slice(size_t(first), 2));
  }
  // The queries are scaled, since products of half precision could overflow before.
  const double scale = scale_ ? *scale_ : 1 / std::sqrt(static_cast<double>(q.size(-1)));
  at::Tensor products = at::matmul(q * scale, k.transpose(-2, -1));
  if (added) products = products + *added;
  const at::Tensor attention = products.softmax(-1);
  report(*this, products, attention);
  return at::matmul(at::dropout(attention, dropout_, is_training()), v);
}

}  // namespace photo51::nn
