/// Survival: which of the heads the loss asks for.

#include <torch/nn/module.h>

#include "radiogenomics/heads/rows.hpp"

namespace photo51::radiogenomics {

TaskHead survival_head() {
  return {
      .task = "survival",
      .options = {"positive", "time_unit", "loss"},
      .label =
          [](const HeadOptions& options, data::TaskSpec& label) {
            if (options.label.empty()) label.column = "time";
            label.event_column = options.event;
          },
      .make = [](const HeadOptions& options, const data::TaskSpec&, int64_t width) -> std::shared_ptr<Head> {
        if (options.loss == "discrete_nll") return make_discrete_time_head(options.bins, width);
        return make_cox_head(width);
      },
      .needs_event = [](const HeadOptions& options) { return options.loss != "discrete_nll"; }};
}

}  // namespace photo51::radiogenomics
