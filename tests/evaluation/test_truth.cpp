#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/data/options/inputs.hpp"
#include "photo51/evaluation/evaluate.hpp"
#include "support/shared_data.hpp"

namespace photo51::evaluation {
namespace {

class TruthOf : public testing::Test {
 protected:
  data::Cohort cohort() {
    core::write_file_atomic(folder_ / "cohort.csv",
                            "patient,hospital,sex,idh\nP1,CS,f,1\nP2,DU,m,\nP3,DU,,0\n");
    data::CohortOptions options;
    options.manifest = folder_ / "cohort.csv";
    options.site = "hospital";
    data::TaskSpec spec;
    spec.head = spec.column = "idh";
    spec.task = "binary";
    return data::Cohort(options, {}, {spec});
  }
  test::TemporaryFolder folder_;
};

TEST_F(TruthOf, HoldsTheLabelsAndGroupsOfTheRows) {
  const auto truth = truth_of(cohort(), {0, 1}, {"site", "sex"});
  ASSERT_EQ(truth.specs.size(), 1U);
  EXPECT_EQ(truth.labels.at("idh").size(), 2U);
  EXPECT_TRUE(truth.labels.at("idh").at("P1").known);
  EXPECT_EQ(truth.labels.at("idh").at("P1").value, 1);
  EXPECT_FALSE(truth.labels.at("idh").at("P2").known);
  EXPECT_EQ(truth.groups.at("site").at("P2"), "DU");
  EXPECT_EQ(truth.groups.at("sex").at("P1"), "f");
}

TEST_F(TruthOf, AColumnWithoutValuesIsAnError) {
  try {
    truth_of(cohort(), {0, 1, 2}, {"sxe"});
    FAIL();
  } catch (const core::Error& error) {
    EXPECT_EQ(error.fault(), core::Fault::usage);
    EXPECT_STREQ(error.what(), "evaluate.groups: the manifest has no value in a column `sxe`");
  }
}

}  // namespace
}  // namespace photo51::evaluation
