#include "photo51/run/layout.hpp"

#include "run/run_files.hpp"

namespace photo51::run {
namespace {

namespace fs = std::filesystem;
using test::put;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

TEST(Layout, ARunIsRemovedWholeButForItsLock) {
  const test::TemporaryFolder folder;
  const auto run = folder / "run";
  test::put_run(run);
  put(run / "warnings.csv", "case,input,file,warning\n");
  put(run / "config.yaml.bak", "train: {}\n");  // kept by photo51 migrate
  put(run / "checkpoints/fold_0_repeat_1/inner_1_of_3/last.safetensors", "w");
  put(run / "metrics.csv.tmp123_4", "half");
  put(run / "program_mri.pt", "code");
  put(run / "program_mri.pt.tmp123_00ff00ff00ff00ff", "half");
  put(run / "metrics.csv.tmp123_00ff00ff00ff00ff", "half");
  put(run / ".photo51_probe_77", "");
  put(run / ".photo51_probe.tmp77_00ff00ff00ff00ff", "");
  EXPECT_TRUE(contents_of(run).foreign.empty());
  remove_run(run, {});
  EXPECT_EQ(std::distance(fs::directory_iterator(run), {}), 1);
  EXPECT_TRUE(fs::exists(run / "photo51.lock"));
  EXPECT_TRUE(contents_of(run).empty);
}

TEST(Layout, NothingForeignIsRemoved) {
  const test::TemporaryFolder folder;
  const auto run = folder / "run";
  for (const char* foreign :
       {"thesis.tex", "data/scan.nii", "paper.tmp", "metrics.csv.tmp", "cases.csv.bak", "program.pt",
        "program_mri.txt", "checkpoints/notes.txt", "checkpoints/fold_0/figure.png",
        "checkpoints/fold_x/best.safetensors", "checkpoints/fold_0/inner_1/last.safetensors",
        "checkpoints/fold_0/config.yaml"}) {
    test::put_run(run);
    put(run / foreign, "mine");
    const auto name = fs::path(foreign).begin()->string() == "checkpoints" ? "checkpoints" : foreign;
    PHOTO51_EXPECT_ERROR(remove_run(run, {}), usage,
                         AllOf(HasSubstr("holds more than a run writes"), HasSubstr("--overwrite")));
    EXPECT_TRUE(fs::exists(run / foreign) && fs::exists(run / "predictions.csv")) << name;
    fs::remove_all(run);
  }
  test::put_run(run);
  put(folder / "elsewhere.csv", "mine");
  fs::remove(run / "metrics.csv");
  fs::create_symlink(folder / "elsewhere.csv", run / "metrics.csv");  // a run makes no links
  PHOTO51_EXPECT_ERROR(remove_run(run, {}), usage, HasSubstr("metrics.csv"));
}

TEST(Layout, AProjectWithAConfigIsNoRun) {
  const test::TemporaryFolder folder;
  put(folder / "a/config.yaml", "a: 1\n");
  put(folder / "a/thesis.tex", "mine");
  PHOTO51_EXPECT_ERROR(check_replaceable(folder / "a", {}), usage,
                       AllOf(HasSubstr("no run folder"), HasSubstr("thesis.tex")));
  // Names that a run has, too, made by somebody else.
  put(folder / "b/config.yaml", "a: 1\n");
  put(folder / "b/environment.json", R"({"python": "3.12"})");
  put(folder / "b/predictions.csv", "mine");
  PHOTO51_EXPECT_ERROR(check_replaceable(folder / "b", {}), usage, HasSubstr("no run folder"));
  put(folder / "b/photo51.lock", "mine");
  PHOTO51_EXPECT_ERROR(check_replaceable(folder / "b", {}), usage, HasSubstr("no run folder"));
}

TEST(Layout, WhatTheNewRunNeedsIsKept) {
  const test::TemporaryFolder folder;
  const auto run = folder / "run";
  test::put_run(run);
  for (const auto& needed : {run / "config.yaml", run / "checkpoints/fold_0/best.safetensors", run,
                             folder / "run/../run/cases.csv"})
    PHOTO51_EXPECT_ERROR(check_replaceable(run, {needed}), usage, HasSubstr("which the new run needs"));
  fs::create_directory_symlink(run, folder / "link");
  PHOTO51_EXPECT_ERROR(check_replaceable(run, {folder / "link/config.yaml"}), usage, HasSubstr("needs"));
  check_replaceable(run, {folder / "config.yaml", folder.path(), folder / "run2", ""});
  const auto before = fs::current_path();
  fs::current_path(run / "checkpoints");
  const auto error = test::error_of([&] { check_replaceable(run, {}); });
  fs::current_path(before);
  ASSERT_TRUE(error.has_value());
  EXPECT_THAT(error->what(), HasSubstr("working folder"));
}

TEST(Layout, OnlyOwnTemporariesAreClearedAway) {
  const test::TemporaryFolder folder;
  const auto run = folder / "run";
  test::put_run(run);
  for (const char* file :
       {"paper.tmp", "predictions.csv.tmp", "notes.csv.tmp12_3", "predictions.csv.tmp12_3x",
        "predictions.csv.tmp12_3", "checkpoints/fold_1/best.safetensors.tmp1_0"})
    put(run / file, "x");
  remove_temporaries(run);
  EXPECT_FALSE(fs::exists(run / "predictions.csv.tmp12_3"));
  EXPECT_FALSE(fs::exists(run / "checkpoints/fold_1/best.safetensors.tmp1_0"));
  EXPECT_THAT(contents_of(run).foreign,
              UnorderedElementsAre("paper.tmp", "predictions.csv.tmp", "notes.csv.tmp12_3",
                                   "predictions.csv.tmp12_3x"));
}

TEST(Layout, OutputsStayOutOfRunsAndModels) {
  const test::TemporaryFolder folder;
  test::put_run(folder / "run");
  put(folder / "begun/config.yaml", "a: 1\n");
  fs::create_directories(folder / "begun/checkpoints");
  put(folder / "model/model.yaml", "a: 1\n");
  fs::create_directory_symlink(folder / "run", folder / "link");
  for (const char* out : {"run", "run/", "run/checkpoints/..", "link", "begun", "model", "run/checkpoints",
                          "run/checkpoints/fold_0", "run/checkpoints/new"})
    PHOTO51_EXPECT_ERROR(refuse_output_folder(folder / out, "--out"), usage,
                         AllOf(HasSubstr("--out: "), HasSubstr("choose another folder")));
  PHOTO51_EXPECT_ERROR(refuse_output_folder(folder / "run/checkpoints/new", "--out"), usage,
                       HasSubstr("lies among the models of a run"));
  PHOTO51_EXPECT_ERROR(refuse_output_file(folder / "run/predictions.csv", "--out"), usage,
                       HasSubstr("a run"));
  PHOTO51_EXPECT_ERROR(refuse_output_file(folder / "model/x.csv", "--out"), usage, HasSubstr("model.yaml"));
  for (const char* out : {"new", "run/predicted", "run2", ""}) refuse_output_folder(folder / out, "--out");
  refuse_output_folder("", "--out");
  put(folder / "project/config.yaml", "mine");
  refuse_output_folder(folder / "project", "--out");
  refuse_output_file(folder / "x.csv", "--out");
}

TEST(Layout, NamesOfMembersAndWeights) {
  EXPECT_EQ(member_name(2, 0), "fold_2");
  EXPECT_EQ(member_name(2, 1), "fold_2_repeat_1");
  EXPECT_EQ(inner_member_name(1, 3), "inner_1_of_3");
  EXPECT_EQ(published_weights_name(0, 1), "weights.safetensors");
  EXPECT_EQ(published_weights_name(2, 5), "weights_2.safetensors");
  EXPECT_TRUE(is_published_weights("weights_2.safetensors"));
  EXPECT_FALSE(is_published_weights("best.safetensors"));
  EXPECT_FALSE(is_published_weights("weights.csv"));
}

}  // namespace
}  // namespace photo51::run
