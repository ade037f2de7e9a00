#include "evaluation/segmentation/masks.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <sstream>

#include "photo51/core/error.hpp"
#include "photo51/ops/scan.hpp"

namespace photo51::evaluation {
namespace {

at::Tensor inside_of(const at::Tensor& mask) {
  if (!mask.defined() || !mask.is_cpu() || (mask.dim() != 2 && mask.dim() != 3) ||
      !at::isIntegralType(mask.scalar_type(), /*includeBool=*/true))
    core::fail_usage(
        "segmentation metrics: a mask is bool or whole numbers, [H, W] or [D, H, W], on the host");
  return (mask.scalar_type() == at::kBool ? mask : mask.ne(0)).contiguous();
}

}  // namespace

MaskPair::MaskPair(const at::Tensor& of_predicted, const at::Tensor& of_truth)
    : predicted(inside_of(of_predicted)), truth(inside_of(of_truth)) {
  if (predicted.sizes() == truth.sizes()) return;
  std::ostringstream text;
  text << "segmentation metrics: the predicted mask is " << predicted.sizes() << " and the true one "
       << truth.sizes() << "; bring both to one grid";
  core::fail_usage(text.str());
}

MaskPair::MaskPair(const at::Tensor& of_predicted, const at::Tensor& of_truth,
                   std::span<const double> spacing)
    : MaskPair(of_predicted, of_truth) {
  if (static_cast<int64_t>(spacing.size()) != predicted.dim() ||
      !std::ranges::all_of(spacing, [](double mm) { return mm > 0; }))
    core::fail_usage("segmentation metrics: a spacing has mm above 0 for each of the mask's " +
                     std::to_string(predicted.dim()) + " axes");
}

MaskPair cropped(const MaskPair& masks) {
  MaskPair part = masks;
  const at::Tensor either = masks.predicted.logical_or(masks.truth).view(at::kByte);
  const auto box = ops::box_nonzero(either.dim() == 2 ? either.unsqueeze(0) : either);
  if (!box) {
    part.predicted = part.truth = at::Tensor();
    return part;
  }
  const int64_t dims = either.dim();
  for (int64_t axis = 0; axis < dims; ++axis) {
    const auto of_box = static_cast<size_t>(dims - 1 - axis);
    const int64_t first = box->low[of_box], length = box->high[of_box] - first + 1;
    part.predicted = part.predicted.narrow(axis, first, length);
    part.truth = part.truth.narrow(axis, first, length);
  }
  return part;
}

}  // namespace photo51::evaluation
