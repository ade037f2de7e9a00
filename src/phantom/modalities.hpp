#pragma once
/// Which modalities a phantom cohort has.

#include "photo51/phantom/phantom.hpp"

namespace photo51::phantom {

struct Modalities {
  bool mri = false, ct = false, pet = false, mammography = false, ultrasound = false, histopathology = false;
  bool expression = false, mutations = false;

  bool any_image() const { return mri || ct || pet || mammography || ultrasound || histopathology; }
  /// The lesion's mask goes with pictures of the head.
  bool head() const { return mri || ct || pet; }
};

/// Error (usage) with the nearest name for a modality that there is not.
Modalities modalities_of(const PhantomOptions& options);

}  // namespace photo51::phantom
