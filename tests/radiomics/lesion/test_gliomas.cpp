#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "photo51/imaging/read.hpp"
#include "photo51/radiomics/lesion/lesion.hpp"
#include "support/shared_data.hpp"

namespace photo51::radiomics {
namespace {

/// Descriptors of real lower-grade gliomas, computed independently with numpy and scipy.ndimage. The first
/// patient has all sequences, the second lacks post, the third has FLAIR only.
const std::map<std::string, std::map<std::string, double>> kExpected{
    {"TCGA-CS-4941",
     {{"location_left", -0.290608},
      {"location_lateral", 0.296692},
      {"location_medial_edge", 0.0515464},
      {"location_posterior", 0.303935},
      {"location_front_edge", 0.205128},
      {"location_back_edge", 0.4},
      {"location_below_vertex", 0.393478},
      {"location_midline_crossing", 0.0521809},
      {"location_depth_mean", 0.195641},
      {"location_depth_p10", 0.139191},
      {"location_depth_max", 0.289569},
      {"shape_log_volume", 4.45064},
      {"shape_log_head_fraction", -3.96611},
      {"shape_sphericity", 0.712898},
      {"shape_elongation", 0.842274},
      {"shape_flatness", 0.542227},
      {"shape_ellipsoid_fill", 0.65884},
      {"shape_log_length", 4.40214},
      {"shape_solidity", 0.645089},
      {"flair_mean", 7.739},
      {"flair_p10", 3.80523},
      {"flair_median", 7.70609},
      {"flair_p90", 11.737},
      {"flair_deviation", 3.07763},
      {"flair_skewness", 0.0487176},
      {"flair_kurtosis", 2.59304},
      {"flair_dark", 0},
      {"flair_bright", 0.885737},
      {"flair_contrast", 5.96616},
      {"flair_rim", -2.97128},
      {"flair_edge", 1.15881},
      {"flair_texture", 0.682263},
      {"flair_entropy", 4.65086},
      {"flair_ratio", 2.04904},
      {"post_mean", 2.56102},
      {"post_p10", 0.038571},
      {"post_median", 1.1392},
      {"post_p90", 8.21464},
      {"post_deviation", 3.55282},
      {"post_skewness", 1.87803},
      {"post_kurtosis", 5.89688},
      {"post_dark", 0.00160557},
      {"post_bright", 0.199358},
      {"post_contrast", 2.11338},
      {"post_rim", -3.02833},
      {"post_edge", 0.335374},
      {"post_texture", 0.725451},
      {"post_entropy", 3.96033},
      {"post_ratio", 1.23351},
      {"pre_mean", 0.856525},
      {"pre_p10", -0.0012294},
      {"pre_median", 0.893433},
      {"pre_p90", 1.7881},
      {"pre_deviation", 0.728589},
      {"pre_skewness", -0.218888},
      {"pre_kurtosis", 4.77242},
      {"pre_dark", 0.00240835},
      {"pre_bright", 0},
      {"pre_contrast", 0.633354},
      {"pre_rim", -0.444216},
      {"pre_edge", 0.224684},
      {"pre_texture", 0.182372},
      {"pre_entropy", 2.58914},
      {"pre_ratio", 1.10256},
      {"enhancement_mean", 0.130945},
      {"enhancement_p90", 0.581406},
      {"enhancement_fraction", 0.174739}}},
    {"TCGA-DU-6407",
     {{"location_left", -0.413497},
      {"location_lateral", 0.413497},
      {"location_medial_edge", 0.205128},
      {"location_posterior", 0.494176},
      {"location_front_edge", 0.362637},
      {"location_back_edge", 0.636364},
      {"location_below_vertex", 0.534854},
      {"location_midline_crossing", 0},
      {"location_depth_mean", 0.254804},
      {"location_depth_p10", 0.184927},
      {"location_depth_max", 0.380633},
      {"shape_log_volume", 4.29903},
      {"shape_log_head_fraction", -3.62642},
      {"shape_sphericity", 0.896706},
      {"shape_elongation", 0.665372},
      {"shape_flatness", 0.528459},
      {"shape_ellipsoid_fill", 0.893998},
      {"shape_log_length", 4.33702},
      {"shape_solidity", 0.85139},
      {"flair_mean", 3.43681},
      {"flair_p10", 0.987799},
      {"flair_median", 3.61728},
      {"flair_p90", 5.57061},
      {"flair_deviation", 1.75134},
      {"flair_skewness", -0.495715},
      {"flair_kurtosis", 3.18091},
      {"flair_dark", 0.00444554},
      {"flair_bright", 0.399234},
      {"flair_contrast", 3.13582},
      {"flair_rim", 0.973026},
      {"flair_edge", 0.850298},
      {"flair_texture", 0.395511},
      {"flair_entropy", 3.81495},
      {"flair_ratio", 1.83399},
      {"pre_mean", -0.483099},
      {"pre_p10", -1.16285},
      {"pre_median", -0.582772},
      {"pre_p90", 0.384031},
      {"pre_deviation", 0.586853},
      {"pre_skewness", 0.447759},
      {"pre_kurtosis", 2.45446},
      {"pre_dark", 0.000493949},
      {"pre_bright", 0},
      {"pre_contrast", -0.301174},
      {"pre_rim", 0.836656},
      {"pre_edge", 0.190445},
      {"pre_texture", 0.109826},
      {"pre_entropy", 2.24496},
      {"pre_ratio", 0.879189}}},
    {"TCGA-FG-A60K",
     {{"location_left", -0.132683},
      {"location_lateral", 0.134261},
      {"location_medial_edge", 0.0294118},
      {"location_posterior", 0.284491},
      {"location_front_edge", 0.218863},
      {"location_back_edge", 0.356322},
      {"location_below_vertex", 0.330245},
      {"location_midline_crossing", 0.0350024},
      {"location_depth_mean", 0.270308},
      {"location_depth_p10", 0.208109},
      {"location_depth_max", 0.397346},
      {"shape_log_volume", 2.69864},
      {"shape_log_head_fraction", -5.10237},
      {"shape_sphericity", 0.961812},
      {"shape_elongation", 0.705918},
      {"shape_flatness", 0.46788},
      {"shape_ellipsoid_fill", 0.871435},
      {"shape_log_length", 3.83295},
      {"shape_solidity", 0.854059},
      {"flair_mean", 4.20309},
      {"flair_p10", 1.79759},
      {"flair_median", 4.23964},
      {"flair_p90", 6.64846},
      {"flair_deviation", 1.83138},
      {"flair_skewness", -0.242044},
      {"flair_kurtosis", 2.7055},
      {"flair_dark", 0.000486145},
      {"flair_bright", 0.544968},
      {"flair_contrast", 4.01923},
      {"flair_rim", -1.0777},
      {"flair_edge", 0.986292},
      {"flair_texture", 0.381819},
      {"flair_entropy", 3.89304},
      {"flair_ratio", 1.54434}}},
};

TEST(LesionDescriptors, AgreeWithNumpyOnGliomas) {
  PHOTO51_NEEDS_SHARED_DATA("lgg");
  const std::vector<std::string> channels{"flair", "post", "pre"};
  const auto names = lesion_descriptor_names(channels);
  for (const auto& [patient, expected] : kExpected) {
    const auto folder = test::shared_data() / "lgg" / "images" / patient;
    const imaging::Volume mask = imaging::read_volume(folder / "seg.nii.gz");
    imaging::Volume image = imaging::read_volume(folder / "flair.nii.gz");
    image.channels = channels;
    std::vector<at::Tensor> values;
    std::vector<bool> present;
    for (const auto& channel : channels) {
      const auto file = folder / (channel + ".nii.gz");
      present.push_back(std::filesystem::exists(file));
      values.push_back(present.back() ? imaging::read_volume(file).data.to(at::kFloat)
                                      : at::zeros_like(mask.data, at::kFloat));
    }
    image.data = at::cat(values, 0);
    const auto actual = lesion_descriptors(image, present, mask);
    ASSERT_EQ(actual.size(), names.size());
    for (size_t i = 0; i < names.size(); ++i) {
      const auto found = expected.find(names[i]);
      if (found == expected.end()) {
        EXPECT_TRUE(std::isnan(actual[i])) << patient << ' ' << names[i];
      } else {
        EXPECT_NEAR(actual[i], found->second, 2e-4 * (1 + std::abs(found->second)))
            << patient << ' ' << names[i];
      }
    }
  }
}

}  // namespace
}  // namespace photo51::radiomics
