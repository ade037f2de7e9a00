#pragma once
/// The segmenters of this library.

#include "photo51/data/segmenters/segmenter.hpp"

namespace photo51::data {

std::shared_ptr<const Segmenter> make_torch_script_segmenter(const TorchScriptSegmenterOptions& options);
std::shared_ptr<const Segmenter> make_deepbet(const DeepbetOptions& options);

/// A region on the grid of an image. `inside` is bool or uint8 [D, H, W].
imaging::Volume region_on(const imaging::Geometry& grid, const at::Tensor& inside);

}  // namespace photo51::data
