// What a run does to files that are not its own, to data that moved, and to results that are not whole.
#include <gmock/gmock.h>

#include <set>
#include <sstream>

#include "photo51/core/table.hpp"
#include "photo51/inference/predictor.hpp"
#include "photo51/report/scored_run.hpp"
#include "photo51/run/lock.hpp"
#include "support/errors.hpp"
#include "training/tabular_cohort.hpp"

namespace photo51::training {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

RunRequest resume() {
  RunRequest request;
  request.resume = true;
  return request;
}
RunRequest stop_after(int64_t steps) {
  RunRequest request;
  request.stop_after_steps = steps;
  return request;
}

TEST(RunSafety, OverwriteLeavesAnythingElseAlone) {
  const test::TabularCohort cohort;
  cohort.config();
  const auto run = cohort.run("run", {"train.epochs=1"});
  const std::string before = core::read_file(run / "predictions.csv");
  std::ofstream(run / "thesis.tex") << "mine";
  RunRequest request;
  request.overwrite = true;
  PHOTO51_EXPECT_ERROR(cohort.run("run", {"train.epochs=2"}, request), usage,
                       AllOf(HasSubstr("thesis.tex"), HasSubstr("leaves it alone")));
  // The project itself, with the config and the manifest of the new run.
  PHOTO51_EXPECT_ERROR(cohort.run("", {}, request), usage, HasSubstr("no run folder"));
  fs::remove(run / "thesis.tex");
  request.keep = {run / "config.yaml"};  // trained again from the config in the run folder
  PHOTO51_EXPECT_ERROR(cohort.run("run", {"train.epochs=2"}, request), usage,
                       HasSubstr("config.yaml, which"));
  request.keep.clear();
  fs::copy_file(cohort.manifest(), run / "cases.csv", fs::copy_options::overwrite_existing);
  PHOTO51_EXPECT_ERROR(
      cohort.run("run", {"train.epochs=2", "cohort.manifest=" + (run / "cases.csv").string()}, request),
      usage, HasSubstr("cases.csv, which"));
  EXPECT_EQ(core::read_file(run / "predictions.csv"), before);
  cohort.run("run", {"train.epochs=2"}, request);
  EXPECT_NE(core::read_file(run / "predictions.csv"), before);
}

TEST(RunSafety, ALinkStaysALink) {
  const test::TabularCohort cohort;
  cohort.config();
  fs::create_directory_symlink("big", cohort / "link");  // to a folder that is not made yet
  RunRequest request;
  cohort.run("link", {"train.epochs=1"}, request);
  request.overwrite = true;
  cohort.run("link", {"train.epochs=2"}, request);
  EXPECT_TRUE(fs::is_symlink(cohort / "link"));
  EXPECT_TRUE(fs::exists(cohort / "big/metrics.csv"));
  request.overwrite = false;
  request.resume = true;
  cohort.run("link", {"train.epochs=2"}, request);
}

TEST(RunSafety, ResumingLeavesFilesOfOthers) {
  const test::TabularCohort cohort;
  cohort.config();
  const auto run = cohort.run("run", {"train.epochs=1"});
  for (const char* file : {"paper.tmp", "checkpoints/fold_0/notes.tmp1"}) std::ofstream(run / file) << "mine";
  std::ofstream(run / "metrics.csv.tmp77_0") << "half";
  cohort.run("run", {"train.epochs=1"}, resume());
  EXPECT_TRUE(fs::exists(run / "paper.tmp") && fs::exists(run / "checkpoints/fold_0/notes.tmp1"));
  EXPECT_FALSE(fs::exists(run / "metrics.csv.tmp77_0"));
}

TEST(RunSafety, OneProcessAtATime) {
  const test::TabularCohort cohort;
  cohort.config();
  const auto run = cohort.run("run", {"train.epochs=1"});
  {
    const run::Lock other(run);
    RunRequest over;
    over.overwrite = true;
    for (const auto& request : {resume(), over})
      PHOTO51_EXPECT_ERROR(cohort.run("run", {"train.epochs=1"}, request), run, HasSubstr("another process"));
    fs::create_directory(cohort / "fresh");
    const run::Lock begun(cohort / "fresh");
    PHOTO51_EXPECT_ERROR(cohort.run("fresh", {"train.epochs=1"}), run, HasSubstr("another process"));
  }
  cohort.run("fresh", {"train.epochs=1"});
  // Handed on, so that the report is written before another process comes.
  RunRequest request = resume();
  request.folder = run;
  const TrainedRun trained = train(read_experiment(cohort / "config.yaml", {"train.epochs=1"}), request);
  EXPECT_TRUE(test::error_of([&] { run::Lock second(run); }).has_value());
}

TEST(RunSafety, GoesOnWhereTheDataLieNow) {
  test::TabularCohort cohort;
  cohort.config();
  const auto whole = cohort.run("whole", {"train.epochs=3"});
  PHOTO51_EXPECT_ERROR(cohort.run("run", {"train.epochs=3"}, stop_after(5)), interrupted,
                       HasSubstr("--resume"));
  // The same rows elsewhere, with a column more that nothing looks at.
  fs::create_directory(cohort / "moved");
  std::istringstream text(core::read_file(cohort.manifest()));
  std::ofstream moved(cohort / "moved/patients.csv");
  int rows = 0;
  for (std::string line; std::getline(text, line);) moved << line << (rows++ == 0 ? ",note" : ",x") << "\n";
  moved.close();
  fs::remove(cohort.manifest());
  const std::string manifest = "cohort.manifest=" + (cohort / "moved/patients.csv").string();
  cohort.run("run", {"train.epochs=3", manifest, "cohort.on_bad_case=skip"}, resume());
  for (const char* file : {"predictions.csv", "metrics.csv", "checkpoints/fold_1/best.safetensors"})
    EXPECT_EQ(core::read_file(cohort / "run" / file), core::read_file(whole / file)) << file;
  EXPECT_EQ(report::load_run(cohort / "run").warnings.size(), 0U) << "found at its new place, unchanged";
}

TEST(RunSafety, OtherDataAreRefusedByName) {
  test::TabularCohort cohort;
  cohort.config();
  PHOTO51_EXPECT_ERROR(cohort.run("run", {"train.epochs=3"}, stop_after(5)), interrupted,
                       HasSubstr("--resume"));
  const std::string before = core::read_file(cohort.manifest());
  const std::string config = core::read_file(cohort / "run/config.yaml");
  const size_t row = before.find("\nP7,");
  std::string other = before;
  other.replace(other.find(",B,", row), 3, ",A,");
  core::write_file_atomic(cohort.manifest(), other);
  PHOTO51_EXPECT_ERROR(cohort.run("run", {"train.epochs=3", "cohort.on_bad_case=skip"}, resume()), usage,
                       AllOf(HasSubstr("case P7"), HasSubstr("its row"), HasSubstr("has changed")));
  cohort.write({{"x2", "0.5"}});
  PHOTO51_EXPECT_ERROR(cohort.run("run", {"train.epochs=3"}, resume()), usage,
                       AllOf(HasSubstr("case P0"), HasSubstr("input table")));
  core::write_file_atomic(cohort.manifest(), before.substr(0, before.rfind("\nP59,") + 1));
  PHOTO51_EXPECT_ERROR(cohort.run("run", {"train.epochs=3"}, resume()), usage, HasSubstr("other patients"));
  EXPECT_EQ(core::read_file(cohort / "run/config.yaml"), config) << "refused, so nothing is written";
}

TEST(RunSafety, TheCaseItStoppedOnMayBeMended) {
  test::TabularCohort cohort;
  cohort.config();
  PHOTO51_EXPECT_ERROR(cohort.run("run", {"train.epochs=3"}, stop_after(5)), interrupted,
                       HasSubstr("--resume"));
  std::ofstream(cohort / "run/stopped.json") << R"({"cases": ["P7"], "error": "case P7: input table: ..."})";
  std::string text = core::read_file(cohort.manifest());
  const size_t row = text.find("\nP7,B,") + 6;
  text.replace(row, text.find(',', row) - row, "0.125");
  core::write_file_atomic(cohort.manifest(), text);
  cohort.run("run", {"train.epochs=3"}, resume());
  EXPECT_FALSE(fs::exists(cohort / "run/stopped.json"));
  // What was fitted is another now, so the model that was begun starts anew: the run is that of the new data.
  const auto fresh = cohort.run("fresh", {"train.epochs=3"});
  EXPECT_EQ(core::read_file(cohort / "run/predictions.csv"), core::read_file(fresh / "predictions.csv"));
  EXPECT_EQ(core::read_file(cohort / "run/environment.json"), core::read_file(fresh / "environment.json"));
}

TEST(RunSafety, ChangedResultsAreNotScored) {
  test::TabularCohort cohort;
  cohort.config();
  const auto run = cohort.run("run", {"train.epochs=1"});
  const std::string before = core::read_file(run / "predictions.csv");
  core::write_file_atomic(run / "predictions.csv",
                          before.substr(0, before.rfind('\n', before.size() - 2) + 1));
  PHOTO51_EXPECT_ERROR(report::load_run(run), data,
                       AllOf(HasSubstr("predictions.csv"), HasSubstr("has been changed")));
  cohort.run("run", {"train.epochs=1"}, resume());
  EXPECT_EQ(core::read_file(run / "predictions.csv"), before);
  EXPECT_TRUE(report::load_run(run).warnings.empty());
  // Labels of now are scored, and that is said.
  cohort.write({{"idh", "1"}});
  EXPECT_THAT(report::load_run(run).warnings,
              ::testing::ElementsAre(HasSubstr("has changed since the run was trained")));
}

TEST(RunSafety, ARunOfANewerFormatIsRefusedByEveryReader) {
  const test::TabularCohort cohort;
  cohort.config();
  const auto run = cohort.run("run", {"train.epochs=1"});
  const std::string environment = core::read_file(run / "environment.json");
  const std::string says = "\"format\": 1";
  const size_t place = environment.find(says);
  ASSERT_NE(place, std::string::npos);
  std::string newer = environment;
  core::write_file_atomic(run / "environment.json", newer.replace(place, says.size(), "\"format\": 2"));
  const auto refused = HasSubstr("is a run of format 2");
  PHOTO51_EXPECT_ERROR(report::load_run(run), data, refused);
  PHOTO51_EXPECT_ERROR(inference::Predictor{run}, data, refused);
  PHOTO51_EXPECT_ERROR(inference::export_model(run, cohort / "published"), data, refused);
  PHOTO51_EXPECT_ERROR(cohort.run("run", {"train.epochs=1"}, resume()), data, refused);
  // One of before there were formats is read by all of them.
  std::string older = environment;
  core::write_file_atomic(run / "environment.json", older.erase(place, says.size() + 1));
  EXPECT_TRUE(report::load_run(run).warnings.empty());
  EXPECT_EQ(inference::Predictor(run).size(), 2);
  cohort.run("run", {"train.epochs=1"}, resume());
  EXPECT_EQ(core::read_file(run / "environment.json").find("format"), std::string::npos);
}

class Unfinished : public ::testing::Test {
 protected:
  void SetUp() override {
    cohort_.config("checkpoint_every: 0, checkpoint: best", "idh: {task: binary}",
                   "by: site, hold_out: [C], folds: 2, seed: 1");
    // 20 cases a fold in batches of 8 are 3 steps an epoch: the second fold is in its last epoch.
    PHOTO51_EXPECT_ERROR(cohort_.run("run", {"train.epochs=4"}, stop_after(22)), interrupted,
                         HasSubstr("fold 2 of 2"));
    ASSERT_TRUE(fs::exists(cohort_ / "run/checkpoints/fold_1/best.safetensors"));
  }
  test::TabularCohort cohort_;
};

TEST_F(Unfinished, NeitherPredictsNorIsExportedUnasked) {
  const auto run = cohort_ / "run";
  PHOTO51_EXPECT_ERROR(inference::Predictor{run}, usage,
                       AllOf(HasSubstr("1 of 2 models is not trained to the end (fold_1)"),
                             HasSubstr("--resume"), HasSubstr("--allow-unfinished")));
  PHOTO51_EXPECT_ERROR(inference::export_model(run, cohort_ / "published"), usage, HasSubstr("not finished"));
  EXPECT_FALSE(fs::exists(cohort_ / "published"));
  const inference::Predictor predictor(run, {}, "cpu", /*allow_unfinished=*/true);
  EXPECT_THAT(predictor.unfinished(), HasSubstr("fold_1"));
  // The published model stays marked.
  inference::export_model(run, cohort_ / "published", true);
  EXPECT_THAT(core::read_file(cohort_ / "published/model.yaml"), HasSubstr("unfinished: \"1 of 2"));
  PHOTO51_EXPECT_ERROR(inference::Predictor{cohort_ / "published"}, usage, HasSubstr("not finished"));
  EXPECT_EQ(inference::Predictor(cohort_ / "published", {}, "cpu", true).unfinished(),
            predictor.unfinished());
  cohort_.run("run", {"train.epochs=4"}, resume());
  EXPECT_EQ(inference::Predictor(run).unfinished(), "");
}

TEST_F(Unfinished, GoesOnFromPredictionsOfItsOwnOnly) {
  const auto run = cohort_ / "run", file = run / "checkpoints/fold_0/predictions.csv";
  fs::copy(run, cohort_ / "copy", fs::copy_options::recursive);
  cohort_.run("run", {"train.epochs=4"}, resume());
  const std::string whole = core::read_file(file), all = core::read_file(run / "predictions.csv");
  const auto says = AllOf(HasSubstr("fold_0/predictions.csv: has been changed"), HasSubstr("remove it"));
  const std::string shorter = whole.substr(0, whole.rfind('\n', whole.size() - 2) + 1);
  for (const auto& place : {run, cohort_ / "copy"}) {
    core::write_file_atomic(place / "checkpoints/fold_0/predictions.csv", shorter);
    PHOTO51_EXPECT_ERROR(cohort_.run(place.filename(), {"train.epochs=4"}, resume()), data, says);
    PHOTO51_EXPECT_ERROR(report::load_run(place, {.allow_unfinished = true, .data_root = {}}), data, says);
    // The remedy: by the same weights comes the same.
    fs::remove(place / "checkpoints/fold_0/predictions.csv");
    cohort_.run(place.filename(), {"train.epochs=4"}, resume());
    EXPECT_EQ(core::read_file(place / "checkpoints/fold_0/predictions.csv"), whole);
    EXPECT_EQ(core::read_file(place / "predictions.csv"), all);
    EXPECT_TRUE(report::load_run(place).warnings.empty());
  }
  // Without a record they are not believed.
  fs::remove(run / "result_hashes.json");
  core::write_file_atomic(file, shorter);
  ::testing::internal::CaptureStderr();
  cohort_.run("run", {"train.epochs=4"}, resume());
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              AllOf(HasSubstr("fold_0/predictions.csv: nothing shows"), HasSubstr("predicted again")));
  EXPECT_EQ(core::read_file(file), whole);
}

