#include "photo51/nn/layers/scaled_dot_product.hpp"

#include <torch/nn/module.h>

#include <cmath>

#include "photo51/nn/capture.hpp"

namespace photo51::nn {

at::Tensor ScaledDotProduct::forward(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) const {
  if (!is_captured(*this))
    return at::scaled_dot_product_attention(q, k, v, {}, is_training() ? dropout_ : 0.0);
  // The queries are scaled, since products of half precision could overflow before.
  const at::Tensor products = at::matmul(q / std::sqrt(static_cast<double>(q.size(-1))), k.transpose(-2, -1));
  const at::Tensor attention = products.softmax(-1);
  report(*this, products, attention);
  return at::matmul(at::dropout(attention, dropout_, is_training()), v);
}

}  // namespace photo51::nn
