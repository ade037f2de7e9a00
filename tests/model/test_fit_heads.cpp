#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include "photo51/core/files.hpp"
#include "photo51/data/load/loader.hpp"
#include "photo51/data/modality/clinical.hpp"
#include "photo51/data/options/inputs.hpp"
#include "photo51/model/model.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "photo51/radiogenomics/options.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::model {
namespace {

using ::testing::HasSubstr;

class FitHeads : public ::testing::Test {
 protected:
  void SetUp() override {
    core::write_file_atomic(folder_ / "cohort.csv",
                            "patient,age,grade,cluster,time,event\n"
                            "P1,40,II,b,100,1\n"
                            "P2,50,III,a,200,1\n"
                            "P3,60,II,c,300,1\n"
                            "P4,45,III,a,400,0\n"
                            "P5,55,II,a,,\n"
                            "P6,65,II,,500,0\n");
    data::ClinicalOptions clinical;
    clinical.columns = {"age"};
    inputs_ = {{"clinical", data::input(clinical)}};
    options_.encoders = {{"clinical", config::choose<radiogenomics::IdentityOptions>("identity")}};
    radiogenomics::BinaryHeadOptions grade;
    grade.positive = {"III"};
    grade.class_weights = radiogenomics::ClassWeights::inverse;
    radiogenomics::MulticlassHeadOptions cluster;
    cluster.classes = {"3"};
    radiogenomics::SurvivalHeadOptions os;
    os.loss = radiogenomics::SurvivalLoss::discrete_nll;
    os.bins = 3;
    options_.heads = {{"grade", radiogenomics::head(grade)},
                      {"cluster", radiogenomics::head(cluster)},
                      {"os", radiogenomics::head(os)}};
  }
  data::Cohort cohort() {
    data::CohortOptions options;
    options.manifest = folder_ / "cohort.csv";
    return data::Cohort(options, inputs_, label_specs(options_));
  }

  test::TemporaryFolder folder_;
  data::Inputs inputs_;
  ModelOptions options_;
};

TEST_F(FitHeads, LearnsFromTheTrainingRowsOnly) {
  const data::Cohort patients = cohort();
  const std::vector<int64_t> train{0, 1, 2, 4};
  Model model(options_, data::input_info(inputs_, data::fit(patients, train)), patients.labels());
  model.fit_heads(patients, train);
  const auto state = nn::state_of(model);
  // Four known grades, one of them III: 4 / (2 * 3) and 4 / (2 * 1).
  EXPECT_TRUE(at::allclose(state.at("heads.grade.class_weights"), at::tensor({2 / 3.F, 2.F})));
  // Terciles of the event times 100, 200, 300.
  EXPECT_TRUE(at::allclose(state.at("heads.os.edges"), at::tensor({500 / 3.F, 700 / 3.F})));
  EXPECT_EQ(state.at("heads.cluster.linear.weight").size(0), 3);
}

TEST_F(FitHeads, NamesTheHeadThatCannotLearn) {
  const data::Cohort patients = cohort();
  const auto failure = [&](const std::vector<int64_t>& train) {
    Model model(options_, data::input_info(inputs_, data::fit(patients, {0, 1, 2})), patients.labels());
    return test::message_of(core::Fault::data, [&] { model.fit_heads(patients, train); });
  };
  EXPECT_THAT(failure({0, 2, 4}), HasSubstr("head grade: all 3 training cases are `not III`"));
  EXPECT_THAT(failure({0, 1, 3}), HasSubstr("head cluster: no training case is `c`"));
  options_.heads.erase(options_.heads.begin() + 1);
  EXPECT_THAT(failure({3, 5}), HasSubstr("head os: all training patients are censored"));
}

TEST_F(FitHeads, AWholeBatchTrains) {
  const data::Cohort patients = cohort();
  const std::vector<int64_t> rows{0, 1, 2, 3, 4, 5};
  const data::FittedTransforms fitted = data::fit(patients, rows);
  Model model(options_, data::input_info(inputs_, fitted), patients.labels());
  model.fit_heads(patients, rows);
  const data::CaseLoader cases(patients, fitted);
  data::Loader loader(patients, cases, fitted, rows, {}, {.batch_size = 6, .workers = 1, .on_bad = {}});
  data::Batch batch;
  ASSERT_TRUE(loader.next(batch));
  std::map<std::string, double> parts;
  const Outputs outputs = model.forward(batch);
  model.loss(outputs, batch, &parts).backward();
  EXPECT_EQ(parts.size(), 3U);
  for (const auto& [head, values] : model.predict(outputs))
    EXPECT_TRUE(values.isfinite().all().item<bool>()) << head;
}

}  // namespace
}  // namespace photo51::model
