/// Survival: which of the heads the loss asks for.

#include <torch/nn/module.h>

#include "radiogenomics/heads/rows.hpp"

namespace photo51::radiogenomics {

TaskHead survival_head() {
  TaskHead row = head_row<SurvivalHeadOptions>();
  row.label = [](const config::Choice& head, data::TaskSpec& spec) {
    const auto& options = head.as<SurvivalHeadOptions>();
    if (options.label.empty()) spec.column = "time";
    spec.event_column = options.event;
    spec.positive = options.positive;
    spec.negative = options.negative;
    spec.time_unit = config::name_of(options.time_unit);
  };
  row.make = [](const config::Choice& head, const data::TaskSpec&, int64_t width) -> std::shared_ptr<Head> {
    const auto& options = head.as<SurvivalHeadOptions>();
    if (options.loss == SurvivalLoss::discrete_nll) return make_discrete_time_head(options.bins, width);
    return make_cox_head(width);
  };
  row.needs_event = [](const config::Choice& head) {
    return head.as<SurvivalHeadOptions>().loss != SurvivalLoss::discrete_nll;
  };
  return row;
}

}  // namespace photo51::radiogenomics
