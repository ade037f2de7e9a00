#pragma once
/// predictions.csv: `case,head,class,value,low,high`, one row a class; `class` is empty for regression and
/// survival.

#include <filesystem>
#include <string>
#include <vector>

#include "photo51/data/cohort/warnings.hpp"

namespace photo51::model {

struct Prediction {
  std::string case_id, head, class_name;
  double value = 0;          ///< probability, predicted value, or risk (higher = earlier event)
  double low = 0, high = 0;  ///< 95 % interval over the ensemble's members
};

/// `unfinished` is what was missing of the model that predicted: a further column, or key of every
/// prediction, of that name, so that nobody takes them for a finished model's.
std::string to_csv(const std::vector<Prediction>& predictions, const std::string& unfinished = "");
/// A list of one object a row; those of a case whose files were odd have an array `warnings`.
std::string to_json(const std::vector<Prediction>& predictions,
                    const std::vector<data::Warning>& warnings = {}, const std::string& unfinished = "");
/// Errors (data) with file:line.
std::vector<Prediction> read_predictions(const std::filesystem::path& path);

}  // namespace photo51::model
