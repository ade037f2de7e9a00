#pragma once
/// Plans files of nnU-Net 2 (`nnUNetPlans.json`), which its planner writes and its users edit.

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "photo51/training/plan/unet_plan.hpp"

namespace photo51::training {

/// What a channel's intensities become there.
struct NnunetNormalization {
  std::string scheme;           ///< ZScoreNormalization, CTNormalization, …
  bool within_nonzero = false;  ///< statistics of the voxels that are not 0, and these alone change
  std::optional<std::array<double, 2>> percentiles;  ///< 0.5 and 99.5, of the foreground
};

struct NnunetPlans {
  std::string dataset, configuration;
  std::string network;  ///< the class, "PlainConvUNet"
  UnetPlan plan;
  std::vector<NnunetNormalization> channels;
};

/// One configuration; empty = 3d_fullres, or 2d where there is none. Keys that it inherits (`inherits_from`)
/// are followed, and both spellings are read: `architecture.arch_kwargs` (2.4 and later), and
/// `pool_op_kernel_sizes`, `conv_kernel_sizes`, `UNet_base_num_features`. Errors (data) name the file and the
/// key: no JSON, no such configuration (with those that there are), a key that is missing or of another type,
/// lists that do not fit each other.
NnunetPlans read_nnunet_plans(const std::filesystem::path& file, const std::string& configuration = "");

}  // namespace photo51::training
