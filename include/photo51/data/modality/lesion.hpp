#pragma once
/// Descriptors of a lesion (radiomics/lesion/lesion.hpp): in the head, relative to the brain, or anywhere, in
/// the image's units.

#include <string>
#include <vector>

#include "photo51/data/modality/region.hpp"

namespace photo51::data {

struct LesionOptions : RegionOptions {
  static constexpr const char* modality = "lesion";
  std::vector<std::string> descriptors;  ///< keeps these, in this order; empty = all
  FilterOptions filter;
};
void describe(config::Fields& f, LesionOptions& o);

struct BodyLesionOptions : LesionOptions {
  static constexpr const char* modality = "body_lesion";
};
void describe(config::Fields& f, BodyLesionOptions& o);

}  // namespace photo51::data
