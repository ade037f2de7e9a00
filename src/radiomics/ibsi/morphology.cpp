#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "radiomics/ibsi/autocorrelation.hpp"
#include "radiomics/ibsi/families.hpp"
#include "radiomics/shape/hull.hpp"
#include "radiomics/shape/mesh.hpp"
#include "radiomics/shape/principal_axes.hpp"

namespace photo51::radiomics {
namespace {

constexpr std::array<FeatureInfo, 29> kMorphologyFeatures{{
    {"morph_volume", "volume", "RNU0", "MeshVolume"},
    {"morph_vol_approx", "approximate_volume", "YEKZ", "VoxelVolume"},
    {"morph_area_mesh", "surface_area", "C0JK", "SurfaceArea"},
    {"morph_av", "surface_to_volume_ratio", "2PR5", "SurfaceVolumeRatio"},
    {"morph_comp_1", "compactness_1", "SKGS", "Compactness1"},
    {"morph_comp_2", "compactness_2", "BQWJ", "Compactness2"},
    {"morph_sph_dispr", "spherical_disproportion", "KRCK", "SphericalDisproportion"},
    {"morph_sphericity", "sphericity", "QCFX", "Sphericity"},
    {"morph_asphericity", "asphericity", "25C7", ""},
    {"morph_com", "centre_of_mass_shift", "KLMA", ""},
    {"morph_diam", "maximum_3d_diameter", "L0JK", "Maximum3DDiameter"},
    {"morph_pca_maj_axis", "major_axis_length", "TDIC", "MajorAxisLength"},
    {"morph_pca_min_axis", "minor_axis_length", "P9VJ", "MinorAxisLength"},
    {"morph_pca_least_axis", "least_axis_length", "7J51", "LeastAxisLength"},
    {"morph_pca_elongation", "elongation", "Q3CK", "Elongation"},
    {"morph_pca_flatness", "flatness", "N17B", "Flatness"},
    {"morph_vol_dens_aabb", "volume_density_aligned_box", "PBX1", ""},
    {"morph_area_dens_aabb", "area_density_aligned_box", "R59B", ""},
    {"morph_vol_dens_ombb", "volume_density_smallest_box", "ZH1A", ""},
    {"morph_area_dens_ombb", "area_density_smallest_box", "IQYR", ""},
    {"morph_vol_dens_aee", "volume_density_approximate_ellipsoid", "6BDE", ""},
    {"morph_area_dens_aee", "area_density_approximate_ellipsoid", "RDD2", ""},
    {"morph_vol_dens_mvee", "volume_density_smallest_ellipsoid", "SWZ1", ""},
    {"morph_area_dens_mvee", "area_density_smallest_ellipsoid", "BRI8", ""},
    {"morph_vol_dens_conv_hull", "volume_density_convex_hull", "R3ER", ""},
    {"morph_area_dens_conv_hull", "area_density_convex_hull", "7T7F", ""},
    {"morph_integ_int", "integrated_intensity", "99N0", ""},
    {"morph_moran_i", "morans_i", "N365", ""},
    {"morph_geary_c", "gearys_c", "NPT7", ""},
}};

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

double ratio(double above, double below) {
  return below > 0 ? above / below : kNaN;
}

Extent aligned_box(const Region& region) {
  const Box box = bounding_box(region.shape, region.grid);
  Point size;
  for (int axis = 0; axis < 3; ++axis)
    size[axis] = static_cast<double>(box.last[axis] - box.first[axis] + 1) * region.grid.spacing[axis];
  return {size[0] * size[1] * size[2], 2 * (size[0] * size[1] + size[1] * size[2] + size[2] * size[0])};
}

/// From the centre of the voxels of the region as drawn to the centre of the intensities.
double centre_shift(const Region& region, const PrincipalAxes& axes) {
  Point sum{0, 0, 0};
  double total = 0;
  for (const int64_t voxel : region.voxels) {
    const double intensity = region.intensity[voxel];
    const Place at = region.grid.place(voxel);
    for (int axis = 0; axis < 3; ++axis)
      sum[axis] += intensity * static_cast<double>(at[axis]) * region.grid.spacing[axis];
    total += intensity;
  }
  if (total == 0) return kNaN;
  const Point apart = minus({sum[0] / total, sum[1] / total, sum[2] / total}, axes.centre);
  return std::sqrt(dot(apart, apart));
}

double mean_intensity(const Region& region) {
  double sum = 0;
  for (const int64_t voxel : region.voxels) sum += region.intensity[voxel];
  return sum / static_cast<double>(region.voxels.size());
}

Values compute_morphology(const Input& input, Aggregations) {
  const Region& region = input.region;
  const double pi = std::numbers::pi;
  const Mesh mesh = mesh_of(region.shape, region.grid);
  const PrincipalAxes axes = principal_axes(region.shape, region.grid);
  // The benchmark's covariances are those of a sample.
  const auto voxels = static_cast<double>(axes.count);
  Point variance = axes.variance;
  for (double& value : variance) value *= voxels > 1 ? voxels / (voxels - 1) : 1;
  const Hull hull = convex_hull(region.shape, region.grid);
  const double v = mesh.volume, a = mesh.area;
  const double sphericity = std::cbrt(36 * pi * v * v) / a;
  const Extent aligned = aligned_box(region), oriented = smallest_box(hull);
  const Extent around = smallest_ellipsoid(hull);
  const Extent like = approximate_ellipsoid(2 * std::sqrt(variance[0]), 2 * std::sqrt(variance[1]),
                                            2 * std::sqrt(variance[2]));
  const Autocorrelation alike = autocorrelation(region);
  return {{v,
           voxels * region.grid.voxel_volume(),
           a,
           a / v,
           v / (std::sqrt(pi) * std::pow(a, 1.5)),
           36 * pi * v * v / (a * a * a),
           1 / sphericity,
           sphericity,
           1 / sphericity - 1,
           centre_shift(region, axes),
           diameter(hull),
           4 * std::sqrt(variance[0]),
           4 * std::sqrt(variance[1]),
           4 * std::sqrt(variance[2]),
           std::sqrt(ratio(variance[1], variance[0])),
           std::sqrt(ratio(variance[2], variance[0])),
           v / aligned.volume,
           a / aligned.area,
           v / oriented.volume,
           a / oriented.area,
           ratio(v, like.volume),
           ratio(a, like.area),
           v / around.volume,
           a / around.area,
           v / volume(hull),
           a / area(hull),
           mean_intensity(region) * v,
           alike.moran,
           alike.geary}};
}

}  // namespace

const Family& morphology() {
  static const Family family{{FeatureFamily::morphology, "HCUG", kMorphologyFeatures},
                             Family::Kind::plain,
                             false,
                             0,
                             compute_morphology};
  return family;
}

}  // namespace photo51::radiomics
