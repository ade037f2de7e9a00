#include <gtest/gtest.h>

#include <cmath>

#include "photo51/config/enums.hpp"
#include "photo51/config/read.hpp"
#include "photo51/radiomics/features.hpp"
#include "photo51/radiomics/settings.hpp"
#include "support/errors.hpp"

namespace photo51::radiomics {
namespace {

using core::Fault;
using testing::HasSubstr;

Settings read(const std::string& yaml) {
  Settings settings;
  config::read(config::parse_yaml(yaml, "test.yaml"), settings);
  return settings;
}

TEST(RadiomicsSettings, TakeFromTheProfileWhatTheConfigLeavesOut) {
  const Settings settings = read("{profile: ibsi_ct_b, range: [-400, 300], discretise: {count: 16}}");
  EXPECT_EQ(settings.spacing, (std::vector<double>{2, 2, 0}));
  EXPECT_EQ(settings.range, (std::vector<double>{-400, 300}));
  EXPECT_EQ(settings.discretise.method, DiscretiseMethod::fixed_count);
  EXPECT_EQ(settings.discretise.count, 16);
  EXPECT_TRUE(settings.round);
}

TEST(RadiomicsSettings, ComeBackFromTheirDump) {
  for (const std::string& name : profile_names()) {
    Settings settings = profile(name);
    EXPECT_EQ(settings.profile, name);
    // Not the profile's own.
    if (name == "pyradiomics")
      settings.pyradiomics.bin_count = 12;
    else
      settings.outliers = 2.5;
    const std::string dumped = config::to_yaml(config::dump(settings));
    Settings again = read(dumped);
    EXPECT_EQ(config::to_yaml(config::dump(again)), dumped) << name;
  }
}

TEST(RadiomicsSettings, OfTheDefaultProfileAreThoseOfAFreshStruct) {
  Settings fresh, named = profile("ibsi");
  EXPECT_EQ(config::to_yaml(config::dump(fresh)), config::to_yaml(config::dump(named)));
}

TEST(RadiomicsSettings, NameAFamilyForEachRowOfItsTable) {
  const auto names = config::values_of<FeatureFamily>();
  ASSERT_EQ(families().size(), names.size());
  for (size_t row = 0; row < names.size(); ++row) EXPECT_EQ(families()[row].family, names[row]) << row;
}

TEST(RadiomicsSettings, LeaveARangeOpenWithNan) {
  const Settings open = read("{range: [nan, 100]}");
  EXPECT_TRUE(std::isnan(open.range[0]));
  EXPECT_EQ(open.range[1], 100);
  EXPECT_THAT(test::message_of(Fault::usage, [&] { read("{spacing: [nan, 1, 1]}"); }), HasSubstr("finite"));
}

TEST(RadiomicsSettings, RefuseWhatMakesNoSense) {
  const auto refused = [](const char* yaml, const char* word) {
    EXPECT_THAT(test::message_of(Fault::usage, [&] { read(yaml); }), HasSubstr(word)) << yaml;
  };
  refused("{profile: ibsi_ct_x}", "ibsi_ct_");
  refused("{spacing: [1, 1]}", "takes x, y and z");
  refused("{spacing: [0,5, 0,5, 3]}", "takes x, y and z; a decimal comma begins a new number");
  refused("{range: [0,5, 1,5]}", "takes a low and a high end; a decimal comma begins a new number");
  refused("{spacing: [1, 1, -1]}", "negative");
  refused("{range: [1]}", "a low and a high end");
  refused("{range: [3, 1]}", "the low end comes first");
  refused("{aggregation: []}", "at least one");
  refused("{aggregation: 4d}", "test.yaml:1: aggregation: `4d` is not a valid value (one of: 2d_average");
  refused("{families: [glcn]}", "test.yaml:1: families: `glcn` is not a valid value (did you mean `glcm`?)");
  refused("{discretise: {width: 0}}", "must be positive");
  refused("{pyradiomics: {binWidth: 5}}", "by the profile pyradiomics only");
  refused("{profile: pyradiomics, pyradiomics: {binWidth: 0}}", "must be positive");
  refused("{profile: pyradiomics, pyradiomics: {resampledPixelSpacing: [2, 2]}}", "takes x, y and z");
  refused("{profile: pyradiomics, pyradiomics: {resampledPixelSpacing: [0,5, 0,5, 3]}}",
          "takes x, y and z; a decimal comma begins a new number");
  refused("{profile: pyradiomics, pyradiomics: {resegmentRange: [0,5, 3]}}",
          "takes one or two thresholds; a decimal comma begins a new number");
  refused("{profile: pyradiomics, pyradiomics: {resampledPixelSpacing: [2, 2, -2]}}", "negative");
  refused("{profile: pyradiomics, pyradiomics: {resegmentRange: [1, 2, 3]}}", "one or two");
  refused("{profile: pyradiomics, pyradiomics: {distances: []}}", "at least one");
  EXPECT_THAT(test::message_of(Fault::usage, [] { profile("ibsi_ct_f"); }), HasSubstr("ibsi_ct_"));
}

TEST(RadiomicsSettings, OfPyradiomicsAreNamedWhereAGeneralOneIsGiven) {
  const std::pair<const char*, const char*> given[] = {{"spacing: [2, 2, 2]", "resampledPixelSpacing"},
                                                       {"interpolation: linear", "interpolator"},
                                                       {"mask_interpolation: cubic", "nearest"},
                                                       {"round: true", "not part of"},
                                                       {"filters: [mean]", "not part of"},
                                                       {"range: [0, 100]", "resegmentRange"},
                                                       {"outliers: 3", "resegmentMode"},
                                                       {"discretise: {width: 5}", "binWidth"},
                                                       {"discretise: {method: fixed_count}", "binCount"},
                                                       {"aggregation: 2d_merged", "force2D"},
                                                       {"distance: 2", "distances"},
                                                       {"coarseness: 1", "gldm_a"},
                                                       {"families: glcm", "featureClass"}};
  for (const auto& [key, named] : given) {
    const std::string yaml = std::string("{profile: pyradiomics, ") + key + "}";
    EXPECT_THAT(test::message_of(Fault::usage, [&, text = yaml] { read(text); }), HasSubstr(named)) << yaml;
  }
}

}  // namespace
}  // namespace photo51::radiomics
