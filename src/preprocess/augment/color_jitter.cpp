#include "preprocess/augment/color_jitter.hpp"

#include <ATen/ATen.h>

#include "photo51/core/error.hpp"

namespace photo51::preprocess {

void recolor(at::Tensor& values, const Augmentation& augmentation, const NormalizeOptions& normalize) {
  if (!augmentation.colors && !augmentation.stain) return;
  if (normalize.method != NormalizeMethod::fixed)
    core::fail_usage("color_jitter and hed_jitter need a picture's own colors; set normalize to fixed");
  if (values.size(0) < 3)
    core::fail_usage("color_jitter and hed_jitter take three channels (red, green, blue), not " +
                     std::to_string(values.size(0)));
  const auto by_channel = [](const std::vector<double>& numbers) {
    return at::tensor(numbers, at::kDouble).to(at::kFloat).view({-1, 1, 1, 1});
  };
  const at::Tensor mean = by_channel(normalize.mean), deviation = by_channel(normalize.std);
  at::Tensor colors = values.narrow(0, 0, 3);
  at::Tensor picture = colors.mul(deviation).add_(mean).clamp_(0, 1).contiguous();
  if (augmentation.stain)  // slices of [3, H, W]
    picture =
        jitter_hed(picture.transpose(0, 1).contiguous(), *augmentation.stain).transpose(0, 1).contiguous();
  if (augmentation.colors) change_colors(picture, *augmentation.colors);
  colors.copy_(picture.sub_(mean).div_(deviation));
}

}  // namespace photo51::preprocess
