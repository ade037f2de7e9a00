#pragma once
/// Bags of feature vectors that a frozen encoder has made already: what `photo51 embed`, CLAM and TRIDENT
/// write (data/features/feature_file.hpp).

#include <cstdint>
#include <string>
#include <vector>

#include "photo51/config/fields.hpp"

namespace photo51::data {

/// In prediction its bags are streams whatever their size (Loader::Options::encode_bags).
struct FeaturesOptions {
  static constexpr const char* modality = "features";
  /// Manifest columns with .safetensors or .h5 files, `<input>.<channel>` or else `<channel>`; several in a
  /// cell are separated by `;`. All of a case are one bag, and its instances' views are the columns.
  std::vector<std::string> channels;
  /// Manifest column of the slide that the tiles lie on, for heat maps alone; it may be absent.
  std::string slide = "slide";
  int64_t instances = 2048;  ///< drawn at random of a larger bag of a training case, in every epoch; 0 = all
};
void describe(config::Fields& f, FeaturesOptions& o);

}  // namespace photo51::data
