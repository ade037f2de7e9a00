#include <algorithm>
#include <cmath>

#include "data/fixture.hpp"
#include "photo51/data/cohort/cohort.hpp"
#include "photo51/data/load/fit.hpp"
#include "photo51/data/load/loader.hpp"
#include "photo51/data/options/inputs.hpp"

namespace photo51::data {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class TabularTest : public CohortFolder {
 protected:
  static InputOptions omics() {
    InputOptions options;
    options.modality = "omics";
    options.table = "e.tsv";
    return options;
  }
  static InputOptions clinical(std::vector<std::string> columns) {
    InputOptions options;
    options.modality = "clinical";
    options.columns = std::move(columns);
    return options;
  }
  static std::vector<float> features(const Cohort& cohort, const FittedTransforms& fitted, int64_t row) {
    const auto values = CaseLoader(cohort, fitted).load(row).inputs.begin()->second.values;
    return {values.data_ptr<float>(), values.data_ptr<float>() + values.numel()};
  }
  static std::vector<std::string> names(const Cohort& cohort, const FittedTransforms& fitted) {
    return input_info(cohort.inputs(), fitted).begin()->second.features;
  }
  static constexpr const char* patients = "patient\nP1\nP2\nP3\nP4\n";
};

TEST_F(TabularTest, ExpressionIsScaledByTheTrainingPartOnly) {
  write("e.tsv", "gene\tP1\tP2\tP3\tP4\nA\t1\t3\t100\t\nB\t5\t5\t7\t9\nC\t2\t6\t4\t-96\n");
  auto options = omics();
  const auto cohort = read(patients, {{"genes", options}});
  const auto fitted = fit(cohort, {0, 1});
  EXPECT_THAT(names(cohort, fitted), ElementsAre("A", "C"));  // B does not vary in training
  EXPECT_THAT(features(cohort, fitted, 0), ElementsAre(-1, -1));
  EXPECT_THAT(features(cohort, fitted, 1), ElementsAre(1, 1));
  EXPECT_THAT(features(cohort, fitted, 2), ElementsAre(10, 0));   // 98 clipped
  EXPECT_THAT(features(cohort, fitted, 3), ElementsAre(0, -10));  // a blank is the mean
  const auto info = input_info(cohort.inputs(), fitted).at("genes");
  EXPECT_FALSE(info.image);
  EXPECT_EQ(info.channels, 2);
  // Values of patients outside the training part leave no trace.
  write("e.tsv", "gene\tP1\tP2\tP3\tP4\nA\t1\t3\t0\t0\nB\t5\t5\t0\t0\nC\t2\t6\t0\t0\n");
  EXPECT_EQ(fit(read(patients, {{"genes", options}}), {0, 1}).json, fitted.json);
}

TEST_F(TabularTest, ExpressionLogSetsGenesAndVariance) {
  write("e.tsv", "gene\tP1\tP2\nA\t0\t3\nB\t1\t3\nC\t0\t7\n");
  auto options = omics();
  options.log = true;
  const std::string two = "patient\nP1\nP2\n";
  auto cohort = read(two, {{"genes", options}});
  EXPECT_THAT(fit(cohort, {0, 1}).json, HasSubstr(R"("mean":[1.0,1.5,1.5])"));
  EXPECT_THAT(fit(cohort, {0, 1}).json, HasSubstr(R"("deviation":[1.0,0.5,1.5])"));
  options.top_variable = 2;
  cohort = read(two, {{"genes", options}});
  EXPECT_THAT(names(cohort, fit(cohort, {0, 1})), ElementsAre("A", "C"));
  options.top_variable = 0;
  options.genes = {"B", "C", "Z"};
  cohort = read(two, {{"genes", options}});
  EXPECT_THAT(names(cohort, fit(cohort, {0, 1})), ElementsAre("B", "C"));
  options.genes = {"Z"};
  const auto none = read(two, {{"genes", options}});
  EXPECT_THAT(failure(core::Fault::data, [&] { fit(none, {0, 1}); }), HasSubstr("input genes: "));
  EXPECT_THAT(failure(core::Fault::data,
                      [&] {
                        fit(none, {0, 1});
                      }),
              HasSubstr("none of the 1 genes of `genes` (such as `Z`)"));
  options.genes = {};
  write("s.gmt", "S1\turl\tC\nS2\turl\tA\tQ\n");
  options.sets = folder_ / "s.gmt";
  cohort = read(two, {{"genes", options}});
  EXPECT_THAT(names(cohort, fit(cohort, {0, 1})), ElementsAre("A", "C"));
}

TEST_F(TabularTest, ExpressionErrors) {
  auto options = omics();
  const auto refused = [&](const std::string& table, const std::vector<int64_t>& train) {
    write("e.tsv", table);
    const auto cohort = read(patients, {{"genes", options}});
    return failure(core::Fault::data, [&] { fit(cohort, train); });
  };
  EXPECT_THAT(refused("gene\tP1\tP2\nA\t1\t1\n", {0, 1}), HasSubstr("no gene varies"));
  EXPECT_THAT(refused("gene\tP1\tP2\nA\t1\t2\n", {2}), HasSubstr("no training patient stands in"));
  EXPECT_THAT(refused("gene\tP1\tP2\nA\t1\t2\n", {}), HasSubstr("the training part is empty"));
  options.log = true;
  EXPECT_THAT(refused("gene\tP1\tP2\nA\t-1\t2\n", {0, 1}), HasSubstr("gene `A` of `P1` is -1"));
  options.log = false;
  options.table = "rna";
  write("p1.tsv", "gene\tvalue\nA\t1\nC\t1\n");
  write("p2.tsv", "gene\tvalue\nB\t1\nD\t1\n");
  const auto cohort = read("patient,rna\nP1,p1.tsv\nP2,p2.tsv\n", {{"genes", options}});
  EXPECT_THAT(failure(core::Fault::data, [&] { fit(cohort, {0, 1}); }), HasSubstr("no gene in common"));
}

TEST_F(TabularTest, AnotherCohortMayLackSomeGenesButNotMost) {
  write("e.tsv", "gene\tP1\tP2\tP3\tP4\nA\t1\t3\t1\t3\nB\t5\t7\t5\t7\nC\t0\t2\t0\t2\n");
  const Inputs inputs{{"genes", omics()}};
  const auto fitted = fit(read(patients, inputs), {0, 1, 2, 3});
  write("e.tsv", "gene\tQ1\nC\t2\nA\t4\nX\t9\n");
  EXPECT_THAT(features(read("patient\nQ1\n", inputs), fitted, 0), ElementsAre(2, 0, 1));
  write("e.tsv", "gene\tQ1\nC\t2\nX\t9\n");
  const auto poor = read("patient\nQ1\n", inputs);
  EXPECT_THAT(failure(core::Fault::data, [&] { features(poor, fitted, 0); }),
              HasSubstr("2 of the 3 genes that the model was trained on are missing; more than half"));
  write("e.tsv", "gene\tQ1\nA\t\nB\t\nC\t2\n");
  const auto blank = read("patient\nQ1\n", inputs);
  EXPECT_THAT(failure(core::Fault::data, [&] { features(blank, fitted, 0); }),
              HasSubstr("case Q1: input genes: "));
  EXPECT_THAT(failure(core::Fault::data, [&] { features(blank, fitted, 0); }),
              HasSubstr("only 1 of 3 genes have a value for this patient"));
}

TEST_F(TabularTest, MutationsOfAnyGeneThatTrainingSaw) {
  const std::string header = "Hugo_Symbol\tVariant_Classification\tTumor_Sample_Barcode\n";
  const auto missense = [](const std::string& gene, const std::string& patient) {
    return gene + "\tMissense_Mutation\t" + patient + "\n";
  };
  write("1.maf", header + missense("A", "P1"));  // a file a patient: no gene stands in all of them
  write("2.maf", header + missense("B", "P2"));
  write("3.maf", header + missense("Z", "P3"));
  auto options = omics();
  options.table = "maf";
  const auto cohort = read("patient,maf\nP1,1.maf\nP2,2.maf\nP3,3.maf\n", {{"genes", options}});
  const auto fitted = fit(cohort, {0, 1});
  EXPECT_THAT(names(cohort, fitted), ElementsAre("A", "B"));
  EXPECT_THAT(features(cohort, fitted, 0), ElementsAre(1, -1));
  EXPECT_THAT(features(cohort, fitted, 2), ElementsAre(-1, -1));  // not mutated, rather than unknown
}

TEST_F(TabularTest, ABadTableOfOnePatientIsABadCase) {
  auto options_of_input = omics();
  options_of_input.table = "rna";
  write("p1.tsv", "gene\tvalue\nA\t1\nB\t2\n");
  write("p2.tsv", "gene\tvalue\nA\t2\nB\t0\n");
  write("p3.tsv", "gene\tvalue\nA\thigh\nB\t0\n");
  write("cohort.csv", "patient,rna\nP1,p1.tsv\nP2,p2.tsv\nP3,p3.tsv\nP4,gone.tsv\n");
  auto skipping = options();
  EXPECT_THAT(failure(core::Fault::data,
                      [&] {
                        Cohort(skipping, {{"genes", options_of_input}}, {});
                      }),
              HasSubstr("gone.tsv"));
  skipping.on_bad_case = "skip";
  const Cohort cohort(skipping, {{"genes", options_of_input}}, {});
  const auto fitted = fit(cohort, {0, 1, 2, 3});
  EXPECT_THAT(features(cohort, fitted, 0), ElementsAre(-1, 1));
  EXPECT_THAT(failure(core::Fault::data, [&] { features(cohort, fitted, 2); }),
              HasSubstr("p3.tsv:2: column `value`: `high`"));
  EXPECT_THAT(failure(core::Fault::data, [&] { features(cohort, fitted, 3); }), HasSubstr("gone.tsv"));
}

TEST_F(TabularTest, ClinicalNumbersAndWords) {
  const Inputs inputs{{"clin", clinical({"age", "sex"})}};
  const auto cohort = read("patient,age,sex\nP1,40,M\nP2,60,F\nP3,,M\nP4,500,X\nP5,,\n", inputs);
  const auto fitted = fit(cohort, {0, 1, 2});
  EXPECT_THAT(names(cohort, fitted), ElementsAre("age", "age_missing", "sex=F", "sex=M"));
  EXPECT_THAT(features(cohort, fitted, 0), ElementsAre(-1, 0, 0, 1));
  EXPECT_THAT(features(cohort, fitted, 1), ElementsAre(1, 0, 1, 0));
  EXPECT_THAT(features(cohort, fitted, 2), ElementsAre(0, 1, 0, 1));
  EXPECT_THAT(features(cohort, fitted, 3), ElementsAre(10, 0, 0, 0));  // clipped; an unseen word
  EXPECT_FALSE(cohort.has_input(4, "clin"));
  const auto single = Cohort::single(inputs, {"clin.sex=F"});
  EXPECT_THAT(features(single, fitted, 0), ElementsAre(0, 1, 1, 0));
}

TEST_F(TabularTest, ClinicalErrors) {
  const Inputs inputs{{"clin", clinical({"age"})}};
  const auto mixed = read("patient,age\nP1,40\nP2,6o\nP3,50\n", inputs);
  EXPECT_THAT(failure(core::Fault::data,
                      [&] {
                        fit(mixed, {0, 1, 2});
                      }),
              HasSubstr("cohort.csv:3: column `age`: `6o` is not a number, as this column is elsewhere"));
  const auto blank = read("patient,age\nP1,\nP2,\n", inputs);
  EXPECT_THAT(failure(core::Fault::data,
                      [&] {
                        fit(blank, {0, 1});
                      }),
              HasSubstr("column `age` is blank for every training patient"));
  EXPECT_THAT(data_failure("patient,agge\nP1,4\n", inputs), HasSubstr("(did you mean `agge`?)"));
}

TEST_F(TabularTest, NothingFittedOrDamaged) {
  const auto cohort = read("patient,age\nP1,40\n", {{"clin", clinical({"age"})}});
  EXPECT_THAT(failure(core::Fault::data, [&] { CaseLoader(cohort, {}); }),
              HasSubstr("nothing was fitted for input `clin`"));
  EXPECT_THAT(failure(core::Fault::data, [&] { input_info(cohort.inputs(), {"{"}); }),
              HasSubstr("is not valid JSON"));
}

TEST_F(TabularTest, ClassNamesTravelWithTheModel) {
  const auto spec = label_spec("c", "multiclass");
  const auto cohort = read("patient,c\nP1,b\nP2,a\n", {}, {spec});
  EXPECT_THAT(fitted_labels({spec}, fit(cohort, {0}))[0].classes, ElementsAre("a", "b"));
}

TEST_F(TabularTest, LesionDescriptorsOfRealCases) {
  PHOTO51_NEEDS_SHARED_DATA("lgg");
  auto options = image_input({"flair", "post"}, "seg");
  options.modality = "lesion";
  CohortOptions cohort_options;
  cohort_options.manifest = test::shared_data() / "lgg" / "cohort.csv";
  const Cohort cohort(cohort_options, {{"lesion", options}}, {});
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
  const Cohort few(cohort_options, {{"lesion", options}}, {});
  const auto fitted_few = fit(few, train);
  EXPECT_THAT(names(few, fitted_few), ElementsAre("post_dark", "location_left"));
  const auto all = features(cohort, fitted, 20), two = features(few, fitted_few, 20);
  const auto at = [&](const std::string& name) {
    return all[static_cast<size_t>(std::find(info.features.begin(), info.features.end(), name) -
                                   info.features.begin())];
  };
  EXPECT_THAT(two, ElementsAre(at("post_dark"), at("location_left")));
}

TEST_F(TabularTest, NumbersThatBecomeInfiniteAreRefused) {
  for (const char* wrong : {"1e308", "inf", "1e39"}) {
    const auto cohort =
        read(std::string("patient,age\nP1,40\nP2,50\nP3,") + wrong + "\n", {{"clin", clinical({"age"})}});
    EXPECT_THAT(failure(core::Fault::data,
                        [&] {
                          fit(cohort, {0, 1, 2});
                        }),
                HasSubstr(std::string("cohort.csv:4: column `age`: `") + wrong +
                          "` is not a finite number of at most 3.4e38"));
  }
}

}  // namespace
}  // namespace photo51::data
