#include <cmath>
#include <nlohmann/json.hpp>

#include "data/fixture.hpp"
#include "data/harmonize/combat.hpp"
#include "photo51/core/random.hpp"
#include "photo51/core/text.hpp"
#include "photo51/data/cohort/cohort.hpp"
#include "photo51/data/load/fit.hpp"
#include "photo51/data/load/loader.hpp"
#include "photo51/data/modality/clinical.hpp"
#include "photo51/data/modality/omics.hpp"

namespace photo51::data {
namespace {

using ::testing::HasSubstr;

/// Two sites of which the second adds `shift` and multiplies the deviations with `scale`.
CombatData two_sites(double shift, double scale, Eigen::Index each = 400, Eigen::Index features = 5) {
  core::Random random({3, core::hash_key("combat")});
  CombatData data;
  data.names = {"A", "B"};
  data.values.resize(2 * each, features);
  data.covariates.resize(2 * each, 0);
  for (Eigen::Index i = 0; i < 2 * each; ++i) {
    data.site.push_back(i < each ? 0 : 1);
    for (Eigen::Index f = 0; f < features; ++f)
      data.values(i, f) =
          10.0 * static_cast<double>(f) + random.normal() * (i < each ? 1 : scale) + (i < each ? 0 : shift);
  }
  return data;
}

Eigen::MatrixXd harmonized(const CombatModel& model, const CombatData& data) {
  Eigen::MatrixXd values = data.values;
  for (Eigen::Index i = 0; i < values.rows(); ++i) {
    Eigen::VectorXd row = values.row(i);
    apply_combat(model, data.site[static_cast<size_t>(i)], data.covariates.row(i), row);
    values.row(i) = row;
  }
  return values;
}

double deviation(const Eigen::VectorXd& values) {
  return std::sqrt((values.array() - values.mean()).square().mean());
}

TEST(CombatTest, TakesOutShiftAndScale) {
  const auto data = two_sites(3, 2);
  const auto values = harmonized(fit_combat(data, false, {}), data);
  for (Eigen::Index f = 0; f < values.cols(); ++f) {
    const Eigen::VectorXd a = values.col(f).head(400), b = values.col(f).tail(400);
    // Drawn towards what the features have in common: what is left is a sample's own deviation from that.
    EXPECT_NEAR(a.mean(), b.mean(), 0.2);
    EXPECT_NEAR(deviation(a) / deviation(b), 1, 0.06);
  }
  // Shifts only.
  const auto moved = harmonized(fit_combat(data, true, {}), data);
  EXPECT_NEAR(moved.col(2).head(400).mean(), moved.col(2).tail(400).mean(), 0.5);
  EXPECT_NEAR(deviation(moved.col(2).tail(400)) / deviation(data.values.col(2).tail(400)), 1, 1e-9);
}

TEST(CombatTest, AReferenceStaysAsItIs) {
  const auto data = two_sites(3, 2);
  const auto values = harmonized(fit_combat(data, false, 0), data);
  EXPECT_EQ((values.topRows(400) - data.values.topRows(400)).cwiseAbs().maxCoeff(), 0);
  EXPECT_NEAR(values.col(1).tail(400).mean(), data.values.col(1).head(400).mean(), 0.05);
  EXPECT_NEAR(deviation(values.col(1).tail(400)), deviation(data.values.col(1).head(400)), 0.05);
}

TEST(CombatTest, AnUnseenSiteIsLeftAlone) {
  const auto data = two_sites(3, 2);
  const auto model = fit_combat(data, false, {});
  Eigen::VectorXd row = data.values.row(700);
  apply_combat(model, std::nullopt, Eigen::VectorXd(), row);
  EXPECT_EQ(row, data.values.row(700).transpose());
}

TEST(CombatTest, UnknownValuesTakeNoPart) {
  auto data = two_sites(3, 2);
  data.values.col(4).setConstant(7);  // what does not vary is left alone
  const auto whole = harmonized(fit_combat(data, false, {}), data);
  EXPECT_EQ(whole.col(4), data.values.col(4));
  auto gaps = data;
  for (Eigen::Index i = 0; i < gaps.values.rows(); i += 10) gaps.values(i, 1) = NAN;
  const auto values = harmonized(fit_combat(gaps, false, {}), gaps);
  for (Eigen::Index i = 0; i < values.rows(); ++i) {
    EXPECT_EQ(std::isnan(values(i, 1)), i % 10 == 0);
    if (i % 10 != 0) {
      EXPECT_NEAR(values(i, 1), whole(i, 1), 0.2);
    }
  }
  // A site that has no value of a feature at all leaves the other as it was, and harms no other feature.
  gaps.values.col(1).head(400).setConstant(NAN);
  const auto half = harmonized(fit_combat(gaps, false, {}), gaps);
  EXPECT_TRUE(half.col(2).allFinite());
  EXPECT_TRUE(std::isfinite(half(401, 1)));
}

TEST(CombatTest, ASingleFeatureIsAdjustedByItself) {
  const auto data = two_sites(3, 2, 50, 1);
  const auto values = harmonized(fit_combat(data, false, {}), data);
  EXPECT_NEAR(values.col(0).head(50).mean(), values.col(0).tail(50).mean(), 1e-9);
}

TEST(CombatTest, RefusesWhatCannotBeTold) {
  auto data = two_sites(1, 1, 4);
  data.covariates = Eigen::MatrixXd::Zero(8, 1);
  data.covariates.topRows(4).setOnes();  // one value a site
  EXPECT_THAT(failure(core::Fault::data, [&] { fit_combat(data, false, {}); }),
              HasSubstr("cannot be told from the sites"));
  data.covariates.resize(8, 0);
  data.site = {0, 0, 0, 0, 0, 0, 0, 1};
  EXPECT_THAT(failure(core::Fault::data, [&] { fit_combat(data, false, {}); }),
              HasSubstr("one patient of site `B`"));
  EXPECT_NO_THROW(fit_combat(data, true, {}));
  data.site.assign(8, 0);
  data.names = {"A"};
  EXPECT_THAT(failure(core::Fault::data, [&] { fit_combat(data, false, {}); }), HasSubstr("one site only"));
}

/// The rows of `data` from `begin` on.
CombatData rows_of(const CombatData& data, Eigen::Index begin, Eigen::Index count) {
  CombatData some;
  some.names = data.names;
  some.values = data.values.middleRows(begin, count);
  some.covariates = data.covariates.middleRows(begin, count);
  for (Eigen::Index i = begin; i < begin + count; ++i) some.site.push_back(data.site[static_cast<size_t>(i)]);
  return some;
}

TEST(CombatTest, SumsOfHalvesAreTheWholesAndGiveTheModel) {
  auto data = two_sites(3, 2, 60);
  for (Eigen::Index i = 0; i < data.values.rows(); i += 7) data.values(i, 1) = NAN;
  data.values.col(4).setConstant(7);
  const CombatSums whole = combat_sums(data);
  const CombatSums halves = merge(combat_sums(rows_of(data, 0, 83)), combat_sums(rows_of(data, 83, 37)));
  EXPECT_EQ(halves.sites, whole.sites);
  EXPECT_EQ(halves.cases, whole.cases);
  for (size_t site = 0; site < 2; ++site)
    for (size_t f = 0; f < 5; ++f) {
      EXPECT_EQ(halves.moments[site][f].count, whole.moments[site][f].count);
      EXPECT_NEAR(halves.moments[site][f].mean, whole.moments[site][f].mean, 1e-12 * 50);
      EXPECT_NEAR(halves.moments[site][f].deviation, whole.moments[site][f].deviation, 1e-12 * 50);
    }
  for (const bool mean_only : {false, true})
    for (const std::optional<int64_t> reference : {std::optional<int64_t>(), std::optional<int64_t>(1)}) {
      const CombatModel of_cases = fit_combat(data, mean_only, reference);
      const CombatModel of_sums = fit_combat(halves, mean_only, reference);
      EXPECT_LT((of_sums.mean - of_cases.mean).cwiseAbs().maxCoeff(), 1e-10);
      EXPECT_LT((of_sums.deviation - of_cases.deviation).cwiseAbs().maxCoeff(), 1e-10);
      EXPECT_LT((of_sums.shift - of_cases.shift).cwiseAbs().maxCoeff(), 1e-10);
      EXPECT_LT((of_sums.scale - of_cases.scale).cwiseAbs().maxCoeff(), 1e-10);
      EXPECT_EQ(of_sums.reference, reference);
      const auto learned = harmonized_moments(of_cases, whole);
      const auto values = harmonized(of_cases, data);
      for (Eigen::Index f = 0; f < 5; ++f) {
        const auto expected = moments({values.col(f).begin(), values.col(f).end()});
        const Moments& found = learned[static_cast<size_t>(f)];
        EXPECT_EQ(found.count, expected.count);
        EXPECT_NEAR(found.mean, expected.mean, 1e-10);
        EXPECT_NEAR(found.deviation, expected.deviation, 1e-10);
      }
    }
}

TEST(CombatTest, SumsOfOtherSitesJoinAndOfOtherFeaturesDoNot) {
  CombatData one = two_sites(3, 2, 6), other = two_sites(1, 1, 6);
  other.names = {"A", "C"};
  const CombatSums both = merge(combat_sums(one), combat_sums(other));
  EXPECT_EQ(both.sites, (std::vector<std::string>{"A", "B", "C"}));
  EXPECT_EQ(both.cases, (std::vector<int64_t>{12, 6, 6}));
  EXPECT_EQ(both.of_features({2, 0}).moments[1][1].mean, both.moments[1][0].mean);
  EXPECT_THAT(failure(core::Fault::usage, [&] { merge(both, both.of_features({0})); }),
              HasSubstr("the parts have different features"));
  CombatSums alone = combat_sums(one);
  alone.cases = {6, 1};
  EXPECT_THAT(failure(core::Fault::data, [&] { fit_combat(alone, false, {}); }),
              HasSubstr("one patient of site `B`"));
}

/// 24 patients of two sites and three numbers; site South adds 5.
class HarmonizeTest : public CohortFolder {
 protected:
  std::string manifest(const std::string& extra = "") const {
    core::Random random({1, core::hash_key("numbers")});
    std::string text = "patient,site,age,sex,a,b,c,idh\n";
    for (int i = 0; i < 24; ++i) {
      const bool south = i % 2 == 1;
      text += "P" + std::to_string(i) + (south ? ",South," : ",North,") + std::to_string(40 + i) +
              (i % 3 == 0 ? ",f" : ",m");
      for (int f = 0; f < 3; ++f) text += "," + core::format_fixed(random.normal() + f + (south ? 5 : 0), 6);
      text += "," + std::to_string(i / 12) + "\n";
    }
    return text + extra;
  }
  static ClinicalOptions numbers() {
    ClinicalOptions input;
    input.columns = {"a", "b", "c"};
    input.harmonize.method = HarmonizeMethod::combat;
    return input;
  }
  static std::vector<int64_t> first(int64_t count) {
    std::vector<int64_t> rows;
    for (int64_t row = 0; row < count; ++row) rows.push_back(row);
    return rows;
  }
  static std::vector<float> features(const Cohort& cohort, const FittedTransforms& fitted, int64_t row) {
    const auto values = CaseLoader(cohort, fitted).load(row).inputs.begin()->second.values;
    return {values.data_ptr<float>(), values.data_ptr<float>() + values.numel()};
  }
  static double difference_of_sites(const Cohort& cohort, const FittedTransforms& fitted) {
    double north = 0, south = 0;
    for (int64_t row = 0; row < 24; ++row)
      (row % 2 == 1 ? south : north) += static_cast<double>(features(cohort, fitted, row)[0]) / 12;
    return std::abs(south - north);
  }
};

TEST_F(HarmonizeTest, ClinicalNumbersAreLearnedFromTheTrainingPart) {
  auto input = numbers();
  const auto cohort = read(manifest(), {{"numbers", data::input(input)}});
  const auto fitted = fit(cohort, first(24));
  EXPECT_LT(difference_of_sites(cohort, fitted), 0.5);
  input.harmonize.method = HarmonizeMethod::none;
  const auto as_is = read(manifest(), {{"numbers", data::input(input)}});
  EXPECT_GT(difference_of_sites(as_is, fit(as_is, first(24))), 1.5);
  // Patients outside the training part leave no trace.
  const auto more = read(manifest("P99,South,50,m,900,900,900,1\n"), {{"numbers", data::input(numbers())}});
  EXPECT_EQ(to_json(fit(more, first(24))), to_json(fitted));
}

TEST_F(HarmonizeTest, ASiteThatWasNotSeen) {
  const std::string extra = "P99,East,50,m,1,1,1,1\nP98,,50,m,1,1,1,1\n";
  auto input = numbers();
  const auto strict = read(manifest(extra), {{"numbers", data::input(input)}});
  const auto fitted = fit(strict, first(24));
  EXPECT_THAT(
      failure(core::Fault::data, [&] { features(strict, fitted, 24); }),
      HasSubstr("case P99: input numbers: harmonize: site `East` was not in the training part (North, "
                "South)"));
  EXPECT_THAT(failure(core::Fault::data, [&] { features(strict, fitted, 25); }),
              HasSubstr("the site of patient `P98` is not known; fill in column `site`"));
  input.harmonize.unseen_site = UnseenSite::standardise_only;
  const auto lenient = read(manifest(extra), {{"numbers", data::input(input)}});
  const auto column = nlohmann::json::parse(to_json(fitted))["inputs"]["numbers"]["columns"][0];
  EXPECT_NEAR(features(lenient, fitted, 24)[0],
              (1 - column["mean"].get<double>()) / column["deviation"].get<double>(), 1e-6);
}

TEST_F(HarmonizeTest, Covariates) {
  auto input = numbers();
  input.harmonize.covariates = {"age", "sex"};
  const auto cohort =
      read(manifest("P99,South,,m,1,1,1,1\nP98,South,50,x,1,1,1,1\nP97,South,old,m,1,1,1,1\n"),
           {{"numbers", data::input(input)}}, {label_spec("idh", "binary")});
  const auto fitted = fit(cohort, first(24));
  EXPECT_LT(difference_of_sites(cohort, fitted), 0.2);
  EXPECT_THAT(failure(core::Fault::data, [&] { features(cohort, fitted, 24); }),
              HasSubstr("covariate `age` of patient `P99` is blank"));
  EXPECT_THAT(
      failure(core::Fault::data, [&] { features(cohort, fitted, 25); }),
      HasSubstr("covariate `sex` of patient `P98` is `x`, which the training part does not have (f, m)"));
  EXPECT_THAT(failure(core::Fault::data, [&] { features(cohort, fitted, 26); }),
              HasSubstr("covariate `age` of patient `P97` is `old`, not a number"));
  const auto refused = [&](std::vector<std::string> covariates, core::Fault fault) {
    input.harmonize.covariates = std::move(covariates);
    return failure(fault, [&] {
      fit(read(manifest(), {{"numbers", data::input(input)}}, {label_spec("idh", "binary")}), first(24));
    });
  };
  EXPECT_THAT(refused({"idh"}, core::Fault::usage), HasSubstr("is what head `idh` is to predict"));
  EXPECT_THAT(refused({"agee"}, core::Fault::usage), HasSubstr("there is no column `agee`"));
  EXPECT_THAT(refused({"site"}, core::Fault::data), HasSubstr("cannot be told from the sites"));
}

TEST_F(HarmonizeTest, ReferenceAndAnotherColumn) {
  auto input = numbers();
  input.harmonize.reference = "North";
  const auto cohort = read(manifest(), {{"numbers", data::input(input)}});
  EXPECT_LT(difference_of_sites(cohort, fit(cohort, first(24))), 0.1);
  input.harmonize.reference = "Nort";
  const auto wrong = read(manifest(), {{"numbers", data::input(input)}});
  EXPECT_THAT(failure(core::Fault::data, [&] { fit(wrong, first(24)); }),
              HasSubstr("the reference site `Nort` is not in the training part"));
  input.harmonize.reference = "";
  input.harmonize.by = "sex";
  const auto by_sex = read(manifest(), {{"numbers", data::input(input)}});
  EXPECT_EQ(nlohmann::json::parse(to_json(fit(by_sex, first(24))))["inputs"]["numbers"]["harmonize"]["sites"],
            nlohmann::json({"f", "m"}));
  input.harmonize.by = "sexx";
  const auto no_column = read(manifest(), {{"numbers", data::input(input)}});
  EXPECT_THAT(failure(core::Fault::usage, [&] { fit(no_column, first(24)); }),
              HasSubstr("there is no column `sexx`"));
  input.columns = {"sex"};
  input.harmonize.by = "site";
  const auto no_numbers = read(manifest(), {{"numbers", data::input(input)}});
  EXPECT_THAT(failure(core::Fault::data, [&] { fit(no_numbers, first(24)); }),
              HasSubstr("none of the columns is numeric"));
}

TEST_F(HarmonizeTest, Expression) {
  std::string table = "gene";
  for (int i = 0; i < 24; ++i) table += "\tP" + std::to_string(i);
  core::Random random({9, core::hash_key("genes")});
  for (int gene = 0; gene < 6; ++gene) {
    table += "\nG" + std::to_string(gene);
    for (int i = 0; i < 24; ++i)
      table += "\t" + core::format_fixed((gene == 2 ? 0.1 : 1) * random.normal() + (i % 2 == 1 ? 4 : 0), 6);
  }
  write("e.tsv", table + "\n");
  OmicsOptions input;
  input.table = "e.tsv";
  input.top_variable = 5;
  input.harmonize.method = HarmonizeMethod::combat;
  const auto cohort = read(manifest(), {{"genes", data::input(input)}});
  const auto fitted = fit(cohort, first(24));
  EXPECT_LT(difference_of_sites(cohort, fitted), 0.1);
  // The gene that varied by site only is dropped, and the others keep their own numbers.
  EXPECT_EQ(nlohmann::json::parse(to_json(fitted))["inputs"]["genes"]["genes"],
            nlohmann::json({"G0", "G1", "G3", "G4", "G5"}));
  EXPECT_EQ(nlohmann::json::parse(to_json(fitted))["inputs"]["genes"]["harmonize"]["shift"][0].size(), 5U);
}

}  // namespace
}  // namespace photo51::data
