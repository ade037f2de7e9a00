#include "photo51/run/state.hpp"

#include "photo51/core/files.hpp"
#include "run/run_files.hpp"

namespace photo51::run {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(State, SaysWhichModelsAreMissing) {
  const test::TemporaryFolder folder;
  const auto run = folder / "run";
  test::put_run(run);
  EXPECT_EQ(missing_models(run), "");
  fs::remove(run / "checkpoints/fold_1/predictions.csv");  // weights of an epoch before the last
  EXPECT_EQ(missing_models(run), "1 of 2 models is not trained to the end (fold_1)");
  test::put(run / "config.yaml", "train: {repeats: 2}\n");
  EXPECT_THAT(missing_models(run),
              AllOf(HasSubstr("3 of 4 models are"), HasSubstr("fold_0_repeat_1, fold_1, fold_1_repeat_1")));
  test::put(run / "cases.csv", "case,site,part,fold\nA,n,train,\nB,n,test,\n");  // one split
  test::put(run / "config.yaml", "train: {repeats: 1}\n");
  EXPECT_EQ(missing_models(run), "");
}

TEST(State, KnowsWhatCountsAfterTraining) {
  const test::TemporaryFolder folder;
  const auto run = folder / "run";
  test::put_run(run);
  test::put(run / "config.yaml", "train: {repeats: 3, seed: 51}\n");
  EXPECT_EQ(training_of(run).repeats, 3);
  EXPECT_EQ(training_of(run).seed, 51);
  test::put(run / "config.yaml", "model: {}\n");
  EXPECT_EQ(training_of(run).repeats, 1);
  EXPECT_EQ(training_of(run).seed, 0);
}

TEST(State, NoticesWhatWasChanged) {
  const test::TemporaryFolder folder;
  const auto run = folder / "run";
  test::put_run(run);
  EXPECT_FALSE(check_results(run));
  record_results(run);
  EXPECT_TRUE(check_results(run));
  for (const char* file : {"predictions.csv", "predictions.json", "cases.csv"}) {
    const std::string before = core::read_file(run / file);
    test::put(run / file, before + " ");
    PHOTO51_EXPECT_ERROR(check_results(run), data, AllOf(HasSubstr(file), HasSubstr("has been changed")));
    fs::remove(run / file);
    PHOTO51_EXPECT_ERROR(check_results(run), data, AllOf(HasSubstr(file), HasSubstr("has been removed")));
    test::put(run / file, before);
  }
  EXPECT_TRUE(check_results(run));
  test::put(run / "result_hashes.json", "[");
  PHOTO51_EXPECT_ERROR(check_results(run), data, HasSubstr("result_hashes.json: is broken"));
}

TEST(State, NoticesWhatWasChangedOfAMember) {
  const test::TemporaryFolder folder;
  const auto run = folder / "run";
  test::put_run(run);
  const auto file = run / "checkpoints/fold_1/predictions.csv";
  EXPECT_FALSE(check_member(run, "fold_1"));
  record_member(run, "fold_1", core::read_file(file));
  EXPECT_TRUE(check_member(run, "fold_1"));
  EXPECT_FALSE(check_member(run, "fold_0"));
  EXPECT_FALSE(check_results(run)) << "the run's own predictions are not recorded yet";
  record_results(run);
  EXPECT_TRUE(check_results(run));
  EXPECT_TRUE(check_member(run, "fold_1")) << "kept beside the run's results";
  test::put(file, "others");
  const auto says =
      AllOf(HasSubstr("checkpoints/fold_1/predictions.csv: has been changed since the run wrote it"),
            HasSubstr("remove it and go on with `photo51 train … --resume`"));
  PHOTO51_EXPECT_ERROR(check_member(run, "fold_1"), data, says);
  PHOTO51_EXPECT_ERROR(check_results(run), data, says);
  // Checkpoints that were removed to save space are not asked for.
  fs::remove_all(run / "checkpoints");
  EXPECT_TRUE(check_results(run));
  // A broken record vouches for nothing, and is begun anew.
  test::put(run / "result_hashes.json", "[");
  test::put(file, "others");
  EXPECT_FALSE(check_member(run, "fold_1"));
  record_member(run, "fold_1", "others");
  EXPECT_TRUE(check_member(run, "fold_1"));
}

}  // namespace
}  // namespace photo51::run
