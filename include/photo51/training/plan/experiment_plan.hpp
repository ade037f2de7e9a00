#pragma once
/// A whole config from a manifest: inputs, heads, split and training, with a comment beside each choice.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "photo51/data/plan/columns.hpp"

namespace photo51::training {

struct PlanRequest {
  std::filesystem::path manifest;
  data::ColumnHints hints;
  double memory_gb = 8;          ///< of the GPU, or of the machine, that a training step may take
  int64_t cases = 200;           ///< measured at most of each column of images; 0 = all
  std::filesystem::path nnunet;  ///< a plans file of nnU-Net 2; empty = none
  std::string configuration;     ///< of it; empty = 3d_fullres, else 2d
};

struct ExperimentPlan {
  std::string yaml;
  std::vector<std::string> inputs, heads;  ///< "mri: mri, channels t1c, flair"
  std::vector<data::ColumnNote> left_out;
};

/// Reads the manifest and measures its images. Errors: usage (hints that name nothing; no label, no input, or
/// more segmentations than one; too little memory); data (what the manifest or the plans file lack). A head
/// that has nothing to learn from in some part of the split is left out with what the split says of it.
ExperimentPlan plan_experiment(const PlanRequest& request);

}  // namespace photo51::training
