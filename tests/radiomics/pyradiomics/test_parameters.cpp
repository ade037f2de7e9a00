// Parameter files of PyRadiomics; tests/parity compares the features that come of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "photo51/config/read.hpp"
#include "photo51/radiomics/settings.hpp"
#include "photo51/radiomics/voxelwise/voxelwise.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::radiomics {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Read {
  Settings settings;
  VoxelwiseOptions voxelwise;
  std::vector<std::string> warnings;
};

Read read_node(const config::Node& file) {
  Read result;
  EXPECT_TRUE(is_parameter_file(file));
  config::Node document = from_parameter_file(file, result.warnings);
  config::read(*document.find("voxelwise"), result.voxelwise);
  document.erase("voxelwise");
  config::read(document, result.settings);
  return result;
}

Read read(const std::string& text) {
  return read_node(config::parse_yaml(text, "params.yaml"));
}

/// The refusal of a file of the shared cases, or of text.
std::string refusal(const std::string& text) {
  return test::message_of(core::Fault::usage, [&] { read(text); });
}

TEST(PyradiomicsParameters, AreSettingsOfTheProfile) {
  const Read of = read(
      "setting: {binWidth: 5, label: 3, normalize: True, normalizeScale: 100, resampledPixelSpacing: [1, 1, "
      "2], "
      "interpolator: 2, preCrop: true, geometryTolerance: 1.0e-3, correctMask: true, additionalInfo: false, "
      "label_channel: 0, distances: [1, 2], weightingNorm: , removeOutliers: ~}\n"
      "featureClass:\n  firstorder: []\n  glcm: [Contrast, 'JointEntropy']\n  shape:\n");
  const Pyradiomics& own = of.settings.pyradiomics;
  EXPECT_EQ(of.settings.profile, "pyradiomics");
  EXPECT_EQ(own.bin_width, 5);
  EXPECT_EQ(own.label, 3);
  EXPECT_TRUE(own.normalize && own.pre_crop);
  EXPECT_THAT(own.resampled_spacing, ElementsAre(1, 1, 2));
  EXPECT_EQ(own.interpolator, SitkInterpolator::linear);
  EXPECT_EQ(own.weighting_norm, WeightingNorm::none);
  EXPECT_FALSE(own.remove_outliers.has_value());
  EXPECT_THAT(own.feature_class, ElementsAre("firstorder", "glcm_Contrast", "glcm_JointEntropy", "shape"));
  EXPECT_THAT(of.warnings, IsEmpty());
}

TEST(PyradiomicsParameters, GiveSettingsOfFiltersToTheirImageTypes) {
  const Read of = read(
      "setting: {sigma: [1, 3], wavelet: haar, level: 2, lbp2DRadius: 2, binWidth: 10}\n"
      "imageType:\n  Original: {binWidth: 5}\n  LoG:\n  Wavelet: {wavelet: db2}\n  LBP2D: {binCount: }\n");
  const ImageTypes& types = of.settings.pyradiomics.image_type;
  ASSERT_TRUE(types.original && types.log && types.wavelet && types.lbp_2d);
  EXPECT_EQ(types.original->bin_width, 5);
  EXPECT_THAT(types.log->sigma, ElementsAre(1, 3));
  EXPECT_EQ(types.wavelet->wavelet, "db2");
  EXPECT_EQ(types.wavelet->level, 2);
  EXPECT_EQ(types.lbp_2d->radius, 2);
  EXPECT_FALSE(types.gradient);
}

TEST(PyradiomicsParameters, AreMapsToo) {
  const Read of =
      read("voxelSetting: {kernelRadius: 2, maskedKernel: false, initValue: .nan, voxelBatch: 1000}\n");
  EXPECT_EQ(of.voxelwise.radius, 2);
  EXPECT_FALSE(of.voxelwise.masked);
  EXPECT_FALSE(of.voxelwise.outside.has_value());
  EXPECT_EQ(read("setting: {binWidth: 5}").voxelwise.outside, 0);  // as PyRadiomics has it
  EXPECT_EQ(read("voxelSetting: {initValue: -1}").voxelwise.outside, -1);
}

TEST(PyradiomicsParameters, SayWhatHasNoEffect) {
  const Read of = read(
      "setting: {interpolator: , resampledPixelSpacing: [1, 1, 1]}\n"
      "featureClass: {glcm: [Homogeneity1, Contrast]}");
  EXPECT_THAT(of.settings.pyradiomics.resampled_spacing, IsEmpty());
  EXPECT_THAT(of.settings.pyradiomics.feature_class, ElementsAre("glcm_Contrast"));
  EXPECT_THAT(of.warnings, ElementsAre(HasSubstr("glcm_Homogeneity1"), HasSubstr("resampledPixelSpacing")));
}

