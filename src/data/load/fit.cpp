#include "photo51/data/load/fit.hpp"

#include "data/cohort/cohort_impl.hpp"
#include "photo51/core/error.hpp"

namespace photo51::data {

FittedTransforms fit(const Cohort& cohort, const std::vector<int64_t>& train) {
  const auto& impl = cohort.impl();
  if (train.empty()) core::fail_data("the training part is empty");
  const std::vector<size_t> rows(train.begin(), train.end());
  FittedTransforms fitted;
  for (size_t input = 0; input < impl.inputs.size(); ++input)
    if (auto state = core::with_context("input " + impl.name(input),
                                        [&] { return impl.modality(input).fit(impl, input, rows); }))
      fitted.inputs[impl.name(input)] = std::move(state);
  for (const auto& spec : impl.labels)
    if (!spec.classes.empty()) fitted.classes[spec.head] = spec.classes;
  for (const auto& spec : impl.labels)  // only where words are named: without them 0 and 1 say it all
    if (!spec.negative.empty()) fitted.negative[spec.head] = spec.negative;
  return fitted;
}

std::vector<TaskSpec> fitted_labels(std::vector<TaskSpec> labels, const FittedTransforms& fitted) {
  const auto learned = [](const auto& by_head, const std::string& head, std::vector<std::string>& names) {
    if (const auto found = by_head.find(head); found != by_head.end()) names = found->second;
  };
  for (auto& spec : labels) {
    learned(fitted.classes, spec.head, spec.classes);
    learned(fitted.negative, spec.head, spec.negative);
  }
  return labels;
}

std::map<std::string, InputInfo> input_info(const Inputs& inputs, const FittedTransforms& fitted) {
  std::map<std::string, InputInfo> infos;
  for (const auto& [name, input] : inputs) {
    const auto state = fitted.inputs.find(name);
    infos.emplace(name, modality_of(input).info(
                            name, input, state == fitted.inputs.end() ? nullptr : state->second.get()));
  }
  return infos;
}

}  // namespace photo51::data
