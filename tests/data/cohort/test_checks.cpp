#include <functional>

#include "data/fixture.hpp"
#include "photo51/data/cohort/cohort.hpp"
#include "photo51/data/load/fit.hpp"
#include "photo51/data/modality/clinical.hpp"

namespace photo51::data {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class CohortChecks : public CohortFolder {
 protected:
  static ClinicalOptions clinical(std::vector<std::string> columns) {
    ClinicalOptions options;
    options.columns = std::move(columns);
    return options;
  }
  std::string logged(const std::function<void()>& body) const {
    testing::internal::CaptureStderr();
    body();
    return testing::internal::GetCapturedStderr();
  }
};

TEST_F(CohortChecks, ALabelAmongWhatItsHeadSeesIsRefused) {
  const std::string manifest = "patient,age,idh,time,event,clin.time\nP1,40,1,10,1,3\nP2,50,0,20,0,4\n";
  const auto idh = label_spec("idh", "binary");
  const auto os = label_spec("os", "survival", "time", "event");
  const auto refused = [&](const ClinicalOptions& options, const TaskSpec& spec) {
    return failure(core::Fault::usage, [&] { read(manifest, {{"clin", data::input(options)}}, {spec}); });
  };
  EXPECT_THAT(refused(clinical({"age", "idh"}), idh),
              HasSubstr("input clin: columns: `idh` is what head `idh` is to predict"));
  EXPECT_THAT(refused(clinical({"event"}), os),
              HasSubstr("columns: `event` is what head `os` is to predict"));
  EXPECT_EQ(refused(clinical({"age", "time"}), os), "no error")
      << "the input has a column `clin.time` of its own";
  ClinicalOptions other = clinical({"time"});
  EXPECT_THAT(failure(core::Fault::usage,
                      [&] {
                        read(manifest, {{"c", data::input(other)}}, {os});
                      }),
              HasSubstr("input c: columns: `time` is what head `os` is to predict"));
  ClinicalOptions harmonized = clinical({"age"});
  harmonized.harmonize.method = HarmonizeMethod::combat;
  harmonized.harmonize.by = "idh";
  EXPECT_THAT(refused(harmonized, idh), HasSubstr("harmonize.by: `idh` is what head `idh`"));
  harmonized.harmonize.by = "site";
  harmonized.harmonize.covariates = {"idh"};
  EXPECT_THAT(refused(harmonized, idh), HasSubstr("harmonize.covariates: `idh` is what head `idh`"));
  // A head that does not see the input, and prediction, where nobody asks for labels.
  auto apart = idh;
  apart.inputs = {"mri"};
  EXPECT_EQ(refused(clinical({"idh"}), apart), "no error");
  read(manifest, {{"clin", data::input(clinical({"idh"}))}}, {idh}, false);
}

TEST_F(CohortChecks, ASiteColumnOfAnotherNameIsTold) {
  const auto with = [&](const std::string& column, const std::string& site) {
    write("cohort.csv", "patient," + column + ",age\nP1,A,40\n");
    auto made = options();
    made.site = site;
    return logged([&] { Cohort(made, {{"clin", data::input(clinical({"age"}))}}, {}); });
  };
  EXPECT_THAT(with("Site", "site"),
              HasSubstr("there is no column `site`, so no patient has a site; is it `Site`?"));
  EXPECT_THAT(with("hospital", "hospitl"), HasSubstr("is it `hospital`?"));
  EXPECT_THAT(with("x", "centre"), HasSubstr("there is no column `centre` (cohort.site)"));
  EXPECT_THAT(with("x", "site"), Not(HasSubstr("site")));
  EXPECT_THAT(with("site", "site"), Not(HasSubstr("site")));
}

TEST_F(CohortChecks, AMisspeltOptionalColumnIsRefused) {
  write("a.nii", "");
  const auto header = [&](const std::string& column) {
    return data_failure("patient,t1,flair," + column + "\nP1,a.nii,a.nii,\n",
                        {{"mri", data::input(image_input({"t1", "flair"}))}});
  };
  for (const char* column :
       {"flair.registratoin", "flair.Registration", "Flair.registration", "mri.flair.registation"})
    EXPECT_THAT(header(column), HasSubstr(std::string("column `") + column + "` is not read")) << column;
  for (const char* column : {"flair.registration", "mri.t1.registration", "flair.date", "t2.registratoin",
                             "flair.registration_date", "flair.mpp"})
    EXPECT_THAT(header(column), Not(HasSubstr("is not read"))) << column;
}

TEST_F(CohortChecks, ManifestsOfSpreadsheetsAreRead) {
  const auto idh = label_spec("idh", "binary");
  const Inputs inputs{{"clin", data::input(clinical({"age"}))}};
  std::string text;
  const auto warned = logged([&] {
    const auto cohort =
        read("sep=;\r\n;patient;idh;age\r\n0;M\xFCller;1;61,5\r\n1;P2;0;50\r\n;;;\r\n", inputs, {idh});
    EXPECT_EQ(cohort.size(), 2);
    EXPECT_EQ(cohort.id(0), "M\xC3\xBCller");
    text = cohort.cell(0, "age");
  });
  EXPECT_EQ(text, "61.5");
  EXPECT_THAT(warned, HasSubstr("cohort.csv:3: is not UTF-8"));
  EXPECT_THAT(warned, HasSubstr("decimal comma"));
  EXPECT_THAT(failure(core::Fault::usage, [&] { Cohort::single(inputs, {"patient=M\xFCller"}); }),
              HasSubstr("is not UTF-8"));
}

TEST_F(CohortChecks, NumbersWithCommasAndDatesAreNoCategories) {
  const Inputs inputs{{"clin", data::input(clinical({"x"}))}};
  const auto manifest = [](const std::vector<std::string>& cells) {
    std::string text = "patient\tx\n";
    for (size_t i = 0; i < cells.size(); ++i) text += "P" + std::to_string(i) + "\t" + cells[i] + "\n";
    return text;
  };
  EXPECT_THAT(data_failure(manifest({"1,5", "2,25", "3", "unknown"}), inputs), HasSubstr("input clin: "));
  EXPECT_THAT(data_failure(manifest({"", "1,5", "2,25", "3"}), inputs),
              HasSubstr("cohort.csv:3: column `x`: `1,5` has a decimal comma (2 such cell(s))"));
  EXPECT_THAT(data_failure(manifest({"1.5", "2.5", "3,5"}), inputs),
              HasSubstr("cohort.csv:4: column `x`: `3,5` has a decimal comma"));
  EXPECT_THAT(data_failure(manifest({"2019-03-12", "NA", "2020-01-02"}), inputs),
              HasSubstr("cohort.csv:2: column `x`: `2019-03-12` is a date"));
  EXPECT_EQ(data_failure(manifest({"a,b", "c", "d"}), inputs), "no error");
}

TEST_F(CohortChecks, AColumnOfNamesIsRefusedAsCategories) {
  const Inputs inputs{{"clin", data::input(clinical({"x"}))}};
  const auto cohort_of = [&](int words) {
    std::string text = "patient,x\n";
    for (int i = 0; i < 20; ++i) text += "P" + std::to_string(i) + ",w" + std::to_string(i % words) + "\n";
    return read(text, inputs);
  };
  std::vector<int64_t> all;
  for (int64_t i = 0; i < 20; ++i) all.push_back(i);
  const auto names = cohort_of(19), many = cohort_of(12), few = cohort_of(4);
  EXPECT_THAT(failure(core::Fault::data, [&] { fit(names, all); }),
              HasSubstr("column `x` holds 19 words for 20 training patients (such as `w0`)"));
  EXPECT_THAT(logged([&] { fit(many, all); }),
              HasSubstr("column `x` holds 12 words for 20 training patients"));
  EXPECT_EQ(logged([&] { fit(few, all); }), "");
}

}  // namespace
}  // namespace photo51::data
