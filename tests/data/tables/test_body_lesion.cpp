#include <ATen/ATen.h>

#include <cmath>

#include "data/fixture.hpp"
#include "data/tables/region_features.hpp"
#include "photo51/data/load/loader.hpp"
#include "photo51/radiomics/lesion/lesion.hpp"

namespace photo51::data {
namespace {

TEST(BodyLesion, SarcomasOnPetAndCt) {
  PHOTO51_NEEDS_SHARED_DATA("sts");
  InputOptions pet = image_input({"pet"}, "pet_mask"), ct = image_input({"ct"}, "ct_mask");
  pet.modality = ct.modality = "body_lesion";
  pet.descriptors = {"pet_max", "shape_log_volume", "pet_peak", "pet_mean"};
  ct.descriptors = {"ct_mean"};
  CohortOptions options;
  options.manifest = test::shared_data() / "sts" / "cohort.csv";
  const Cohort cohort(options, {{"pet", pet}, {"ct", ct}}, {label_spec("lung_metastasis", "binary")});
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

}  // namespace
}  // namespace photo51::data
