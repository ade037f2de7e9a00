#pragma once
/// Segmenters: what finds a region in the images of an input before they are prepared, such as the brain, and
/// what is done with it.

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "photo51/config/fields.hpp"
#include "photo51/preprocess/options.hpp"

namespace photo51::data {

/// strip: voxels outside the region become `background`. crop: the scan is cut to the region's box. mask: the
/// region is the input's mask, as if a file had told it.
enum class RegionUse { strip, crop, mask };
/// As configs write them.
std::span<const std::string_view> enum_names(RegionUse);

/// What all segmenters have.
struct SegmenterOptions {
  std::vector<std::string> channels;  ///< of the input; the first that a case has is segmented
  bool together = false;              ///< all of them are, as the channels of one image
  double threshold = 0.5;             ///< a voxel is inside where its probability is above
  double dilate = 0;                  ///< mm that the region grows, below 0 shrinks
  std::vector<RegionUse> use{RegionUse::strip};
  double background = 0;  ///< strip: the value outside the region
  double margin = 0;      ///< crop: mm on every side
};
/// For the `describe` of a segmenter, but for `together`.
void describe_segmenter(config::Fields& f, SegmenterOptions& o);

/// How a program's images lie: [channels, z, y, x], or [channels, x, y, z] as NiBabel and MONAI read them.
enum class AxisOrder { zyx, xyz };
/// What makes probabilities of a program's outputs; none: they are probabilities.
enum class Activation { none, sigmoid, softmax };
/// Of the pieces of a region, which touch by faces, edges or corners.
enum class KeptPieces { all, largest };
std::span<const std::string_view> enum_names(AxisOrder);
std::span<const std::string_view> enum_names(Activation);
std::span<const std::string_view> enum_names(KeptPieces);

/// Any segmenter that torch.jit.save has written: it takes images [B, C, ([D,] H, W)] and gives a map of the
/// same size, [B, K, ([D,] H, W)] or [B, ([D,] H, W)].
struct TorchScriptSegmenterOptions : SegmenterOptions {
  std::filesystem::path program;
  std::string method = "forward";
  preprocess::PreprocessOptions preprocess;  ///< of what the program sees
  AxisOrder axes = AxisOrder::zyx;
  int64_t dims = 3;             ///< 2: slice by slice along z
  std::vector<int64_t> window;  ///< x, y(, z) voxels; empty: whole images
  double overlap = 0.25;        ///< of neighbouring windows, which count by a Gaussian
  Activation activation = Activation::none;
  std::vector<int64_t> classes;  ///< output channels that are the region; empty: all but the first of several
  KeptPieces keep = KeptPieces::all;
  bool fill_holes = false;
};
void describe(config::Fields& f, TorchScriptSegmenterOptions& o);

/// Brain extraction by the two networks of deepbet (Fisch et al., Computers in Biology and Medicine 2024,
/// arXiv 2308.07003): one finds the brain's box in a coarse image, the other the brain in
/// the box. tools/pretrained/deepbet.py fetches them.
struct DeepbetOptions : SegmenterOptions {
  std::filesystem::path program, box_program;
};
void describe(config::Fields& f, DeepbetOptions& o);

}  // namespace photo51::data
