#include "photo51/training/experiment.hpp"

#include "photo51/config/read.hpp"

namespace photo51::training {

void describe(config::Fields& f, ExperimentOptions& o) {
  describe(f, o.pipeline);
  f.section("train", o.train, "how it is trained");
  f.section("evaluate", o.evaluate, "how it is scored");
}

ExperimentOptions read_experiment(const std::filesystem::path& config,
                                  const std::vector<std::string>& overrides) {
  config::Node document = config::load_document(config);
  for (const auto& assignment : overrides) config::apply_override(document, assignment);
  ExperimentOptions experiment;
  config::read(document, experiment);
  return experiment;
}

std::string to_yaml(ExperimentOptions& experiment) {
  return config::to_yaml(config::dump(experiment));
}

}  // namespace photo51::training
