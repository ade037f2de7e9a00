#pragma once
/// What is learned from the training part before a model sees it, and what inputs then look like.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "photo51/data/cohort/cohort.hpp"

namespace photo51::data {

/// What one input learned. Each modality that learns has a struct of its own.
class FittedInput;

/// What is learned from the training part only and travels with the model: gene lists with means and
/// deviations, categories of clinical columns, class names. Prediction uses these numbers, never the new
/// cohort's.
struct FittedTransforms {
  std::map<std::string, std::shared_ptr<const FittedInput>> inputs{};  ///< of those that learn
  std::map<std::string, std::vector<std::string>> classes{};           ///< by head, where it has names
  std::map<std::string, std::vector<std::string>> negative{};          ///< by head: the words for 0
};

/// Learns scalings, gene lists and categories from `train` rows.
FittedTransforms fit(const Cohort& cohort, const std::vector<int64_t>& train);

/// As it stands in a model's file, and back. Every name, size and number is checked: Error (data) names the
/// place, what is wrong with it and the remedy.
std::string to_json(const FittedTransforms& fitted);
FittedTransforms fitted_from(const std::string& json, const Inputs& inputs);

/// What the two parts' cases together teach, as if they had been fitted at once: to 1e-12, if no patient is
/// in both. For states that `fit` made; a file does not keep how many cases stand behind a mean. Error
/// (usage) names the input and the alternative where a state cannot be added: medians, filters by rank or
/// reliability, harmonisation.
FittedTransforms merge(const FittedTransforms& a, const FittedTransforms& b);

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
  /// Images that a model sees in parts: the part's [D, H, W] voxels, which are `size` (with one slice: H, W).
  /// Where nothing is random the whole image comes, [C, D, H, W] of any size. Empty: none.
  std::vector<int64_t> window = {};
  double overlap = 0.5;  ///< of neighbouring windows at prediction
  int64_t views = 1;     ///< bags: how many manifest columns instances come from
};
/// Error (data) when an input that learns was not fitted.
std::map<std::string, InputInfo> input_info(const Inputs& inputs, const FittedTransforms& fitted);

}  // namespace photo51::data
