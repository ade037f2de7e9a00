#include "photo51/data/modality/clinical.hpp"
#include "photo51/data/tables/rare_categories.hpp"

#include <nlohmann/json.hpp>

#include "data/fixture.hpp"
#include "photo51/core/random.hpp"
#include "photo51/core/text.hpp"
#include "photo51/data/load/loader.hpp"
#include "photo51/data/options/inputs.hpp"

namespace photo51::data {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

/// Patients of the sites A (10), B (10), C (4); grade `rare` has 4 of them in 6 rows, `seldom` 5, the rest
/// `usual`. The last row is of a site and a grade that are nowhere else.
class Rare : public CohortFolder {
 protected:
  static constexpr int64_t rows = 26;
  static std::string manifest() {
    core::Random random({3, core::hash_key("rare")});
    std::string text = "patient,person,site,grade,a,b\n";
    for (int i = 0; i < rows; ++i) {
      const std::string person = i == 4 || i == 5 ? "0" : std::to_string(i);  // rows 0, 4 and 5 are one's
      text += "P" + std::to_string(i) + "," + person + "," +
              (i >= 22      ? "C"
               : i % 2 == 1 ? "B"
                            : "A") +
              "," +
              (i < 6    ? "rare"
               : i < 11 ? "seldom"
                        : "usual") +
              "," + core::format_fixed(random.normal(), 6) + "," + core::format_fixed(random.normal(), 6) +
              "\n";
    }
    return text + "PX,x,D,odd,1,1\n";
  }
  static ClinicalOptions clinical(std::vector<std::string> columns,
                                  HarmonizeMethod harmonize = HarmonizeMethod::none) {
    ClinicalOptions input;
    input.columns = std::move(columns);
    input.harmonize.method = harmonize;
    return input;
  }
  Cohort cohort(const ClinicalOptions& input) const {
    write("cohort.csv", manifest());
    CohortOptions of = options();
    of.split.group = "person";
    return Cohort(of, {{"table", data::input(input)}}, {});
  }
  static FittedTransforms learned(const Cohort& cohort) {
    std::vector<int64_t> train;
    for (int64_t row = 0; row < rows; ++row) train.push_back(row);
    return fit(cohort, train);
  }
  static std::vector<float> features(const Cohort& cohort, const FittedTransforms& fitted, int64_t row) {
    const auto values = CaseLoader(cohort, fitted).load(row).inputs.begin()->second.values;
    return {values.data_ptr<float>(), values.data_ptr<float>() + values.numel()};
  }
};

TEST_F(Rare, PatientsAreCountedNotRows) {
  const auto of = cohort(clinical({"grade"}));
  const auto column = nlohmann::json::parse(to_json(learned(of)))["inputs"]["table"]["columns"][0];
  EXPECT_EQ(column["values"], nlohmann::json({"rare", "seldom", "usual"}));
  EXPECT_EQ(column["counts"], nlohmann::json({4, 5, 15}));
}

TEST_F(Rare, ACategoryOfFewIsAsOneThatWasNotSeen) {
  const auto of = cohort(clinical({"grade"}));
  const auto fitted = learned(of);
  Hidden hidden;
  const auto published = without_rare(fitted, hidden);
  EXPECT_THAT(hidden, ElementsAre(Pair("input table: column `grade`", Pair(1, 3))));
  EXPECT_THAT(to_json(published), Not(HasSubstr("rare")));
  EXPECT_THAT(to_json(published), Not(HasSubstr("counts")));
  EXPECT_THAT(features(of, fitted, 0), ElementsAre(1, 0, 0));
  EXPECT_THAT(features(of, published, 0), ElementsAre(0, 0, 0));
  EXPECT_THAT(features(of, published, rows), ElementsAre(0, 0, 0));
  EXPECT_THAT(features(of, published, 7), ElementsAre(0, 1, 0));
  EXPECT_EQ(input_info({{"table", data::input(clinical({"grade"}))}}, published).at("table").channels, 3);
  EXPECT_EQ(to_json(without_counts(fitted)), to_json(without_counts(without_counts(fitted))));
  EXPECT_THAT(to_json(without_counts(fitted)), HasSubstr("rare"));
}

TEST_F(Rare, SitesAndCovariatesOfFewAreAsThoseThatWereNotSeen) {
  auto input = clinical({"a", "b"}, HarmonizeMethod::combat);
  const auto strict = cohort(input);
  Hidden hidden;
  const auto published = without_rare(learned(strict), hidden);
  EXPECT_THAT(hidden, ElementsAre(Pair("input table: harmonize.by", Pair(1, 3))));
  const auto refusal = [&](int64_t row) {
    return failure(core::Fault::data, [&] { features(strict, published, row); });
  };
  EXPECT_THAT(refusal(22), HasSubstr("site `C` was not in the training part (A, B)"));
  EXPECT_THAT(refusal(rows), HasSubstr("site `D` was not in the training part (A, B)"));
  EXPECT_EQ(features(strict, published, 1), features(strict, learned(strict), 1));

  input.harmonize.covariates = {"grade"};
  const auto with_grade = cohort(input);
  const auto told = without_rare(learned(with_grade), hidden);
  EXPECT_THAT(hidden, Contains(Pair("input table: harmonize.covariates `grade`", Pair(1, 3))));
  EXPECT_THAT(failure(core::Fault::data, [&] { features(with_grade, told, 0); }),
              HasSubstr("is `rare`, which the training part does not have (seldom, usual)"));
  EXPECT_EQ(features(with_grade, told, 7), features(with_grade, learned(with_grade), 7));
}

TEST_F(Rare, StatesOfEarlierVersionsHaveNoCounts) {
  const Inputs of{{"t", data::input(clinical({"g"}))}};
  Hidden hidden;
  EXPECT_THAT(
      failure(core::Fault::usage,
              [&] {
                without_rare(
                    fitted_from(
                        R"({"inputs":{"t":{"columns":[{"name":"g","kind":"text","values":["x","y"]}]}}})",
                        of),
                    hidden);
              }),
      HasSubstr("input t: column `g`: was fitted by an older photo51, which did not count the patients"));
  const FittedTransforms numbers = fitted_from(
      R"({"inputs":{"t":{"columns":[{"kind":"number","name":"g","mean":0,"deviation":1}]}}})", of);
  EXPECT_EQ(to_json(without_rare(numbers, hidden)), to_json(numbers));
  EXPECT_TRUE(hidden.empty());
}

}  // namespace
}  // namespace photo51::data
