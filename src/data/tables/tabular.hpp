#pragma once
/// Inputs that are a row of numbers: what is learned from the training part, and how a case is read with it.

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "core/learned.hpp"
#include "data/cohort/cohort_impl.hpp"
#include "photo51/data/load/fit.hpp"

namespace photo51::data {

/// The features of one case. Errors (data) say what is wrong with its row.
using RowReader = std::function<std::vector<float>(size_t row)>;

struct Tabular {
  std::string modality;
  nlohmann::json (*fit)(const Cohort::Impl& cohort, size_t input, const std::vector<size_t>& train);
  /// Both check what they take of `fitted`, which may come from a stranger's model. Error (data) names the
  /// field.
  std::vector<std::string> (*features)(const core::Learned& fitted);
  RowReader (*reader)(const Cohort::Impl& cohort, size_t input, const core::Learned& fitted);
};
/// The row of the table of tabular modalities; null for images.
const Tabular* find_tabular(const std::string& modality);

/// Error (data) at cells of clinical columns that no number and no category can be meant by: numbers with a
/// comma, dates.
void check_clinical_cells(const Cohort::Impl& cohort);

extern const Tabular omics, clinical, lesion, body_lesion, radiomic_features;

nlohmann::json parse_fitted(const FittedTransforms& fitted);
/// The part of one input; it refers to `fitted`. Error (data) when it was not fitted.
core::Learned fitted_input(const nlohmann::json& fitted, const std::string& input);

/// Mean and population deviation of the values that are not NaN; 0 and 0 of none.
struct Moments {
  double mean = 0, deviation = 0;
};
Moments moments(const std::vector<double>& values);
/// `mean` and `deviation` of so many features.
std::vector<Moments> moments_from(const core::Learned& fitted, size_t count);
/// (value - mean) / deviation, clipped to ±clip when clip > 0; 0 for NaN and where nothing varied.
float z_score(double value, double mean, double deviation, double clip);

}  // namespace photo51::data
