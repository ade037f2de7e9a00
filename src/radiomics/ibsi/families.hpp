#pragma once
/// The table of families: what each one is and the function that computes it.

#include <span>
#include <string>
#include <vector>

#include "photo51/core/thread_pool.hpp"
#include "photo51/radiomics/features.hpp"
#include "radiomics/ibsi/texture.hpp"

namespace photo51::radiomics {

/// How directions and slices come together (IBSI 3.6). 2D: matrices of a slice, features averaged over
/// slices; 2.5D: matrices of all slices added; 3D: matrices of space. `merged` adds those of all directions,
/// else features are averaged over directions.
struct Aggregation {
  enum class Space { slices, merged_slices, volume } space = Space::volume;
  bool merged = true;
};
using Aggregations = std::span<const Aggregation>;

/// Which neighbours NGTDM and NGLDM look at.
struct Neighbourhood {
  std::vector<int64_t> distances;  ///< Chebyshev, voxels; each once
  bool lone_voxels = false;        ///< NGTDM counts voxels without neighbours too, as PyRadiomics does
};

struct Input {
  const Region& region;
  const Levels& levels;    ///< by `settings.discretise`; empty unless a family `needs_levels`
  const Texture& texture;  ///< of the levels
  const Neighbourhood& neighbourhood;
  const Settings& settings;
  const Diagnostics* diagnostics;  ///< null unless asked for
};

/// A value a feature, in the order of the family's table; one such row an aggregation.
using Values = std::vector<std::vector<double>>;

struct Family {
  enum class Kind {
    plain,       ///< computed once, one row
    zonal,       ///< a row for each of 2d, 2.5d and 3d that is asked for; `merged` says nothing
    directional  ///< a row an aggregation
  };
  FamilyInfo info;
  Kind kind;
  bool needs_levels;
  double margin;  ///< mm around the region that the family looks at
  Values (*compute)(const Input& input, Aggregations wanted);
};

const Family& diagnostic();
const Family& morphology();
const Family& local_intensity();
const Family& statistics();
const Family& intensity_histogram();
const Family& intensity_volume_histogram();
const Family& glcm();
const Family& glrlm();
const Family& glszm();
const Family& gldzm();
const Family& ngtdm();
const Family& ngldm();

/// In the order of the output.
std::span<const Family* const> family_table();

/// What is there to compute with: threads, and the device of textures as `texture_device` has it.
struct Resources {
  core::ThreadPool* pool = nullptr;
  std::string device = "cpu";
};

/// The features of a region that is ready: resegmented, perhaps filtered.
std::vector<Feature> features_of(const Region& region, const Settings& settings,
                                 const Diagnostics* diagnostics, const Resources& resources);

/// The same of what `filter` makes of `image` there; names and tags begin with the filter's label.
std::vector<Feature> features_of_response(const config::Choice& filter, const imaging::Volume& image,
                                          const Region& region, const Settings& settings,
                                          const Resources& resources);

/// `extract` of the profile `pyradiomics`, which has its own steps and names.
std::vector<Feature> extract_pyradiomics(const imaging::Volume& image, const imaging::Volume& mask,
                                         const Pyradiomics& settings, const Resources& resources);

}  // namespace photo51::radiomics
