#pragma once
/// What `photo51 radiomics` does with one image and its mask, be they alone or of a manifest.

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "photo51/core/thread_pool.hpp"
#include "photo51/data/cohort/warnings.hpp"
#include "photo51/imaging/masks/mask.hpp"
#include "photo51/radiomics/features.hpp"
#include "photo51/radiomics/voxelwise/voxelwise.hpp"

namespace photo51::commands::regions {

using Json = nlohmann::ordered_json;

struct Arguments {
  std::vector<std::string> words;  ///< IMAGE MASK key=value …, or overrides alone
  std::vector<std::string> regions;
  std::string profile, format = "csv", image_column = "image", mask_column = "mask", device = "cpu";
  std::string label_column = "Label", mask_threshold, mask_outside;
  std::filesystem::path config, out, maps, voxelwise, manifest;
  int threads = 0;
};

struct Region {
  std::string name;  ///< as --roi has it; empty = all of the mask
  std::vector<radiomics::Feature> features;
};
using Regions = std::vector<Region>;

struct Wanted {
  radiomics::Settings settings;
  imaging::MaskOptions masks;  ///< the keys `mask_…` of the settings, and the label of PyRadiomics
  radiomics::VoxelwiseOptions voxelwise;  ///< the section `voxelwise` of the settings
};

/// Errors (usage): the file's, unknown keys, two keys that choose what of the mask is the region.
Wanted read_settings(const Arguments& arguments, const std::vector<std::string>& overrides);
/// The settings with the keys `mask_…`, as they are read.
Json json_of(Wanted wanted);

/// Where the maps of one image go; empty = nowhere.
struct Folders {
  std::filesystem::path maps, voxelwise;
};

/// What is odd about the files of one case, told to the user and kept for the result.
struct Odd {
  data::Warnings& all;
  std::string name = {};  ///< of the case; empty = there is but one

  void tell(const std::string& file, const imaging::Volume& volume) const;
  Json json() const;
};

/// The regions of one image, and its maps. One of several regions that cannot be computed is left out with a
/// warning.
Regions compute(const std::filesystem::path& image_path, const std::string& mask_path,
                const Arguments& arguments, const Wanted& wanted, const Folders& folders, const Odd& odd,
                core::ThreadPool* pool);

/// As tables have it: nothing where a value is not finite.
std::string number(double value);

/// `--cases`: a table of all, and beside it the JSON file that says what from.
void run_batch(const Arguments& arguments);

}  // namespace photo51::commands::regions
