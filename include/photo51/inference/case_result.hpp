#pragma once
/// What a trained model says of one case. Predictions as CSV and JSON are written from it.

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <vector>

#include "photo51/data/cohort/warnings.hpp"
#include "photo51/model/predictions.hpp"

namespace photo51::inference {

/// A head's answer for one class, or its only one (an empty name): see model::Prediction.
struct ClassValue {
  std::string class_name;
  double value = 0, low = 0, high = 0;
};
struct HeadResult {
  std::string head;
  std::vector<ClassValue> values;
};

/// One member's pass over one case with its autograd graph, for gradients by inputs. The weights are no part
/// of the graph, and neither are heads with an estimator.
struct CaseGraph {
  /// By input, as the model takes it, on the host: [1, C, D, H, W], [1, C, H, W], [1, F], a bag [N, C, ...].
  /// Leaves that require a gradient, but for inputs that are not floating point.
  std::map<std::string, at::Tensor> inputs;
  std::map<std::string, at::Tensor> logits;     ///< by head, [1, K]
  std::map<std::string, at::Tensor> predicted;  ///< by head, [1, classes] or [1, 1], see Model::predict
};

/// Members' tensors stand apart, M of them (flips count as further ones): embeddings of separately trained
/// models have no common axes, so they have no mean.
struct CaseResult {
  std::string case_id;
  std::vector<HeadResult> heads;  ///< in the order of the model's labels
  /// By fusion (see model::Outputs), then by input: its share, one number a member.
  std::map<std::string, std::map<std::string, std::vector<double>>> modality_weights;
  std::vector<data::Warning> warnings;  ///< what was odd about its files

  // On request (PredictOptions), on the host.
  /// [M, D] float32: what the heads that are layers see; undefined for a model without such heads.
  at::Tensor embedding;
  /// By module (`encoders.INPUT`, or a fusion's name), then by the name it gives (see model::Outputs),
  /// float32: `bag` is the weight of each instance of the case's bag, [M, N], and `bag_scores` what the pool
  /// says of each alone, [M, N, S]; others are [M, ...] of this case.
  std::map<std::string, std::map<std::string, at::Tensor>> attention;
  std::vector<CaseGraph> graphs;  ///< M
};

/// A row a class, case by case.
std::vector<model::Prediction> predictions_of(const std::vector<CaseResult>& results);
/// As model::to_csv and model::to_json write them, with the cases' warnings.
std::string to_csv(const std::vector<CaseResult>& results, const std::string& unfinished = "");
std::string to_json(const std::vector<CaseResult>& results, const std::string& unfinished = "");

}  // namespace photo51::inference