TEST(PyradiomicsParameters, RefuseWhatPyradiomicsDoesNotKnow) {
  EXPECT_THAT(
      refusal("setting:\n  binWidth: 5\n  verbose: true\n  binWith: 3"),
      AllOf(HasSubstr("params.yaml:3"), HasSubstr("`verbose`"), HasSubstr("did you mean `binWidth`")));
  EXPECT_THAT(refusal("settings: {binWidth: 5}\nfeatureClass: {glcm: }"),
              HasSubstr("did you mean `setting`"));
  EXPECT_THAT(refusal("voxelSetting: {radius: 2}"), HasSubstr("`radius`"));
  EXPECT_THAT(refusal("featureClass: {glcm: [Contrasst]}"), HasSubstr("did you mean `Contrast`"));
  EXPECT_THAT(refusal("featureClass: {glmc: }"), HasSubstr("did you mean `glcm`"));
  EXPECT_THAT(refusal("featureClass: {glcm: Contrast}"), HasSubstr("is a list"));
  EXPECT_THAT(refusal("featureClass: {glcm: [[Contrast]]}"), HasSubstr("by name"));
  EXPECT_THAT(refusal("featureClass: {glcm: [Homogeneity1]}"), HasSubstr("name others"));
  EXPECT_THAT(refusal("imageType: {Wavelets: {}}"), HasSubstr("Wavelet"));
  EXPECT_THAT(refusal("imageType: {LoG: {}}"), HasSubstr("sigma"));
  EXPECT_THAT(refusal("imageType: {Original: {force2D: true}}"), HasSubstr("force2D"));
  EXPECT_THAT(refusal("imageType:\nsetting: {}"), HasSubstr("`imageType` has no value"));
  EXPECT_THAT(refusal("imageType: [Original]"), HasSubstr("map of keys"));
  EXPECT_THAT(refusal("setting: {binWidth: }"), HasSubstr("`binWidth` has no value"));
  EXPECT_THAT(refusal("setting: {gldm_a: 0.5}"), HasSubstr("gldm_a"));
  EXPECT_THAT(refusal("setting: {label_channel: 1}"), HasSubstr("label_channel"));
  EXPECT_THAT(refusal("setting: {interpolator: sitkGaussian}"), HasSubstr("sitkBSpline"));
  EXPECT_THAT(refusal("setting:\n  binWidth: 5\n  binWidth: 6"), HasSubstr("stands twice"));
  EXPECT_THAT(refusal("voxelSetting: {kernelRadius: }"), HasSubstr("kernelRadius"));
}

TEST(PyradiomicsParameters, AreToldFromSettingsOfPhoto51) {
  const test::TemporaryFolder folder;
  std::ofstream(folder / "own.yaml") << "profile: pyradiomics\npyradiomics: {binWidth: 7}\n";
  std::ofstream(folder / "theirs.json") << R"({"setting": {"binWidth": 7}})";
  std::vector<std::string> warnings;
  for (const char* name : {"own.yaml", "theirs.json"}) {
    const config::Node document = load_settings(folder / name, warnings);
    EXPECT_EQ(document.find("pyradiomics")->find("binWidth")->text, "7") << name;
  }
  PHOTO51_EXPECT_ERROR(load_settings(folder / "absent.yaml", warnings), usage, HasSubstr("absent.yaml"));
  std::ofstream(folder / "empty.yaml")
      << "profile: pyradiomics\npyradiomics: {imageType: {Original: {}, Wavelet: }}\n";
  PHOTO51_EXPECT_ERROR(load_settings(folder / "empty.yaml", warnings), usage,
                       HasSubstr("`Wavelet` has no value"));
}

TEST(PyradiomicsParameters, OfTheSharedCases) {
  PHOTO51_NEEDS_SHARED_CASES("radiomics/params");
  const auto load = [](const std::string& name) {
    std::vector<std::string> warnings;
    config::Node document = load_settings(test::shared_cases() / "radiomics" / "params" / name, warnings);
    document.erase("voxelwise");
    Settings settings;
    config::read(document, settings);
    return settings.pyradiomics;
  };
  EXPECT_EQ(load("ct.yaml").feature_class.size(), 3U + 5);
  EXPECT_EQ(load("ct.yaml").voxel_array_shift, 1000);
  EXPECT_THAT(load("mr.yaml").feature_class, ElementsAre("firstorder", "glcm", "shape"));
  EXPECT_TRUE(load("mr.yaml").pre_crop);
  EXPECT_TRUE(load("null.yaml").image_type.wavelet.has_value());
  EXPECT_EQ(load("minimal.yaml").bin_width, 10);
  EXPECT_THAT(load("onlyclasses.yaml").feature_class, ElementsAre("firstorder_Mean", "firstorder_Energy"));
  EXPECT_THAT(load("params.json").feature_class, ElementsAre("firstorder", "glcm_Contrast"));
  EXPECT_TRUE(load("voxel.yaml").force_2d);
  PHOTO51_EXPECT_ERROR(load("enabled.yaml"), usage,
                       AllOf(HasSubstr("`verbose`"), HasSubstr("`enableCExtensions`")));
  PHOTO51_EXPECT_ERROR(load("gldm_float.yaml"), usage, HasSubstr("gldm_a"));
  PHOTO51_EXPECT_ERROR(load("dup.mine.yaml"), usage, HasSubstr("stands twice"));
  PHOTO51_EXPECT_ERROR(load("null.mine.yaml"), usage, HasSubstr("`Wavelet` has no value"));
  PHOTO51_EXPECT_ERROR(load("mr.mine.yaml"), usage, HasSubstr("`resampledPixelSpacing` has no value"));
}

}  // namespace
}  // namespace photo51::radiomics
