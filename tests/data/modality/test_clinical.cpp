#include "data/tabular_fixture.hpp"
#include "photo51/data/modality/clinical.hpp"

namespace photo51::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ClinicalTest : public TabularTest {
 protected:
  static ClinicalOptions clinical(std::vector<std::string> columns) {
    ClinicalOptions options;
    options.columns = std::move(columns);
    return options;
  }
};

TEST_F(ClinicalTest, ClinicalNumbersAndWords) {
  const Inputs inputs{{"clin", data::input(clinical({"age", "sex"}))}};
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

TEST_F(ClinicalTest, ClinicalErrors) {
  const Inputs inputs{{"clin", data::input(clinical({"age"}))}};
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

TEST_F(ClinicalTest, NothingFittedOrDamaged) {
  const auto cohort = read("patient,age\nP1,40\n", {{"clin", data::input(clinical({"age"}))}});
  EXPECT_THAT(failure(core::Fault::data, [&] { CaseLoader(cohort, {}); }),
              HasSubstr("nothing was fitted for input `clin`"));
  EXPECT_THAT(failure(core::Fault::data, [&] { fitted_from("{", cohort.inputs()); }),
              HasSubstr("is not valid JSON"));
}

TEST_F(ClinicalTest, ClassNamesTravelWithTheModel) {
  const auto spec = label_spec("c", "multiclass");
  const auto cohort = read("patient,c\nP1,b\nP2,a\n", {}, {spec});
  EXPECT_THAT(fitted_labels({spec}, fit(cohort, {0}))[0].classes, ElementsAre("a", "b"));
}

TEST_F(ClinicalTest, NumbersThatBecomeInfiniteAreRefused) {
  for (const char* wrong : {"1e308", "inf", "1e39"}) {
    const auto cohort = read(std::string("patient,age\nP1,40\nP2,50\nP3,") + wrong + "\n",
                             {{"clin", data::input(clinical({"age"}))}});
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
