#pragma once
/// The hospitals' PET: a blurred, noisy picture of the same head, in Bq/ml of an injected dose.

#include "phantom/scanner.hpp"
#include "photo51/imaging/dicom/write.hpp"

namespace photo51::phantom {

struct PetSite {
  Scanner scanner;
  double blur;   ///< mm, full width at half maximum
  double noise;  ///< standard deviation before the blur where SUV is 1; grows with its root
  double calibration;
};
/// In the order of kSites.
const std::array<PetSite, 3>& pet_sites();

struct PetScan {
  imaging::Volume suv;        ///< float32, as the scanner measured it
  imaging::Volume becquerel;  ///< the same in Bq/ml, which is what is stored
  imaging::PetTags tags;
};
/// `patient.has_pet` is not asked.
PetScan scan_pet(const Patient& patient, const Anatomy& anatomy, int64_t seed);

}  // namespace photo51::phantom
