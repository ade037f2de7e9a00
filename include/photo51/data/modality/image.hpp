#pragma once
/// What inputs have in common whose images a model sees.

#include <cstdint>
#include <string>
#include <vector>

#include "photo51/data/modality/files.hpp"
#include "photo51/preprocess/options.hpp"

namespace photo51::data {

struct ImageOptions : FileOptions {
  bool mask_channel = true;         ///< the mask becomes the last channel
  int64_t dims = 3;                 ///< 2: the image is one slice, [C, H, W]
  std::string color = "auto";       ///< single: one channel a file; gray, rgb: pictures become this
  std::vector<std::string> mirror;  ///< channels whose images are mirrored along x when they are read
  /// auto, always, never: whether a case of this input is a bag. Then its channels are views, each with any
  /// number of files (separated by `;` in the cell), and every file is an instance, or each of its tiles or
  /// chosen frames.
  std::string bag = "auto";
  int64_t train_instances = 0;  ///< bags: drawn at random of each training case; 0 = all
  preprocess::PreprocessOptions preprocess;
  preprocess::AugmentOptions augment;
};
/// Everything up to what one modality alone has.
void describe_image(config::Fields& f, ImageOptions& o);
/// What comes after it.
void describe_preparation(config::Fields& f, ImageOptions& o);

}  // namespace photo51::data
