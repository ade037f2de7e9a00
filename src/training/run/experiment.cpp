#include "photo51/training/run/experiment.hpp"

#include <algorithm>

#include "photo51/config/read.hpp"
#include "photo51/config/stored_keys.hpp"
#include "photo51/core/log.hpp"
#include "photo51/core/text.hpp"
#include "photo51/evaluation/task_metrics.hpp"

namespace photo51::training {
namespace {

/// An input without an encoder is not used. One that a base names is left over; one of the config's own is
/// perhaps forgotten.
void tell_of_unused_inputs(const config::Node& document, const std::filesystem::path& config,
                           const inference::PipelineOptions& pipeline) {
  const config::Node* inputs = document.find("inputs");
  if (inputs == nullptr) return;
  std::vector<std::string> own, inherited;
  for (const auto& entry : pipeline.inputs) {
    const std::string& name = entry.first;
    const auto& encoders = pipeline.model.encoders;
    if (std::any_of(encoders.begin(), encoders.end(), [&](const auto& one) { return one.first == name; }))
      continue;
    const config::Node* node = inputs->find(name);
    const bool is_inherited = node != nullptr && node->file && *node->file != config.string();
    (is_inherited ? inherited : own).push_back(name);
  }
  if (!own.empty())
    core::log_warning(
        config.string() + ": input " + core::join(own, ", ") +
        " has no encoder, so the model does not use it; name one in model.encoders, or leave the "
        "input out");
  if (!inherited.empty())
    core::log_info("inputs without an encoder, which the model does not use: " + core::join(inherited, ", "));
}

}  // namespace

void describe(config::Fields& f, ExperimentOptions& o) {
  describe(f, o.pipeline);
  f.section("train", o.train, "how it is trained");
  f.section("evaluate", o.evaluate, "how it is scored");
}

ExperimentOptions read_experiment(const std::filesystem::path& config,
                                  const std::vector<std::string>& overrides) {
  const config::ChoiceKeys keys = config::choice_keys<ExperimentOptions>();
  config::Node document = config::load_document(config, config::EmptyValues::refuse, keys);
  for (const auto& assignment : overrides) config::apply_override(document, assignment, keys);
  ExperimentOptions experiment;
  config::read(document, experiment);
  evaluation::require_metrics(model::label_specs(experiment.pipeline.model));
  tell_of_unused_inputs(document, config, experiment.pipeline);
  return experiment;
}

ExperimentOptions read_run_experiment(const std::filesystem::path& config) {
  config::Node document = config::load_lone_document(config);
  config::drop_keys_of_others<ExperimentOptions>(document);
  ExperimentOptions experiment;
  config::read(document, experiment);
  return experiment;
}

std::string to_yaml(ExperimentOptions& experiment) {
  return config::to_yaml(config::dump(experiment));
}

}  // namespace photo51::training
