#pragma once
/// Exponential moving average of a model's weights (Polyak averaging).

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <string>

#include "photo51/training/optim/optimizer.hpp"

namespace photo51::training {

/// average <- d average + (1 - d) weights after each step t (from 1), with d = min(decay, (1 + t) / (10 +
/// t)), so that the random start is soon forgotten. Integer buffers are copied.
class ExponentialMovingAverage {
 public:
  ExponentialMovingAverage(double decay, const NamedTensors& weights);
  void update(const NamedTensors& weights);
  /// Exchanges the average with the weights in place; twice = as before.
  void swap(const NamedTensors& weights);

  int64_t steps() const { return steps_; }
  const std::map<std::string, at::Tensor>& state() const { return average_; }
  void load(const std::map<std::string, at::Tensor>& state, int64_t steps);

 private:
  double decay_;
  int64_t steps_ = 0;
  std::map<std::string, at::Tensor> average_;
};

}  // namespace photo51::training
