#include <algorithm>
#include <array>

#include "photo51/core/text.hpp"
#include "photo51/radiomics/pyradiomics/pyradiomics.hpp"
#include "radiomics/filters/wavelets.hpp"

namespace photo51::radiomics {
namespace {

/// Why `entry` of featureClass is neither a class nor a feature; empty: it is.
std::string unknown_feature(const std::string& entry) {
  const std::vector<std::string> classes = pyradiomics_classes();
  const size_t bar = entry.find('_');
  const std::string name = entry.substr(0, bar);
  if (std::find(classes.begin(), classes.end(), name) == classes.end())
    return "has no class `" + name + "`" + core::suggest(name, classes);
  if (bar == std::string::npos) return {};
  const std::string feature = entry.substr(bar + 1);
  const std::vector<std::string> features = pyradiomics_features(name, true);
  if (std::find(features.begin(), features.end(), feature) != features.end()) return {};
  return "the class " + name + " has no feature `" + feature + "`" + core::suggest(feature, features);
}

}  // namespace

std::span<const std::string_view> enum_names(LbpMethod) {
  static constexpr std::array<std::string_view, 3> names{"default", "ror", "uniform"};
  return names;
}

std::span<const std::string_view> enum_names(SitkInterpolator) {
  static constexpr std::array<std::string_view, 3> names{"sitkNearestNeighbor", "sitkLinear", "sitkBSpline"};
  return names;
}

std::span<const std::string_view> enum_names(ResegmentMode) {
  static constexpr std::array<std::string_view, 3> names{"absolute", "relative", "sigma"};
  return names;
}

std::span<const std::string_view> enum_names(WeightingNorm) {
  static constexpr std::array<std::string_view, 5> names{"none", "no_weighting", "manhattan", "euclidean",
                                                         "infinity"};
  return names;
}

void describe(config::Fields& f, ImageTypeLevels& o) {
  f("binWidth", o.bin_width, "of its grey levels; absent: as of the profile", {.unit = "of the image type"});
  f("binCount", o.bin_count, "of its grey levels; absent: as of the profile", {.min = 1, .max = 1 << 20});
  f.check(!o.bin_width || *o.bin_width > 0, "binWidth", "must be positive");
}

void describe(config::Fields& f, LogImages& o) {
  f("sigma", o.sigma, "of the Gaussians, an image each", {.unit = "mm", .required = true});
  f.check(!o.sigma.empty(), "sigma", "needs at least one");
  f.check(std::all_of(o.sigma.begin(), o.sigma.end(), [](double sigma) { return sigma > 0; }), "sigma",
          "must be positive");
  describe(f, static_cast<ImageTypeLevels&>(o));
}

void describe(config::Fields& f, WaveletImages& o) {
  f("wavelet", o.wavelet, "as PyWavelets calls it", {.one_of = wavelet_names()});
  f("level", o.level, "of the decomposition, each with its own images", {.min = 1, .max = 8});
  f("start_level", o.start_level, "levels that come first and have no images", {.min = 0, .max = 8});
  describe(f, static_cast<ImageTypeLevels&>(o));
}

void describe(config::Fields& f, GradientImage& o) {
  f("gradientUseSpacing", o.use_spacing, "a mm, not a voxel");
  describe(f, static_cast<ImageTypeLevels&>(o));
}

void describe(config::Fields& f, LbpImage& o) {
  f("lbp2DRadius", o.radius, "of the circle of points", {.unit = "voxels"});
  f("lbp2DSamples", o.samples, "points on the circle", {.min = 1, .max = 31});
  f("lbp2DMethod", o.method,
    "uniform: how many points are not lower than the voxel, where there are two changes on the circle at "
    "most, "
    "else one more than `lbp2DSamples`; default: the points as bits; ror: the same, turned to the least "
    "number");
  f.check(o.radius > 0, "lbp2DRadius", "must be positive");
  describe(f, static_cast<ImageTypeLevels&>(o));
}

void describe(config::Fields& f, SphericalLbpImages& o) {
  f("lbp3DLevels", o.levels, "degrees of spherical harmonics from 0 on, an image each",
    {.min = 1, .max = 10});
  f("lbp3DIcosphereRadius", o.radius, "of the sphere of points", {.unit = "voxels"});
  f("lbp3DIcosphereSubdivision", o.subdivision, "how often the icosahedron's triangles are cut in four",
    {.min = 0, .max = 4});
  f.check(o.radius > 0, "lbp3DIcosphereRadius", "must be positive");
  describe(f, static_cast<ImageTypeLevels&>(o));
}

void describe(config::Fields& f, ImageTypes& o) {
  f.section("Original", o.original, "the image itself");
  f.section("LoG", o.log, "Laplacian of a Gaussian, by recursion");
  f.section("Wavelet", o.wavelet,
            "stationary wavelet transform, an image for each low (L) or high (H) pass "
            "along x, y and z; with force2D along the axes of a slice");
  f.section("Square", o.square, "squares, to the range of the image");
  f.section("SquareRoot", o.square_root,
            "square roots of magnitudes with their sign, to the range of the image");
  f.section("Logarithm", o.logarithm,
            "logarithms of magnitudes + 1 with their sign, to the range of the image");
  f.section("Exponential", o.exponential, "powers of e, to the range of the image");
  f.section("Gradient", o.gradient, "magnitude of the gradient");
  f.section("LBP2D", o.lbp_2d, "local binary patterns of the slices across `force2Ddimension`");
  f.section("LBP3D", o.lbp_3d,
            "local binary patterns on spheres around the region's voxels, and kurtosis there");
}

void describe(config::Fields& f, Pyradiomics& o) {
  f("featureClass", o.feature_class,
    "what to compute: shape, shape2D, firstorder, glcm, gldm, glrlm, glszm, ngtdm, and single features as "
    "glcm_Contrast; absent: all classes but shape2D",
    {.lone = true});
  for (const std::string& one : o.feature_class)
    if (const std::string wrong = unknown_feature(one); !wrong.empty()) f.check(false, "featureClass", wrong);
  f.section("imageType", o.image_type, "what the features are of, but those of shape; none: Original alone");
  f("label", o.label,
    "of the mask's voxels that are the region, the number of a segment or ROI; absent: 1, or the only label");
  f.check(o.label != 0, "label", "0 is the background");
  f("minimumROIDimensions", o.minimum_dimensions, "axes along which the region must have two voxels or more",
    {.min = 1, .max = 3});
  f("minimumROISize", o.minimum_size, "the region must have more voxels than this", {.min = 1});
  f("normalize", o.normalize, "the whole image to mean 0 and standard deviation 1 first");
  f("normalizeScale", o.normalize_scale, "times this, with `normalize`");
  f("removeOutliers", o.remove_outliers, "clips normalised intensities to this on either side",
    {.unit = "standard deviations"});
  f("resampledPixelSpacing", o.resampled_spacing,
    "x, y, z of the voxels after resampling; 0 keeps an axis; absent: all", {.unit = "mm"});
  f("interpolator", o.interpolator, "of the image; the mask takes its nearest voxel");
  f("padDistance", o.pad_distance, "voxels resampled around the region", {.min = 0});
  f("preCrop", o.pre_crop,
    "without resampling too, image types see only the region and `padDistance` voxels around it");
  f("resegmentRange", o.resegment_range,
    "intensities that stay in the region, in absolute numbers or as `resegmentMode` says: from the first, to "
    "the "
    "second where there is one");
  f("resegmentMode", o.resegment_mode,
    "absolute; relative: parts of the region's maximum; sigma: standard deviations from the region's mean");
  f("resegmentShape", o.resegment_shape, "shape too is that of the resegmented region");
  f("binWidth", o.bin_width, "of the grey levels, whose edges are its multiples", {.unit = "of the image"});
  f("binCount", o.bin_count, "of grey levels from the region's minimum to its maximum; replaces binWidth",
    {.min = 1, .max = 1 << 20});
  f("voxelArrayShift", o.voxel_array_shift,
    "added to intensities for Energy, TotalEnergy and RootMeanSquared", {.unit = "of the image"});
  f("force2D", o.force_2d, "textures slice by slice");
  f("force2Ddimension", o.force_2d_dimension, "the axis that slices are cut across: 0 z, 1 y, 2 x",
    {.min = 0, .max = 2});
  f("distances", o.distances, "to the neighbours of GLCM, GLDM and NGTDM, along the axis where it is largest",
    {.min = 1, .max = 100, .unit = "voxels"});
  f("weightingNorm", o.weighting_norm,
    "of GLCM and GLRLM: none averages features over directions; the others add the directions' matrices, "
    "weighted "
    "by the length of their steps");
  f("symmetricalGLCM", o.symmetrical_glcm, "counts each pair of voxels both ways");
  f("gldm_a", o.gldm_a, "levels by which dependent neighbours may differ", {.min = 0});
  f.check(o.bin_width > 0, "binWidth", "must be positive");
  if (!o.resampled_spacing.empty())
    f.check_count(o.resampled_spacing.size(), 3, "resampledPixelSpacing", "takes x, y and z");
  for (const double value : o.resampled_spacing)
    f.check(value >= 0, "resampledPixelSpacing", "must not be negative");
  if (o.resegment_range.size() > 2)
    f.check_count(o.resegment_range.size(), 2, "resegmentRange", "takes one or two thresholds");
  f.check(!o.distances.empty(), "distances", "needs at least one");
}

}  // namespace photo51::radiomics
