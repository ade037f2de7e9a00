#pragma once
/// Diffusion-weighted MRI: b-values and the apparent diffusion coefficient.

#include <cstdint>

#include "photo51/imaging/volume.hpp"

namespace photo51::imaging {

/// Channels of equal b-value (rounded to s/mm²) united by their geometric mean, which is the trace-weighted
/// image of orthogonal directions; ordered by b and named b0, b1000, … Error (usage): no b-values.
Volume by_b_value(const Volume& dwi);

/// The coefficient of S(b) = S0 exp(-b ADC) by least squares on ln S, in 10^-6 mm²/s, float32, one channel
/// named adc. Signals that are not positive are left out; a voxel with fewer than two b-values left is 0, as
/// is one whose signal grows with b. Only b-values from `least` to `most` s/mm² count. Error (data): fewer
/// than two different ones.
Volume adc_map(const Volume& dwi, double least = 0, double most = 1e9);

}  // namespace photo51::imaging
