#include <algorithm>
#include <cmath>
#include <set>

#include "photo51/core/error.hpp"
#include "photo51/data/task/task.hpp"
#include "photo51/inference/trained_model.hpp"

namespace photo51::inference {
namespace {

double logit(double probability) {
  const double kept = std::clamp(probability, 1e-7, 1 - 1e-7);
  return std::log(kept / (1 - kept));
}
double sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}

}  // namespace

std::vector<model::Prediction> combine(const std::vector<std::vector<model::Prediction>>& members,
                                       const std::vector<data::TaskSpec>& labels) {
  if (members.empty()) return {};
  std::vector<model::Prediction> combined = members.front();
  const auto count = static_cast<double>(members.size());
  std::set<std::string> classifies;
  for (const auto& label : labels)
    if (data::task_of(label).output == data::Output::probabilities) classifies.insert(label.head);
  for (size_t i = 0; i < combined.size(); ++i) {
    auto& out = combined[i];
    const bool probability = classifies.contains(out.head);
    double sum = 0, scaled_sum = 0;
    std::vector<double> scaled;
    for (const auto& member : members) {
      if (member.size() != combined.size() || member[i].case_id != out.case_id ||
          member[i].head != out.head || member[i].class_name != out.class_name)
        core::fail_data("the members of the ensemble predict different cases or classes (case " +
                        out.case_id + ", head " + out.head + ")");
      sum += member[i].value;
      scaled.push_back(probability ? logit(member[i].value) : member[i].value);
      scaled_sum += scaled.back();
    }
    out.value = sum / count;
    out.low = out.high = out.value;
    if (members.size() < 2) continue;
    const double mean = scaled_sum / count;
    double squares = 0;
    for (const double value : scaled) squares += (value - mean) * (value - mean);
    const double half = 1.959963984540054 * std::sqrt(squares / (count - 1));
    out.low = std::min(out.value, probability ? sigmoid(mean - half) : mean - half);
    out.high = std::max(out.value, probability ? sigmoid(mean + half) : mean + half);
  }
  return combined;
}

}  // namespace photo51::inference
