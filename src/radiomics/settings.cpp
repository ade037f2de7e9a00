#include "photo51/radiomics/settings.hpp"

#include <array>

#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "photo51/radiomics/features.hpp"
#include "photo51/radiomics/filters/filter.hpp"

namespace photo51::radiomics {
namespace {

/// A key that the profile `pyradiomics` does not read is an error there, and names the one that it reads.
void check_pyradiomics(config::Fields& f, const Settings& o) {
  const Settings usual = profile(o.profile);
  const auto theirs = [&](bool same, const char* key, const std::string& name) {
    f.check(same, key, "is `pyradiomics." + name + "` in the profile pyradiomics");
  };
  const Discretisation &levels = o.discretise, &usual_levels = usual.discretise;
  theirs(o.spacing == usual.spacing, "spacing", "resampledPixelSpacing");
  theirs(o.interpolation == usual.interpolation, "interpolation", "interpolator");
  theirs(o.range == usual.range, "range", "resegmentRange");
  theirs(o.outliers == usual.outliers, "outliers", "resegmentRange` with `resegmentMode");
  theirs(levels.width == usual_levels.width, "discretise", "binWidth");
  theirs(levels.method == usual_levels.method && levels.count == usual_levels.count, "discretise",
         "binCount");
  theirs(o.aggregation == usual.aggregation, "aggregation", "weightingNorm` and `force2D");
  theirs(o.distance == usual.distance, "distance", "distances");
  theirs(o.coarseness == usual.coarseness, "coarseness", "gldm_a");
  theirs(o.families == usual.families, "families", "featureClass");
  f.check(o.mask_interpolation == usual.mask_interpolation, "mask_interpolation",
          "is nearest in the profile pyradiomics");
  f.check(o.round == usual.round, "round", "is not part of the profile pyradiomics");
  f.check(o.filters.empty() && o.unfiltered, "filters", "are not part of the profile pyradiomics");
}

Discretisation fixed_width(double width) {
  return {.method = DiscretiseMethod::fixed_width, .width = width};
}

Discretisation fixed_count(int64_t count) {
  return {.method = DiscretiseMethod::fixed_count, .count = count};
}

/// Of the CT phantom: every row of the benchmark, so also what costs a pass over the whole image.
Settings ct(std::vector<double> spacing, std::vector<double> range, Discretisation discretise,
            std::vector<TextureAggregation> aggregation) {
  Settings settings;
  settings.spacing = std::move(spacing);
  settings.interpolation = Interpolation::linear;
  settings.round = !settings.spacing.empty();
  settings.range = std::move(range);
  settings.discretise = std::move(discretise);
  settings.aggregation = std::move(aggregation);
  settings.families = config::values_of<FeatureFamily>();
  return settings;
}

const std::vector kSlices{TextureAggregation::average_2d, TextureAggregation::merged_2d,
                          TextureAggregation::average_2_5d, TextureAggregation::merged_2_5d};
const std::vector kSpace{TextureAggregation::average_3d, TextureAggregation::merged_3d};

Settings ibsi() {
  return {};
}

Settings ibsi_digital() {
  Settings settings;
  settings.discretise.method = DiscretiseMethod::none;
  settings.aggregation = config::values_of<TextureAggregation>();
  return settings;
}

Settings ibsi_ct_a() {
  return ct({}, {-500, 400}, fixed_width(25), kSlices);
}

Settings ibsi_ct_b() {
  return ct({2, 2, 0}, {-500, 400}, fixed_count(32), kSlices);
}

Settings ibsi_ct_c() {
  Settings settings = ct({2, 2, 2}, {-1000, 400}, fixed_width(25), kSpace);
  settings.ivh = fixed_width(2.5);
  return settings;
}

Settings ibsi_ct_d() {
  Settings settings = ct({2, 2, 2}, {}, fixed_count(32), kSpace);
  settings.outliers = 3;
  return settings;
}

Settings ibsi_ct_e() {
  Settings settings = ct({2, 2, 2}, {-1000, 400}, fixed_count(32), kSpace);
  settings.interpolation = Interpolation::cubic;
  settings.outliers = 3;
  settings.ivh = fixed_count(1000);
  return settings;
}

Settings pyradiomics() {
  Settings settings;
  settings.aggregation = {TextureAggregation::average_3d};
  return settings;
}

struct Profile {
  const char* name;
  Settings (*make)();
};
constexpr Profile kProfiles[] = {
    {"ibsi", ibsi},           {"pyradiomics", pyradiomics}, {"ibsi_digital", ibsi_digital},
    {"ibsi_ct_a", ibsi_ct_a}, {"ibsi_ct_b", ibsi_ct_b},     {"ibsi_ct_c", ibsi_ct_c},
    {"ibsi_ct_d", ibsi_ct_d}, {"ibsi_ct_e", ibsi_ct_e}};

}  // namespace

std::span<const std::string_view> enum_names(DiscretiseMethod) {
  static constexpr std::array<std::string_view, 3> names{"fixed_width", "fixed_count", "none"};
  return names;
}

std::span<const std::string_view> enum_names(Interpolation) {
  static constexpr std::array<std::string_view, 3> names{"nearest", "linear", "cubic"};
  return names;
}

std::span<const std::string_view> enum_names(TextureAggregation) {
  static constexpr std::array<std::string_view, 6> names{"2d_average",  "2d_merged",  "2.5d_average",
                                                         "2.5d_merged", "3d_average", "3d_merged"};
  return names;
}

std::span<const std::string_view> enum_names(FeatureFamily) {
  static constexpr std::array<std::string_view, 12> names{"diagnostic",
                                                          "morphology",
                                                          "local_intensity",
                                                          "statistics",
                                                          "intensity_histogram",
                                                          "intensity_volume_histogram",
                                                          "glcm",
                                                          "glrlm",
                                                          "glszm",
                                                          "gldzm",
                                                          "ngtdm",
                                                          "ngldm"};
  return names;
}

void describe(config::Fields& f, Discretisation& o) {
  f("method", o.method,
    "fixed_width: bins of `width`; fixed_count: `count` bins from the region's minimum to its maximum; none: "
    "intensities are levels");
  f("width", o.width, "of a bin, fixed_width", {.unit = "of the image"});
  f("count", o.count, "of bins, fixed_count", {.min = 1, .max = 1 << 20});
  f("start", o.start,
    "where level 1 starts, fixed_width; absent: the lower end of `range`, else the region's minimum",
    {.unit = "of the image"});
  f.check(o.width > 0, "width", "must be positive");
}

void describe(config::Fields& f, Settings& o) {
  const std::string before = o.profile;
  f("profile", o.profile, "sets every key that is left out", {.one_of = profile_names()});
  if (o.profile != before) o = profile(o.profile);
  f("spacing", o.spacing, "x, y, z of the voxels after resampling; 0 keeps an axis; absent: all",
    {.unit = "mm"});
  f("interpolation", o.interpolation, "of the image; cubic: by a B-spline");
  f("mask_interpolation", o.mask_interpolation, "of the mask; inside is from a half on");
  f("round", o.round, "intensities to whole numbers after resampling, as HU ask for");
  f("range", o.range, "low, high: other intensities leave the intensity mask; nan: no bound",
    {.unit = "of the image", .one_of = {"nan"}});
  f("outliers", o.outliers,
    "intensities further from the region's mean than this leave the intensity mask; 0: none do",
    {.min = 0, .unit = "standard deviations"});
  f.section("discretise", o.discretise, "how intensities become levels");
  f.section("ivh", o.ivh, "the same of the intensity-volume histogram; none: intensities as they are");
  f("aggregation", o.aggregation,
    "of directions and slices, for families that know them; the others are computed once for 2d, 2.5d and 3d",
    {.lone = true});
  f("distance", o.distance, "Chebyshev, of co-occurrence, NGTDM and NGLDM",
    {.min = 1, .max = 100, .unit = "voxels"});
  f("coarseness", o.coarseness, "alpha of NGLDM: neighbours this close count as equal",
    {.min = 0, .unit = "levels"});
  f("families", o.families, "what to compute; absent: all but `diagnostic`, which reads the whole image",
    {.lone = true});
  f.choices(
      "filters", o.filters, filter_components(),
      "features are also computed of what these make of the image, all but `morphology` and `diagnostic`");
  f("unfiltered", o.unfiltered, "whether features of the image itself are wanted beside those of `filters`");
  f.section("filtered", o.filtered, "how the intensities of response maps become levels");
  if (!o.spacing.empty()) f.check_count(o.spacing.size(), 3, "spacing", "takes x, y and z");
  for (const double value : o.spacing) f.check(value >= 0, "spacing", "must not be negative");
  if (!o.range.empty()) f.check_count(o.range.size(), 2, "range", "takes a low and a high end");
  f.check(o.range.size() != 2 || !(o.range[0] > o.range[1]), "range", "the low end comes first");
  f.check(!o.aggregation.empty(), "aggregation", "needs at least one");
  f.check(o.unfiltered || !o.filters.empty(), "unfiltered", "without it there must be `filters`");
  f.section("pyradiomics", o.pyradiomics, "of the profile pyradiomics, which reads these and nothing else");
  if (o.profile == "pyradiomics")
    check_pyradiomics(f, o);
  else
    f.check(o.pyradiomics == Pyradiomics{}, "pyradiomics", "is read by the profile pyradiomics only");
}

std::vector<std::string> profile_names() {
  std::vector<std::string> names;
  for (const Profile& row : kProfiles) names.emplace_back(row.name);
  return names;
}

Settings profile(const std::string& name) {
  for (const Profile& row : kProfiles) {
    if (name != row.name) continue;
    Settings settings = row.make();
    settings.profile = name;
    return settings;
  }
  core::fail_usage("there is no profile `" + name + "`" + core::suggest(name, profile_names()));
}

}  // namespace photo51::radiomics
