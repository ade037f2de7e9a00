#include "photo51/evaluation/run_metrics.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <set>

#include "photo51/data/options/inputs.hpp"
#include "support/shared_data.hpp"

namespace photo51::evaluation {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Four patients of one site, `y` regressed; A and B are development, C and D test.
class RunMetrics : public ::testing::Test {
 protected:
  RunMetrics() {
    std::ofstream(folder_ / "cohort.csv") << "patient,site,y\nA,n,1\nB,n,2\nC,n,3\nD,n,5\n";
    data::TaskSpec spec;
    spec.head = spec.column = "y";
    spec.task = "regression";
    data::CohortOptions options;
    options.manifest = folder_ / "cohort.csv";
    cohort_ = std::make_unique<data::Cohort>(options, data::Inputs{}, std::vector<data::TaskSpec>{spec});
    for (const char* id : {"C", "A", "D", "B"}) predictions_.push_back({id, "y", "", 2, 2, 2});
    evaluate_.confidence = Confidence::none;
    evaluate_.groups = {};
  }
  std::set<std::string> groups(const RunPredictions& predictions) {
    std::set<std::string> found;
    for (const auto& metric : evaluate_run(predictions, *cohort_, evaluate_)) found.insert(metric.group);
    return found;
  }
  test::TemporaryFolder folder_;
  std::unique_ptr<data::Cohort> cohort_;
  std::vector<model::Prediction> predictions_;
  EvaluateOptions evaluate_;
  std::vector<run::CaseRow> cases_{{"A", "n", "development", "0"},
                                   {"B", "n", "development", "1"},
                                   {"C", "n", "test", ""},
                                   {"D", "n", "test", ""}};
};

TEST_F(RunMetrics, PartsKeepTheirOrder) {
  data::SplitOptions split;
  split.folds = 2;
  const RunPredictions parts = by_part(predictions_, cases_, split);
  ASSERT_EQ(parts.test.size(), 2U);
  EXPECT_EQ(parts.test[0].case_id, "C");
  EXPECT_EQ(parts.development[0].case_id, "A");
  EXPECT_FALSE(parts.one_split);
  EXPECT_THAT(rows_of(*cohort_, parts.test), ElementsAre(2, 3));
}

TEST_F(RunMetrics, GroupsSayWhichPartIsScored) {
  data::SplitOptions split;
  split.folds = 2;
  EXPECT_THAT(groups(by_part(predictions_, cases_, split)), ElementsAre("all", "cross_validation"));
  split.folds = 0;
  EXPECT_THAT(groups(by_part(predictions_, cases_, split)), ElementsAre("all", "validation"));
  cases_.resize(2);  // nobody is held out
  EXPECT_THAT(groups(by_part(predictions_, cases_, split)), ElementsAre("all"));
}

TEST_F(RunMetrics, WhatCannotBeScoredIsAWarning) {
  cases_.erase(cases_.begin() + 1);  // B is development as it is named nowhere
  cases_[1].part = "development";    // and so is C: D alone is tested
  std::vector<std::string> warnings;
  evaluate_run(by_part(predictions_, cases_, {}), *cohort_, evaluate_, &warnings);
  EXPECT_THAT(warnings, ElementsAre(HasSubstr("Not scored: all: head y: ")));
}

}  // namespace
}  // namespace photo51::evaluation
