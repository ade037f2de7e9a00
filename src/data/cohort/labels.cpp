#include "data/cohort/cohort_impl.hpp"
#include "photo51/data/task/task.hpp"

namespace photo51::data {

void read_labels(Cohort::Impl& cohort, bool require) {
  const LabelSource source{.table = cohort.table,
                           .ids = cohort.ids,
                           .require = require,
                           .resolve = [&](const std::string& named) { return cohort.resolve(named); },
                           .warn =
                               [&](const std::string& text) {
                                 cohort.note({"", "", cohort.table.source, text});
                               }};
  for (auto& spec : cohort.labels) cohort.label_values[spec.head] = task_of(spec).read(source, spec);
}

}  // namespace photo51::data
