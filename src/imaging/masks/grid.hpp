#pragma once
/// How much of a mask may lie outside its image.

#include <string>
#include <vector>

#include "photo51/imaging/masks/options.hpp"

namespace photo51::imaging {

/// `lost` of `drawn` mm3 lie outside the image named `image`: nothing when none do; a warning up to 1 % and
/// with `outside: crop`; else an Error (data). Error when all of it does.
void judge_outside(double lost, double drawn, const std::string& image, const MaskOptions& options,
                   std::vector<std::string>& warnings);

/// A volume in mm3 as a person writes it.
std::string cubic_mm(double volume);

}  // namespace photo51::imaging
