#pragma once
/// Heads as tests choose them: by the name of a task, and by what a config says.

#include <functional>
#include <string>

#include "photo51/config/read.hpp"
#include "photo51/radiogenomics/heads/table.hpp"

namespace photo51::radiogenomics {

/// A head of the task, changed where all heads with estimators have the same options.
inline config::Choice head_of_task(const std::string& task,
                                   const std::function<void(EstimatorHeadOptions&)>& change) {
  const auto changed = [&](auto options) {
    change(options);
    return radiogenomics::head(options);
  };
  if (task == "binary") return changed(BinaryHeadOptions{});
  if (task == "multiclass") return changed(MulticlassHeadOptions{});
  if (task == "regression") return changed(RegressionHeadOptions{});
  return changed(SurvivalHeadOptions{});
}

inline config::Choice head_of_task(const std::string& task, const config::Choice& estimator) {
  return head_of_task(task, [&](EstimatorHeadOptions& o) { o.estimator = estimator; });
}

/// The head that a config describes like this, as `head: …` of the file h.yaml.
inline config::Choice read_head(const std::string& yaml) {
  struct OneHead {
    config::Choice head;
    static void describe_to(config::Fields& f, OneHead& o) {
      f.choice("head", o.head, head_components(), "", {}, task_key);
    }
  } described;
  config::read_section(
      config::parse_yaml("head: " + yaml, "h.yaml"),
      config::Section{[&](config::Fields& f) { OneHead::describe_to(f, described); }, {}, {}});
  return described.head;
}

}  // namespace photo51::radiogenomics
