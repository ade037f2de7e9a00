#pragma once
/// Pixels filled from their surroundings.

#include <cstdint>

#include "preprocess/mask2d/mask.hpp"

namespace photo51::preprocess {

/// Replaces the pixels of `plane` [height x width] where `hole` is not 0 by the membrane (harmonic function)
/// that hangs from the pixels around; the picture's border pulls nowhere. A picture that is all hole stays.
void inpaint(uint8_t* plane, const BytePlane& hole);

}  // namespace photo51::preprocess
