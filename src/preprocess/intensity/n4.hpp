#pragma once
/// N4ITK bias field correction (Tustison et al., IEEE TMI 29(6), 2010), by ITK.

#include "photo51/imaging/volume.hpp"
#include "photo51/preprocess/options.hpp"

namespace photo51::preprocess {

/// The volume [1, D, H, W] divided by its field, float32. The field is estimated on a shrunk copy, from
/// positive voxels of the region, and evaluated at full size, where it covers the same voxels end to end
/// (SimpleITK's GetLogBiasFieldAsImage). A volume whose region has no spread comes back as it is. Error
/// (data) when the region is empty.
imaging::Volume correct_bias_field(const imaging::Volume& volume, const BiasCorrectionOptions& options);

}  // namespace photo51::preprocess
