#pragma once
/// Wu and He, Group normalization, ECCV 2018: groups of a case's channels by their mean and variance over the
/// places. There are as many groups as divide the channels, up to `most_groups`.

#include "photo51/nn/layers/norm.hpp"

namespace photo51::nn {

class GroupNorm : public Norm {
 public:
  explicit GroupNorm(int64_t channels, double epsilon = 1e-5, int64_t most_groups = 8);

 protected:
  at::Tensor normalize(const at::Tensor& x) override;

 private:
  int64_t groups_;
};

}  // namespace photo51::nn
