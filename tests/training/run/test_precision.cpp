/// A model trained in bf16 is validated in what it predicts in once it is loaded.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "photo51/core/device.hpp"
#include "photo51/data/cohort/cohort.hpp"
#include "photo51/inference/predictor.hpp"
#include "photo51/model/predictions.hpp"
#include "photo51/run/cases.hpp"
#include "training/image_cohort.hpp"

namespace photo51::training {
namespace {

/// Between what the run says of its test cases and what it says once it is loaded.
double largest_difference(const test::ImageCohort& files, const std::filesystem::path& run,
                          inference::Precision precision) {
  const inference::Predictor predictor(run, {}, "cpu", false, precision);
  data::CohortOptions options = predictor.pipeline().cohort;
  options.manifest = files / "cohort.csv";
  const data::Cohort cohort(options, predictor.pipeline().inputs, predictor.labels(), false);
  std::vector<int64_t> rows(static_cast<size_t>(cohort.size()));
  std::iota(rows.begin(), rows.end(), 0);
  std::map<std::string, double> loaded;
  for (const auto& one : predictor.predict(cohort, rows)) loaded[one.case_id + one.class_name] = one.value;
  double largest = 0;
  int64_t compared = 0;
  std::set<std::string> tested;
  for (const auto& one : run::read_cases(run))
    if (one.part == "test") tested.insert(one.id);
  for (const auto& one : model::read_predictions(run / "predictions.csv")) {
    if (!tested.contains(one.case_id)) continue;
    largest = std::max(largest, std::abs(one.value - loaded.at(one.case_id + one.class_name)));
    ++compared;
  }
  EXPECT_GT(compared, 0);
  return largest;
}

TEST(Precision, TrainingSaysWhatTheLoadedModelSays) {
  const test::ImageCohort files;
  const auto run = files.run({"train.precision=bf16", "cohort.split.test_fraction=0.4"});
  EXPECT_LT(largest_difference(files, run, inference::Precision::automatic), 0.02);
  const double from_float32 = largest_difference(files, run, inference::Precision::fp32);
  if (core::bf16_instructions().empty())
    EXPECT_LT(from_float32, 1e-5);
  else
    EXPECT_GT(from_float32, 1e-5);
  const auto exact = files.run({"cohort.split.test_fraction=0.4"}, "exact");
  EXPECT_LT(largest_difference(files, exact, inference::Precision::automatic), 1e-5);
}

}  // namespace
}  // namespace photo51::training
