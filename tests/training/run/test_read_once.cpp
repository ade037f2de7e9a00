// A run reads its cohort once, and scores once.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <fstream>

#include "photo51/imaging/dicom/write.hpp"
#include "photo51/report/build_report.hpp"
#include "support/opened.hpp"
#include "training/tabular_cohort.hpp"

namespace photo51::training {
namespace {

TEST(ReadOnce, TheReportNeedsNoManifest) {
  const test::TabularCohort cohort;
  cohort.config("", "idh: {task: binary}, os: {task: survival}",
                "by: site, hold_out: [C], folds: 2, seed: 1");
  RunRequest request;
  request.folder = cohort / "run";
  const TrainedRun run = train(read_experiment(cohort / "config.yaml", {"train.epochs=2"}), request);
  test::Opened manifest(cohort.manifest());
  report::write_report(request.folder, {.pipeline = run.experiment.pipeline,
                                        .evaluate = run.experiment.evaluate,
                                        .seed = run.experiment.train.seed,
                                        .cohort = run.cohort,
                                        .predictions = run.predictions,
                                        .metrics = run.metrics,
                                        .unfinished = "",
                                        .warnings = run.warnings});
  EXPECT_EQ(manifest.most(), 0);
  const std::string page = core::read_file(request.folder / "report.html");
  const std::string metrics = core::read_file(request.folder / "metrics.csv");
  // Read back and scored anew it is the same.
  report::write_run_report(request.folder);
  EXPECT_GE(manifest.most(), 1) << "else the check above says nothing";
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

/// Patients with a PET of two slices, whose pixels of 8 kB no header takes with it.
class PetCohort {
 public:
  static constexpr int64_t patients = 8;

  PetCohort() {
    std::ofstream manifest(folder_ / "cohort.csv");
    manifest << "patient,pet,y\n";
    for (int64_t i = 0; i < patients; ++i) {
      const std::string id = "P" + std::to_string(i);
      manifest << id << "," << id << "," << i << "\n";
      write(i, 1 + 0.1 * static_cast<double>(i));
    }
    std::ofstream(folder_ / "config.yaml")
        << "cohort: {manifest: cohort.csv, split: {folds: 2, seed: 1}}\n"
        << "inputs: {pet: {modality: pet, channels: [pet], preprocess: {size: [16, 16, 4]}}}\n"
        << "model:\n  encoders: {pet: {name: conv_net, widths: [4, 6], norm: group}}\n"
        << "  heads: {y: {task: regression}}\n"
        << "train: {epochs: 2, batch_size: 2, workers: 2, threads: 1, seed: 3}\n"
        << "evaluate: {confidence: none}\n";
  }
  /// The larger `power`, the darker; the last slice has the same bytes but for its pixels.
  void write(int64_t patient, double power) const {
    const std::string id = "P" + std::to_string(patient);
    imaging::Geometry geometry;
    geometry.size = {64, 64, 2};
    const auto values = (1000 * at::linspace(0, 1, 2 * 64 * 64, at::kDouble).pow(power)).view({1, 2, 64, 64});
    std::filesystem::remove_all(folder_ / id);
    imaging::write_pet_series(
        imaging::make_volume(values, geometry, imaging::Modality::pet, imaging::Units::becquerel_per_ml),
        folder_ / id, {.patient_id = id, .study_date = "20200102"},
        {.weight = 70, .dose = 1e8, .injection_time = "100000", .series_time = "110000"});
  }
  TrainedRun run(const std::string& name) const {
    RunRequest request;
    request.folder = folder_ / name;
    return train(read_experiment(folder_ / "config.yaml"), request);
  }
  std::filesystem::path operator/(const std::string& name) const { return folder_ / name; }
  std::filesystem::path slice(int64_t patient, const std::string& name) const {
    return folder_ / ("P" + std::to_string(patient)) / name;
  }
  const std::filesystem::path& path() const { return folder_.path(); }

 private:
  test::TemporaryFolder folder_;
};

/// The look for what tells the patient, the check of files, their hash, image and SUV, two folds and two
/// epochs: a series that fits into memory is opened once.
TEST(ReadOnce, TrainingOpensASliceOnce) {
  const PetCohort cohort;
  test::wait_until_settled(cohort.path());
  test::Opened slices(cohort.path());
  std::string hash;
  {
    const TrainedRun run = cohort.run("run");
    const auto counts = slices.counts();
    for (int64_t i = 0; i < PetCohort::patients; ++i)
      for (const char* slice : {"slice_0001.dcm", "slice_0002.dcm"})
        EXPECT_EQ(counts.at(cohort.slice(i, slice)), 1) << i << " " << slice;
    hash = run.cohort->file_hash(3, "pet");
  }
  // What changed since is what the next training sees, though the others are remembered.
  const auto slice = cohort.slice(3, "slice_0002.dcm");
  const auto size = std::filesystem::file_size(slice);
  cohort.write(3, 2);
  ASSERT_EQ(std::filesystem::file_size(slice), size);
  test::Opened again(cohort.path());
  const TrainedRun run = cohort.run("again");
  const auto counts = again.counts();
  EXPECT_GE(counts.at(slice), 1);
  EXPECT_EQ(counts.at(cohort.slice(4, "slice_0001.dcm")), 0);
  EXPECT_NE(run.cohort->file_hash(3, "pet"), hash);
  EXPECT_NE(core::read_file(cohort / "run/predictions.csv"),
            core::read_file(cohort / "again/predictions.csv"));
}

}  // namespace
}  // namespace photo51::training
