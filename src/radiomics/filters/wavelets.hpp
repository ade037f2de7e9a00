#pragma once
/// The filters of orthogonal wavelets.

#include <cstdint>
#include <string>
#include <vector>

#include "radiomics/filters/separable.hpp"

namespace photo51::radiomics {

/// haar, db2 … db8, sym4 … sym8, coif1 … coif3.
std::vector<std::string> wavelet_names();
/// Decomposition low-pass, as PyWavelets orders it; `name` must be one of `wavelet_names`.
const std::vector<double>& wavelet_low_pass(const std::string& name);
/// Its quadrature mirror.
std::vector<double> wavelet_high_pass(const std::vector<double>& low);
/// `step` - 1 zeros between the weights (a trous).
Kernel with_holes(const Kernel& kernel, int64_t step);

}  // namespace photo51::radiomics
