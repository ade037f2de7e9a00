#pragma once
/// What inputs have in common that describe a region of images by numbers.

#include <string>

#include "photo51/data/modality/files.hpp"
#include "photo51/data/modality/numbers.hpp"

namespace photo51::data {

struct RegionOptions : FileOptions, NumberOptions {
  std::string suv = "auto";  ///< of PET files; see modality/pet.hpp
};
void describe_region(config::Fields& f, RegionOptions& o);

/// The features that are kept, chosen on the training part without its labels.
struct FilterOptions {
  double variance = 0;     ///< deviation over the mean magnitude is more than this; 0 = off
  double correlation = 0;  ///< one of those whose |Spearman rho| is above this; 0 = off
};
void describe(config::Fields& f, FilterOptions& o);

}  // namespace photo51::data
