#pragma once
/// What inputs have in common whose images a model sees.

#include <cstdint>
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

struct ImageOptions : FileOptions {
  bool mask_channel = true;  ///< the mask becomes the last channel
  int64_t dims = 3;          ///< 2: the image is one slice, [C, H, W]
  ColorMode color = ColorMode::automatic;
  std::vector<std::string> mirror;  ///< channels whose images are mirrored along x when they are read
  /// Whether a case of this input is a bag. Then its channels are views, each with any
  /// number of files (separated by `;` in the cell), and every file is an instance, or each of its tiles or
  /// chosen frames.
  BagMode bag = BagMode::automatic;
  int64_t train_instances = 0;  ///< bags: drawn at random of each training case; 0 = all
  preprocess::PreprocessOptions preprocess;
  preprocess::AugmentOptions augment;
};
/// Everything up to what one modality alone has.
void describe_image(config::Fields& f, ImageOptions& o);
/// What comes after it.
void describe_preparation(config::Fields& f, ImageOptions& o);

}  // namespace photo51::data
