#include "training/loop/map_validation.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>

namespace photo51::training {

MapValidation::MapValidation(inference::TrainedModel& member) : member_(member) {
  for (const auto& label : member.info.labels)
    for (const auto& [head, input] : member.model->map_heads())
      if (head == label.head) {
        of_[head].dice.assign(label.classes.size(), 0);
        of_[head].dice_cases.assign(label.classes.size(), 0);
      }
}

void MapValidation::take(model::Outputs& outputs, const data::Batch& batch) {
  model::Outputs maps;
  for (const auto& [head, sums] : of_) {
    const auto found = outputs.logits.find(head);
    if (found == outputs.logits.end()) continue;
    maps.logits[head] = found->second;
    if (const auto drawn = outputs.drawn.find(head); drawn != outputs.drawn.end())
      maps.drawn[head] = drawn->second;
    outputs.logits.erase(found);
  }
  outputs.coarser.clear();
  for (const auto& loss : member_.model->head_losses(maps, batch)) {
    Sums& sums = of_.at(loss.head);
    sums.loss += loss.mean.item<double>() * static_cast<double>(loss.count);
    sums.cases += loss.count;
    sums.weight = loss.weight;
  }
  for (const auto& [head, logits] : maps.logits) {
    const data::Targets& labels = batch.labels.at(head);
    if (!labels.map.defined()) continue;
    const at::Tensor classes = logits.argmax(1).cpu();
    for (int64_t row = 0; row < batch.size(); ++row)
      if (labels.known[row].item<bool>()) add_dice(of_.at(head), classes[row], labels.map[row]);
  }
}

void MapValidation::add_dice(Sums& sums, const at::Tensor& classes, const at::Tensor& truth) const {
  const at::Tensor seen = truth.ge(0);
  for (size_t k = 0; k < sums.dice.size(); ++k) {
    const auto number = static_cast<int64_t>(k) + 1;
    const at::Tensor predicted = classes.eq(number).logical_and_(seen), drawn = truth.eq(number);
    const auto all = predicted.sum().item<int64_t>() + drawn.sum().item<int64_t>();
    if (all == 0) continue;
    sums.dice[k] += 2 * static_cast<double>(predicted.logical_and(drawn).sum().item<int64_t>()) /
                    static_cast<double>(all);
    ++sums.dice_cases[k];
  }
}

double MapValidation::loss() const {
  double total = std::numeric_limits<double>::quiet_NaN();
  for (const auto& [head, sums] : of_) {
    if (sums.cases == 0) continue;
    const double mean = sums.weight * sums.loss / static_cast<double>(sums.cases);
    total = std::isnan(total) ? mean : total + mean;
  }
  return total;
}

std::vector<double> MapValidation::metrics() const {
  std::vector<double> metrics;
  for (const auto& [head, sums] : of_) {
    double sum = 0;
    int64_t classes = 0;
    for (size_t k = 0; k < sums.dice.size(); ++k) {
      if (sums.dice_cases[k] == 0) continue;
      sum += sums.dice[k] / static_cast<double>(sums.dice_cases[k]);
      ++classes;
    }
    if (classes > 0) metrics.push_back(sum / static_cast<double>(classes));
  }
  return metrics;
}

}  // namespace photo51::training
