#include "training/run/map_pass.hpp"

#include <ATen/Device.h>
#include <torch/nn/module.h>

#include <algorithm>
#include <map>

#include "photo51/core/files.hpp"
#include "photo51/data/images/label_map.hpp"
#include "photo51/data/task/task.hpp"
#include "photo51/inference/way.hpp"
#include "photo51/model/model.hpp"
#include "photo51/run/layout.hpp"

namespace photo51::training {

MapPass::MapPass(const ExperimentOptions& experiment, const data::Cohort& cohort, std::filesystem::path run)
    : experiment_(experiment), cohort_(cohort), run_(std::move(run)) {
  any_ =
      std::ranges::any_of(cohort.labels(), [](const auto& label) { return data::task_of(label).is_dense; });
}

MapPass::~MapPass() = default;

void MapPass::add_member(int64_t fold, int64_t repeat, const std::filesystem::path& weights) {
  auto member =
      std::make_unique<inference::TrainedModel>(inference::TrainedModel::load(weights, experiment_.pipeline));
  member->info.fold = fold;
  member->info.repeat = repeat;
  const auto& device = experiment_.train.device;
  member->model->move_to(at::Device(device));
  const auto chosen =
      inference::choose_way(inference::Precision::automatic, device, member->info.trained_in_bf16);
  if (chosen.way.packing) member->model->set_evaluation_type(chosen.way.packing->type);
  members_.push_back(std::move(member));
}

void MapPass::draw(const std::vector<int64_t>& rows, int64_t fold,
                   const std::function<void(int64_t row, const std::string& why)>& on_bad) {
  std::vector<inference::TrainedModel*> members;
  for (const auto& member : members_)
    if (fold == all_folds || member->info.fold == fold) members.push_back(member.get());
  if (members.empty() || rows.empty()) return;
  std::map<std::string, int64_t> row_of;
  for (const int64_t row : rows) row_of[cohort_.id(row)] = row;
  const data::CaseLoader images(cohort_, members.front()->info.fitted,
                                members.size() > 1 ? experiment_.train.cache_mib : 0);
  inference::InferenceOptions pass;
  pass.workers = 0;
  pass.skip_bad = experiment_.pipeline.cohort.on_bad_case == data::BadCase::skip;
  pass.on_bad = on_bad;
  inference::predict_maps(members, cohort_, images, rows, pass,
                          [&](const inference::CaseMap& map) { take(map, row_of.at(map.case_id)); });
}

void MapPass::take(const inference::CaseMap& map, int64_t row) {
  for (const auto& label : cohort_.labels()) {
    if (label.head != map.head) continue;
    inference::write_map(map, label, run_ / run::name::maps);
    for (auto& volume : inference::predictions_of(map, label)) volumes_.push_back(std::move(volume));
    const data::LabelMap truth = data::original_label(cohort_, row, map.head);
    if (truth.classes.defined())
      scores_[map.head][map.case_id] = evaluation::score_map(map.classes, truth.classes, map.geometry.spacing,
                                                             label, experiment_.evaluate.surface_tolerance);
  }
}

std::vector<model::Prediction> MapPass::finish(std::vector<model::Prediction> predictions) const {
  core::write_file_atomic(run_ / run::name::map_scores, evaluation::to_csv(scores_));
  return inference::with_volumes(std::move(predictions), volumes_, cohort_.labels());
}

}  // namespace photo51::training
