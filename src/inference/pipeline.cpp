#include "photo51/inference/pipeline.hpp"

#include <algorithm>

#include "photo51/config/read.hpp"
#include "photo51/config/stored_keys.hpp"
#include "photo51/core/text.hpp"

namespace photo51::inference {

void describe(config::Fields& f, PipelineOptions& o) {
  f.section("cohort", o.cohort, "who is studied");
  f.choice_group("inputs", o.inputs, data::modalities(), "what is read of each case", {.required = true},
                 data::modality_key);
  f.section("model", o.model, "what is trained");
  f.check(!o.inputs.empty(), "inputs", "needs at least one input");
  f.check(!o.model.encoders.empty() && !o.model.heads.empty(), "model", "needs `encoders` and `heads`");
  std::vector<std::string> names;
  for (const auto& [name, input] : o.inputs) names.push_back(name);
  for (const auto& [name, encoder] : o.model.encoders)
    f.check(std::find(names.begin(), names.end(), name) != names.end(), "model",
            "encoders: there is no input `" + name + "`" + core::suggest(name, names));
}

PipelineOptions read_pipeline(config::Node document, const std::vector<std::string>& overrides) {
  // Before the overrides, which have to be right.
  config::drop_keys_of_others<PipelineOptions>(document);
  const config::ChoiceKeys keys = config::choice_keys<PipelineOptions>();
  for (const auto& assignment : overrides) config::apply_override(document, assignment, keys);
  if (auto* model = document.find("model"))
    if (auto* encoders = model->find("encoders"))
      for (auto& [name, encoder] : encoders->entries) encoder.erase("weights");
  data::drop_keys_of_training(document);
  PipelineOptions pipeline;
  config::read(document, pipeline);
  drop_unused_inputs(pipeline);
  return pipeline;
}

void drop_unused_inputs(PipelineOptions& pipeline) {
  std::erase_if(pipeline.inputs, [&](const auto& input) {
    return std::none_of(pipeline.model.encoders.begin(), pipeline.model.encoders.end(),
                        [&](const auto& encoder) { return encoder.first == input.first; });
  });
}

}  // namespace photo51::inference
