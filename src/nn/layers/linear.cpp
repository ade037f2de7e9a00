#include "photo51/nn/layers/linear.hpp"

#include <torch/nn/module.h>

#include "photo51/nn/capture.hpp"
#include "photo51/nn/init.hpp"

namespace photo51::nn {

Linear::Linear(int64_t in, int64_t out, bool with_bias) {
  const auto fill = [&](at::Tensor& tensor) { fill_uniform_by_inputs(tensor, in); };
  weight = register_parameter("weight", make_tensor({out, in}, fill));
  if (with_bias) bias = register_parameter("bias", make_tensor({out}, fill));
}

at::Tensor Linear::forward(const at::Tensor& x) const {
  const at::Tensor y = product(x, bias);
  report(*this, x, y);
  return y;
}

}  // namespace photo51::nn
