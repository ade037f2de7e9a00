#pragma once
/// A cohort of small images, and a small experiment on it.

#include <ATen/ATen.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "photo51/imaging/write.hpp"
#include "photo51/training/run/run.hpp"
#include "support/shared_data.hpp"

namespace photo51::test {

/// Ten patients with an image each; the label follows nothing.
class ImageCohort {
 public:
  ImageCohort() {
    std::ofstream manifest(folder_ / "cohort.csv");
    manifest << "patient,t1,idh\n";
    for (int i = 0; i < 10; ++i) {
      imaging::Volume volume;
      volume.data = at::full({1, 6, 6, 6}, static_cast<double>(i), at::kFloat);
      volume.data.view(-1)[0] = -1;
      volume.geometry.size = {6, 6, 6};
      imaging::write_nifti(volume, folder_ / (std::to_string(i) + ".nii"));
      manifest << "P" << i << "," << i << ".nii," << i % 2 << "\n";
    }
    std::ofstream(folder_ / "config.yaml")
        << "cohort: {manifest: cohort.csv, split: {folds: 2, seed: 1}}\n"
           "inputs: {mri: {modality: mri, channels: [t1], preprocess: {size: [6, 6, 6]}}}\n"
           "model:\n  encoders: {mri: {name: resnet, depth: 18, dims: 3, width: 4, stem: small}}\n"
           "  heads: {idh: {task: binary}}\n"
           "train: {epochs: 1, batch_size: 4, workers: 0, threads: 1}\nevaluate: {confidence: none}\n";
  }
  /// Trains into the folder `name`; overrides as on the command line.
  std::filesystem::path run(const std::vector<std::string>& overrides = {}, const std::string& name = "run",
                            training::RunRequest request = {}) const {
    request.folder = folder_ / name;
    training::train(training::read_experiment(folder_ / "config.yaml", overrides), request);
    return request.folder;
  }
  void cut(const std::string& name) const { std::filesystem::resize_file(folder_ / name, 400); }
  std::filesystem::path operator/(const std::string& name) const { return folder_ / name; }

 private:
  TemporaryFolder folder_;
};

}  // namespace photo51::test
