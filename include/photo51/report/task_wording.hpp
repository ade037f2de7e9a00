#pragma once
/// The table of wording: for each task how the report speaks of its labels, predictions and figures.

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "photo51/evaluation/scored.hpp"

namespace photo51::report {

struct Figure {
  std::string svg;  ///< one element
  std::string caption;
  bool wide = false;
};

/// Named parts of the same cohort (sites, development cases), for curves of their own.
using Parts = std::vector<std::pair<std::string, evaluation::ScoredPredictions>>;

/// One patient's prediction, judged.
struct Judged {
  size_t index = 0;
  double badness = 0;  ///< NaN = it cannot be said
  bool wrong = false, unsure = false;
  std::string truth, said;
};

struct MetricWords {
  std::string name, meaning;
  /// What a headline's chance value is, with "above" or "below" before it. Empty: "a guess (50)", of a
  /// hundred.
  std::string guess = {};
};

/// Of few patients a report warns: as many as the rarest that matter.
struct Rarest {
  int64_t count = 0;
  std::string what;
};

struct TaskWording {
  using Scored = evaluation::ScoredPredictions;
  using Labels = std::vector<const data::Case::Label*>;

  std::string task;  ///< a row of data's table of tasks
  /// What is asked: "which class of `subtype`".
  std::string (*question)(const data::TaskSpec&) = nullptr;
  /// The column of the cohort's table: its heading, and of the known labels of a site, one at least, its
  /// cell.
  std::string (*heading)(const data::TaskSpec&) = nullptr;
  std::string (*cell)(const Labels& known) = nullptr;
  /// What the headline says, without a full stop, and its interval.
  std::string (*claim)(const evaluation::Metric&, const data::TaskSpec&) = nullptr;
  std::string (*interval)(double low, double high) = nullptr;
  /// `parts` are made when asked for.
  std::vector<Figure> (*figures)(const Scored& shown, const std::function<Parts()>& parts,
                                 double level) = nullptr;
  Judged (*judge)(const Scored& shown, size_t index) = nullptr;
  std::string worst_title = "Farthest from the truth";
  std::string unsure_rule = {};  ///< where `judge` finds some unsure
  /// How far the numbers can be taken at their word; `metric` is one of all cases shown, or null. Null =
  /// nothing is said.
  std::vector<std::string> (*calibration)(
      const Scored& shown,
      const std::function<const evaluation::Metric*(const std::string&)>& metric) = nullptr;
  Rarest (*rarest)(const Scored& shown) = nullptr;  ///< null = all labelled patients
  /// What a threshold would have done to these patients. Null = there is none.
  std::vector<std::string> (*decisions)(const Scored& shown) = nullptr;
  bool has_confusion = false;                       ///< a table of classes by predicted classes
  std::map<std::string, MetricWords> metrics = {};  ///< names of statistics that the report does not know
};

/// Adds the wording of a task that data::add_task has added, before a config is read. Errors (usage): no such
/// task, wording that is there already, a function that may not be null.
void add_wording(TaskWording row);
/// Error (usage) that says what to add: no such task, no wording for it.
const TaskWording& wording_of(const std::string& task);
/// The same, at the start, for every head of a model.
void require_wording(const std::vector<data::TaskSpec>& heads);

}  // namespace photo51::report
