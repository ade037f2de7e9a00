#pragma once
/// What happens to gradients between the backward pass and the step of the optimiser: nothing in one process;
/// ranks that add theirs, or clipping and noise a case, are further implementations.

#include <ATen/core/Tensor.h>

#include <memory>

#include "photo51/model/model.hpp"

namespace photo51::training {

/// Called by the Trainer in this order: `attach` once, before the first step; for every batch
/// `before_forward` and, unless it has nothing to learn from, `before_backward`; `finish` before every step
/// of the optimiser, also where no batch of it had a gradient here. An implementation leaves the gradient of
/// a parameter that nobody used undefined, so that it is not stepped.
class GradientSync {
 public:
  virtual ~GradientSync() = default;
  virtual void attach(model::Model& model) = 0;
  virtual void before_forward() = 0;
  /// `loss` is what is about to be differentiated, a scalar; `last_micro_batch` says that the step follows.
  virtual void before_backward(const at::Tensor& loss, bool last_micro_batch) = 0;
  virtual void finish() = 0;
};

/// `none`: one process, whose gradients are as they should be.
std::unique_ptr<GradientSync> no_gradient_sync();

}  // namespace photo51::training
