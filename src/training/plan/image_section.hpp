#pragma once
/// One image input of a config: how it is prepared for a network that sees whole cases, or patches of them.

#include <optional>
#include <string>
#include <vector>

#include "photo51/data/plan/image_inputs.hpp"
#include "photo51/training/plan/nnunet_plans.hpp"
#include "training/plan/yaml_text.hpp"

namespace photo51::training {

/// What the images of an input may take.
struct ImageBudget {
  double memory_gb = 8;  ///< for this input
  int64_t batch_size = 8;
  int64_t cases = 0;  ///< of the cohort
};

struct PlannedSection {
  std::string encoder;  ///< "{name: conv_net, …}"
  std::string encoder_why;
  std::string decoder = {};  ///< of a U-Net
  double bytes_a_case = 0;   ///< of the prepared images, as training keeps them in memory
};

/// Whether all voxels are 0 or above, so that what is above 0 is what is not 0.
bool is_never_negative(const data::PlannedImage& input);

/// Writes `inputs.NAME` for a network that sees whole cases.
PlannedSection write_whole_input(YamlText& yaml, const data::PlannedImage& input,
                                 const std::vector<data::PlannedMask>& masks, const ImageBudget& budget,
                                 const std::optional<NnunetPlans>& plans);
/// The same for the patches of a U-Net.
PlannedSection write_patch_input(YamlText& yaml, const data::PlannedImage& input,
                                 const std::vector<data::PlannedMask>& masks, const UnetPlan& plan,
                                 const std::optional<NnunetPlans>& plans);

}  // namespace photo51::training
