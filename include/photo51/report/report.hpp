#pragma once
/// One self-contained page, report.html, that a clinician can read: what was asked, who was in it, how good,
/// how sure, where it fails, example cases, how it was made. No script, no external resource.

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "photo51/data/cohort/cohort.hpp"
#include "photo51/evaluation/evaluate.hpp"
#include "photo51/model/predictions.hpp"

namespace photo51::report {

/// One patient of the cohort.
struct CaseRow {
  std::string id, site;
  std::string part;                    ///< as in cases.csv: test, development, train, validation
  std::map<std::string, bool> inputs;  ///< whether each input is there
};

/// An example case as a picture.
struct Picture {
  std::string case_id;
  std::string png;  ///< the file's bytes
  std::string caption;
  std::string prediction, truth;  ///< in words: "co-deleted 0.83 (0.71–0.90)", "co-deleted"
  bool right = true;
  std::string heat_map = {};            ///< the slide under the percentiles of attention, a PNG; empty: none
  std::vector<std::string> tiles = {};  ///< of most attention, PNGs
};

/// One model's training; the vectors have one entry an epoch, NaN where nothing was measured.
struct TrainingCurve {
  std::string name;  ///< "fold 0"
  std::vector<double> training_loss, validation_loss;
};

struct ReportInput {
  std::string title;
  std::vector<std::string> question;                       ///< paragraphs
  std::vector<std::pair<std::string, std::string>> model;  ///< what it is made of: name and value
  std::vector<CaseRow> cases;
  /// As in metrics.csv. Group `all` is the test cases and `cross_validation`, or `validation`, the
  /// development cases; without test cases `all` is everybody predicted. Subgroups: `site=CS`,
  /// `cross_validation/site=DU`.
  std::vector<evaluation::Metric> metrics;
  std::vector<model::Prediction> predictions;
  evaluation::GroundTruth truth;
  std::vector<TrainingCurve> curves;
  std::vector<Picture> pictures;
  std::vector<std::string> warnings;
  std::vector<data::Warning> file_warnings;  ///< what was odd about cases' files
  std::string made_by;                       ///< version, date, seed: the line at the bottom
  double level = 0.95;                       ///< of the metrics' intervals
  bool with_ids = false;                     ///< name cases by their ids; else by numbers, see render_report
};

/// The rows of a cohort, each with its part ("" when `parts`, from case to part, does not name it).
std::vector<CaseRow> case_rows(const data::Cohort& cohort, const std::map<std::string, std::string>& parts);

/// The page. Plots and lists are of the test cases where some are predicted and have a known label, else of
/// everybody predicted. Without `with_ids` no case's id and no file's path is on it: a case is its place,
/// from 1, among the cases of predictions.csv. Error (data) when predictions are broken (see
/// evaluation::join).
std::string render_report(const ReportInput& given);

}  // namespace photo51::report
