#pragma once
/// Dense outputs of images that are larger than what a network takes at once: it runs on windows that
/// overlap, and where they do their outputs are averaged. Windows, weights and padding are those of MONAI's
/// `sliding_window_inference`.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <vector>

namespace photo51::nn {

/// What an output counts for by its place in the window. gaussian: less towards the faces, by
/// exp(-x^2 / (2 (sigma edge)^2)) along each axis, but never less than a thousandth (Isensee et al., nnU-Net,
/// Nature Methods 2021).
enum class Importance { constant, gaussian };

struct SlidingWindowOptions {
  std::vector<int64_t> window;  ///< edges ([z,] y, x), or one for all
  double overlap = 0.25;        ///< of neighbours, as a part of the edge
  Importance importance = Importance::constant;
  double sigma = 0.125;    ///< of the Gaussian, as a part of the edge
  int64_t batch_size = 4;  ///< windows that pass together
};

/// Where windows begin along an axis of `size` places: one edge less the overlap apart, the last one moved
/// back so that it ends with the axis. One window where it does not reach beyond its edge.
std::vector<int64_t> window_starts(int64_t size, int64_t edge, double overlap);

/// [window...], float32. Error (usage): sigma is not above 0.
at::Tensor window_importance(const std::vector<int64_t>& window, Importance importance, double sigma);

/// `network` takes [n, C, window...] and gives [n, K, window...]; the result is [B, K, ...] of the images
/// [B, C, ...], in float32 (float64 for images of that type). Images smaller than the window are padded with
/// zeros at both ends. It runs in the grad mode of its caller. Errors (usage): options out of range, a window
/// of other axes than the images', a network whose outputs have another size than the window.
at::Tensor slide_window(const at::Tensor& images, const SlidingWindowOptions& options,
                        const std::function<at::Tensor(const at::Tensor& windows)>& network);

}  // namespace photo51::nn
