#pragma once
/// Radiomic features of a region in each of several images, as IBSI or PyRadiomics define them.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "photo51/data/modality/region.hpp"
#include "photo51/radiomics/robustness/contour.hpp"
#include "photo51/radiomics/settings.hpp"

namespace photo51::data {

/// Which radiomic features stay the same when image and mask are perturbed
/// (radiomics/robustness/contour.hpp): all combinations of these.
struct ReliabilityOptions {
  double minimum = 0;                     ///< ICC(1,1) over the training part; 0 = off
  std::vector<double> rotation{-8, 8};    ///< degrees in the axial plane
  std::vector<double> translation{0};     ///< voxels along x, y and z
  std::vector<double> volume{-0.1, 0.1};  ///< share by which the region grows
  std::vector<double> noise{0};           ///< times the deviation of the image's own
  std::vector<radiomics::Contour> contour{radiomics::Contour::supervoxels};
  int64_t cases = 0;  ///< training cases that are perturbed at most; 0 = all
  int64_t seed = 0;
};
void describe(config::Fields& f, ReliabilityOptions& o);

struct RadiomicsFilterOptions : FilterOptions {
  ReliabilityOptions reliability;
};
void describe(config::Fields& f, RadiomicsFilterOptions& o);

struct RadiomicsOptions : RegionOptions {
  static constexpr const char* modality = "radiomics";
  /// `<input>.<channel>` or `<channel>`; their channels become `channels`.
  std::vector<std::string> from;
  std::string profile = "ibsi";                 ///< that `settings` start from
  std::optional<radiomics::Settings> settings;  ///< absent = the profile's
  bool location = false;                        ///< also where the lesion lies in the head
  RadiomicsFilterOptions filter;
};
void describe(config::Fields& f, RadiomicsOptions& o);

}  // namespace photo51::data
