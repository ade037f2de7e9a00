#pragma once
/// The part of a config that prediction needs, and what a trained model is on disk.

#include <filesystem>

#include "photo51/config/node.hpp"
#include "photo51/data/spec.hpp"
#include "photo51/model/model.hpp"

namespace photo51::inference {

/// `cohort:`, `inputs:`, `model:` of a config.
struct PipelineOptions {
  data::CohortOptions cohort;
  data::Inputs inputs;
  model::ModelOptions model;
};
void describe(config::Fields& f, PipelineOptions& o);

}  // namespace photo51::inference
