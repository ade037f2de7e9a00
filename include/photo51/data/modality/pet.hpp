#pragma once
/// Positron emission tomography: volumes in standardised uptake values.

#include <string>

#include "photo51/data/modality/image.hpp"

namespace photo51::data {

struct PetOptions : ImageOptions {
  static constexpr const char* modality = "pet";
  std::string suv = "auto";  ///< bw, lbm, lbm_james, bsa, stored, none; auto = bw
};
void describe(config::Fields& f, PetOptions& o);

/// The key `suv`, which inputs of regions in PET have too.
void describe_suv(config::Fields& f, std::string& suv);

}  // namespace photo51::data
