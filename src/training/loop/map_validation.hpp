#pragma once
/// Loss and Dice of heads that outline, batch by batch: their maps are too large to be kept.

#include <map>
#include <string>
#include <vector>

#include "photo51/data/load/batch.hpp"
#include "photo51/inference/trained_model.hpp"
#include "photo51/model/model.hpp"

namespace photo51::training {

class MapValidation {
 public:
  explicit MapValidation(inference::TrainedModel& member);
  bool any() const { return !of_.empty(); }
  bool draws(const std::string& head) const { return of_.contains(head); }
  /// Counts the maps, and takes them out of `outputs`.
  void take(model::Outputs& outputs, const data::Batch& batch);
  /// Weighted sum over the heads of the mean over cases; NaN where no case has a known map.
  double loss() const;
  /// Of each head with one: the mean over its classes of the mean Dice of the cases where the class is drawn
  /// or predicted, on the prepared image.
  std::vector<double> metrics() const;

 private:
  struct Sums {
    double loss = 0, weight = 1;
    int64_t cases = 0;
    std::vector<double> dice;  ///< by class
    std::vector<int64_t> dice_cases;
  };
  void add_dice(Sums& sums, const at::Tensor& classes, const at::Tensor& truth) const;
  inference::TrainedModel& member_;
  std::map<std::string, Sums> of_;  ///< by head
};

}  // namespace photo51::training
