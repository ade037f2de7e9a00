#pragma once
/// Does a feature survive what a second scan, another scanner or another reader would change? An image and
/// its mask are rotated, moved, made noisy, and the mask grown, shrunk or drawn anew (Zwanenburg 2019,
/// doi:10.1038/s41598-018-36938-4); features of many cases under the same perturbations have an intraclass
/// correlation (icc.hpp).

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "photo51/core/thread_pool.hpp"
#include "photo51/imaging/volume.hpp"
#include "photo51/radiomics/features.hpp"
#include "photo51/radiomics/robustness/contour.hpp"
#include "photo51/radiomics/settings.hpp"

namespace photo51::radiomics {

/// In the order in which they act.
struct Perturbation {
  double noise = 0;                            ///< Gaussian, times the deviation of the image's own noise
  double rotation = 0;                         ///< degrees in the axial plane, about the region's centre
  std::array<double, 3> translation{0, 0, 0};  ///< x, y, z, in voxels
  double volume = 0;                           ///< share by which the region grows; negative: shrinks
  Contour contour = Contour::kept;
  double contour_deviation = 1;  ///< mm
  uint64_t seed = 0;
};

/// All combinations of some values of each.
struct PerturbationGrid {
  std::vector<double> noise{0}, rotation{0}, translation{0};  ///< translation: the same along x, y and z
  std::vector<double> volume{0};
  std::vector<Contour> contour{Contour::kept};
  uint64_t seed = 0;
};
std::vector<Perturbation> combinations(const PerturbationGrid& grid);

/// The deviation of the noise of `image` [1, D, H, W]: the median magnitude of the diagonal details (coif1)
/// of its slices, over 0.6745.
double noise_deviation(const imaging::Volume& image);

/// Image and mask after `perturbation`, cut to the region and `margin` mm around it. Voxels are those of
/// `spacing` (x, y, z mm; empty: the image's own), so that what follows need not interpolate again. Errors
/// (data): as of `extract`, and a region that shrinks to nothing.
std::pair<imaging::Volume, imaging::Volume> perturbed(const imaging::Volume& image,
                                                      const imaging::Volume& mask,
                                                      const Perturbation& perturbation,
                                                      const std::vector<double>& spacing = {},
                                                      double margin = 30);

/// The features of each perturbation, in one order. A perturbation that leaves nothing of the region has
/// values of NaN.
std::vector<std::vector<Feature>> features_under(const imaging::Volume& image, const imaging::Volume& mask,
                                                 const Settings& settings,
                                                 const std::vector<Perturbation>& perturbations,
                                                 core::ThreadPool* pool = nullptr);

}  // namespace photo51::radiomics
