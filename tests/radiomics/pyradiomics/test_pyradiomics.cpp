// The profile `pyradiomics` against every value of PyRadiomics's own baseline.
#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <Eigen/SVD>
#include <cmath>
#include <limits>
#include <map>
#include <random>

#include "photo51/core/table.hpp"
#include "photo51/imaging/masks/mask.hpp"
#include "photo51/imaging/read.hpp"
#include "photo51/radiomics/features.hpp"
#include "radiomics/ibsi/maximal_correlation.hpp"
#include "radiomics/pyradiomics/common.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::radiomics {
namespace {

using testing::HasSubstr;

/// What the variants of the baseline set (baseline_settings.csv), apart from the defaults.
Pyradiomics variant(const std::string& name) {
  Pyradiomics settings;
  if (name == "default") {
    settings.voxel_array_shift = 2000;
    settings.minimum_dimensions = 1;
  }
  if (name == "normalization") {
    settings.normalize = true;
    settings.normalize_scale = 100;
    settings.bin_width = 5;
  }
  if (name == "resampling") settings.resampled_spacing = {2, 2, 2};
  if (name == "resegmentation") {
    settings.resegment_mode = ResegmentMode::sigma;
    settings.resegment_range = {-3, 3};
  }
  if (name == "2d" || name == "shape2D") settings.force_2d = true;
  if (name == "FBN") settings.bin_count = 64;
  if (name == "combined") settings.weighting_norm = WeightingNorm::no_weighting;
  if (name == "flatRegion") {
    settings.bin_width = 5000;
    settings.resegment_range = {0};
  }
  return settings;
}

/// The baseline's surface of `default` is older than every release of PyRadiomics: 2.0.1 to 3.0.1 find these.
const std::map<std::string, double> kSurface{{"original_shape_MeshVolume", 16147.51180013021},
                                             {"original_shape_SurfaceArea", 6438.821603779402},
                                             {"original_shape_Sphericity", 0.4798234536231475},
                                             {"original_shape_SurfaceVolumeRatio", 0.3987500788652454}};

class PyradiomicsBaseline : public testing::TestWithParam<const char*> {};

TEST_P(PyradiomicsBaseline, AgreesInEveryValue) {
  PHOTO51_NEEDS_SHARED_DATA("radiomics/pyradiomics");
  const std::string name = GetParam();
  const auto folder = test::shared_data() / "radiomics" / "pyradiomics";
  const auto image = imaging::read_volume(folder / "brain1_image.nrrd");
  auto mask = imaging::read_volume(folder / "brain1_label.nrrd");
  Settings settings = profile("pyradiomics");
  settings.pyradiomics = variant(name);
  if (name == "shape2D") {
    // The baseline's own mask is the slice with most voxels.
    const at::Tensor slice = mask.data[0][16].clone();
    mask.data.zero_();
    mask.data[0][16].copy_(slice);
    settings.pyradiomics.feature_class = {"shape2D"};
  }
  std::map<std::string, double> found;
  for (const Feature& feature : extract(image, mask, settings)) {
    EXPECT_TRUE(found.emplace(feature.name, feature.value).second) << feature.name << " comes twice";
    EXPECT_EQ(feature.name, "original_" + feature.family + feature.name.substr(feature.name.rfind('_')));
  }
  const core::Table baseline = core::read_table(folder / "baseline.csv");
  const auto cell = [&](size_t row, const char* column) {
    return baseline.rows[row][baseline.require(column)];
  };
  int compared = 0;
  for (size_t row = 0; row < baseline.rows.size(); ++row) {
    if (cell(row, "settings") != name) continue;
    const std::string feature = cell(row, "name");
    const double wanted = std::stod(cell(row, "value"));
    ASSERT_TRUE(found.count(feature)) << feature << " is missing";
    ++compared;
    if (name == "default" && kSurface.contains(feature)) {
      EXPECT_NEAR(found[feature] / kSurface.at(feature), 1, 1e-9) << feature;
      EXPECT_NEAR(found[feature] / wanted, 1, 1e-3) << feature;
    } else {
      EXPECT_NEAR(found[feature], wanted, 1e-5 * std::abs(wanted) + 1e-12) << feature;
    }
  }
  EXPECT_GT(compared, 0);
}

INSTANTIATE_TEST_SUITE_P(Brain1, PyradiomicsBaseline,
                         testing::Values("default", "normalization", "resampling", "resegmentation", "2d",
                                         "FBN", "combined", "flatRegion", "shape2D"),
                         [](const auto& variant) { return std::string(variant.param); });

/// A box of 4 x 5 x 6 voxels with a region of 2 x 2 x 3.
struct Sample {
  imaging::Volume image, mask;
};
Sample sample() {
  imaging::Geometry geometry;
  geometry.size = {6, 5, 4};
  const at::Tensor values = at::arange(120, at::kFloat).reshape({1, 4, 5, 6});
  at::Tensor inside = at::zeros({1, 4, 5, 6}, at::kByte);
  inside.slice(1, 1, 3).slice(2, 1, 3).slice(3, 1, 4).fill_(1);
  return {imaging::make_volume(values, geometry), imaging::make_volume(inside, geometry)};
}

std::string pyradiomics_refusal(const Sample& of, const Pyradiomics& pyradiomics = {}) {
  Settings settings = profile("pyradiomics");
  settings.pyradiomics = pyradiomics;
  return test::message_of(core::Fault::data, [&] { extract(of.image, of.mask, settings); });
}

TEST(PyradiomicsProfile, RefusesRegionsThatItsSettingsRuleOut) {
  EXPECT_THAT(pyradiomics_refusal(sample(), {.label = 2}), HasSubstr("label 2"));
  EXPECT_THAT(pyradiomics_refusal(sample(), {.minimum_size = 12}), HasSubstr("minimumROISize"));
  EXPECT_THAT(pyradiomics_refusal(sample(), {.resegment_range = {1e6}}), HasSubstr("resegmentRange"));
  EXPECT_THAT(pyradiomics_refusal(sample(), {.bin_width = 1e-6}), HasSubstr("binWidth"));
  EXPECT_THAT(pyradiomics_refusal(sample(), {.feature_class = {"shape2D"}}), HasSubstr("force2D"));
  EXPECT_THAT(pyradiomics_refusal(sample(), {.resampled_spacing = {100, 100, 100}}),
              HasSubstr("nothing of it is left"));
  Sample none = sample();
  none.mask.data.zero_();
  EXPECT_THAT(pyradiomics_refusal(none), HasSubstr("label 1"));
  Sample one = sample();
  one.mask.data.zero_();
  one.mask.data[0][1][1][1] = 1;
  EXPECT_THAT(pyradiomics_refusal(one), HasSubstr("single voxel"));
  one.mask.data[0][1][1][2] = 1;
  EXPECT_THAT(pyradiomics_refusal(one), HasSubstr("minimumROIDimensions"));
  Sample flat = sample();
  flat.image.data.fill_(0.3);
  EXPECT_THAT(pyradiomics_refusal(flat, {.normalize = true}), HasSubstr("normalize"));
  Sample broken = sample();
  broken.image.data[0][1][1][1] = std::numeric_limits<float>::infinity();
  EXPECT_THAT(pyradiomics_refusal(broken), HasSubstr("not finite"));
  Sample apart = sample();
  apart.mask.geometry.origin[0] = 10;
  EXPECT_THAT(pyradiomics_refusal(apart), HasSubstr("grid"));
  Sample many = sample();
  many.image.data = many.image.data.repeat({2, 1, 1, 1});
  EXPECT_THAT(pyradiomics_refusal(many), HasSubstr("one channel"));
}

TEST(PyradiomicsProfile, ResamplesAFinerMaskOnceFromItsOwnGrid) {
  PHOTO51_NEEDS_SHARED_CASES("radiomics/fine_mask");
  const auto files = test::shared_cases() / "radiomics/fine_mask";
  const auto image = imaging::read_volume(files / "i.nrrd"), mask = imaging::read_mask(files / "thin.nrrd");
  struct Right {
    std::vector<double> spacing;
    bool normalize;
    double volume, mean;
  };
  // What PyRadiomics 3.0.1 finds; the third spacing is the image's, so only the mask is resampled.
  for (const Right& right :
       {Right{{1, 1, 1}, false, 118, 100.74998015064304}, Right{{1, 1, 1}, true, 118, 0.6418984412313865},
        Right{{0.9, 0.9, 2.5}, false, 91.125, 100.02790408664279},
        Right{{1, 1, 2.5}, false, 85, 99.5061299941119},
        Right{{0.5, 0.5, 0.5}, false, 99.625, 101.00683378365588}}) {
    Settings settings = profile("pyradiomics");
    settings.pyradiomics.resampled_spacing = right.spacing;
    settings.pyradiomics.normalize = right.normalize;
    settings.pyradiomics.feature_class = {"shape", "firstorder"};
    ASSERT_TRUE(takes_own_grid(settings));
    for (const Feature& feature : extract(image, mask, settings)) {
      if (feature.name == "original_shape_VoxelVolume") {
        EXPECT_NEAR(feature.value, right.volume, 1e-9);
      }
      if (feature.name == "original_firstorder_Mean") {
        EXPECT_NEAR(feature.value, right.mean, 1e-9 * std::abs(right.mean));
      }
    }
  }
  EXPECT_FALSE(takes_own_grid(profile("pyradiomics")));
  PHOTO51_EXPECT_ERROR(extract(image, mask, profile("pyradiomics")), data,
                       HasSubstr("does not lie on the grid of"));
}

std::map<std::string, double> features(const Sample& of, const Pyradiomics& pyradiomics) {
  Settings settings = profile("pyradiomics");
  settings.pyradiomics = pyradiomics;
  std::map<std::string, double> values;
  for (const Feature& feature : extract(of.image, of.mask, settings)) values[feature.name] = feature.value;
  return values;
}

/// The levels of a row of intensities.
std::vector<int32_t> pyradiomics_levels(const std::vector<double>& intensities, const Pyradiomics& settings,
                                        bool single) {
  Region region;
  region.grid.size = {1, 1, static_cast<int64_t>(intensities.size())};
  for (const double value : intensities) {
    region.voxels.push_back(static_cast<int64_t>(region.intensity.size()));
    region.intensity.push_back(single ? static_cast<double>(static_cast<float>(value)) : value);
  }
  region.mask.assign(intensities.size(), 1);
  return pyradiomics::discretise(region, settings, single).level;
}

/// What numpy.digitize finds with the edges of numpy.arange, for float64 and for float32.
TEST(PyradiomicsProfile, PutsEdgesOfLevelsWhereNumpyDoes) {
  std::vector<double> values;
  for (const int thousandths :
       {129, 150, 200, 250, 300, 350, 400, 450, 550, 600, 650, 700, 850, 950, 1050, 1150, 1200, 1350, 1390})
    values.push_back(thousandths * 0.001);
  std::vector<int32_t> wanted{1, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 15, 17, 19, 21, 22, 25, 26};
  EXPECT_EQ(pyradiomics_levels(values, {.bin_width = 0.05}, false), wanted);
  wanted[1] = 2;
  EXPECT_EQ(pyradiomics_levels(values, {.bin_width = 0.05}, true), wanted);
  const std::vector<int32_t> counted{1, 1, 1, 2, 2, 3, 3, 4, 5, 5, 6, 6, 8, 9, 10, 11, 12, 13, 13};
  EXPECT_EQ(pyradiomics_levels(values, {.bin_count = 13}, false), counted);
  EXPECT_EQ(pyradiomics_levels(values, {.bin_count = 13}, true), counted);
  const std::vector<double> signed_values{-3, -2.9, -0.1, 0, 0.1, 0.30000000000000004, 2.7};
  EXPECT_EQ(pyradiomics_levels(signed_values, {.bin_width = 0.1}, false),
            (std::vector<int32_t>{1, 2, 29, 30, 31, 33, 57}));
  EXPECT_EQ(pyradiomics_levels(signed_values, {.bin_width = 0.1}, true),
            (std::vector<int32_t>{1, 2, 30, 31, 32, 34, 58}));
  EXPECT_EQ(pyradiomics_levels({5, 5, 5}, {}, false), (std::vector<int32_t>{1, 1, 1}));
  EXPECT_EQ(pyradiomics_levels({5, 5, 5}, {.bin_count = 4}, true), (std::vector<int32_t>{3, 3, 3}));
}

TEST(PyradiomicsProfile, ComputesSingleFeaturesAndThoseThatMustBeNamed) {
  const auto some = features(
      sample(),
      {.feature_class = {"glcm_Contrast", "ngtdm", "firstorder_StandardDeviation", "firstorder_Variance",
                         "shape_Sphericity", "shape_SphericalDisproportion"}});
  EXPECT_EQ(some.size(), 1U + 5 + 2 + 2);
  EXPECT_NEAR(some.at("original_firstorder_StandardDeviation"),
              std::sqrt(some.at("original_firstorder_Variance")), 1e-12);
  EXPECT_NEAR(some.at("original_shape_SphericalDisproportion") * some.at("original_shape_Sphericity"), 1,
              1e-12);
  EXPECT_EQ(features(sample(), {.feature_class = {"firstorder", "shape"}}).size(), 18U + 14);
}

TEST(PyradiomicsProfile, MindsNoIntensityOutsideTheRegion) {
  Sample of = sample();
  of.image.data[0][0][0][0] = std::nan("");
  of.image.data[0][1][1][4] = std::nan("");  // beside the region
  EXPECT_EQ(features(of, {.feature_class = {"firstorder"}}).at("original_firstorder_Mean"),
            features(sample(), {.feature_class = {"firstorder"}}).at("original_firstorder_Mean"));
  EXPECT_THAT(pyradiomics_refusal(of, {.normalize = true}), HasSubstr("not finite"));
}

TEST(MaximalCorrelation, IsTheSecondSingularValue) {
  std::mt19937 random(5);
  for (const int64_t levels : {2, 3, 8, 40}) {
    Eigen::MatrixXd matrix = Eigen::MatrixXd::Zero(levels + 1, levels + 1);
    for (int64_t i = 1; i <= levels; ++i)
      for (int64_t j = 1; j <= levels; ++j)
        if (i == j || random() % 3 == 0) matrix(i, j) = static_cast<double>(1 + random() % 50);
    matrix /= matrix.sum();
    std::vector<Cell> cells;
    std::vector<double> rows(levels + 1, 0), columns(levels + 1, 0);
    Eigen::MatrixXd scaled = matrix.bottomRightCorner(levels, levels);
    for (int64_t i = 1; i <= levels; ++i) {
      for (int64_t j = 1; j <= levels; ++j) {
        rows[i] += matrix(i, j);
        columns[j] += matrix(i, j);
        if (matrix(i, j) > 0) cells.push_back({i, j, matrix(i, j)});
        scaled(i - 1, j - 1) /= std::sqrt(matrix.row(i).sum() * matrix.col(j).sum());
      }
    }
    const Eigen::JacobiSVD<Eigen::MatrixXd> decomposition(scaled);
    EXPECT_NEAR(maximal_correlation(cells, rows, columns), decomposition.singularValues()[1], 1e-9) << levels;
  }
}

}  // namespace
}  // namespace photo51::radiomics
