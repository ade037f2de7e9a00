#include <gtest/gtest.h>

#include "photo51/config/read.hpp"
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
  EXPECT_EQ(settings.discretise.method, "fixed_count");
  EXPECT_EQ(settings.discretise.count, 16);
  EXPECT_TRUE(settings.round);
}

TEST(RadiomicsSettings, ComeBackFromTheirDump) {
  for (const std::string& name : profile_names()) {
    Settings settings = profile(name);
    EXPECT_EQ(settings.profile, name);
    settings.outliers = 2.5;  // not the profile's own
    const std::string dumped = config::to_yaml(config::dump(settings));
    Settings again = read(dumped);
    EXPECT_EQ(config::to_yaml(config::dump(again)), dumped) << name;
  }
}

TEST(RadiomicsSettings, OfTheDefaultProfileAreThoseOfAFreshStruct) {
  Settings fresh, named = profile("ibsi");
  EXPECT_EQ(config::to_yaml(config::dump(fresh)), config::to_yaml(config::dump(named)));
}

TEST(RadiomicsSettings, RefuseWhatMakesNoSense) {
  const auto refused = [](const char* yaml, const char* word) {
    EXPECT_THAT(test::message_of(Fault::usage, [&] { read(yaml); }), HasSubstr(word)) << yaml;
  };
  refused("{profile: ibsi_ct_x}", "ibsi_ct_");
  refused("{spacing: [1, 1]}", "takes x, y and z");
  refused("{spacing: [1, 1, -1]}", "negative");
  refused("{range: [1]}", "a low and a high end");
  refused("{range: [3, 1]}", "the low end comes first");
  refused("{aggregation: []}", "at least one");
  refused("{aggregation: 4d}", "not a valid value");
  refused("{families: [glcn]}", "not a valid value");
  refused("{discretise: {width: 0}}", "must be positive");
  EXPECT_THAT(test::message_of(Fault::usage, [] { profile("ibsi_ct_f"); }), HasSubstr("ibsi_ct_"));
}

}  // namespace
}  // namespace photo51::radiomics
