#pragma once
/// Initial values of parameters, drawn from torch's default generator.

#include <ATen/core/Tensor.h>

#include <functional>

namespace photo51::nn {

/// While one lives, layers made on this thread leave their parameters uninitialised: for modules whose
/// weights come from a file at once.
class SkipInit {
 public:
  SkipInit();
  ~SkipInit();
  SkipInit(const SkipInit&) = delete;
  SkipInit& operator=(const SkipInit&) = delete;
  static bool active();
};

/// A float32 tensor to register; `fill` sets its values unless SkipInit is active.
at::Tensor make_tensor(at::IntArrayRef shape, const std::function<void(at::Tensor&)>& fill);
void fill_zeros(at::Tensor& tensor);
void fill_ones(at::Tensor& tensor);
void fill_truncated_normal(at::Tensor& tensor, double deviation);  ///< cut at two deviations
void fill_xavier_uniform(at::Tensor& matrix);                      ///< Glorot and Bengio 2010
/// torch.nn's default of linear layers and their biases: uniform within 1 / sqrt(inputs).
void fill_uniform_by_inputs(at::Tensor& tensor, int64_t inputs);

}  // namespace photo51::nn
