// What was fitted on the training part, as it may come from a stranger's model.
#include <nlohmann/json.hpp>

#include "data/fixture.hpp"
#include "photo51/data/load/fit.hpp"
#include "photo51/data/load/loader.hpp"
#include "photo51/data/modality/clinical.hpp"
#include "photo51/data/modality/omics.hpp"

namespace photo51::data {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using Json = nlohmann::json;

class FittedStates : public CohortFolder {
 protected:
  static constexpr const char* people =
      "patient,site,age,sex,a,b\nP1,N,40,f,1,2\nP2,S,50,m,2,4\nP3,N,61,f,4,3\nP4,S,39,m,9,1\n"
      "P5,N,55,m,3,5\nP6,S,47,f,8,2\n";

  static ClinicalOptions clinical(std::vector<std::string> columns) {
    ClinicalOptions options;
    options.columns = std::move(columns);
    return options;
  }
  /// The error at loading what was fitted for `input` after `damage`.
  template <class Damage>
  std::string refused(const Cohort& cohort, const FittedTransforms& fitted, Damage damage) const {
    CaseLoader(cohort, fitted);  // what is not damaged is taken
    Json all = Json::parse(to_json(fitted));
    damage(all["inputs"]["in"]);
    return failure(core::Fault::data, [&] { CaseLoader(cohort, fitted_from(all.dump(), cohort.inputs())); });
  }
};

auto names_fault(const std::string& what) {
  return AllOf(HasSubstr("`inputs.in"), HasSubstr(what), HasSubstr("train the model again"));
}

TEST_F(FittedStates, ClinicalColumns) {
  const Cohort cohort = read(people, {{"in", data::input(clinical({"age", "sex"}))}});
  const FittedTransforms fitted = fit(cohort, {0, 1, 2, 3, 4, 5});
  const auto with = [&](auto damage) {
    return refused(cohort, fitted, [&](Json& in) { damage(in["columns"]); });
  };
  EXPECT_THAT(with([](Json& c) { c.push_back(c[0]); }),
              names_fault("columns`: holds 3 columns and the input names 2"));
  EXPECT_THAT(with([](Json& c) { c.erase(0); }), names_fault("holds 1 columns and the input names 2"));
  EXPECT_THAT(with([](Json& c) { std::swap(c[0], c[1]); }),
              names_fault("columns[0].name`: `sex` where the input names `age`"));
  EXPECT_THAT(with([](Json& c) { c[0]["mean"] = nullptr; }),
              names_fault("columns[0].mean`: is not a finite number"));
  EXPECT_THAT(with([](Json& c) { c[0]["deviation"] = -1; }), names_fault("deviation`: -1 is outside 0 to"));
  EXPECT_THAT(with([](Json& c) {
                c[1]["values"] = Json::array({"f", "f"});
              }),
              names_fault("values`: holds `f` twice"));
  EXPECT_THAT(with([](Json& c) { c[1]["values"] = Json::array({1}); }),
              names_fault("values[0]`: is not text"));
  EXPECT_THAT(with([](Json& c) { c[1]["kind"] = "date"; }), names_fault("is neither `number` nor `text`"));
  EXPECT_THAT(with([](Json& c) { c[0].erase("kind"); }), names_fault("lacks `kind`"));
  EXPECT_THAT(with([](Json& c) { c = 1; }), names_fault("columns`: is not a list"));
}

TEST_F(FittedStates, Expression) {
  write("e.tsv", "gene\tP1\tP2\tP3\nA\t1\t3\t2\nC\t2\t6\t1\n");
  OmicsOptions omics;
  omics.table = "e.tsv";
  const Cohort cohort = read("patient\nP1\nP2\nP3\n", {{"in", data::input(omics)}});
  const FittedTransforms fitted = fit(cohort, {0, 1, 2});
  EXPECT_THAT(refused(cohort, fitted, [](Json& in) { in["mean"].erase(0); }),
              names_fault("mean`: holds 1 entries where 2 are needed"));
  EXPECT_THAT(refused(cohort, fitted, [](Json& in) { in["deviation"].push_back(1); }),
              names_fault("deviation`: holds 3 entries where 2 are needed"));
  EXPECT_THAT(refused(cohort, fitted, [](Json& in) { in["deviation"][1] = -1e9; }),
              names_fault("is outside 0 to"));
  EXPECT_THAT(refused(cohort, fitted, [](Json& in) { in["genes"] = "A"; }),
              names_fault("genes`: is not a list"));
  EXPECT_THAT(refused(cohort, fitted, [](Json& in) { in = nullptr; }),
              HasSubstr("nothing was fitted for input `in`"));
}

TEST_F(FittedStates, Harmonisation) {
  auto input = clinical({"a", "b"});
  input.harmonize.method = HarmonizeMethod::combat;
  input.harmonize.mean_only = true;
  input.harmonize.covariates = {"age", "sex"};
  const Cohort cohort = read(people, {{"in", data::input(input)}});
  const FittedTransforms fitted = fit(cohort, {0, 1, 2, 3, 4, 5});
  const auto with = [&](auto damage) {
    return refused(cohort, fitted, [&](Json& in) { damage(in["harmonize"]); });
  };
  EXPECT_THAT(refused(cohort, fitted, [](Json& in) { in.erase("harmonize"); }),
              names_fault("lacks `harmonize`"));
  EXPECT_THAT(with([](Json& h) { h["mean"].erase(0); }),
              names_fault("mean`: holds 1 entries where 2 are needed"));
  EXPECT_THAT(with([](Json& h) { h["deviation"][0] = -1; }), names_fault("deviation[0]`: -1 is outside"));
  EXPECT_THAT(with([](Json& h) { h["effect"].erase(0); }),
              names_fault("effect`: holds 1 rows where 2 are needed"));
  EXPECT_THAT(with([](Json& h) { h["shift"].erase(0); }),
              names_fault("shift`: holds 1 rows where 2 are needed"));
  EXPECT_THAT(with([](Json& h) { h["shift"][0].push_back(1); }), names_fault("shift[0]`: holds 3 entries"));
  EXPECT_THAT(with([](Json& h) { h["scale"][1][0] = 0; }), names_fault("variance that is not above 0"));
  EXPECT_THAT(with([](Json& h) { h["scale"][1][0] = nullptr; }),
              names_fault("scale[1][0]`: is not a finite number"));
  EXPECT_THAT(with([](Json& h) { h["reference"] = 2; }), names_fault("reference`: 2 is outside 0 to 1"));
  EXPECT_THAT(with([](Json& h) {
                h["sites"] = Json::array({"N", "N"});
              }),
              names_fault("sites`: holds `N` twice"));
  EXPECT_THAT(with([](Json& h) { h["sites"].push_back("W"); }),
              names_fault("shift`: holds 2 rows where 3 are needed"));
  EXPECT_THAT(with([](Json& h) { h["covariates"].erase(0); }),
              names_fault("holds 1 covariates and the config names 2"));
  EXPECT_THAT(with([](Json& h) { h["covariates"][0]["name"] = "a"; }),
              names_fault("`a` where the config has the covariate `age`"));
  EXPECT_THAT(with([](Json& h) { h["covariates"][0]["deviation"] = 0; }),
              names_fault("deviation`: is not above 0"));
  EXPECT_THAT(with([](Json& h) { h["covariates"][1]["values"] = Json::array(); }),
              names_fault("values`: holds nothing"));
}

TEST_F(FittedStates, Landmarks) {
  auto options = image_input({"flair", "t1"});
  options.preprocess.normalize.method = preprocess::NormalizeMethod::histogram;
  const Cohort cohort = read("patient,flair,t1\nP1,,\n", {{"in", data::input(options)}}, {}, false);
  Json right = Json::array();
  for (int k = 0; k < 11; ++k) right.push_back(k / 10.0);
  const auto with = [&](const Json& landmarks) {
    const Json all{{"inputs", {{"in", {{"landmarks", landmarks}}}}}};
    return failure(core::Fault::data, [&] { CaseLoader(cohort, fitted_from(all.dump(), cohort.inputs())); });
  };
  EXPECT_EQ(with(Json::array({right, right})), "no error");
  EXPECT_THAT(with(Json::array({right})), names_fault("landmarks`: is of 1 channels and the input has 2"));
  Json wrong = right;
  wrong.erase(0);
  EXPECT_THAT(with(Json::array({right, wrong})),
              names_fault("landmarks[1]`: holds 10 entries where 11 are needed"));
  wrong = right;
  std::swap(wrong[2], wrong[7]);
  EXPECT_THAT(with(Json::array({wrong, right})), names_fault("landmarks[0]`: does not ascend"));
  wrong[10] = 1e30;
  EXPECT_THAT(with(Json::array({wrong, right})), names_fault("landmarks[0][10]`: 1e+30 is outside 0 to 1"));
}

TEST_F(FittedStates, ClassesAreNames) {
  EXPECT_THAT(failure(core::Fault::data, [&] { fitted_from(R"({"classes": {"c": [1]}})", {}); }),
              HasSubstr("`classes.c[0]`: is not text"));
}

}  // namespace
}  // namespace photo51::data