TEST_F(Unfinished, IsScoredOnlyOnRequestByItsTrainedModels) {
  const auto run = cohort_ / "run";
  PHOTO51_EXPECT_ERROR(
      report::load_run(run), data,
      AllOf(HasSubstr("not finished"), HasSubstr("fold_1"), HasSubstr("--allow-unfinished")));
  const report::ScoredRun part = report::load_run(run, {.allow_unfinished = true, .data_root = {}});
  EXPECT_THAT(part.unfinished, HasSubstr("fold_1"));
  EXPECT_THAT(part.warnings, ::testing::ElementsAre(HasSubstr("not finished")));
  std::set<std::string> development, of_fold_0;
  for (const auto& prediction : part.predictions.development) development.insert(prediction.case_id);
  for (const auto& row : core::read_table(run / "cases.csv").rows)
    if (row[3] == "0") of_fold_0.insert(row[0]);
  EXPECT_EQ(development, of_fold_0);
  EXPECT_EQ(part.predictions.test.size(), 2U * 20);
  fs::remove_all(run / "checkpoints/fold_0");
  PHOTO51_EXPECT_ERROR(report::load_run(run, {.allow_unfinished = true, .data_root = {}}), data,
                       HasSubstr("no model"));
}

}  // namespace
}  // namespace photo51::training
