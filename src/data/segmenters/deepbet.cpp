// Brain extraction as deepbet does it, by its own two networks.
#include <ATen/ATen.h>
#include <ATen/ops/_upsample_nearest_exact3d.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "data/segmenters/region.hpp"
#include "data/segmenters/rows.hpp"
#include "nn/programs/script_program.hpp"
#include "photo51/core/error.hpp"
#include "photo51/imaging/masks/mask.hpp"
#include "photo51/preprocess/geometry/orientation.hpp"

namespace photo51::data {
namespace {

constexpr std::array<int64_t, 3> coarse_size{128, 128, 128}, fine_size{256, 256, 256};
constexpr float box_margin = 0.1F;    ///< of the box's edge, on either side
constexpr float least_share = 0.02F;  ///< of a plane: below it the plane holds no brain
constexpr double low_quantile = 0.005, high_quantile = 0.995;
/// Of intensities as the networks were trained.
constexpr double usual_mean = 0.449, usual_deviation = 0.226;

struct Scale {
  at::Tensor low, high;
};

/// [x, y, z], by the voxel whose centre is nearest.
at::Tensor resized(const at::Tensor& image, at::IntArrayRef size) {
  return at::_upsample_nearest_exact3d(image.contiguous().unsqueeze(0).unsqueeze(0), size)[0][0];
}

/// What a network makes of an image: the probability of brain.
at::Tensor brain_probability(const nn::ScriptProgram& network, const at::Tensor& image, const Scale& scale) {
  at::Tensor values = ((image - scale.low) / (scale.high - scale.low)).clamp(0, 1);
  values = usual_deviation * ((values - values.mean()) / values.std()) + usual_mean;
  const at::Tensor found = core::with_context(network.file().string(),
                                              [&] { return network.run(values.unsqueeze(0).unsqueeze(0)); });
  if (found.dim() != 5 || found.size(0) != 1 || found.size(1) != 2 || found.sizes().slice(2) != image.sizes())
    core::fail_usage(
        network.file().string() + ": of an image " + c10::str(image.sizes()) + " it makes " +
        c10::str(found.sizes()) +
        ", and deepbet's networks a map of two classes; name model.pt and bbox_model.pt of deepbet");
  return found[0][1];
}

struct Extent {
  int64_t begin = 0, end = 0;
  int64_t size() const { return end - begin; }
};
using BrainBox = std::array<Extent, 3>;

/// Where the brain reaches along an axis of the coarse mask, brought to an axis of `size` voxels with a
/// margin. Empty: nowhere.
Extent extent_along(const at::Tensor& mask, int64_t axis, int64_t size) {
  const at::Tensor share = mask.to(at::kFloat).mean(std::vector<int64_t>{(axis + 1) % 3, (axis + 2) % 3});
  const at::Tensor planes = (share > least_share).nonzero();
  if (planes.numel() == 0) return {};
  const auto first = static_cast<float>(planes.min().item<int64_t>());
  const auto last = static_cast<float>(planes.max().item<int64_t>());
  const float scale = static_cast<float>(size) / static_cast<float>(mask.size(axis));
  const float center = std::nearbyint(scale * ((last + 1 + first) / 2));
  const float edge = std::nearbyint((1 + 2 * box_margin) * (scale * (last + 1 - first)));
  return {std::max<int64_t>(0, static_cast<int64_t>(center - edge / 2)),
          std::min(size, static_cast<int64_t>(center + edge / 2))};
}

at::Tensor part_in(at::Tensor image, const BrainBox& box) {
  for (size_t axis = 0; axis < 3; ++axis)
    image = image.narrow(static_cast<int64_t>(axis), box[axis].begin, box[axis].size());
  return image;
}

class Deepbet final : public Segmenter {
 public:
  explicit Deepbet(const DeepbetOptions& options)
      : threshold_(options.threshold), brain_(options.program), box_(options.box_program) {}

  imaging::Volume find(const SegmenterImages& images) const override {
    const imaging::Volume& scan = *images.channels[images.frame()];
    const imaging::Volume ras = preprocess::reorient(scan, "RAS");
    const at::Tensor image =
        ras.data[0].to(at::kFloat).permute({2, 1, 0}).contiguous().nan_to_num();  // [x, y, z]
    const at::Tensor inside = brain_in(image).permute({2, 1, 0});
    return imaging::on_grid_of(region_on(ras.geometry, inside), scan.geometry);
  }

 private:
  at::Tensor brain_in(const at::Tensor& image) const {
    at::Tensor inside = at::zeros(image.sizes(), at::kBool);
    const at::Tensor coarse = resized(image, coarse_size);
    const Scale scale{coarse.quantile(low_quantile), coarse.quantile(high_quantile)};
    if (!scale.low.lt(scale.high).item<bool>()) return inside;  // without any contrast
    const at::Tensor rough = largest_piece((brain_probability(box_, coarse, scale) > 0.5).contiguous());
    BrainBox box;
    for (size_t axis = 0; axis < 3; ++axis) {
      const auto place = static_cast<int64_t>(axis);
      box[axis] = extent_along(rough, place, image.size(place));
      if (box[axis].size() <= 0) return inside;
    }
    const at::Tensor fine = brain_probability(brain_, resized(part_in(image, box), fine_size), scale);
    at::Tensor part = part_in(inside, box);
    const at::Tensor found = resized(fine, part.sizes()) > threshold_;
    part.copy_(without_holes(largest_piece(found.contiguous())));
    return inside;
  }

  double threshold_;
  nn::ScriptProgram brain_, box_;
};

}  // namespace

std::shared_ptr<const Segmenter> make_deepbet(const DeepbetOptions& options) {
  return std::make_shared<Deepbet>(options);
}

}  // namespace photo51::data
