#include "training/loop/stages.hpp"

namespace photo51::training {

std::vector<Stage> stages_of(const TrainOptions& options) {
  if (options.stages.empty()) return {{"", 0, options.epochs, options.optimizer, options.schedule, {}}};
  std::vector<Stage> stages;
  int64_t begin = 0;
  for (const auto& [name, stage] : options.stages) {
    stages.push_back({name, begin, stage.epochs,
                      stage.optimizer.empty() ? options.optimizer : stage.optimizer,
                      stage.schedule.empty() ? options.schedule : stage.schedule, stage.frozen});
    begin += stage.epochs;
  }
  return stages;
}

int64_t epochs_of(const std::vector<Stage>& stages) {
  return stages.back().begin + stages.back().epochs;
}

size_t stage_of_epoch(const std::vector<Stage>& stages, int64_t epoch) {
  size_t stage = 0;
  while (stage + 1 < stages.size() && epoch >= stages[stage + 1].begin) ++stage;
  return stage;
}

}  // namespace photo51::training
