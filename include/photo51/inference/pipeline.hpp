#pragma once
/// The part of a config that prediction needs.

#include <filesystem>
#include <string>
#include <vector>

#include "photo51/config/node.hpp"
#include "photo51/data/cohort/cohort.hpp"
#include "photo51/data/options/cohort.hpp"
#include "photo51/data/options/inputs.hpp"
#include "photo51/model/options.hpp"

namespace photo51::inference {

/// `cohort:`, `inputs:`, `model:` of a config.
struct PipelineOptions {
  data::CohortOptions cohort;
  data::Inputs inputs;
  model::ModelOptions model;
};
void describe(config::Fields& f, PipelineOptions& o);

/// From a run's `config.yaml` (without the sections of training) or a published `model.yaml`. The encoders'
/// pretrained weights and the inputs' gene sets are passed over: what was learned replaces them. Then
/// `key=value` overrides. Errors (usage) with file:line.
PipelineOptions read_pipeline(config::Node document, const std::vector<std::string>& overrides = {});
/// Inputs without an encoder are neither read nor checked.
void drop_unused_inputs(PipelineOptions& pipeline);

}  // namespace photo51::inference
