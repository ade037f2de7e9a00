// The consensus response maps of IBSI-2 (arXiv:2006.05470) on its digital phantoms, and its feature values of
// filtered images of the CT phantom.

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <map>

#include "photo51/config/read.hpp"
#include "photo51/core/table.hpp"
#include "photo51/imaging/read.hpp"
#include "photo51/radiomics/features.hpp"
#include "photo51/radiomics/filters/filter.hpp"
#include "support/shared_data.hpp"

namespace photo51::radiomics {
namespace {

struct MapCase {
  const char* name;
  const char* phantom;
  const char* filter;
  /// Largest difference, of the map's range: what the 13 bits of the stored maps leave; more where the maps
  /// of the teams behind the consensus differ. The standard asks for 1e-2.
  double tolerance = 1e-4;
};

/// A filter as a config says it.
config::Choice filter_from(const std::string& text) {
  config::Choice choice;
  config::read_section(
      config::parse_yaml("filter: " + text, "test"),
      {[&](config::Fields& f) { f.choice("filter", choice, filter_components(), ""); }, {}, {}});
  return choice;
}

class FilterMaps : public ::testing::TestWithParam<MapCase> {};

TEST_P(FilterMaps, AgreeWithTheConsensus) {
  PHOTO51_NEEDS_SHARED_DATA("radiomics");
  const MapCase& param = GetParam();
  const auto folder = test::shared_data() / "radiomics";
  const auto image =
      imaging::read_volume(folder / "ibsi2_digital" / (std::string(param.phantom) + ".nii.gz"));
  const auto expected =
      imaging::read_volume(folder / "ibsi2_maps" / (std::string(param.name) + ".nii.gz")).data;
  Settings settings;
  settings.filters = {filter_from(param.filter)};
  const auto map = response_maps(image, settings).front().second.data;
  ASSERT_EQ(map.sizes(), expected.sizes());
  const double range = (expected.max() - expected.min()).item<double>();
  EXPECT_LT((map - expected).abs().max().item<double>() / range, param.tolerance);
}

INSTANTIATE_TEST_SUITE_P(
    Ibsi2, FilterMaps,
    ::testing::Values(
        MapCase{"1_a_1", "checkerboard", "{name: mean, support: 15, boundary: zero}"},
        MapCase{"1_a_4", "checkerboard", "{name: mean, support: 15, boundary: mirror}"},
        MapCase{"2_a", "impulse", "{name: log, sigma: 3, cutoff: 4, boundary: zero}"},
        MapCase{"2_b", "checkerboard", "{name: log, sigma: 5, cutoff: 4, boundary: mirror}", 5e-4},
        MapCase{"3_a_1", "impulse", "{name: laws, kernels: E5L5S5, boundary: zero}"},
        MapCase{"3_b_1", "checkerboard", "{name: laws, kernels: E3W5R5, boundary: mirror}"},
        MapCase{"4_a_1", "impulse",
                "{name: gabor, sigma: 10, wavelength: 4, gamma: 0.5, theta: 60, boundary: zero}"},
        MapCase{"5_a_1", "impulse", "{name: wavelet, family: db2, bands: LHL, boundary: zero}"},
        MapCase{"6_a_1", "sphere", "{name: wavelet, family: coif1, bands: HHL, boundary: periodic}"},
        MapCase{
            "7_a_1", "checkerboard",
            "{name: wavelet, family: haar, bands: LLL, level: 2, rotation_invariant: true, boundary: mirror}",
            1e-4}),
    [](const auto& at) { return std::string("map_") + at.param.name; });

/// The filter of each test; A works slice by slice, B in 3D on voxels of 1 mm.
const std::map<std::string, const char*> kPhase2{
    {"1.A", ""},
    {"1.B", ""},
    {"2.A", "{name: mean, support: 5, dimensions: 2d}"},
    {"2.B", "{name: mean, support: 5}"},
    {"3.A", "{name: log, sigma: 1.5, cutoff: 4, dimensions: 2d}"},
    {"3.B", "{name: log, sigma: 1.5, cutoff: 4}"},
    {"4.A", "{name: laws, kernels: L5E5, rotation_invariant: true, pooling: max, energy: 7, dimensions: 2d}"},
    {"4.B", "{name: laws, kernels: L5E5E5, rotation_invariant: true, pooling: max, energy: 7}"},
    {"5.A", "{name: gabor, sigma: 5, wavelength: 2, gamma: 1.5, theta_step: 22.5}"},
    {"5.B", "{name: gabor, sigma: 5, wavelength: 2, gamma: 1.5, theta_step: 22.5, orthogonal_planes: true}"},
    {"6.A", "{name: wavelet, family: db3, bands: LH, rotation_invariant: true, dimensions: 2d}"},
    {"6.B", "{name: wavelet, family: db3, bands: LLH, rotation_invariant: true}"},
    {"7.A", "{name: wavelet, family: db3, bands: HH, level: 2, rotation_invariant: true, dimensions: 2d}"},
    {"7.B", "{name: wavelet, family: db3, bands: HHH, level: 2, rotation_invariant: true}"},
    {"8.A", "{name: isotropic_wavelet, level: 1, dimensions: 2d}"},
    {"8.B", "{name: isotropic_wavelet, level: 1}"},
    {"9.A", "{name: isotropic_wavelet, level: 2, dimensions: 2d}"},
    {"9.B", "{name: isotropic_wavelet, level: 2}"}};

struct Reference {
  double value, tolerance;
};
/// Tests that the file of reference values lacks, from IBSI-2's publication (doi:10.1148/radiol.231319).
const std::map<std::string, std::map<std::string, Reference>> kPublished{{"7.A",
                                                                          {{"stat_mean", {0.245, 0.03}},
                                                                           {"stat_var", {1910, 40}},
                                                                           {"stat_skew", {0.0469, 0.0072}},
                                                                           {"stat_kurt", {6.22, 0.16}},
                                                                           {"stat_p10", {-39.6, 1}},
                                                                           {"stat_max", {352, 4}}}},
                                                                         {"7.B",
                                                                          {{"stat_mean", {-0.0406, 0.0051}},
                                                                           {"stat_var", {422, 11}},
                                                                           {"stat_skew", {-0.0112, 0.0027}},
                                                                           {"stat_kurt", {5.45, 0.09}},
                                                                           {"stat_p10", {-20.6, 0.4}},
                                                                           {"stat_max", {201, 4}}}},
                                                                         {"8.A",
                                                                          {{"stat_mean", {0.248, 0.047}},
                                                                           {"stat_var", {1550, 50}},
                                                                           {"stat_skew", {-0.0473, 0.0145}},
                                                                           {"stat_kurt", {8.19, 0.3}},
                                                                           {"stat_p10", {-33.5, 0.9}},
                                                                           {"stat_max", {408, 3}}}},
                                                                         {"8.B",
                                                                          {{"stat_mean", {0.32, 0.059}},
                                                                           {"stat_var", {1810, 70}},
                                                                           {"stat_skew", {-0.0719, 0.0163}},
                                                                           {"stat_kurt", {7.64, 0.33}},
                                                                           {"stat_p10", {-36.5, 1.3}},
                                                                           {"stat_max", {374, 3}}}},
                                                                         {"9.A",
                                                                          {{"stat_mean", {2.08, 0.17}},
                                                                           {"stat_var", {4580, 170}},
                                                                           {"stat_skew", {-0.0596, 0.0145}},
                                                                           {"stat_kurt", {6.11, 0.21}},
                                                                           {"stat_p10", {-59.2, 1.8}},
                                                                           {"stat_max", {470, 6}}}},
                                                                         {"9.B",
                                                                          {{"stat_mean", {2.68, 0.22}},
                                                                           {"stat_var", {5490, 220}},
                                                                           {"stat_skew", {-0.0858, 0.0107}},
                                                                           {"stat_kurt", {5.58, 0.18}},
                                                                           {"stat_p10", {-65.9, 2.2}},
                                                                           {"stat_max", {471, 13}}}}};

std::map<std::string, Reference> references(const std::string& id) {
  if (const auto found = kPublished.find(id); found != kPublished.end()) return found->second;
  const core::Table table =
      core::read_table(test::shared_data() / "radiomics" / "ibsi2_reference_feature_values.csv");
  std::map<std::string, Reference> result;
  for (const auto& row : table.rows)
    if (row[table.require("filter_id")] == id)
      result[row[table.require("feature_tag")]] = {std::stod(row[table.require("consensus_value")]),
                                                   std::stod(row[table.require("tolerance")])};
  return result;
}

class FilterFeatures : public ::testing::TestWithParam<std::string> {};

TEST_P(FilterFeatures, AgreeWithTheReferenceValues) {
  PHOTO51_NEEDS_SHARED_DATA("radiomics");
  const auto folder = test::shared_data() / "radiomics";
  static const auto image = imaging::read_volume(folder / "ibsi1_ct" / "image.nii.gz");
  static const auto mask = imaging::read_volume(folder / "ibsi1_ct" / "mask.nii.gz");
  const std::string filter = kPhase2.at(GetParam());
  Settings settings;
  settings.range = {-1000, 400};
  settings.families = {FeatureFamily::statistics};
  if (GetParam().back() == 'B') {
    settings.spacing = {1, 1, 1};
    settings.round = true;
  }
  if (!filter.empty()) {
    settings.filters = {filter_from(filter)};
    settings.unfiltered = false;
  }
  std::map<std::string, double> features;
  for (const Feature& feature : extract(image, mask, settings))
    features[feature.tag.substr(feature.tag.find("stat_"))] = feature.value;
  const auto expected = references(GetParam());
  EXPECT_GE(expected.size(), 6U);
  for (const auto& [tag, reference] : expected) {
    ASSERT_TRUE(features.contains(tag)) << tag;
    EXPECT_NEAR(features[tag], reference.value, reference.tolerance) << tag;
  }
}

INSTANTIATE_TEST_SUITE_P(Ibsi2, FilterFeatures,
                         ::testing::Values("1.A", "1.B", "2.A", "2.B", "3.A", "3.B", "4.A", "4.B", "5.A",
                                           "5.B", "6.A", "6.B", "7.A", "7.B", "8.A", "8.B", "9.A", "9.B"),
                         [](const auto& at) {
                           std::string name = at.param;
                           name[1] = '_';
                           return "config_" + name;
                         });

}  // namespace
}  // namespace photo51::radiomics
