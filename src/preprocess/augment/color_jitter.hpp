#pragma once
/// Changes of color and stain within a normalised picture.

#include "photo51/preprocess/augment/augment.hpp"

namespace photo51::preprocess {

/// In place, `values` [3 or more, D, H, W] float32 as `normalize` left them: brought back to the picture's
/// own 0..1, changed, and normalised again. Error (usage): something to change and `normalize` is not
/// `fixed`, or not three channels.
void recolor(at::Tensor& values, const Augmentation& augmentation, const NormalizeOptions& normalize);

}  // namespace photo51::preprocess
