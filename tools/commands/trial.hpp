#pragma once
/// A few cases for real: how long does one take to load, and how much memory will training and prediction
/// need?

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "photo51/data/cohort/cohort.hpp"
#include "photo51/data/load/case.hpp"
#include "photo51/data/load/loader.hpp"
#include "photo51/training/run/experiment.hpp"

namespace photo51::model {
class Model;
}

namespace photo51::commands {

class Trial {
 public:
  /// `train`: rows of a training part, of which the first few are tried; not empty. `members`: how many
  /// models the run trains.
  Trial(const training::ExperimentOptions& experiment, const data::Cohort& cohort, std::vector<int64_t> train,
        int64_t members);

  /// Loads cases as an epoch of training does. Of a large bag some instances stand for all.
  void load();
  double seconds() const { return seconds_; }  ///< to load a case
  double bytes() const { return whole_; }      ///< of a case as prepared, all instances

  /// Runs a step of training and one of prediction on what was loaded, small enough to be safe, and
  /// reckons up what those of the config take: from what was measured, the sizes of cases and the cache.
  void measure();
  struct Measured {
    int64_t cases = 0;
    int64_t instances = 0;       ///< of the largest bag; 0 where all are small enough to be tried as they are
    int64_t most_instances = 0;  ///< that were tried of each
    double encoding = 0;         ///< bytes that the instances of large bags took while they were encoded
    double forward = 0;          ///< bytes that the rest of a prediction took
    std::optional<double> step;  ///< bytes that a step of training took; nothing where no head is a layer
  };
  const Measured& measured() const { return measured_; }
  double parameters() const { return parameters_; }
  double training_bytes() const { return training_; }
  double prediction_bytes() const { return prediction_; }

 private:
  /// Adds what a case holds, and keeps no more of it than is tried.
  void add(data::Case drawn, data::Case plain);
  double prediction_need(model::Model& model);
  double training_need(model::Model& model);

  const training::ExperimentOptions& experiment_;
  const data::Cohort& cohort_;
  std::vector<int64_t> train_;
  int64_t members_;
  data::FittedTransforms fitted_;
  std::map<std::string, data::InputInfo> info_;
  data::CaseLoader loader_;
  double start_;                           ///< resident before anything was loaded
  std::vector<data::Case> drawn_, plain_;  ///< of training and of prediction; plain large bags have sources
  double seconds_ = 0, whole_ = 0;
  double drawn_bytes_ = 0;  ///< of a case in training
  double held_bytes_ = 0;   ///< of a case at prediction, without what is streamed
  double share_ = 1;        ///< how many times more instances a case has than were tried
  double parameters_ = 0, training_ = 0, prediction_ = 0;
  Measured measured_;
};

}  // namespace photo51::commands
