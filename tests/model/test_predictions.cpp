#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "photo51/core/files.hpp"
#include "photo51/model/predictions.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::model {
namespace {

using ::testing::HasSubstr;

const std::vector<Prediction> sample{{"P1", "idh", "mutant, \"R132H\"", 0.1, 0.05, 0.2},
                                     {"P1", "os", "", -1.5, -2, -1}};

TEST(Predictions, CsvIsTheContract) {
  EXPECT_EQ(to_csv(sample),
            "case,head,class,value,low,high\n"
            "P1,idh,\"mutant, \"\"R132H\"\"\",0.1,0.05,0.2\n"
            "P1,os,,-1.5,-2,-1\n");
}

TEST(Predictions, SurviveTheFile) {
  test::TemporaryFolder folder;
  core::write_file_atomic(folder / "predictions.csv", to_csv(sample));
  const auto read = read_predictions(folder / "predictions.csv");
  ASSERT_EQ(read.size(), 2U);
  EXPECT_EQ(read[0].class_name, sample[0].class_name);
  EXPECT_EQ(read[0].value, 0.1);
  EXPECT_EQ(read[1].case_id, "P1");
  EXPECT_EQ(read[1].low, -2);
}

TEST(Predictions, JsonHasTheSameFields) {
  const auto json = nlohmann::json::parse(to_json(sample));
  EXPECT_EQ(json[0]["class"], "mutant, \"R132H\"");
  EXPECT_EQ(json[0]["high"], 0.2);
  EXPECT_TRUE(json[1]["class"].is_null());
  EXPECT_EQ(json[1]["value"], -1.5);
}

TEST(Predictions, ThoseOfAnUnfinishedModelSaySo) {
  test::TemporaryFolder folder;
  const std::string csv = to_csv(sample, "1 of 3 models");
  EXPECT_THAT(csv, testing::StartsWith("case,head,class,value,low,high,unfinished\n"));
  EXPECT_THAT(csv, HasSubstr("P1,os,,-1.5,-2,-1,1 of 3 models\n"));
  core::write_file_atomic(folder / "predictions.csv", csv);
  EXPECT_EQ(read_predictions(folder / "predictions.csv").size(), 2U);
  for (const auto& one : nlohmann::json::parse(to_json(sample, {}, "1 of 3 models")))
    EXPECT_EQ(one["unfinished"], "1 of 3 models");
}

TEST(Predictions, JsonSaysWhatWasOddAboutACasesFiles) {
  const auto json = nlohmann::json::parse(to_json(
      sample, {{sample[0].case_id, "mri", "a.nii", "is odd"}, {"somebody else", "", "", "is odd too"}}));
  EXPECT_EQ(json[0]["warnings"], nlohmann::json({"input mri: a.nii: is odd"}));
  for (size_t i = 1; i < json.size(); ++i)
    EXPECT_EQ(json[i].contains("warnings"), sample[i].case_id == sample[0].case_id) << i;
}

TEST(Predictions, ErrorsNameFileAndLine) {
  test::TemporaryFolder folder;
  const auto failure = [&](const std::string& text) {
    core::write_file_atomic(folder / "p.csv", text);
    return test::message_of(core::Fault::data, [&] { read_predictions(folder / "p.csv"); });
  };
  const std::string header = "case,head,class,value,low,high\n";
  EXPECT_THAT(failure(header + "P1,os,,1,0,2\nP2,os,,x,0,2\n"),
              HasSubstr("p.csv:3: value: expected a number, got `x`"));
  EXPECT_THAT(failure(header + "P1,os,,1,0,2\nP1,os,,1,0,2\n"),
              HasSubstr("p.csv:3: a second row for case P1, head os"));
  EXPECT_THAT(failure(header + ",os,,1,0,2\n"), HasSubstr("p.csv:2: `case` and `head` may not be blank"));
  EXPECT_THAT(failure("case,head,value,low,high\nP1,os,1,0,2\n"), HasSubstr("class"));
}

}  // namespace
}  // namespace photo51::model
