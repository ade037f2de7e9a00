#pragma once
/// A pair of breasts, one of them with the lesion, and the hospitals' mammography.

#include "phantom/anatomy.hpp"
#include "photo51/imaging/dicom/write.hpp"
#include "photo51/imaging/volume.hpp"

namespace photo51::phantom {

struct MammographySite {
  const char* model;
  std::array<int64_t, 2> size;  ///< columns, rows
  double spacing;               ///< mm
  int64_t bits;
  bool inverted;  ///< MONOCHROME1
  double gamma;   ///< of the film curve
  double noise;   ///< of the full range
};
/// In the order of kSites.
const std::array<MammographySite, 3>& mammography_sites();

class Breasts {
 public:
  Breasts(const Patient& patient, int64_t seed);
  /// What the beam leaves, 0 (air) to about 1.2, at `depth` mm from the chest wall and `height` mm above the
  /// nipple's level.
  double signal(MammogramView view, double depth, double height) const;

 private:
  struct Spot {
    double depth, cc, mlo, radius, brightness;
  };
  double lesion(bool mlo, double depth, double height) const;

  bool left_ = true;
  std::array<double, 2> radii_{};  ///< from chest wall to nipple; half the breast's height; mm
  double dense_ = 0, spiculation_ = 0;
  Spot mass_{};
  std::vector<Spot> calcifications_;
  std::vector<double> spicules_;  ///< directions, radians
  Waves surface_;
  std::array<Waves, mammogram_views> gland_;
};

/// The picture, int32, and its tags. Noise of its own for each view.
struct Mammogram {
  imaging::Volume image;
  imaging::MammogramTags tags;
};
Mammogram take_mammogram(const Patient& patient, const Breasts& breasts, MammogramView view, int64_t seed);

}  // namespace photo51::phantom
