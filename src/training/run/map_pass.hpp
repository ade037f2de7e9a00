#pragma once
/// At the end of a run: what its heads that outline draw of each case that was not trained on, and its
/// scores.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "photo51/evaluation/map_scores.hpp"
#include "photo51/inference/trained_model.hpp"
#include "photo51/training/run/experiment.hpp"

namespace photo51::training {

class MapPass {
 public:
  static constexpr int64_t all_folds = -1;
  /// Maps go into `run`/maps. All must outlive it.
  MapPass(const ExperimentOptions& experiment, const data::Cohort& cohort, std::filesystem::path run);
  ~MapPass();
  /// Whether a head outlines; else nothing else is called.
  bool any() const { return any_; }
  void add_member(int64_t fold, int64_t repeat, const std::filesystem::path& weights);
  /// Draws `rows` by the members of a fold, or of all, and scores those whose mask is known.
  void draw(const std::vector<int64_t>& rows, int64_t fold,
            const std::function<void(int64_t row, const std::string& why)>& on_bad);
  /// Writes map_scores.csv; `predictions` with a row a class and case of what was drawn.
  std::vector<model::Prediction> finish(std::vector<model::Prediction> predictions) const;

 private:
  void take(const inference::CaseMap& map, int64_t row);
  const ExperimentOptions& experiment_;
  const data::Cohort& cohort_;
  std::filesystem::path run_;
  bool any_ = false;
  std::vector<std::unique_ptr<inference::TrainedModel>> members_;
  std::vector<model::Prediction> volumes_;
  evaluation::MapScores scores_;
};

}  // namespace photo51::training
