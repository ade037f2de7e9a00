#pragma once
/// A whole config: cohort, inputs, model, training, evaluation.

#include <filesystem>
#include <string>
#include <vector>

#include "photo51/config/fields.hpp"
#include "photo51/evaluation/evaluate.hpp"
#include "photo51/inference/pipeline.hpp"
#include "photo51/training/options.hpp"

namespace photo51::training {

/// `photo51 schema` is made from this description; a file may also say `extends:`.
struct ExperimentOptions {
  inference::PipelineOptions pipeline;  ///< `cohort:`, `inputs:`, `model:`
  TrainOptions train;
  evaluation::EvaluateOptions evaluate;
};
void describe(config::Fields& f, ExperimentOptions& o);

/// Reads a config with what it extends, then applies `key=value` overrides. Errors (usage) with file:line.
ExperimentOptions read_experiment(const std::filesystem::path& config,
                                  const std::vector<std::string>& overrides = {});
/// The `config.yaml` of a run of this version or an earlier one.
ExperimentOptions read_run_experiment(const std::filesystem::path& config);
/// The resolved config as YAML: every value, defaults included.
std::string to_yaml(ExperimentOptions& experiment);

}  // namespace photo51::training
