#pragma once
/// Ultrasound: stills and cines, whose frames lie along z or are the instances of a bag.

#include <optional>

#include "photo51/data/modality/image.hpp"
#include "photo51/preprocess/ultrasound/ultrasound.hpp"

namespace photo51::data {

struct UltrasoundOptions : ImageOptions {
  static constexpr const char* modality = "ultrasound";
  std::optional<preprocess::UltrasoundOptions> ultrasound;  ///< absent: pictures stay as they are
  int64_t frames = 0;                                       ///< taken evenly of each cine; 0 = all
};
void describe(config::Fields& f, UltrasoundOptions& o);

}  // namespace photo51::data
