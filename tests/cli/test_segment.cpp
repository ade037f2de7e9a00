// A cohort with masks -> training, maps of new cases, their scores; and a config planned for it.
#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "cli/program.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/table.hpp"
#include "photo51/imaging/read.hpp"

namespace photo51::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class Segment : public ::testing::Test {
 protected:
  std::string at(const std::string& name) const { return (folder_ / name).string(); }
  static std::string manifest() { return (cohort() / "cohort.csv").string(); }
  Outcome trained(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments{"train",
                                       (source_dir() / "configs/phantom/segment.yaml").string(),
                                       manifest_override(),
                                       "--out",
                                       at("run"),
                                       "--quiet",
                                       "train.epochs=1",
                                       "train.workers=0",
                                       "inputs.mri.patch.size=[16, 16, 16]",
                                       "inputs.mri.preprocess.spacing=[5, 5, 5]",
                                       "evaluate.bootstrap_samples=20"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_program(arguments);
  }
  TemporaryFolder folder_;
};

TEST_F(Segment, FromCohortToMasks) {
  const Outcome training = trained();
  ASSERT_EQ(training.exit_code, 0) << training.err;
  EXPECT_THAT(slurp(at("run/metrics.csv")),
              AllOf(HasSubstr("lesion,dice,all,"), HasSubstr("lesion,dice:lesion,all,")));
  EXPECT_THAT(slurp(at("run/report.html")),
              AllOf(HasSubstr("drawn green, predicted orange"), HasSubstr("mean Dice")));
  const Outcome again = run_program({"evaluate", at("run"), "--quiet"});
  EXPECT_EQ(again.exit_code, 0) << again.err;

  const Outcome predicted = run_program(
      {"predict", at("run"), "--cases", manifest(), "--out", at("out"), "--mirror", "x,y", "--quiet"});
  ASSERT_EQ(predicted.exit_code, 0) << predicted.err;
  const auto table = core::read_table(manifest());
  size_t maps = 0;
  for (const auto& row : table.rows) {
    const std::string id = row[table.require("patient")], t1c = row[table.require("t1c")];
    if (t1c.empty()) continue;
    const auto map = imaging::read_volume(at("out/" + id + "/lesion.nii.gz"),
                                          {.modality = imaging::Modality::segmentation, .series = {}});
    EXPECT_TRUE(map.geometry.matches(imaging::read_volume(cohort() / t1c).geometry)) << id;
    EXPECT_EQ(map.data.scalar_type(), at::kByte);
    ++maps;
  }
  EXPECT_GT(maps, 10U);
  EXPECT_THAT(slurp(at("out/predictions.csv")), HasSubstr(",lesion,lesion,"));

  const Outcome evaluated =
      run_program({"evaluate", at("run"), "--cases", manifest(), "--out", at("scored"), "--quiet"});
  ASSERT_EQ(evaluated.exit_code, 0) << evaluated.err;
  EXPECT_THAT(slurp(at("scored/map_scores.csv")),
              HasSubstr("case,head,class,dice,hd95,nsd,predicted_ml,true_ml"));
  EXPECT_THAT(slurp(at("scored/metrics.csv")), HasSubstr("lesion,nsd:lesion,all,"));
  EXPECT_THAT(slurp(at("scored/report.html")), HasSubstr("drawn green, predicted orange"));

  const Outcome published = run_program({"export", at("run"), "--out", at("model"), "--quiet"});
  ASSERT_EQ(published.exit_code, 0) << published.err;
  EXPECT_EQ(run_program({"doctor", "--model", at("model")}).exit_code, 0);
  const Outcome of_model =
      run_program({"predict", at("model"), "--cases", manifest(), "--out", at("of_model"), "--quiet"});
  EXPECT_EQ(of_model.exit_code, 0) << of_model.err;
}

TEST_F(Segment, WhatCannotBeSaysWhy) {
  const Outcome masked = trained({"inputs.mri.mask=seg"});
  EXPECT_EQ(masked.exit_code, 2);
  EXPECT_THAT(masked.err, HasSubstr("`seg` is the mask that head `lesion` is to draw"));
  const Outcome unnamed = trained({"model.heads.lesion.classes=[a, b]", "model.heads.lesion.values=[3, 4]"});
  EXPECT_EQ(unnamed.exit_code, 3);
  EXPECT_THAT(unnamed.err, HasSubstr("which is no class"));
  const Outcome elsewhere = trained({"model.heads.lesion.input=mir", "--overwrite"});
  EXPECT_EQ(elsewhere.exit_code, 2);
  EXPECT_THAT(elsewhere.err, AllOf(HasSubstr("input"), HasSubstr("mri")));
  const Outcome axis =
      run_program({"predict", at("run"), "--cases", manifest(), "--out", at("o"), "--mirror", "w"});
  EXPECT_EQ(axis.exit_code, 2);
  EXPECT_THAT(axis.err, HasSubstr("--mirror"));
}

}  // namespace
}  // namespace photo51::test
