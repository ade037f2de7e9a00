#pragma once
/// `normalize:` of an input.

#include <string>
#include <vector>

#include "photo51/data/plan/image_inputs.hpp"
#include "photo51/training/plan/nnunet_plans.hpp"
#include "training/plan/yaml_text.hpp"

namespace photo51::training {

struct PlannedNormalize {
  std::string yaml, why;
};

/// By modality and what was measured; `within_nonzero`: the background is 0, and much of the image.
PlannedNormalize normalize_of(const data::PlannedImage& input, const std::vector<data::PlannedMask>& masks,
                              bool within_nonzero);
/// As plans have it. Errors (data): schemes that differ by channel or that there are not, CT without
/// percentiles.
PlannedNormalize normalize_of(const NnunetPlans& plans);
/// PET whose files do not say that they can become SUV.
bool needs_stored_suv(const data::PlannedImage& input);

}  // namespace photo51::training
