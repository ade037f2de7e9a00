#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "photo51/core/error.hpp"
#include "training/loop/sampler.hpp"
#include "training/tabular_cohort.hpp"

namespace photo51::training {
namespace {

class EpochOrder : public ::testing::Test {
 protected:
  EpochOrder()
      : experiment_(read_experiment(files_.config())),
        cohort_(experiment_.pipeline.cohort, experiment_.pipeline.inputs,
                model::label_specs(experiment_.pipeline.model)),
        rows_(60) {
    std::iota(rows_.begin(), rows_.end(), 0);
  }
  test::TabularCohort files_;
  ExperimentOptions experiment_;
  data::Cohort cohort_;
  std::vector<int64_t> rows_;
};

TEST_F(EpochOrder, IsAShuffleOfSeedAndEpochAlone) {
  const OrderOptions options;
  const auto first = epoch_order(cohort_, rows_, options, 7, 0);
  EXPECT_EQ(first, epoch_order(cohort_, rows_, options, 7, 0));
  EXPECT_NE(first, epoch_order(cohort_, rows_, options, 7, 1));
  EXPECT_NE(first, epoch_order(cohort_, rows_, options, 8, 0));
  auto sorted = first;
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(sorted, rows_);
}

TEST_F(EpochOrder, LeavesOutALoneLastRow) {
  rows_.resize(17);
  OrderOptions options;
  EXPECT_EQ(epoch_order(cohort_, rows_, options, 7, 0).size(), 16U);
  options.batch_size = 1;
  EXPECT_EQ(epoch_order(cohort_, rows_, options, 7, 0).size(), 17U);
}

TEST_F(EpochOrder, BalancesClassesAndKeepsEveryRow) {
  OrderOptions options;
  options.sampler = Sampling::by_class;
  options.head = "idh";
  options.batch_size = 1;
  rows_.resize(45);
  std::map<int, int> classes;
  std::set<int64_t> seen;
  for (const int64_t row : epoch_order(cohort_, rows_, options, 7, 0)) {
    const auto& label = cohort_.label(row, "idh");
    ++classes[label.known ? static_cast<int>(label.value) : -1];
    seen.insert(row);
  }
  EXPECT_EQ(classes[0], classes[1]);
  EXPECT_EQ(classes[-1], 4);
  EXPECT_EQ(seen.size(), 45U);
}

TEST_F(EpochOrder, BalancesEvents) {
  OrderOptions options;
  options.sampler = Sampling::by_event;
  options.head = "os";
  options.batch_size = 1;
  std::map<bool, int> events;
  for (const int64_t row : epoch_order(cohort_, rows_, options, 7, 0))
    ++events[cohort_.label(row, "os").event];
  EXPECT_EQ(events[true], 45);
  EXPECT_EQ(events[false], 45);
}

TEST_F(EpochOrder, FindsTheHeadOrSaysWhichThereAre) {
  const auto& labels = cohort_.labels();
  EXPECT_EQ(sampler_head(labels, Sampling::none, ""), "");
  EXPECT_EQ(sampler_head(labels, Sampling::by_class, ""), "idh");
  EXPECT_EQ(sampler_head(labels, Sampling::by_event, ""), "os");
  try {
    sampler_head(labels, Sampling::by_class, "idx");
    FAIL();
  } catch (const core::Error& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("did you mean `idh`"));
  }
  EXPECT_THROW(sampler_head({labels[0]}, Sampling::by_event, ""), core::Error);
}

}  // namespace
}  // namespace photo51::training
