#include "photo51/radiogenomics/detection/boxes.hpp"

#include <torch/nn/module.h>

#include <sstream>

#include "photo51/core/error.hpp"

namespace photo51::radiogenomics {
namespace {

std::string sizes_text(const at::Tensor& tensor) {
  std::ostringstream text;
  text << tensor.sizes();
  return text.str();
}

/// Of the parts that are there along all axes; [..., dims] -> [...].
at::Tensor volume_of(const at::Tensor& edges) {
  return edges.clamp_min(0).prod(-1);
}

struct Overlap {
  at::Tensor shared, both;  ///< volumes of intersection and union
};

/// Of boxes that broadcast.
Overlap overlap_of(const at::Tensor& a, const at::Tensor& b, int64_t dims) {
  const auto near = [&](const at::Tensor& boxes) { return boxes.narrow(-1, 0, dims); };
  const auto far = [&](const at::Tensor& boxes) { return boxes.narrow(-1, dims, dims); };
  const at::Tensor shared = volume_of(at::minimum(far(a), far(b)) - at::maximum(near(a), near(b)));
  return {shared, volume_of(far(a) - near(a)) + volume_of(far(b) - near(b)) - shared};
}

at::Tensor generalised(const at::Tensor& a, const at::Tensor& b, int64_t dims) {
  const Overlap found = overlap_of(a, b, dims);
  const at::Tensor around = volume_of(at::maximum(a.narrow(-1, dims, dims), b.narrow(-1, dims, dims)) -
                                      at::minimum(a.narrow(-1, 0, dims), b.narrow(-1, 0, dims)));
  const double tiny = std::numeric_limits<float>::min();  // so that two empty boxes at one place have 0
  return found.shared / found.both.clamp_min(tiny) - (around - found.both) / around.clamp_min(tiny);
}

int64_t same_dims(const at::Tensor& a, const at::Tensor& b) {
  const int64_t dims = box_dims(a);
  if (box_dims(b) != dims)
    core::fail_usage("boxes of " + std::to_string(dims) + " axes and of " + std::to_string(box_dims(b)));
  return dims;
}

}  // namespace

int64_t box_dims(const at::Tensor& boxes) {
  if (boxes.dim() != 2 || (boxes.size(1) != 4 && boxes.size(1) != 6) || !boxes.is_floating_point())
    core::fail_usage("boxes are floating [N, 4] or [N, 6], and these are " + sizes_text(boxes) + " of " +
                     toString(boxes.scalar_type()));
  return boxes.size(1) / 2;
}

at::Tensor boxes_around(const at::Tensor& centres, const at::Tensor& radii) {
  const bool fits = centres.dim() == 2 && (radii.dim() == 1 || radii.dim() == 2) &&
                    radii.size(0) == centres.size(0) &&
                    (radii.dim() == 1 || radii.size(1) == centres.size(1));
  if (!fits)
    core::fail_usage("boxes around centres [N, 2] or [N, 3] need radii [N] or one an axis, and these are " +
                     sizes_text(centres) + " and " + sizes_text(radii));
  const at::Tensor half = radii.dim() == 1 ? radii.unsqueeze(1) : radii;
  const at::Tensor boxes = at::cat({centres - half, centres + half}, 1);
  box_dims(boxes);
  return boxes;
}

at::Tensor box_centres(const at::Tensor& boxes) {
  const int64_t dims = box_dims(boxes);
  return (boxes.narrow(1, 0, dims) + boxes.narrow(1, dims, dims)) / 2;
}

at::Tensor box_edges(const at::Tensor& boxes) {
  const int64_t dims = box_dims(boxes);
  return boxes.narrow(1, dims, dims) - boxes.narrow(1, 0, dims);
}

at::Tensor box_volumes(const at::Tensor& boxes) {
  return volume_of(box_edges(boxes));
}

at::Tensor clip_boxes(const at::Tensor& boxes, at::IntArrayRef size) {
  const int64_t dims = box_dims(boxes);
  if (static_cast<int64_t>(size.size()) != dims)
    core::fail_usage("boxes of " + std::to_string(dims) + " axes in an image of " +
                     std::to_string(size.size()));
  at::Tensor most = at::tensor(size, boxes.options().device(at::kCPU)).repeat({2}).to(boxes.device());
  return at::minimum(boxes.clamp_min(0), most);
}

at::Tensor box_iou(const at::Tensor& a, const at::Tensor& b) {
  const Overlap found = overlap_of(a.unsqueeze(1), b.unsqueeze(0), same_dims(a, b));
  return found.shared / found.both.clamp_min(std::numeric_limits<float>::min());
}

at::Tensor box_giou(const at::Tensor& a, const at::Tensor& b) {
  return generalised(a.unsqueeze(1), b.unsqueeze(0), same_dims(a, b));
}

at::Tensor paired_giou(const at::Tensor& a, const at::Tensor& b) {
  const int64_t dims = same_dims(a, b);
  if (a.size(0) != b.size(0))
    core::fail_usage("pairs of " + std::to_string(a.size(0)) + " and " + std::to_string(b.size(0)) +
                     " boxes");
  return generalised(a, b, dims);
}

}  // namespace photo51::radiogenomics
