#include "photo51/training/plan/experiment_plan.hpp"

#include <ATen/ATen.h>

#include <algorithm>

#include "photo51/core/files.hpp"
#include "photo51/data/modality/mri.hpp"
#include "photo51/imaging/write.hpp"
#include "photo51/model/options.hpp"
#include "photo51/radiogenomics/heads/options.hpp"
#include "photo51/training/run/experiment.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"
#include "training/plan/yaml_text.hpp"

namespace photo51::training {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

/// Patients of three hospitals with one sequence, a drawn lesion and what they had.
class ExperimentPlanTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string text = "patient,site,flair,seg,age,idh,subtype,grade,time,event\n";
    for (int row = 0; row < 40; ++row) {
      const std::string id = "P" + std::to_string(row);
      if (row < 6) write_patient(id, row);
      // The files are few: what a file holds does not depend on who names it.
      const std::string of = "P" + std::to_string(row % 6);
      text += id + "," +
              (row % 4 == 0   ? "Cedar"
               : row % 4 == 1 ? "Ash"
                              : "Birch") +
              "," + of + "_flair.nii.gz," + of + "_seg.nii.gz," + std::to_string(40 + row % 30) + "," +
              std::to_string(row % 5 == 0) + "," +
              (row % 3 == 0   ? "alpha"
               : row % 3 == 1 ? "beta"
                              : "gamma") +
              "," + std::to_string(2 + row % 3) + "," + std::to_string(100 + 7 * row) + "," +
              std::to_string(row % 2) + "\n";
    }
    core::write_file_atomic(folder_ / "cohort.csv", text);
    request_.manifest = folder_ / "cohort.csv";
  }

  void write_patient(const std::string& id, int64_t row) const {
    imaging::Volume image;
    image.geometry.size = {40, 36, 20};
    image.geometry.spacing = {1, 1, 2};
    image.data = at::zeros({1, 20, 36, 40}, at::kShort);
    at::Tensor head = image.data.narrow(1, 2, 16).narrow(2, 4, 28).narrow(3, 5, 30);
    head.copy_((at::arange(head.numel()) % 200).view(head.sizes()).add(100 + row));
    imaging::write_nifti(image, folder_ / (id + "_flair.nii.gz"));
    image.data = at::zeros({1, 20, 36, 40}, at::kByte);
    image.data.narrow(1, 8, 4).narrow(2, 10, 10).narrow(3, 12, 12).fill_(1);
    imaging::write_nifti(image, folder_ / (id + "_seg.nii.gz"));
  }

  ExperimentOptions read(const std::string& yaml) const {
    core::write_file_atomic(folder_ / "plan.yaml", yaml);
    return read_experiment(folder_ / "plan.yaml");
  }

  static std::string why(const ExperimentPlan& plan, const std::string& column) {
    for (const auto& note : plan.left_out)
      if (note.column == column) return note.text;
    return "it is not left out";
  }

  test::TemporaryFolder folder_;
  PlanRequest request_;
};

TEST_F(ExperimentPlanTest, EveryChoiceFollowsFromTheCohort) {
  const ExperimentPlan plan = plan_experiment(request_);
  const ExperimentOptions experiment = read(plan.yaml);
  EXPECT_EQ(experiment.pipeline.cohort.manifest, request_.manifest);
  EXPECT_THAT(experiment.pipeline.cohort.split.hold_out, ElementsAre("Ash"))
      << "a quarter, the first by name";
  EXPECT_EQ(experiment.pipeline.cohort.split.folds, 3) << "30 patients are left";
  EXPECT_EQ(experiment.pipeline.cohort.split.stratify, "idh");
  ASSERT_EQ(experiment.pipeline.inputs.size(), 2U);
  EXPECT_EQ(experiment.pipeline.inputs[0].first, "mri");
  const auto& mri = experiment.pipeline.inputs[0].second.as<data::MriOptions>();
  EXPECT_THAT(mri.channels, ElementsAre("flair"));
  EXPECT_EQ(mri.mask, "seg");
  EXPECT_THAT(mri.preprocess.spacing, ElementsAre(1, 1, 2));
  EXPECT_THAT(mri.preprocess.size, ElementsAre(28, 28, 12))
      << "12 x 10 x 4 voxels and 8 mm on each side, by fours";
  EXPECT_EQ(mri.preprocess.crop.around, preprocess::CropAround::mask);
  EXPECT_EQ(mri.preprocess.normalize.method, preprocess::NormalizeMethod::zscore);
  EXPECT_EQ(mri.preprocess.normalize.region, preprocess::NormalizeRegion::foreground);
  EXPECT_EQ(experiment.pipeline.inputs[1].first, "clinical");
  std::vector<std::string> heads;
  for (const auto& [name, head] : experiment.pipeline.model.heads) heads.push_back(name);
  EXPECT_THAT(heads, ElementsAre("survival", "idh", "subtype"));
  EXPECT_THAT(plan.yaml,
              AllOf(HasSubstr("idh: {task: binary, class_weights: inverse}"), HasSubstr("`0` (32), `1` (8)"),
                    HasSubstr("20 events, 20 censored"), HasSubstr("Ash 10, Birch 20, Cedar 10")));
  EXPECT_THAT(why(plan, "grade"), HasSubstr("--label grade=multiclass"));
  EXPECT_THAT(plan.yaml, HasSubstr("# Left out: `grade`"));
  EXPECT_EQ(experiment.train.batch_size, 4);
  EXPECT_THAT(experiment.evaluate.groups, ElementsAre("site"));
}

