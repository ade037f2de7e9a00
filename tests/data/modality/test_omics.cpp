#include "data/tabular_fixture.hpp"
#include "photo51/data/modality/omics.hpp"

namespace photo51::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class OmicsTest : public TabularTest {
 protected:
  static OmicsOptions omics() {
    OmicsOptions options;
    options.table = "e.tsv";
    return options;
  }
  static constexpr const char* patients = "patient\nP1\nP2\nP3\nP4\n";
};

TEST_F(OmicsTest, ExpressionIsScaledByTheTrainingPartOnly) {
  write("e.tsv", "gene\tP1\tP2\tP3\tP4\nA\t1\t3\t100\t\nB\t5\t5\t7\t9\nC\t2\t6\t4\t-96\n");
  auto options = omics();
  const auto cohort = read(patients, {{"genes", data::input(options)}});
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
  EXPECT_EQ(to_json(fit(read(patients, {{"genes", data::input(options)}}), {0, 1})), to_json(fitted));
}

TEST_F(OmicsTest, ExpressionLogSetsGenesAndVariance) {
  write("e.tsv", "gene\tP1\tP2\nA\t0\t3\nB\t1\t3\nC\t0\t7\n");
  auto options = omics();
  options.log = true;
  const std::string two = "patient\nP1\nP2\n";
  auto cohort = read(two, {{"genes", data::input(options)}});
  EXPECT_THAT(to_json(fit(cohort, {0, 1})), HasSubstr(R"("mean":[1.0,1.5,1.5])"));
  EXPECT_THAT(to_json(fit(cohort, {0, 1})), HasSubstr(R"("deviation":[1.0,0.5,1.5])"));
  options.top_variable = 2;
  cohort = read(two, {{"genes", data::input(options)}});
  EXPECT_THAT(names(cohort, fit(cohort, {0, 1})), ElementsAre("A", "C"));
  options.top_variable = 0;
  options.genes = {"B", "C", "Z"};
  cohort = read(two, {{"genes", data::input(options)}});
  EXPECT_THAT(names(cohort, fit(cohort, {0, 1})), ElementsAre("B", "C"));
  options.genes = {"Z"};
  const auto none = read(two, {{"genes", data::input(options)}});
  EXPECT_THAT(failure(core::Fault::data, [&] { fit(none, {0, 1}); }), HasSubstr("input genes: "));
  EXPECT_THAT(failure(core::Fault::data,
                      [&] {
                        fit(none, {0, 1});
                      }),
              HasSubstr("none of the 1 genes of `genes` (such as `Z`)"));
  options.genes = {};
  write("s.gmt", "S1\turl\tC\nS2\turl\tA\tQ\n");
  options.sets = folder_ / "s.gmt";
  cohort = read(two, {{"genes", data::input(options)}});
  EXPECT_THAT(names(cohort, fit(cohort, {0, 1})), ElementsAre("A", "C"));
}

TEST_F(OmicsTest, ExpressionErrors) {
  auto options = omics();
  const auto refused = [&](const std::string& table, const std::vector<int64_t>& train) {
    write("e.tsv", table);
    const auto cohort = read(patients, {{"genes", data::input(options)}});
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
  const auto cohort = read("patient,rna\nP1,p1.tsv\nP2,p2.tsv\n", {{"genes", data::input(options)}});
  EXPECT_THAT(failure(core::Fault::data, [&] { fit(cohort, {0, 1}); }), HasSubstr("no gene in common"));
}

TEST_F(OmicsTest, AnotherCohortMayLackSomeGenesButNotMost) {
  write("e.tsv", "gene\tP1\tP2\tP3\tP4\nA\t1\t3\t1\t3\nB\t5\t7\t5\t7\nC\t0\t2\t0\t2\n");
  const Inputs inputs{{"genes", data::input(omics())}};
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

TEST_F(OmicsTest, MutationsOfAnyGeneThatTrainingSaw) {
  const std::string header = "Hugo_Symbol\tVariant_Classification\tTumor_Sample_Barcode\n";
  const auto missense = [](const std::string& gene, const std::string& patient) {
    return gene + "\tMissense_Mutation\t" + patient + "\n";
  };
  write("1.maf", header + missense("A", "P1"));  // a file a patient: no gene stands in all of them
  write("2.maf", header + missense("B", "P2"));
  write("3.maf", header + missense("Z", "P3"));
  auto options = omics();
  options.table = "maf";
  const auto cohort = read("patient,maf\nP1,1.maf\nP2,2.maf\nP3,3.maf\n", {{"genes", data::input(options)}});
  const auto fitted = fit(cohort, {0, 1});
  EXPECT_THAT(names(cohort, fitted), ElementsAre("A", "B"));
  EXPECT_THAT(features(cohort, fitted, 0), ElementsAre(1, -1));
  EXPECT_THAT(features(cohort, fitted, 2), ElementsAre(-1, -1));  // not mutated, rather than unknown
}

TEST_F(OmicsTest, ABadTableOfOnePatientIsABadCase) {
  auto options_of_input = omics();
  options_of_input.table = "rna";
  write("p1.tsv", "gene\tvalue\nA\t1\nB\t2\n");
  write("p2.tsv", "gene\tvalue\nA\t2\nB\t0\n");
  write("p3.tsv", "gene\tvalue\nA\thigh\nB\t0\n");
  write("cohort.csv", "patient,rna\nP1,p1.tsv\nP2,p2.tsv\nP3,p3.tsv\nP4,gone.tsv\n");
  auto skipping = options();
  EXPECT_THAT(failure(core::Fault::data,
                      [&] {
                        Cohort(skipping, {{"genes", data::input(options_of_input)}}, {});
                      }),
              HasSubstr("gone.tsv"));
  skipping.on_bad_case = BadCase::skip;
  const Cohort cohort(skipping, {{"genes", data::input(options_of_input)}}, {});
  const auto fitted = fit(cohort, {0, 1, 2, 3});
  EXPECT_THAT(features(cohort, fitted, 0), ElementsAre(-1, 1));
  EXPECT_THAT(failure(core::Fault::data, [&] { features(cohort, fitted, 2); }),
              HasSubstr("p3.tsv:2: column `value`: `high`"));
  EXPECT_THAT(failure(core::Fault::data, [&] { features(cohort, fitted, 3); }), HasSubstr("gone.tsv"));
}

}  // namespace
}  // namespace photo51::data
