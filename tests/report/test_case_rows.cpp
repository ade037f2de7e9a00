#include <gtest/gtest.h>

#include "photo51/core/files.hpp"
#include "photo51/data/modality/clinical.hpp"
#include "photo51/data/options/inputs.hpp"
#include "photo51/report/report.hpp"
#include "support/shared_data.hpp"

namespace photo51::report {
namespace {

TEST(CaseRows, SayWhichInputsAreThere) {
  const test::TemporaryFolder folder;
  core::write_file_atomic(folder / "cohort.csv", "patient,site,age,idh\nP1,CS,51,1\nP2,DU,,0\n");
  data::CohortOptions options;
  options.manifest = folder / "cohort.csv";
  data::ClinicalOptions clinical;
  clinical.columns = {"age"};
  data::TaskSpec spec;
  spec.head = spec.column = "idh";
  spec.task = "binary";
  const data::Cohort cohort(options, {{"clinic", data::input(clinical)}}, {spec});
  const auto rows = case_rows(cohort, {{"P1", "test"}});
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].id, "P1");
  EXPECT_EQ(rows[0].site, "CS");
  EXPECT_EQ(rows[0].part, "test");
  EXPECT_EQ(rows[1].part, "");
  EXPECT_TRUE(rows[0].inputs.at("clinic"));
  EXPECT_EQ(rows[1].inputs.at("clinic"), cohort.has_input(1, "clinic"));
}

}  // namespace
}  // namespace photo51::report