TEST_F(ExperimentPlanTest, LittleMemoryMakesSmallImages) {
  request_.memory_gb = 0.01;
  const ExperimentOptions experiment = read(plan_experiment(request_).yaml);
  const auto& mri = experiment.pipeline.inputs.at(0).second.as<data::MriOptions>();
  EXPECT_GT(mri.preprocess.spacing[0], 1);
  EXPECT_LE(mri.preprocess.size[0] * mri.preprocess.size[1] * mri.preprocess.size[2], 0.01e9 / 4 / 288);
  EXPECT_TRUE(mri.preprocess.antialias);
}

TEST_F(ExperimentPlanTest, WhatTheSplitCannotTeachIsLeftOut) {
  // Only one hospital sees gamma: it cannot be held out, and so another is.
  std::string text = core::read_file(request_.manifest);
  for (size_t at = 0; (at = text.find("Ash", at)) != std::string::npos;) {
    const size_t end = text.find('\n', at);
    std::string row = text.substr(at, end - at);
    for (const char* word : {"alpha", "beta"})
      if (const size_t found = row.find(word); found != std::string::npos)
        row.replace(found, std::string(word).size(), "gamma");
    text.replace(at, end - at, row);
    at += row.size();
  }
  size_t at = 0;
  std::string others;
  for (std::string line; at < text.size(); at += line.size() + 1) {
    line = text.substr(at, text.find('\n', at) - at);
    std::string kept = line;
    if (line.find("Ash") == std::string::npos)
      if (const size_t found = line.find("gamma"); found != std::string::npos)
        kept.replace(found, 5, "alpha");
    others += kept + "\n";
  }
  core::write_file_atomic(request_.manifest, others);
  const ExperimentOptions experiment = read(plan_experiment(request_).yaml);
  EXPECT_THAT(experiment.pipeline.cohort.split.hold_out, ElementsAre("Cedar"));
}

TEST_F(ExperimentPlanTest, LabelsThatAreNamedAreTheOnlyOnes) {
  request_.hints.labels = {{"grade", "multiclass"}};
  const ExperimentPlan plan = plan_experiment(request_);
  const ExperimentOptions experiment = read(plan.yaml);
  ASSERT_EQ(experiment.pipeline.model.heads.size(), 1U);
  EXPECT_EQ(experiment.pipeline.model.heads[0].first, "grade");
  EXPECT_THAT(experiment.pipeline.model.heads[0].second.as<radiogenomics::MulticlassHeadOptions>().classes,
              ElementsAre("2", "3", "4"));
  EXPECT_THAT(why(plan, "idh"), HasSubstr("not among the labels"));
}

TEST_F(ExperimentPlanTest, PlansOfNnunetSayHowImagesAreMade) {
  core::write_file_atomic(folder_ / "nnUNetPlans.json",
                          R"({"transpose_forward": [0, 1, 2], "configurations": {"3d_fullres": {
    "batch_size": 6, "patch_size": [16, 32, 40], "spacing": [2.0, 1.5, 1.25], "median_image_size_in_voxels": [16, 28, 30],
    "normalization_schemes": ["ZScoreNormalization"], "use_mask_for_norm": [false],
    "architecture": {"arch_kwargs": {"features_per_stage": [32, 64], "strides": [[1, 1, 1], [2, 2, 2]], "kernel_sizes": [[3, 3, 3], [3, 3, 3]]}}}}})");
  request_.nnunet = folder_ / "nnUNetPlans.json";
  const ExperimentPlan plan = plan_experiment(request_);
  const ExperimentOptions experiment = read(plan.yaml);
  const auto& mri = experiment.pipeline.inputs.at(0).second.as<data::MriOptions>();
  EXPECT_THAT(mri.preprocess.spacing, ElementsAre(1.25, 1.5, 2));
  EXPECT_THAT(mri.preprocess.size, ElementsAre(40, 32, 16));
  EXPECT_EQ(mri.preprocess.normalize.region, preprocess::NormalizeRegion::all);
  EXPECT_EQ(experiment.train.batch_size, 6);
  request_.hints.ignored = {"flair"};
  PHOTO51_EXPECT_ERROR(
      plan_experiment(request_), usage,
      AllOf(HasSubstr("is of 1 channel(s) in 3 dimensions, and no input"), HasSubstr("--ignore")));
}

