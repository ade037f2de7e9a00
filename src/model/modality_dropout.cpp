#include "model/modality_dropout.hpp"

#include <ATen/ATen.h>

namespace photo51::model {

at::Tensor drop_inputs(const at::Tensor& present, double probability) {
  const at::Tensor draws = at::rand(present.sizes(), at::kDouble);
  const at::Tensor best = draws.masked_fill(~present, -1).argmax(1, /*keepdim=*/true);
  const at::Tensor keep = (draws >= probability).scatter(1, best, true);
  return present & keep;
}

}  // namespace photo51::model
