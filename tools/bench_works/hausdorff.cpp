#include <ATen/ATen.h>

#include "bench.hpp"
#include "photo51/evaluation/segmentation.hpp"

namespace photo51::bench {
namespace {

/// A ball of some 90 voxels with waves on it, in 256^3.
at::Tensor ball(double shift) {
  const at::Tensor at_axis = at::arange(256, at::kDouble) - 127.5;
  const at::Tensor z = at_axis.view({-1, 1, 1}), y = at_axis.view({1, -1, 1}), x = at_axis - shift;
  const at::Tensor radius = 90 + 6 * (0.2 * z).sin() * (0.15 * y + shift).sin();
  return (z.square() + y.square() + x.square()).le(radius.square());
}

}  // namespace

void hausdorff(const Arguments&) {
  const at::Tensor predicted = ball(5), truth = ball(0);
  const std::vector<double> spacing{1.5, 0.8, 0.8};
  print_median(1, 3,
               [&] { evaluation::hausdorff(evaluation::surface_distances(predicted, truth, spacing)); });
}

}  // namespace photo51::bench
