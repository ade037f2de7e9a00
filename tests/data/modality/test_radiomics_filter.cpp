#include <cmath>

#include "data/radiomics_fixture.hpp"
#include "data/tables/region_features.hpp"
#include "photo51/data/modality/lesion.hpp"

namespace photo51::data {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(RadiomicsInput, VarianceAndCorrelationAreLearnedFromTheTrainingPart) {
  const auto plain = read(manifest(), {{"rad", data::input(quick())}});
  const auto all = features_of(fit(plain, first(6)));
  const auto cohort =
      read(manifest(), {{"rad", data::input(quick(", filter: {variance: 0.05, correlation: 0.9}"))}});
  const auto fitted = fit(cohort, first(6));
  const auto kept = features_of(fitted);
  EXPECT_LT(kept.size(), all.size() / 2);
  EXPECT_GE(kept.size(), 2U);
  for (const auto& name : kept) EXPECT_THAT(all, Contains(name));
  EXPECT_EQ(values(cohort, fitted, 7).size(), kept.size());
  // Cases outside the training part leave no trace.
  write_case(7, 5000);
  const auto changed =
      read(manifest(), {{"rad", data::input(quick(", filter: {variance: 0.05, correlation: 0.9}"))}});
  EXPECT_EQ(to_json(fit(changed, first(6))), to_json(fitted));
  EXPECT_THAT(values(changed, fitted, 7), Not(::testing::ElementsAreArray(values(cohort, fitted, 7))));
  const auto strict = read(manifest(), {{"rad", data::input(quick(", filter: {variance: 1000}"))}});
  EXPECT_THAT(failure(core::Fault::data, [&] { fit(strict, first(6)); }),
              AllOf(HasSubstr("input rad: filter.variance"), HasSubstr("make it milder")));
}

TEST_F(RadiomicsInput, AFilterForLesionsToo) {
  BodyLesionOptions lesion = image_input<BodyLesionOptions>({"t1"}, "seg");
  const auto plain = read(manifest(), {{"rad", data::input(lesion)}});
  lesion.filter.correlation = 0.9;
  const auto cohort = read(manifest(), {{"rad", data::input(lesion)}});
  EXPECT_LT(features_of(fit(cohort, first(cases))).size(), features_of(fit(plain, first(cases))).size());
}

TEST_F(RadiomicsInput, WhatPerturbationsChangeIsDropped) {
  // Brightness differs between cases far more than with the outline; skewness is a matter of the noise.
  const std::string perturb =
      ", filter: {reliability: {minimum: 0.9, rotation: [0], volume: [0], contour: kept, noise: [2, 2, 2, "
      "2]}}";
  const auto cohort = read(manifest(), {{"rad", data::input(quick(perturb))}});
  const auto fitted = fit(cohort, first(6));
  const auto kept = features_of(fitted);
  EXPECT_THAT(kept,
              AllOf(Contains("t1_stat_mean"), Contains("t1_stat_median"), Not(Contains("t1_stat_skew"))));
  write_case(7, 5000);
  EXPECT_EQ(to_json(fit(read(manifest(), {{"rad", data::input(quick(perturb))}}), first(6))),
            to_json(fitted));
  EXPECT_THAT(failure(core::Fault::data, [&] { fit(cohort, {0}); }),
              HasSubstr("needs two training patients whose images can be perturbed, and has 1"));
  // A part of the cases; the place of the lesion is not asked.
  auto few = quick(perturb + ", location: true");
  few.filter.reliability.cases = 3;
  EXPECT_THAT(features_of(fit(read(manifest(7), {{"rad", data::input(few)}}), first(7))),
              Contains("location_depth_mean"));
}

TEST_F(RadiomicsInput, WhatIsLearnedOfRegionsDoesNotAddUp) {
  const auto refused = [&](const std::string& more) {
    const auto fitted = fit(read(manifest(), {{"rad", data::input(quick(more))}}), first(6));
    return failure(core::Fault::usage, [&] { merge(fitted, fitted); });
  };
  EXPECT_THAT(refused(""), AllOf(HasSubstr("input rad: "), HasSubstr("medians cannot be added up"),
                                 HasSubstr("clinical columns")));
  EXPECT_THAT(refused(", filter: {correlation: 0.9}"),
              AllOf(HasSubstr("filter.correlation chose features by ranks"), HasSubstr("feature_selection")));
  EXPECT_THAT(refused(", filter: {reliability: {minimum: 0.1, rotation: [0], volume: [0], contour: kept, "
                      "noise: [2, 2]}}"),
              AllOf(HasSubstr("filter.reliability chose features on a sample"), HasSubstr("settings")));
}

TEST_F(RadiomicsInput, ARegionThatNoPerturbationLeavesAnythingOfTakesNoPart) {
  auto mask = at::zeros({1, 12, 18, 20}, at::kByte);
  mask[0][6][9][10] = 1;
  imaging::write_nifti(imaging::make_volume(mask, grid()), file("seg", 0));
  const auto cohort =
      read(manifest(), {{"rad", data::input(quick(", filter: {reliability: {minimum: 0.1, rotation: [0], "
                                                  "contour: kept, volume: [-0.8, -0.7]}}"))}});
  EXPECT_TRUE(described(cohort.impl(), 0, 0, true)->names->empty());
  EXPECT_THAT(features_of(fit(cohort, first(5))), Contains("t1_stat_mean"));
  EXPECT_THAT(failure(core::Fault::data, [&] { fit(cohort, {0, 1}); }), HasSubstr("and has 1"));
}

TEST_F(RadiomicsInput, CombatThroughTheInput) {
  for (int i = 1; i < cases; i += 2) write_case(i, 500);
  const auto gap = [&](const std::string& more) {
    const auto cohort = read(manifest(), {{"rad", data::input(quick(more))}});
    const auto fitted = fit(cohort, first(cases));
    const auto names = features_of(fitted);
    const auto at =
        static_cast<size_t>(std::find(names.begin(), names.end(), "t1_stat_median") - names.begin());
    double between = 0;
    for (int64_t row = 0; row < cases; ++row)
      between += (row % 2 == 1 ? 1 : -1) * static_cast<double>(values(cohort, fitted, row).at(at)) / 4;
    return std::abs(between);
  };
  EXPECT_GT(gap(""), 1.5);
  EXPECT_LT(gap(", harmonize: {method: combat}"), 0.4);
  EXPECT_LT(gap(", harmonize: {method: combat}, filter: {variance: 1e-6}"), 0.4);
}

}  // namespace
}  // namespace photo51::data
