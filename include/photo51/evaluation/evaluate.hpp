#pragma once
/// From predictions and labels to metrics.csv: `head,metric,group,value,low,high,n`.

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "photo51/config/fields.hpp"
#include "photo51/data/cohort/cohort.hpp"
#include "photo51/evaluation/map_scores.hpp"
#include "photo51/model/predictions.hpp"

namespace photo51::evaluation {

/// Where the metrics' intervals come from: resampled patients, or nowhere.
enum class Confidence { bootstrap, none };
std::span<const std::string_view> enum_names(Confidence);

struct EvaluateOptions {
  Confidence confidence = Confidence::bootstrap;
  int64_t bootstrap_samples = 1000;
  double level = 0.95;
  std::vector<std::string> groups{"site"};  ///< manifest columns
  int64_t seed = 0;
  double surface_tolerance = 2;  ///< mm, of a drawn surface from the true one that counts as right (NSD)
  bool report_ids = false;       ///< the report names cases by their ids, not by numbers
};
void describe(config::Fields& f, EvaluateOptions& o);

struct Metric {
  std::string head, metric;  ///< auroc, auprc, balanced_accuracy, brier, c_index, mae, r2, …
  std::string group;         ///< "all" or "site=CS"
  double value = 0, low = 0, high = 0;
  int64_t n = 0;  ///< patients with a known label
};

/// The known labels of the predicted cases.
struct GroundTruth {
  std::vector<data::TaskSpec> specs;
  std::map<std::string, std::map<std::string, data::Case::Label>> labels;  ///< head -> case -> label
  std::map<std::string, std::map<std::string, std::string>> groups;        ///< column -> case -> value
  MapScores maps = {};                                                     ///< of heads that outline
};
/// Labels and group columns of `rows`. `site` may be named whatever the cohort's site column is called and
/// may be absent; any other column without a single value is an Error (usage).
GroundTruth truth_of(const data::Cohort& cohort, const std::vector<int64_t>& rows,
                     const std::vector<std::string>& groups);

/// The metrics of every head of `truth.specs`, over all predicted cases with a known label ("all") and over
/// each value of each group column ("site=CS"; blank values form no group).
///
///   binary      auroc, auprc, balanced_accuracy, sensitivity, specificity (at 0.5), brier, ece, log_loss
///   multiclass  auroc (one-vs-rest, averaged), balanced_accuracy, accuracy
///   regression  mae, rmse, r2, pearson, spearman
///   survival    c_index (Harrell)
///   segmentation  dice, hd95, nsd, each the mean over the classes of the mean over cases, and of each class
///               alone (dice:edema); of `truth.maps`, where undefined and infinite scores count nowhere
///
/// What cannot be computed (one class, no event, no spread) is left out for subgroups; for "all" it is an
/// Error (data) that says which head and why, except the correlations of a model that predicts one value for
/// everyone, which are left out. Error (data) also when a case lacks a class, is predicted twice or has a
/// prediction that is not a number. `low` and `high` are NaN without confidence or where a group is too small
/// for it.
std::vector<Metric> evaluate(const std::vector<model::Prediction>& predictions, const GroundTruth& truth,
                             const EvaluateOptions& options);
/// Head by head: one that cannot be scored is told to `obstacle` (`head os: all 40 labelled patients are …`)
/// and left out, and the others are scored.
std::vector<Metric> evaluate_each(const std::vector<model::Prediction>& predictions, const GroundTruth& truth,
                                  const EvaluateOptions& options,
                                  const std::function<void(const std::string& why)>& obstacle);
/// With header; intervals that are NaN become empty cells. `unfinished`, what was missing of the model that
/// predicted, makes a further column of that name.
std::string to_csv(const std::vector<Metric>& metrics, const std::string& unfinished = "");

}  // namespace photo51::evaluation
