#pragma once
/// A section of the lesion, stained with haematoxylin and eosin, and the hospitals' stainers and scanners.

#include <ATen/core/Tensor.h>

#include "phantom/anatomy.hpp"
#include "photo51/imaging/slide/write.hpp"

namespace photo51::phantom {

struct SlideSite {
  const char* scanner;
  double mpp;
  bool aperio;
  std::array<double, 3> haematoxylin, eosin;  ///< optical density of red, green, blue where its amount is 1
};
/// In the order of kSites.
const std::array<SlideSite, 3>& slide_sites();

/// A field of 512 x 512 um, uint8 [3, H, W].
struct Slide {
  at::Tensor picture;
  imaging::SlideTags tags;
};
Slide scan_slide(const Patient& patient, int64_t seed);

}  // namespace photo51::phantom
