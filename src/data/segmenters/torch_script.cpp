// A segmenter that is any program of TorchScript.
#include <ATen/ATen.h>

#include <algorithm>
#include <utility>

#include "data/segmenters/region.hpp"
#include "data/segmenters/rows.hpp"
#include "nn/programs/script_program.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "photo51/nn/inference/sliding_window.hpp"
#include "photo51/preprocess/geometry/restore.hpp"

namespace photo51::data {
namespace {

class TorchScriptSegmenter final : public Segmenter {
 public:
  explicit TorchScriptSegmenter(const TorchScriptSegmenterOptions& options)
      : options_(options), program_(options.program, options.method) {}

  imaging::Volume find(const SegmenterImages& images) const override {
    const size_t frame = images.frame();
    preprocess::Registrations registrations = images.registrations;
    if (registrations[frame]) registrations[frame].reset();  // it is alone, and in its own world
    const auto prepared = preprocess::prepare(images.channels, {}, false, options_.preprocess, nullptr,
                                              images.names, nullptr, registrations);
    const imaging::Geometry& grid = images.channels[frame]->geometry;
    const at::Tensor there =
        preprocess::restore(probability(prepared.values), prepared.geometry, grid).squeeze(0);
    at::Tensor inside = (there > options_.threshold).contiguous();
    if (options_.keep == KeptPieces::largest) inside = largest_piece(inside);
    if (options_.fill_holes) inside = without_holes(inside);
    return region_on(grid, inside);
  }

 private:
  /// Of values [C, D, H, W]: [1, D, H, W].
  at::Tensor probability(const at::Tensor& values) const {
    const bool by_slices = options_.dims == 2, turned = options_.axes == AxisOrder::xyz;
    at::Tensor images = by_slices ? values.transpose(0, 1) : values.unsqueeze(0);
    images = as_program_sees(images, turned, by_slices);
    nn::SlidingWindowOptions windows;
    windows.importance = nn::Importance::gaussian;
    windows.overlap = options_.overlap;
    windows.batch_size = by_slices ? 8 : 1;
    windows.window = options_.window;
    if (!turned) std::ranges::reverse(windows.window);
    if (windows.window.empty()) {
      windows.window = images.sizes().slice(2).vec();
      windows.importance = nn::Importance::constant;
    }
    const at::Tensor found = core::with_context(program_.file().string(), [&] {
      return nn::slide_window(images, windows, [&](const at::Tensor& part) {
        const at::Tensor output = program_.run(part);
        return region_of_classes(output.dim() == part.dim() - 1 ? output.unsqueeze(1) : output);
      });
    });
    const at::Tensor back = as_program_sees(found, turned, by_slices);
    return (by_slices ? back.transpose(0, 1) : back.squeeze(0)).contiguous();
  }

  /// [B, C, ([D,] H, W)] with the axes of space turned round, there and back.
  static at::Tensor as_program_sees(const at::Tensor& images, bool turned, bool by_slices) {
    if (!turned) return images.contiguous();
    return (by_slices ? images.permute({0, 1, 3, 2}) : images.permute({0, 1, 4, 3, 2})).contiguous();
  }

  /// The region's probability [B, 1, ...] from outputs [B, K, ...].
  at::Tensor region_of_classes(const at::Tensor& output) const {
    if (output.dim() < 2) return output;  // whose size is refused
    const int64_t count = output.size(1);
    std::vector<int64_t> classes = options_.classes;
    for (int64_t k = 1; k < count && options_.classes.empty(); ++k) classes.push_back(k);
    if (classes.empty()) classes.push_back(0);
    for (const int64_t one : classes)
      if (one >= count)
        core::fail_usage("`classes` names the channel " + std::to_string(one) + " of the output, which has " +
                         std::to_string(count) + " from 0 on");
    const at::Tensor chosen = at::tensor(classes, at::kLong);
    switch (options_.activation) {
      case Activation::softmax:
        if (count == 1) core::fail_usage("`activation`: softmax of one output is 1 everywhere; take sigmoid");
        return output.softmax(1).index_select(1, chosen).sum(1, true);
      case Activation::sigmoid:
        return output.sigmoid().index_select(1, chosen).amax(1, true);
      case Activation::none:
        break;
    }
    constexpr double rounding = 1e-4;
    const double least = output.min().item<double>(), most = output.max().item<double>();
    if (!(least >= -rounding && most <= 1 + rounding))
      core::fail_usage("its outputs are no probabilities (" + core::format_number(least) + " to " +
                       core::format_number(most) + "); set activation to sigmoid or softmax");
    return output.index_select(1, chosen).amax(1, true);
  }

  TorchScriptSegmenterOptions options_;
  nn::ScriptProgram program_;
};

}  // namespace

std::shared_ptr<const Segmenter> make_torch_script_segmenter(const TorchScriptSegmenterOptions& options) {
  return std::make_shared<TorchScriptSegmenter>(options);
}

}  // namespace photo51::data
