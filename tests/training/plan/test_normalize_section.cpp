#include "training/plan/normalize_section.hpp"

#include "support/errors.hpp"

namespace photo51::training {
namespace {

using ::testing::HasSubstr;

NnunetPlans plans_of(std::vector<NnunetNormalization> channels) {
  NnunetPlans plans;
  plans.channels = std::move(channels);
  return plans;
}

TEST(NormalizeSection, SchemesOfNnunet) {
  const auto yaml = [](const std::string& scheme, bool nonzero = false) {
    return normalize_of(plans_of({{scheme, nonzero, {{-96, 215}}}})).yaml;
  };
  EXPECT_EQ(yaml("ZScoreNormalization"), "{method: zscore, region: all}");
  EXPECT_EQ(yaml("ZScoreNormalization", true), "{method: zscore, region: foreground}");
  EXPECT_EQ(yaml("CTNormalization"), "{method: window, window: [-96, 215]}");
  EXPECT_EQ(yaml("NoNormalization"), "none");
  EXPECT_EQ(yaml("RescaleTo01Normalization"), "{method: percentile, percentiles: [0, 100], region: all}");
  EXPECT_EQ(yaml("RGBTo01Normalization"), "{method: fixed, mean: [0], std: [1], full_scale: 255}");
}

TEST(NormalizeSection, SchemesThatCannotBeTaken) {
  PHOTO51_EXPECT_ERROR(normalize_of(plans_of({{"CTNormalization", false, {}}})), data,
                       HasSubstr("no percentile_00_5 and percentile_99_5"));
  PHOTO51_EXPECT_ERROR(
      normalize_of(plans_of({{"ZScoreNormalization", false, {}}, {"NoNormalization", false, {}}})), data,
      HasSubstr("several for one network"));
  PHOTO51_EXPECT_ERROR(normalize_of(plans_of({{"ZscoreNormalization", false, {}}})), data,
                       HasSubstr("did you mean `ZScoreNormalization`?"));
}

data::PlannedImage image_of(const std::string& modality, std::vector<double> sample) {
  data::FileFacts facts;
  facts.sample = std::move(sample);
  data::PlannedImage input;
  input.modality = modality;
  input.channels = {{{}, {facts}}};
  return input;
}

TEST(NormalizeSection, WindowsFromWhatWasMeasured) {
  EXPECT_EQ(normalize_of(image_of("ct", {-1000, -1000, 0, 100, 200}), {}, false).yaml,
            "{method: window, window: [1, 199]}")
      << "air does not count";
  EXPECT_EQ(normalize_of(image_of("ct", {-1000}), {}, false).yaml, "{method: window, window: [-160, 240]}");
  EXPECT_TRUE(needs_stored_suv(image_of("pet", {1})));
  EXPECT_EQ(normalize_of(image_of("pet", {0.5, 0.5}), {}, true).yaml, "{method: window, window: [0.5, 1.5]}");
  auto activity = image_of("pet", {500});
  activity.channels[0].facts[0].units = imaging::Units::becquerel_per_ml;
  EXPECT_EQ(normalize_of(activity, {}, true).yaml, "{method: window, window: [0, 10]}");
  EXPECT_EQ(normalize_of(image_of("mri", {1}), {}, true).yaml, "{method: zscore, region: foreground}");
}

}  // namespace
}  // namespace photo51::training
