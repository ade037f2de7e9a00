#pragma once
/// What is learned from the training part before a model sees it, and what inputs then look like.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "photo51/data/cohort/cohort.hpp"

namespace photo51::data {

/// What is learned from the training part only and travels with the model as JSON text: gene lists with means
/// and deviations, categories of clinical columns, class names. Prediction uses these numbers, never the new
/// cohort's.
struct FittedTransforms {
  std::string json = "{}";
};

/// Learns scalings, gene lists and categories from `train` rows.
FittedTransforms fit(const Cohort& cohort, const std::vector<int64_t>& train);

/// `labels` with the class names and the words for 0 that were fitted: what a trained model's heads mean.
std::vector<TaskSpec> fitted_labels(std::vector<TaskSpec> labels, const FittedTransforms& fitted);

/// Number of channels/features and the size that each input will have, given what was fitted.
struct InputInfo {
  bool image = true;
  int64_t channels = 0;
  int64_t dims = 3;
  std::vector<int64_t> size;          ///< [D,] H, W; empty when cases keep their own size
  std::vector<std::string> features;  ///< tabular: gene or column names
  bool bag = false;                   ///< a case has any number of instances; channels and size are theirs
  int64_t views = 1;                  ///< bags: how many manifest columns instances come from
};
std::map<std::string, InputInfo> input_info(const Inputs& inputs, const FittedTransforms& fitted);

}  // namespace photo51::data
