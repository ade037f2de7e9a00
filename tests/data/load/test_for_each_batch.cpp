#include "photo51/data/load/for_each_batch.hpp"

#include <gmock/gmock.h>

#include <fstream>

#include "photo51/data/modality/clinical.hpp"
#include "photo51/data/options/inputs.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::data {
namespace {

using ::testing::ElementsAre;

/// Five patients with one number each.
class ForEachBatch : public ::testing::Test {
 protected:
  ForEachBatch() {
    std::ofstream(folder_ / "cohort.csv") << "patient,x\nA,1\nB,2\nC,3\nD,4\nE,5\n";
    CohortOptions options;
    options.manifest = folder_ / "cohort.csv";
    ClinicalOptions table;
    table.columns = {"x"};
    cohort_ = std::make_unique<Cohort>(options, Inputs{{"table", input(table)}}, std::vector<TaskSpec>{});
    fitted_ = fit(*cohort_, {0, 1, 2, 3, 4});
    cases_ = std::make_unique<CaseLoader>(*cohort_, fitted_);
    pass_.rows = {4, 2, 0, 1, 3};
    pass_.loading.batch_size = 2;
    pass_.loading.workers = 0;
  }
  std::vector<std::vector<std::string>> batches(size_t most = 100) {
    std::vector<std::vector<std::string>> seen;
    for_each_batch(*cohort_, *cases_, fitted_, pass_, [&](const Batch& batch) {
      seen.push_back(batch.cases);
      return seen.size() < most;
    });
    return seen;
  }
  test::TemporaryFolder folder_;
  std::unique_ptr<Cohort> cohort_;
  FittedTransforms fitted_;
  std::unique_ptr<CaseLoader> cases_;
  BatchPass pass_;
};

TEST_F(ForEachBatch, GoesThroughTheRowsInOrder) {
  EXPECT_THAT(batches(), ElementsAre(ElementsAre("E", "C"), ElementsAre("A", "B"), ElementsAre("D")));
  pass_.loading.workers = 2;
  EXPECT_THAT(batches(), ElementsAre(ElementsAre("E", "C"), ElementsAre("A", "B"), ElementsAre("D")));
  pass_.rows = {};
  EXPECT_TRUE(batches().empty());
}

TEST_F(ForEachBatch, EndsWhenItIsTold) {
  EXPECT_THAT(batches(1), ElementsAre(ElementsAre("E", "C")));
}

TEST_F(ForEachBatch, ErrorsComeThroughAndOnlyInterruptionsAreTold) {
  bool told = false;
  pass_.on_interrupt = [&] { told = true; };
  pass_.loading.batch_size = 0;
  PHOTO51_EXPECT_ERROR(batches(), usage, ::testing::HasSubstr("batch_size must be at least 1"));
  EXPECT_FALSE(told);
}

}  // namespace
}  // namespace photo51::data
