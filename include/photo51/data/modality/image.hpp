#pragma once
/// What inputs have in common whose images a model sees.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "photo51/data/modality/files.hpp"
#include "photo51/preprocess/options.hpp"

namespace photo51::data {

/// What a file's channels become. automatic (`auto`): rgb for histopathology, else single. single: one
/// channel a file. gray, rgb: pictures become this, whatever they are.
enum class ColorMode { automatic, single, gray, rgb };
/// Whether a case is a bag of images; automatic (`auto`): as the modality has it.
enum class BagMode { automatic, always, never };
/// As configs write them.
std::span<const std::string_view> enum_names(ColorMode);
std::span<const std::string_view> enum_names(BagMode);

/// Parts of an image, which a network sees one at a time: at random in training, side by side at prediction.
struct PatchOptions {
  std::vector<int64_t> size;  ///< x, y, z voxels of the prepared image
  /// Share of the patches of training about a voxel of a class (of a head that outlines classes), each class
  /// as often as the others; the rest lie anywhere.
  double foreground = 0.33;
  double overlap = 0.5;  ///< of neighbouring windows at prediction, as a part of their edge
};
void describe(config::Fields& f, PatchOptions& o);

struct ImageOptions : FileOptions {
  bool mask_channel = true;  ///< the mask becomes the last channel
  int64_t dims = 3;          ///< 2: the image is one slice, [C, H, W]
  ColorMode color = ColorMode::automatic;
  std::vector<std::string> mirror;  ///< channels whose images are mirrored along x when they are read
  /// Whether a case of this input is a bag. Then its channels are views, each with any
  /// number of files (separated by `;` in the cell), and every file is an instance, or each of its tiles or
  /// chosen frames.
  BagMode bag = BagMode::automatic;
  int64_t train_instances = 0;        ///< bags: drawn at random of each training case; 0 = all
  std::optional<PatchOptions> patch;  ///< absent: the model sees the whole image
  config::Choice segmenter;           ///< a row of data::segmenters(); empty = none
  preprocess::PreprocessOptions preprocess;
  preprocess::AugmentOptions augment;
};
/// Everything up to what one modality alone has.
void describe_image(config::Fields& f, ImageOptions& o);
/// Of scans: what finds a region in them before they are prepared.
void describe_segmenter_of(config::Fields& f, ImageOptions& o);
/// What comes after it.
void describe_preparation(config::Fields& f, ImageOptions& o);

}  // namespace photo51::data
