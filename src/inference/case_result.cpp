#include "photo51/inference/case_result.hpp"

namespace photo51::inference {

std::vector<model::Prediction> predictions_of(const std::vector<CaseResult>& results) {
  std::vector<model::Prediction> predictions;
  for (const auto& one : results)
    for (const auto& head : one.heads)
      for (const auto& [class_name, value, low, high] : head.values)
        predictions.push_back({one.case_id, head.head, class_name, value, low, high});
  return predictions;
}

std::string to_csv(const std::vector<CaseResult>& results, const std::string& unfinished) {
  return model::to_csv(predictions_of(results), unfinished);
}

std::string to_json(const std::vector<CaseResult>& results, const std::string& unfinished) {
  std::vector<data::Warning> warnings;
  for (const auto& one : results) warnings.insert(warnings.end(), one.warnings.begin(), one.warnings.end());
  return model::to_json(predictions_of(results), warnings, unfinished);
}

}  // namespace photo51::inference
