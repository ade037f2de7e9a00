#include "photo51/inference/predictor.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "inference/collect.hpp"
#include "inference/map_collector.hpp"
#include "inference/model_files.hpp"
#include "photo51/core/device.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/progress.hpp"
#include "photo51/inference/trained_model.hpp"
#include "photo51/model/model.hpp"

namespace photo51::inference {

int64_t shared_images_mib(int64_t passes, bool bags) {
  if (passes < 2) return 0;
  return bags ? 1024 : 4096;
}

struct Predictor::Impl {
  PipelineOptions pipeline;
  std::vector<TrainedModel> members;
  std::string unfinished;
  ChosenWay way;
};

Predictor::Predictor(const std::filesystem::path& folder, const std::vector<std::string>& overrides,
                     const std::string& device, bool allow_unfinished, Precision precision)
    : impl_(std::make_unique<Impl>()) {
  const ModelFiles files = find_model(folder, allow_unfinished);
  impl_->unfinished = files.unfinished;
  impl_->pipeline = read_pipeline(load_config(files), overrides);
  const std::string resolved = core::resolve_device(device);
  const at::Device where(resolved);
  for (const auto& file : files.weights) {
    impl_->members.push_back(TrainedModel::load(file, impl_->pipeline));
    auto& model = *impl_->members.back().model;
    model.move_to(where);
    // Nothing trains here: a graph that is asked for is one of inputs.
    for (const auto& parameter : model.parameters()) parameter.set_requires_grad(false);
  }
  const bool trained_in_bf16 = std::ranges::all_of(
      impl_->members, [](const TrainedModel& member) { return member.info.trained_in_bf16; });
  impl_->way = choose_way(precision, resolved, trained_in_bf16);
  for (const auto& member : impl_->members) set_way(*member.model, impl_->way.way);
}

Predictor::~Predictor() = default;
Predictor::Predictor(Predictor&&) noexcept = default;
Predictor& Predictor::operator=(Predictor&&) noexcept = default;

const PipelineOptions& Predictor::pipeline() const {
  return impl_->pipeline;
}

const std::string& Predictor::unfinished() const {
  return impl_->unfinished;
}

const ChosenWay& Predictor::way() const {
  return impl_->way;
}

std::vector<data::TaskSpec> Predictor::labels() const {
  return impl_->members.front().info.labels;
}

int64_t Predictor::size() const {
  return static_cast<int64_t>(impl_->members.size());
}

std::vector<model::Prediction> Predictor::predict(const data::Cohort& cohort,
                                                  const std::vector<int64_t>& rows,
                                                  const PredictOptions& options) const {
  return predictions_of(results(cohort, rows, options));
}

const std::map<std::string, data::InputInfo>& Predictor::inputs(int64_t member) const {
  return impl_->members.at(static_cast<size_t>(member)).inputs;
}

std::vector<model::Prediction> Predictor::predict(int64_t member, const data::Batch& batch) const {
  return inference::predict(impl_->members.at(static_cast<size_t>(member)), batch);
}

std::vector<CaseResult> Predictor::results(const data::Cohort& cohort, const std::vector<int64_t>& rows,
                                           const PredictOptions& options) const {
  std::vector<TrainedModel*> members;
  for (auto& member : impl_->members)
    if (options.members.empty() ||
        std::find(options.members.begin(), options.members.end(), member.info.fold) != options.members.end())
      members.push_back(&member);
  if (members.empty()) core::fail_usage("members: the model has no such fold");

  const bool draws = !members.front()->model->map_heads().empty();
  if (draws && options.flips)
    core::fail_usage("flips: the model outlines, and its maps are mirrored back; take mirror (--mirror x)");
  if (!draws && !options.mirror.empty())
    core::fail_usage("mirror: no head of the model outlines; take flips (--flips)");
  std::set<int64_t> refused;
  InferenceOptions pass;
  pass.batch_size = options.gradients ? 1 : options.batch_size;
  pass.gradients = options.gradients;
  pass.mirror = options.mirror;
  pass.workers = options.workers;
  pass.skip_bad = options.skip_bad;
  pass.on_bad = [&](int64_t row, const std::string& why) {
    if (!refused.insert(row).second) return;
    if (options.on_bad)
      options.on_bad(cohort.id(row), why);
    else
      cohort.report_left_out(cohort.id(row), why);
  };
  const auto useful = with_any_input(cohort, rows, pass.on_bad);
  std::vector<CaseResult> results;
  const auto passes = static_cast<int64_t>(members.size()) * (options.flips ? 2 : 1);
  core::Progress progress("predicting", static_cast<int64_t>(useful.size()) * passes,
                          core::Progress::Show::if_slow);
  pass.on_done = [&](int64_t cases) { progress.advance(cases); };
  const auto& inputs = members.front()->inputs;
  const bool bags =
      std::any_of(inputs.begin(), inputs.end(), [](const auto& input) { return input.second.bag; });
  const int64_t shared_mib = shared_images_mib(passes, bags);
  // The members' maps of a case lie in memory together.
  const size_t chunk = draws ? 1 : static_cast<size_t>(std::max<int64_t>(options.batch_size, 1)) * 4;
  for (size_t begin = 0; begin < useful.size(); begin += chunk) {
    const std::vector<int64_t> some(
        useful.begin() + static_cast<std::ptrdiff_t>(begin),
        useful.begin() + static_cast<std::ptrdiff_t>(std::min(useful.size(), begin + chunk)));
    // The members share the images, which do not depend on what each was fitted to.
    std::unique_ptr<data::CaseLoader> images;
    std::vector<std::vector<model::Prediction>> votes;
    CaseCollector collector(options);
    MapCollector maps;
    std::vector<std::string> seen;
    for (auto* member : members) {
      pass.on_outputs = [&, member](const auto& batch, const auto& outputs, const auto& predicted) {
        collector.add(batch, outputs, predicted);
        if (!draws) return;
        maps.add(*member, batch, outputs);
        if (member == members.front()) seen.insert(seen.end(), batch.cases.begin(), batch.cases.end());
      };
      const data::CaseLoader loader =
          core::with_context("the model of fold " + std::to_string(member->info.fold), [&] {
            if (!images) images = std::make_unique<data::CaseLoader>(cohort, member->info.fitted, shared_mib);
            return data::CaseLoader(*images, member->info.fitted);
          });
      pass.flip.clear();
      votes.push_back(inference::predict(*member, cohort, loader, some, pass));
      if (!options.flips) continue;
      pass.flip = {preprocess::Axis::x};
      votes.push_back(inference::predict(*member, cohort, loader, some, pass));
    }
    const auto& labels = members.front()->info.labels;
    auto predictions = combine(votes, labels);
    if (draws) {
      const auto drawn = maps.maps(labels, seen);
      std::vector<model::Prediction> volumes;
      for (const auto& map : drawn) {
        for (const auto& label : labels)
          if (label.head == map.head)
            for (auto& row : predictions_of(map, label)) volumes.push_back(std::move(row));
        if (options.on_map) options.on_map(map);
      }
      predictions = with_volumes(std::move(predictions), volumes, labels);
    }
    for (auto& result : collector.results(predictions)) {
      if (options.on_result) options.on_result(result);
      results.push_back(std::move(result));
    }
  }
  std::map<std::string, std::vector<data::Warning>> warnings;
  for (auto& warning : cohort.warnings()) warnings[warning.case_id].push_back(warning);
  for (auto& result : results)
    if (const auto found = warnings.find(result.case_id); found != warnings.end())
      result.warnings = found->second;
  return results;
}

}  // namespace photo51::inference
