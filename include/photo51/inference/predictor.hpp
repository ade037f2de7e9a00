#pragma once
/// A trained model on new cases: every fold's weights, optionally with flips, averaged; intervals over the
/// members.

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "photo51/inference/pipeline.hpp"
#include "photo51/model/predictions.hpp"

namespace photo51::inference {

struct PredictOptions {
  int64_t batch_size = 8;
  int64_t workers = 2;
  bool flips = false;            ///< test-time augmentation: also the left-right mirrored case
  std::vector<int64_t> members;  ///< folds to use; empty = all
};

class Predictor {
 public:
  /// A run folder (`config.yaml`, `checkpoints/fold_K/best.safetensors`) or a published model (`model.yaml`,
  /// `weights*.safetensors`). Errors (data/usage) name the missing or broken file.
  explicit Predictor(const std::filesystem::path& folder);
  ~Predictor();

  const PipelineOptions& pipeline() const;
  std::vector<data::LabelSpec> labels() const;
  std::vector<model::Prediction> predict(const data::Cohort& cohort, const std::vector<int64_t>& rows,
                                         const PredictOptions& options = {}) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace photo51::inference
