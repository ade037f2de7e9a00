#include <nlohmann/json.hpp>

#include "core/learned.hpp"
#include "data/images/color_channels.hpp"
#include "data/images/histogram_landmarks.hpp"
#include "data/tables/tabular.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::data {

nlohmann::json parse_fitted(const FittedTransforms& fitted) {
  return core::with_context("what was fitted on the training part",
                            [&] { return core::parse_learned(fitted.json); });
}

core::Learned fitted_input(const nlohmann::json& fitted, const std::string& input) {
  const core::Learned all(fitted);
  if (!all.has("inputs") || !all.at("inputs").has(input))
    core::fail_data("nothing was fitted for input `" + input + "`; fit it on the training part first");
  return all.at("inputs").at(input);
}

FittedTransforms fit(const Cohort& cohort, const std::vector<int64_t>& train) {
  const auto& impl = cohort.impl();
  if (train.empty()) core::fail_data("the training part is empty");
  const std::vector<size_t> rows(train.begin(), train.end());
  nlohmann::json all{{"inputs", nlohmann::json::object()}, {"classes", nlohmann::json::object()}};
  for (size_t input = 0; input < impl.inputs.size(); ++input) {
    const auto& [name, options] = impl.inputs[input];
    if (const Tabular* tabular = find_tabular(options.modality))
      all["inputs"][name] =
          core::with_context("input " + name, [&] { return tabular->fit(impl, input, rows); });
    else if (auto learned = core::with_context("input " + name, [&] { return fit_image(impl, input, rows); });
             !learned.is_null())
      all["inputs"][name] = std::move(learned);
  }
  for (const auto& spec : impl.labels)
    if (!spec.classes.empty()) all["classes"][spec.head] = spec.classes;
  for (const auto& spec : impl.labels)  // only where words are named: without them 0 and 1 say it all
    if (!spec.negative.empty()) all["negative"][spec.head] = spec.negative;
  return {all.dump()};
}

std::vector<TaskSpec> fitted_labels(std::vector<TaskSpec> labels, const FittedTransforms& fitted) {
  const auto all = parse_fitted(fitted);
  const core::Learned told(all);
  const auto learned = [&](const char* what, const std::string& head, std::vector<std::string>& names) {
    if (told.has(what) && told.at(what).has(head)) names = told.at(what).at(head).texts();
  };
  for (auto& spec : labels) {
    learned("classes", spec.head, spec.classes);
    learned("negative", spec.head, spec.negative);
  }
  return labels;
}

std::map<std::string, InputInfo> input_info(const Inputs& inputs, const FittedTransforms& fitted) {
  const auto all = parse_fitted(fitted);
  std::map<std::string, InputInfo> infos;
  for (const auto& [name, options] : inputs) {
    InputInfo info;
    info.image = is_image(options);
    if (info.image) {
      const auto columns = static_cast<int64_t>(options.channels.size());
      const auto planes = static_cast<int64_t>(plane_suffixes(options).size());
      info.bag = is_bag(options);
      info.views = info.bag ? columns : 1;
      info.channels = (info.bag ? 1 : columns) * planes + (!options.mask.empty() && options.mask_channel);
      info.dims = options.dims;
      const auto& size = options.preprocess.size;  // x, y, z
      info.size.assign(size.rbegin(), size.rend());
      if (options.dims == 2 && !info.size.empty()) {
        if (info.size[0] != 1)
          core::fail_usage("input " + name + ": dims: 2 takes one slice; set preprocess.size to [" +
                           std::to_string(size[0]) + ", " + std::to_string(size[1]) + ", 1]");
        info.size.erase(info.size.begin());
      }
      if (options.tile && info.size.empty()) info.size = {options.tile->size, options.tile->size};
    } else {
      const Tabular* tabular = find_tabular(options.modality);
      info.features = tabular->features(fitted_input(all, name));
      info.channels = static_cast<int64_t>(info.features.size());
    }
    infos.emplace(name, std::move(info));
  }
  return infos;
}

}  // namespace photo51::data
