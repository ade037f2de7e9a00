#include "training/loop/epoch_line.hpp"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "photo51/core/json.hpp"
#include "photo51/core/text.hpp"

namespace photo51::training {
namespace {

double mean(double sum, int64_t count) {
  return count > 0 ? sum / static_cast<double>(count) : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

double mean_loss(const TrainState& state) {
  return mean(state.loss_sum, state.loss_count);
}

std::string validation_text(const Validation& validation) {
  std::string text;
  if (!std::isnan(validation.loss)) text += ", validation loss " + core::format_fixed(validation.loss, 4);
  if (!std::isnan(validation.metric)) text += ", metric " + core::format_fixed(validation.metric, 3);
  return text;
}

std::string epoch_line(const TrainingJob& job, const TrainState& state, const Validation& validation,
                       double seconds) {
  nlohmann::ordered_json parts = nlohmann::ordered_json::object();
  for (const auto& [head, sum] : state.part_sums) parts[head] = mean(sum, state.part_counts.at(head));
  return core::json_text(nlohmann::ordered_json{{"fold", job.fold},
                                                {"repeat", job.repeat},
                                                {"epoch", state.epoch},
                                                {"steps", state.steps},
                                                {"lr", state.lr},
                                                {"loss", mean_loss(state)},
                                                {"losses", parts},
                                                {"validation_loss", validation.loss},
                                                {"validation_metric", validation.metric},
                                                {"seconds", std::round(seconds * 1000) / 1000}});
}

}  // namespace photo51::training
