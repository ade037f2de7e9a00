#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "data/tables/region_features.hpp"
#include "data/tabular_fixture.hpp"
#include "photo51/data/load/loader.hpp"
#include "photo51/data/modality/lesion.hpp"
#include "photo51/radiomics/lesion/lesion.hpp"

namespace photo51::data {
namespace {

using LesionTest = TabularTest;
using ::testing::ElementsAre;
using ::testing::SizeIs;

TEST_F(LesionTest, SarcomasOnPetAndCt) {
  PHOTO51_NEEDS_SHARED_DATA("sts");
  auto pet = image_input<BodyLesionOptions>({"pet"}, "pet_mask");
  auto ct = image_input<BodyLesionOptions>({"ct"}, "ct_mask");
  pet.descriptors = {"pet_max", "shape_log_volume", "pet_peak", "pet_mean"};
  ct.descriptors = {"ct_mean"};
  CohortOptions of;
  of.manifest = test::shared_data() / "sts" / "cohort.csv";
  const Cohort cohort(of, {{"pet", data::input(pet)}, {"ct", data::input(ct)}},
                      {label_spec("lung_metastasis", "binary")});
  for (size_t row = 0; row < 6; ++row) {
    const auto values = described(cohort.impl(), 0, row)->values;
    ASSERT_EQ(values.size(), 4U);
    EXPECT_GE(values[0], 3.4);  // SUVmax and ml, as the data's README counts
    EXPECT_LE(values[0], 30.0);
    EXPECT_GE(std::exp(values[1]), 15);
    EXPECT_LE(std::exp(values[1]), 2400);
    EXPECT_LE(values[2], values[0]);  // the peak is a mean
    EXPECT_GT(values[2], values[3]);
    if (cohort.has_input(static_cast<int64_t>(row), "ct")) {
      const double hu = described(cohort.impl(), 1, row)->values[0];
      EXPECT_GT(hu, -60);
      EXPECT_LT(hu, 120);
    }
  }
  const auto fitted = fit(cohort, {0, 1, 2, 3, 4, 5});
  EXPECT_EQ(input_info(cohort.inputs(), fitted).at("pet").features, pet.descriptors);
  const Case one = CaseLoader(cohort, fitted).load(0);
  EXPECT_LE(one.inputs.at("pet").values.abs().max().item<float>(), 10);
}

TEST_F(LesionTest, LesionDescriptorsOfRealCases) {
  PHOTO51_NEEDS_SHARED_DATA("lgg");
  auto options = image_input<LesionOptions>({"flair", "post"}, "seg");
  CohortOptions cohort_options;
  cohort_options.manifest = test::shared_data() / "lgg" / "cohort.csv";
  const Cohort cohort(cohort_options, {{"lesion", data::input(options)}}, {});
  const std::vector<int64_t> train{0, 1, 2, 3, 4, 5, 6, 7};
  const auto fitted = fit(cohort, train);
  const auto info = input_info(cohort.inputs(), fitted).at("lesion");
  ASSERT_GT(info.channels, 10);
  std::vector<double> sum(static_cast<size_t>(info.channels)), squares(sum.size());
  for (const int64_t row : train) {
    const auto values = features(cohort, fitted, row);
    ASSERT_THAT(values, SizeIs(sum.size()));
    for (size_t i = 0; i < sum.size(); ++i) {
      sum[i] += values[i];
      squares[i] += values[i] * values[i];
    }
  }
  for (size_t i = 0; i < sum.size(); ++i) {
    EXPECT_NEAR(sum[i], 0, 1e-4) << info.features[i];
    EXPECT_TRUE(squares[i] == 0 || std::abs(squares[i] - 8) < 1e-3) << info.features[i];
  }
  EXPECT_THAT(features(cohort, fitted, 20), SizeIs(sum.size()));

  options.descriptors = {"post_dark", "location_left"};
  const Cohort few(cohort_options, {{"lesion", data::input(options)}}, {});
  const auto fitted_few = fit(few, train);
  EXPECT_THAT(names(few, fitted_few), ElementsAre("post_dark", "location_left"));
  const auto all = features(cohort, fitted, 20), two = features(few, fitted_few, 20);
  const auto at = [&](const std::string& name) {
    return all[static_cast<size_t>(std::find(info.features.begin(), info.features.end(), name) -
                                   info.features.begin())];
  };
  EXPECT_THAT(two, ElementsAre(at("post_dark"), at("location_left")));
}

}  // namespace
}  // namespace photo51::data
