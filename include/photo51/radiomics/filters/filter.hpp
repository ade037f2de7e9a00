#pragma once
/// Convolutional filters as IBSI-2 (arXiv:2006.05470) defines them: an image becomes a response map.
///
///   filters: [{name: log, sigma: 3}, {name: laws, kernels: L5E5E5, rotation_invariant: true, energy: 7}]
///
/// Kernels act on the voxels of the resampled image; `2d` filters slice by slice (x, y). Letters of `laws`
/// and `wavelet` name the kernels along x, y and z.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "photo51/config/fields.hpp"
#include "photo51/imaging/volume.hpp"
#include "photo51/radiomics/settings.hpp"

namespace photo51::radiomics {

/// Slice by slice (`2d`) or in 3D (`3d`).
enum class FilterDimensions { two, three };
/// What lies beyond the image's edge: zero, nearest (the edge's voxel), periodic, mirror (the edge's voxel
/// twice: c b a | a b c).
enum class Boundary { zero, nearest, periodic, mirror };
/// Of the responses of all rotations or directions.
enum class ResponsePooling { mean, max, min };
/// Of a complex response.
enum class GaborResponse { modulus, real, imaginary };
enum class IsotropicFamily { simoncelli, shannon };
/// As configs write them.
std::span<const std::string_view> enum_names(FilterDimensions);
std::span<const std::string_view> enum_names(Boundary);
std::span<const std::string_view> enum_names(ResponsePooling);
std::span<const std::string_view> enum_names(GaborResponse);
std::span<const std::string_view> enum_names(IsotropicFamily);

struct FilterEdges {
  FilterDimensions dimensions = FilterDimensions::three;
  Boundary boundary = Boundary::mirror;
};
void describe(config::Fields& f, FilterEdges& o);

/// Right-angle rotations of the kernels (4 in 2D, 24 in 3D), their responses pooled.
struct FilterPooling {
  bool rotation_invariant = false;
  ResponsePooling pooling = ResponsePooling::mean;
};
void describe(config::Fields& f, FilterPooling& o);

struct MeanFilter : FilterEdges {
  int64_t support = 5;  ///< voxels along each axis, odd
};
void describe(config::Fields& f, MeanFilter& o);

struct LogFilter : FilterEdges {
  double sigma = 3;            ///< mm
  double cutoff = 4;           ///< sigmas
  std::vector<int64_t> riesz;  ///< orders along x, y (, z) of the Riesz transform of the map; empty = none
};
void describe(config::Fields& f, LogFilter& o);

struct LawsFilter : FilterEdges, FilterPooling {
  std::string kernels = "L5E5E5";
  int64_t energy = 0;  ///< delta of the energy map, the mean of |response| over 2 delta + 1 voxels; 0 = none
};
void describe(config::Fields& f, LawsFilter& o);

/// In the plane x, y; rotation-invariant: over orientations `theta_step` apart.
struct GaborFilter {
  double sigma = 5;       ///< of the envelope along the wave, mm
  double wavelength = 2;  ///< mm
  double gamma = 1.5;     ///< sigma along the wave over that across it
  double theta = 0;       ///< clockwise, degrees
  double theta_step = 0;  ///< pools orientations from theta on over a full turn; 0 = only theta, degrees
  ResponsePooling pooling = ResponsePooling::mean;
  bool orthogonal_planes = false;  ///< averages the planes x-y, x-z and y-z
  GaborResponse response = GaborResponse::modulus;
  Boundary boundary = Boundary::mirror;
};
void describe(config::Fields& f, GaborFilter& o);

/// Undecimated (a trous).
struct WaveletFilter : FilterEdges, FilterPooling {
  std::string family = "db3";
  std::string bands = "LLH";
  int64_t level = 1;
};
void describe(config::Fields& f, WaveletFilter& o);

/// Isotropic, made in the Fourier domain of the whole image, which thus is periodic.
struct IsotropicWaveletFilter {
  IsotropicFamily family = IsotropicFamily::simoncelli;
  int64_t level = 1;
  FilterDimensions dimensions = FilterDimensions::three;
  std::vector<int64_t> riesz;  ///< as for `log`
};
void describe(config::Fields& f, IsotropicWaveletFilter& o);

/// The filters that a config may name.
const config::Components& filter_components();

/// A name for features and files that tells filters apart: `log_sigma_1.5`, with every option that is not the
/// default.
std::string filter_label(const config::Choice& filter);

/// The labels and responses of `settings.filters` to the whole of `image` [1, D, H, W] as `settings` resample
/// it, float32. Error (data): intensities that are not finite.
std::vector<std::pair<std::string, imaging::Volume>> response_maps(const imaging::Volume& image,
                                                                   const Settings& settings);

}  // namespace photo51::radiomics
