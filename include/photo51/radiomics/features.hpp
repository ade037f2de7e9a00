#pragma once
/// The features of one region of one image, as IBSI-1 (arXiv:1612.07003) defines them.

#include <span>
#include <string>
#include <vector>

#include "photo51/core/thread_pool.hpp"
#include "photo51/radiomics/settings.hpp"

namespace photo51::imaging {
struct Volume;
}

namespace photo51::radiomics {

struct Feature {
  std::string name;         ///< joint_maximum; in the profile `pyradiomics` its own: original_glcm_Contrast
  std::string tag;          ///< IBSI's benchmark tag with its aggregation: cm_joint_max_3D_comb
  std::string family;       ///< glcm
  std::string aggregation;  ///< 3D_merged; empty where a family knows none
  double value = 0;         ///< NaN where the region does not define it (one voxel, one level)
};

/// What a feature is, for documentation.
struct FeatureInfo {
  const char* tag;          ///< without its aggregation: cm_joint_max
  const char* name;         ///< joint_maximum
  const char* code;         ///< IBSI's identifier: GYBY
  const char* pyradiomics;  ///< the name there: MaximumProbability; empty = not there
};
struct FamilyInfo {
  FeatureFamily family;
  const char* code;  ///< IBSI's identifier: LFYI
  std::span<const FeatureInfo> features;
};
/// A row a `FeatureFamily`, in their order.
std::span<const FamilyInfo> families();

/// `image` [1, D, H, W] with intensities in its units, `mask` [1, D, H, W] (not 0 = inside) on the same grid,
/// or on any where `takes_own_grid`.
/// The order is that of `families()`, an aggregation after the other. Only the surroundings of the region are
/// touched, but for the family `diagnostic`. A depth of 1 is a 2D image. With `pool`, families share the
/// threads. `device` (`core::resolve_device`) counts the co-occurrence and run matrices of large regions; the
/// features are the same on each. Errors: those of the device; run: a GPU without libphoto51_cuda; data: an
/// empty mask, different grids, several channels, intensities that are not finite in the region or, for
/// families and filters that look there, near it, a region that nothing is left of after resampling or
/// resegmentation, intensities that `discretise` cannot make levels of; each names the setting.
std::vector<Feature> extract(const imaging::Volume& image, const imaging::Volume& mask,
                             const Settings& settings, core::ThreadPool* pool = nullptr,
                             const std::string& device = "cpu");

/// Whether `extract` takes masks on grids of their own: they are then resampled once, to the voxels that the
/// settings ask for.
bool takes_own_grid(const Settings& settings);

}  // namespace photo51::radiomics
