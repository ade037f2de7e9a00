// The image types of the profile `pyradiomics`; tests/parity compares many more values with PyRadiomics's
// own.
#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <numbers>

#include "photo51/config/read.hpp"
#include "photo51/radiomics/features.hpp"
#include "photo51/radiomics/voxelwise/voxelwise.hpp"
#include "support/errors.hpp"

namespace photo51::radiomics {
namespace {

using core::Fault;
using testing::HasSubstr;

Settings read_images(const std::string& image_type, const std::string& more = "") {
  Settings settings;
  const std::string yaml = "{profile: pyradiomics, pyradiomics: {imageType: " + image_type +
                           (more.empty() ? "" : ", " + more) + "}}";
  config::read(config::parse_yaml(yaml, "test.yaml"), settings);
  return settings;
}

/// 4 x 5 x 6 voxels of intensities from -30 to 70 with a region of 2 x 2 x 3.
struct ImageSample {
  imaging::Volume image, mask;
};
ImageSample image_sample() {
  imaging::Geometry geometry;
  geometry.size = {6, 5, 4};
  geometry.spacing = {1, 0.5, 2};
  const at::Tensor values = at::arange(120, at::kDouble).mul(37).remainder(101).sub(30).reshape({1, 4, 5, 6});
  at::Tensor inside = at::zeros({1, 4, 5, 6}, at::kByte);
  inside.slice(1, 1, 3).slice(2, 1, 3).slice(3, 1, 4).fill_(1);
  return {imaging::make_volume(values, geometry), imaging::make_volume(inside, geometry)};
}

using NamedValues = std::vector<std::pair<std::string, double>>;

NamedValues image_values(const Settings& settings) {
  const ImageSample of = image_sample();
  NamedValues values;
  for (const Feature& feature : extract(of.image, of.mask, settings))
    values.emplace_back(feature.name, feature.value);
  return values;
}

TEST(PyradiomicsImages, AreThoseOfPyradiomics) {
  const std::map<std::string, double> wanted{{"log-sigma-1-0-mm-3D_firstorder_Maximum", 7.071918964385986},
                                             {"log-sigma-1-0-mm-3D_firstorder_Mean", 0.27561955402294797},
                                             {"log-sigma-1-5-mm-3D_firstorder_Maximum", 8.876238822937012},
                                             {"log-sigma-1-5-mm-3D_firstorder_Mean", 3.5996184945106506},
                                             {"wavelet-LLH_firstorder_Maximum", 4.257081126360948},
                                             {"wavelet-LHL_firstorder_Maximum", 53.362500612844585},
                                             {"wavelet-LHH_firstorder_Mean", -0.1121221016163701},
                                             {"wavelet-HLL_firstorder_Maximum", 65.00772159442401},
                                             {"wavelet-HLH_firstorder_Mean", -0.09033284386983231},
                                             {"wavelet-HHL_firstorder_Maximum", 58.16816565494477},
                                             {"wavelet-HHH_firstorder_Mean", -0.05833255236113851},
                                             {"wavelet-LLL_firstorder_Maximum", 91.793497438835},
                                             {"square_firstorder_Maximum", 56.7},
                                             {"square_firstorder_Mean", 17.416666666666668},
                                             {"squareroot_firstorder_Maximum", 66.40783086353596},
                                             {"squareroot_firstorder_Mean", 25.787675948346564},
                                             {"logarithm_firstorder_Maximum", 68.29549115408633},
                                             {"logarithm_firstorder_Mean", 28.386068034587996},
                                             {"exponential_firstorder_Maximum", 45.77077183420477},
                                             {"exponential_firstorder_Mean", 11.545129707312087},
                                             {"gradient_firstorder_Maximum", 62.477996826171875},
                                             {"gradient_firstorder_Mean", 53.0628293355306}};
  const NamedValues found =
      image_values(read_images("{LoG: {sigma: [1, 1.5]}, Wavelet: {}, Square: {}, SquareRoot: {}, "
                               "Logarithm: {}, Exponential: {}, Gradient: {}}",
                               "featureClass: firstorder"));
  EXPECT_EQ(found.size(), 18U * 15);
  size_t compared = 0;
  for (const auto& [name, value] : found) {
    const auto pinned = wanted.find(name);
    if (pinned == wanted.end()) continue;
    ++compared;
    EXPECT_NEAR(value, pinned->second, 1e-9 * std::abs(pinned->second)) << name;
  }
  EXPECT_EQ(compared, wanted.size());
}

std::vector<std::string> types_of(const Settings& settings) {
  std::vector<std::string> types;
  for (const auto& [name, value] : image_values(settings)) {
    const std::string type = name.substr(0, name.find('_'));
    if (types.empty() || types.back() != type) types.push_back(type);
  }
  return types;
}

TEST(PyradiomicsImages, AreNamedAsPyradiomicsNamesThem) {
  using testing::ElementsAre;
  const std::string first_order = "featureClass: firstorder";
  EXPECT_THAT(types_of(read_images("{}", first_order)), ElementsAre("original"));
  EXPECT_THAT(types_of(read_images("{Square: {}, Original: {}}", first_order)),
              ElementsAre("original", "square"));
  EXPECT_THAT(types_of(read_images("{LoG: {sigma: [0.5, 1]}}", first_order)),
              ElementsAre("log-sigma-0-5-mm-3D", "log-sigma-1-0-mm-3D"));
  EXPECT_THAT(types_of(read_images("{Wavelet: {wavelet: haar, level: 2}}", first_order + ", force2D: true")),
              ElementsAre("wavelet-LH", "wavelet-HL", "wavelet-HH", "wavelet2-LH", "wavelet2-HL",
                          "wavelet2-HH", "wavelet2-LL"));
  // Shape is of the region alone, whatever the image types are.
  EXPECT_THAT(types_of(read_images("{Gradient: {}}")), ElementsAre("original", "gradient"));
  EXPECT_THAT(types_of(read_images("{Gradient: {}}", "featureClass: shape")), ElementsAre("original"));
}

TEST(PyradiomicsImages, MayHaveGreyLevelsOfTheirOwn) {
  const std::string only = "featureClass: firstorder, binWidth: 1000";
  const auto entropies = [&](const std::string& types) {
    std::vector<double> result;
    for (const auto& [name, value] : image_values(read_images(types, only)))
      if (name.ends_with("_Entropy")) result.push_back(value);
    return result;
  };
  const std::vector<double> same = entropies("{Original: {}, Gradient: {}}");
  const std::vector<double> own = entropies("{Original: {binCount: 3}, Gradient: {binWidth: 1}}");
  EXPECT_LT(same.at(1), 1e-12);
  EXPECT_GT(own.at(0), 1);
  EXPECT_GT(own.at(1), 1);
}

TEST(PyradiomicsImages, ComeBackFromTheirDump) {
  Settings settings = read_images(
      "{Original: {}, LoG: {sigma: [1, 2.5], binWidth: 3}, Wavelet: {}, Square: {}, SquareRoot: {}, "
      "Logarithm: {binCount: 4}, Exponential: {}, Gradient: {gradientUseSpacing: false}}");
  const std::string dumped = config::to_yaml(config::dump(settings));
  Settings again;
  config::read(config::parse_yaml(dumped, "dumped.yaml"), again);
  EXPECT_EQ(again.pyradiomics, settings.pyradiomics);
}

TEST(PyradiomicsImages, RefuseSettingsThatMakeNoSense) {
  const auto refused = [](const std::string& types, const char* word) {
    EXPECT_THAT(test::message_of(Fault::usage, [&] { read_images(types); }), HasSubstr(word)) << types;
  };
  refused("{LoG: {}}", "sigma");
  refused("{LoG: {sigma: []}}", "at least one");
  refused("{LoG: {sigma: [1, 0]}}", "must be positive");
  refused("{Square: {binWidth: 0}}", "must be positive");
  refused("{Square: {binCount: 0}}", "at least 1");
  refused("{Wavelet: {wavelet: bior1.3}}", "coif1");
  refused("{Wavelet: {level: 0}}", "at least 1");
  refused("{Wavelets: {}}", "Wavelet");
  refused("{LBP2D: {lbp2DMethod: var}}", "ror");
  refused("{LBP2D: {lbp2DRadius: 0}}", "positive");
  refused("{LBP3D: {lbp3DLevels: 0}}", "at least 1");
  refused("{LBP3D: {lbp3DIcosphereRadius: -1}}", "positive");
  Settings settings;
  EXPECT_THAT(test::message_of(Fault::usage,
                               [&] {
                                 config::read(
                                     config::parse_yaml("{pyradiomics: {imageType: {Square: {}}}}", "x"),
                                     settings);
                               }),
              HasSubstr("by the profile pyradiomics only"));
}

std::string image_refusal(const ImageSample& of, const Settings& settings) {
  return test::message_of(Fault::data, [&] { extract(of.image, of.mask, settings); });
}

TEST(PyradiomicsImages, RefuseImagesThatHaveNone) {
  EXPECT_THAT(image_refusal(image_sample(), read_images("{LoG: {sigma: [3]}}")), HasSubstr("needs 7 voxels"));
  ImageSample thin = image_sample();
  thin.image = imaging::make_volume(thin.image.data.slice(1, 0, 3).contiguous(), [&] {
    imaging::Geometry geometry = thin.image.geometry;
    geometry.size[2] = 3;
    return geometry;
  }());
  thin.mask = imaging::make_volume(thin.mask.data.slice(1, 0, 3).contiguous(), thin.image.geometry);
  EXPECT_THAT(image_refusal(thin, read_images("{LoG: {sigma: [0.5]}}")), HasSubstr("needs 4 voxels"));
  ImageSample broken = image_sample();
  broken.image.data[0][3][4][5] = std::numeric_limits<double>::quiet_NaN();  // far from the region
  EXPECT_THAT(image_refusal(broken, read_images("{Square: {}}")), HasSubstr("not finite"));
  EXPECT_THAT(image_refusal(broken, read_images("{LoG: {sigma: [0.5]}}")), HasSubstr("not finite"));
  EXPECT_NO_THROW(
      extract(broken.image, broken.mask, read_images("{Gradient: {}, LBP2D: {}}")));  // never look there
  broken.image.data[0][3][2][2] = std::numeric_limits<double>::quiet_NaN();           // beside the region
  EXPECT_THAT(image_refusal(broken, read_images("{Gradient: {}}")), HasSubstr("not finite"));
  ImageSample even = image_sample();
  even.image.data.fill_(7);
  EXPECT_THAT(image_refusal(even, read_images("{LBP3D: {}}")), HasSubstr("all the same"));
  ImageSample empty = image_sample();
  empty.image.data.zero_();
  for (const char* type : {"Square", "Logarithm", "Exponential"})
    EXPECT_THAT(image_refusal(empty, read_images("{" + std::string(type) + ": {}}")), HasSubstr("all 0"))
        << type;
  const ImageSample of = image_sample();
  EXPECT_THAT(
      test::message_of(Fault::usage, [&] { voxelwise(of.image, of.mask, read_images("{Square: {}}"), {}); }),
      HasSubstr("imageType"));
}

/// By name.
std::map<std::string, double> found(const ImageSample& of, const Settings& settings) {
  std::map<std::string, double> values;
  for (const Feature& feature : extract(of.image, of.mask, settings)) values[feature.name] = feature.value;
  return values;
}

/// One voxel in the middle of a slice is higher than its neighbours to one side.
TEST(PyradiomicsImages, PatternsOfSlicesCountWhatIsNotLower) {
  ImageSample of = image_sample();
  of.image.data.copy_(at::arange(6, at::kDouble).expand({1, 4, 5, 6}));  // rises along x
  const auto values = found(of, read_images("{LBP2D: {}}", "binWidth: 1"));
  // Above, below and the three to the right are not lower; between voxels a slope has its own value.
  EXPECT_EQ(values.at("lbp-2D_firstorder_Minimum"), 5);
  EXPECT_EQ(values.at("lbp-2D_firstorder_Maximum"), 5);
  const auto bits = found(of, read_images("{LBP2D: {lbp2DMethod: default, lbp2DSamples: 4}}", "binWidth: 1"));
  EXPECT_EQ(bits.at("lbp-2D_firstorder_Mean"), 1 + 2 + 8);  // right, up, down
  const auto least = found(of, read_images("{LBP2D: {lbp2DMethod: ror, lbp2DSamples: 4}}", "binWidth: 1"));
  EXPECT_EQ(least.at("lbp-2D_firstorder_Mean"), 7);
}

/// Of the 42 points around a peak none is not lower, of those around a pit all are.
TEST(PyradiomicsImages, PatternsOnSpheresCountWhatIsNotLower) {
  ImageSample of = image_sample();
  of.image.data.fill_(10);
  of.image.data[0][1][1][1] = 1000;
  of.image.data[0][2][2][3] = -1000;
  const auto values = found(of, read_images("{LBP3D: {}}", "binWidth: 0.1"));
  EXPECT_NEAR(values.at("lbp-3D-m1_firstorder_Minimum"), 0, 1e-12);
  EXPECT_NEAR(values.at("lbp-3D-m1_firstorder_Maximum"), 42 * std::sqrt(42.0) / (4 * std::numbers::pi), 1e-9);
  EXPECT_NEAR(values.at("lbp-3D-m2_firstorder_Minimum"), 0, 1e-9);
  EXPECT_GT(values.at("lbp-3D-k_firstorder_Maximum"), -2);
  EXPECT_EQ(values.count("lbp-3D-m3_firstorder_Mean"), 0U);
}

TEST(PyradiomicsImages, PreCropCutsWhatFiltersSee) {
  ImageSample of = image_sample();
  of.image.data[0][3][4][5] = 1000;  // far from the region, and the largest
  const auto whole = found(of, read_images("{Square: {}}"));
  const auto cut = found(of, read_images("{Square: {}}", "preCrop: true, padDistance: 0"));
  EXPECT_LT(whole.at("square_firstorder_Maximum"), 10);
  EXPECT_GT(cut.at("square_firstorder_Maximum"), 40);
}

}  // namespace
}  // namespace photo51::radiomics
