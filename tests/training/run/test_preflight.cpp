// What is known at the start fails at the start: before anything is trained or written.
#include "training/run/preflight.hpp"

#include <gmock/gmock.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/errors.hpp"
#include "training/image_cohort.hpp"
#include "training/loop/validation.hpp"
#include "training/tabular_cohort.hpp"

namespace photo51::training {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// The message of a run that is refused; nothing may have been written.
std::string refused(const test::TabularCohort& cohort, core::Fault fault,
                    const std::vector<std::string>& overrides = {}) {
  const std::string said = test::message_of(fault, [&] { cohort.run("run", overrides); });
  EXPECT_FALSE(std::filesystem::exists(cohort / "run"));
  return said;
}

TEST(Preflight, GroupColumnsAreThere) {
  const test::TabularCohort cohort;
  cohort.config();
  EXPECT_THAT(refused(cohort, core::Fault::usage, {"evaluate.groups=[sitee]"}),
              AllOf(HasSubstr("evaluate.groups"), HasSubstr("did you mean `site`")));
}

TEST(Preflight, SelectionNeedsAValidationPart) {
  const test::TabularCohort cohort;
  cohort.config("", "idh: {task: binary}", "validation_fraction: 0, test_fraction: 0.2");
  for (const std::string option : {"train.checkpoint=best", "train.patience=3"})
    EXPECT_THAT(refused(cohort, core::Fault::usage, {option}),
                AllOf(HasSubstr(option.substr(0, option.find('='))), HasSubstr("validation_fraction")));
  cohort.run("plain", {"train.epochs=1"});
}

TEST(Preflight, SelectionNeedsAMetricThatIsDefined) {
  const test::TabularCohort cohort;
  // The one patient that is validated is of one class.
  cohort.config("", "idh: {task: binary}", "validation_fraction: 0.02, test_fraction: 0.2, seed: 1");
  EXPECT_THAT(refused(cohort, core::Fault::usage, {"train.checkpoint=best", "train.monitor=metric"}),
              AllOf(HasSubstr("train.checkpoint"), HasSubstr("metric"), HasSubstr("head idh")));
  cohort.run("by_loss", {"train.checkpoint=best", "train.epochs=1"});
}

TEST(Preflight, SelectionOfWhatIsFittedAtOnce) {
  const test::TabularCohort cohort;
  cohort.config("", "idh: {task: binary, estimator: {name: elastic_net}}");
  EXPECT_THAT(refused(cohort, core::Fault::usage, {"train.patience=2"}), HasSubstr("has an estimator"));
}

TEST(Preflight, MetricAndLossByTask) {
  const test::TabularCohort files;
  std::ofstream(files.manifest()) << "patient,idh,y,time,event\n"
                                     "A,1,1,10,1\nB,0,2,20,0\nC,1,2,5,0\nD,,,,\n";
  data::CohortOptions options;
  options.manifest = files.manifest();
  const auto spec = [](const std::string& head, const std::string& kind, const std::string& column) {
    data::TaskSpec made;
    made.head = head;
    made.task = kind;
    made.column = column;
    made.event_column = "event";
    return made;
  };
  const auto idh = spec("idh", "binary", "idh"), y = spec("y", "regression", "y"),
             os = spec("os", "survival", "time");
  const data::Cohort cohort(options, {}, {idh, y, os});
  EXPECT_TRUE(has_metric(idh, cohort, {0, 1}));
  EXPECT_FALSE(has_metric(idh, cohort, {0, 2, 3}));
  EXPECT_TRUE(has_metric(y, cohort, {0, 1}));
  EXPECT_FALSE(has_metric(y, cohort, {1, 2}));
  EXPECT_TRUE(has_metric(os, cohort, {0, 1}));
  EXPECT_FALSE(has_metric(os, cohort, {0, 2})) << "the one seen shorter was lost before the event";
  EXPECT_FALSE(has_metric(os, cohort, {}));
  EXPECT_TRUE(has_loss(os, cohort, {0}, true));
  EXPECT_FALSE(has_loss(os, cohort, {1, 2, 3}, true));
  EXPECT_TRUE(has_loss(os, cohort, {1, 2, 3}, false));
  EXPECT_FALSE(has_loss(idh, cohort, {3}, false));
}

TEST(Preflight, InnerFoldsOfAStackAreLookedAtBeforeTheModelIsTrained) {
  test::TabularCohort cohort;
  cohort.config("",
                "a: {task: binary, label: idh, estimator: {name: elastic_net}}, "
                "c: {task: binary, label: idh, estimator: {name: elastic_net, l1_ratio: 0.5}}, "
                "b: {task: binary, label: idh, estimator: {name: stack, heads: [a, c], folds: 40}}",
                "folds: 2, seed: 1");
  EXPECT_THAT(refused(cohort, core::Fault::data),
              AllOf(HasSubstr("inner folds of head b"), HasSubstr("40 folds")));
}

TEST(Preflight, TooManyThreadsOrWorkers) {
  const test::TabularCohort cohort;
  cohort.config();
  EXPECT_THAT(refused(cohort, core::Fault::usage, {"train.threads=100000"}),
              HasSubstr("train.threads: 100000"));
  EXPECT_THAT(refused(cohort, core::Fault::usage, {"train.workers=100000"}),
              HasSubstr("train.workers: 100000"));
}

TEST(Preflight, PlacesThatCannotBeWritten) {
  const test::TabularCohort cohort;
  cohort.config();
  EXPECT_THAT(test::message_of(core::Fault::usage, [&] { cohort.run("cohort.csv/below/run"); }),
              AllOf(HasSubstr("cohort.csv is a file")));
  const test::TemporaryFolder mount_point;
  if (::mount("tmpfs", mount_point.path().c_str(), "tmpfs", MS_RDONLY, "size=64k") != 0)
    GTEST_SKIP() << "needs the right to mount a small file system";
  RunRequest request;
  request.folder = mount_point / "a/run";
  EXPECT_THAT(
      test::message_of(core::Fault::run, [&] { train(read_experiment(cohort / "config.yaml"), request); }),
      AllOf(HasSubstr("a/run: cannot be written"), HasSubstr("Read-only"), HasSubstr("--out")));
  ::umount(mount_point.path().c_str());
}

TEST(Preflight, SpaceForTheCheckpoints) {
  const test::TemporaryFolder mount_point;
  if (::mount("tmpfs", mount_point.path().c_str(), "tmpfs", 0, "size=1m") != 0)
    GTEST_SKIP() << "needs the right to mount a small file system";
  require_space(mount_point / "not/there/yet", 900e3, "nothing much");
  EXPECT_THAT(
      test::message_of(core::Fault::run, [&] { require_space(mount_point / "run", 2e6, "two models"); }),
      AllOf(HasSubstr("No space left for two models"), HasSubstr("1.9 MiB"), HasSubstr("1.0 MiB")));
  const test::TabularCohort cohort;
  cohort.config();
  RunRequest request;
  request.folder = mount_point / "run";
  // A wide layer: three values a weight, of two folds.
  EXPECT_THAT(test::message_of(core::Fault::run,
                               [&] {
                                 train(read_experiment(cohort / "config.yaml",
                                                       {"model.encoders.table.hidden=[4000, 20]"}),
                                       request);
                               }),
              AllOf(HasSubstr("checkpoints of 2 model(s)"), HasSubstr("free some space")));
  ::umount(mount_point.path().c_str());
}

TEST(Preflight, AllBadFilesAreNamedAtOnce) {
  const test::ImageCohort cohort;
  cohort.cut("3.nii"), cohort.cut("8.nii");
  EXPECT_THAT(test::message_of(core::Fault::data, [&] { cohort.run(); }),
              AllOf(HasSubstr("2 file(s)"), HasSubstr("case P3: input mri: channel t1: "), HasSubstr("3.nii"),
                    HasSubstr("case P8"), HasSubstr("on_bad_case=skip")));
  EXPECT_FALSE(std::filesystem::exists(cohort / "run"));
}

TEST(Preflight, BadFilesLeaveTheirCasesOutOnRequest) {
  const test::ImageCohort cohort;
  cohort.cut("3.nii");
  std::filesystem::remove(cohort / "8.nii");
  ::testing::internal::CaptureStderr();
  cohort.run({"cohort.on_bad_case=skip"});
  const std::string said = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(said, AllOf(HasSubstr("case P3 is left out: input mri: channel t1: "),
                          HasSubstr("case P8 is left out: input mri: channel t1: "),
                          HasSubstr("2 case(s) left out")));
  const std::string cases = core::read_file(cohort / "run/cases.csv");
  EXPECT_THAT(cases, AllOf(HasSubstr("P2,"), Not(HasSubstr("P3,")), Not(HasSubstr("P8,"))));
  EXPECT_THAT(core::read_file(cohort / "run/predictions.csv"), Not(HasSubstr("P3,")));
}

TEST(Preflight, WhatIsLeftOutMustNotTakeAClassWithIt) {
  const test::ImageCohort cohort;
  for (const char* name : {"1.nii", "3.nii", "5.nii", "7.nii", "9.nii"}) cohort.cut(name);
  EXPECT_THAT(test::message_of(core::Fault::data, [&] { cohort.run({"cohort.on_bad_case=skip"}); }),
              AllOf(HasSubstr("head idh: training part of fold 0"), HasSubstr("one class")));
}

}  // namespace
}  // namespace photo51::training
