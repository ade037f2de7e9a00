#pragma once
/// An ultrasound sweep over the lesion in the breast, with speckle, and the hospitals' machines.

#include <ATen/core/Tensor.h>

#include "phantom/anatomy.hpp"
#include "photo51/imaging/dicom/write.hpp"

namespace photo51::phantom {

struct UltrasoundSite {
  const char* model;
  double spacing;        ///< mm a pixel
  double dynamic_range;  ///< dB from black to white
  double attenuation;    ///< dB a mm that the machine leaves uncorrected
  bool color;            ///< RGB, though the picture is gray
  imaging::FrameCompression compression;
};
/// In the order of kSites.
const std::array<UltrasoundSite, 3>& ultrasound_sites();

/// 8 frames of 128 x 128 pixels, uint8 [T, C, H, W]; outside the calibrated region a depth scale.
struct Sonogram {
  at::Tensor frames;
  imaging::UltrasoundTags tags;
};
Sonogram take_sonogram(const Patient& patient, int64_t seed);

}  // namespace photo51::phantom
