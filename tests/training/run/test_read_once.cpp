// A run reads its cohort once, and scores once.
#include <gtest/gtest.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>

#include "photo51/report/build_report.hpp"
#include "training/tabular_cohort.hpp"

namespace photo51::training {
namespace {

/// Whether a file is opened.
class Opened {
 public:
  explicit Opened(const std::filesystem::path& file) : events_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
    EXPECT_GE(::inotify_add_watch(events_, file.c_str(), IN_OPEN), 0);
  }
  ~Opened() { ::close(events_); }
  Opened(const Opened&) = delete;
  Opened& operator=(const Opened&) = delete;

  /// Since the last call.
  bool any() {
    alignas(inotify_event) std::array<char, 4096> buffer{};
    bool found = false;
    while (::read(events_, buffer.data(), buffer.size()) > 0) found = true;
    return found;
  }

 private:
  int events_;
};

TEST(ReadOnce, TheReportNeedsNoManifest) {
  const test::TabularCohort cohort;
  cohort.config("", "idh: {task: binary}, os: {task: survival}",
                "by: site, hold_out: [C], folds: 2, seed: 1");
  RunRequest request;
  request.folder = cohort / "run";
  const TrainedRun run = train(read_experiment(cohort / "config.yaml", {"train.epochs=2"}), request);
  Opened manifest(cohort.manifest());
  report::write_report(request.folder, {.pipeline = run.experiment.pipeline,
                                        .evaluate = run.experiment.evaluate,
                                        .seed = run.experiment.train.seed,
                                        .cohort = run.cohort,
                                        .predictions = run.predictions,
                                        .metrics = run.metrics,
                                        .unfinished = "",
                                        .warnings = run.warnings});
  EXPECT_FALSE(manifest.any());
  const std::string page = core::read_file(request.folder / "report.html");
  const std::string metrics = core::read_file(request.folder / "metrics.csv");
  // Read back and scored anew it is the same.
  report::write_run_report(request.folder);
  EXPECT_TRUE(manifest.any()) << "else the check above says nothing";
  EXPECT_EQ(core::read_file(request.folder / "report.html"), page);
  EXPECT_EQ(core::read_file(request.folder / "metrics.csv"), metrics);
}

/// Training opens the manifest for its rows, and for its hash before the first fold: once it trains, it is
/// not needed any more.
TEST(ReadOnce, TrainingGoesOnWithoutTheManifest) {
  const test::TabularCohort cohort;
  cohort.config();
  const auto whole = cohort.run("whole", {"train.epochs=2"});
  RunRequest request;
  request.folder = cohort / "run";
  request.on_step = [&](int64_t) { std::filesystem::remove(cohort.manifest()); };
  train(read_experiment(cohort / "config.yaml", {"train.epochs=2"}), request);
  EXPECT_FALSE(std::filesystem::exists(cohort.manifest()));
  for (const char* file : {"predictions.csv", "metrics.csv"})
    EXPECT_EQ(core::read_file(cohort / "run" / file), core::read_file(whole / file)) << file;
}

}  // namespace
}  // namespace photo51::training