TEST_F(ExperimentPlanTest, SlicesAcrossAnotherAxisAreRefused) {
  core::write_file_atomic(folder_ / "nnUNetPlans.json",
                          R"({"transpose_forward": [2, 0, 1], "configurations": {"2d": {
    "batch_size": 6, "patch_size": [32, 40], "spacing": [1.5, 1.25], "median_image_size_in_voxels": [28, 30],
    "normalization_schemes": ["ZScoreNormalization"], "use_mask_for_norm": [false],
    "architecture": {"arch_kwargs": {"features_per_stage": [32], "strides": [[1, 1]], "kernel_sizes": [[3, 3]]}}}}})");
  request_.nnunet = folder_ / "nnUNetPlans.json";
  request_.hints.labels = {{"seg", "segmentation"}};
  PHOTO51_EXPECT_ERROR(plan_experiment(request_), usage,
                       AllOf(HasSubstr("nnUNetPlans.json: 2d is of slices across another axis"),
                             HasSubstr("--configuration 3d_fullres")));
}

TEST_F(ExperimentPlanTest, MasksAloneAreWhatIsPredicted) {
  std::string text = "patient,flair,seg\n";
  for (int row = 0; row < 6; ++row)
    text += "P" + std::to_string(row) + ",P" + std::to_string(row) + "_flair.nii.gz,P" + std::to_string(row) +
            "_seg.nii.gz\n";
  core::write_file_atomic(request_.manifest, text);
  const ExperimentPlan plan = plan_experiment(request_);
  EXPECT_THAT(plan.yaml,
              AllOf(HasSubstr("task: segmentation"), HasSubstr("label: seg"), HasSubstr("spacing: [1, 1, 2]"),
                    HasSubstr("patch: {size: [32, 28, 16]}"), HasSubstr("batch_size: 2"),
                    HasSubstr("strides: [\"1x1x1\", \"1x2x2\", \"2x2x2\", \"2x1x2\"]"),
                    HasSubstr("decoder: {name: dynunet}")));
  EXPECT_THAT(plan.heads, ElementsAre("segmentation: seg, lesion"));
}

TEST_F(ExperimentPlanTest, ErrorsNameTheRemedy) {
  request_.memory_gb = 0;
  PHOTO51_EXPECT_ERROR(plan_experiment(request_), usage, HasSubstr("--memory: 0 GB"));
  request_.memory_gb = 8;
  request_.hints.ignored = {"idh", "subtype", "time", "event", "seg"};
  PHOTO51_EXPECT_ERROR(
      plan_experiment(request_), usage,
      AllOf(HasSubstr("no column can be a head"), HasSubstr("`grade`"), HasSubstr("--label COLUMN=TASK")));
  request_.hints.ignored = {"flair", "seg", "age"};
  PHOTO51_EXPECT_ERROR(plan_experiment(request_), usage,
                       AllOf(HasSubstr("no column can be an input"), HasSubstr("--input COLUMN=MODALITY")));
  request_.hints.ignored = {"flair"};
  request_.hints.labels = {{"seg", "segmentation"}};
  PHOTO51_EXPECT_ERROR(plan_experiment(request_), usage, HasSubstr("no image belongs to the mask `seg`"));
  core::write_file_atomic(request_.manifest,
                          "patient,flair,a_mask,b_mask\nP0,P0_flair.nii.gz,P0_seg.nii.gz,P0_seg.nii.gz\n");
  request_.hints = {};
  PHOTO51_EXPECT_ERROR(plan_experiment(request_), usage, HasSubstr("no column can be a head"));
  core::write_file_atomic(
      request_.manifest,
      "patient,flair,flair_mask,flair_seg\nP0,P0_flair.nii.gz,P0_seg.nii.gz,P0_seg.nii.gz\n");
  PHOTO51_EXPECT_ERROR(plan_experiment(request_), usage,
                       AllOf(HasSubstr("several columns of masks could be predicted (flair_mask, flair_seg)"),
                             HasSubstr("--label COLUMN=segmentation")));
}

TEST(YamlText, WordsReadBackAsThemselves) {
  EXPECT_EQ(yaml_word("t1.c_2"), "t1.c_2");
  for (const std::string odd : {"1", "yes", "a: b", "#x", "", "No", "a \"b\" \\", "null"})
    EXPECT_EQ(yaml_word(odd).front(), '"') << odd;
  EXPECT_EQ(yaml_list(std::vector<double>{0.1, 2, 1.0 / 3}, 3), "[0.1, 2, 0.333]");
}

TEST(YamlText, LongCommentsStandAbove) {
  YamlText yaml;
  yaml.add(1, "folds: 3", "short");
  yaml.add(1, "seed: 1", std::string(100, 'x') + " " + std::string(30, 'y'));
  EXPECT_EQ(yaml.text(), "  folds: 3   # short\n  # " + std::string(100, 'x') + "\n  # " +
                             std::string(30, 'y') + "\n  seed: 1\n");
}

}  // namespace
}  // namespace photo51::training
