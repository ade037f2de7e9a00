#include "commands/trial.hpp"

#include <ATen/core/grad_mode.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>

#include "photo51/core/memory.hpp"
#include "photo51/data/load/bag_stream.hpp"
#include "photo51/inference/predictor.hpp"
#include "photo51/inference/windows.hpp"
#include "photo51/model/model.hpp"
#include "photo51/training/objectives/objective.hpp"

namespace photo51::commands {
namespace {

constexpr size_t most_cases = 4;
constexpr int64_t most_instances = 32;  ///< of a bag
constexpr double mib = 1024 * 1024;

/// The first instances of a bag.
class FirstOf final : public data::BagSource {
 public:
  FirstOf(std::shared_ptr<const BagSource> bag, int64_t count)
      : bag_(std::move(bag)), count_(std::min(count, bag_->count())) {}
  int64_t count() const override { return count_; }
  Instance read(int64_t index) const override { return bag_->read(index); }
  void leave_out(int64_t index, const core::Error& why) const override { bag_->leave_out(index, why); }
  std::string file(int64_t index) const override { return bag_->file(index); }

 private:
  std::shared_ptr<const BagSource> bag_;
  int64_t count_;
};

double nbytes(const at::Tensor& tensor) {
  return tensor.defined() ? static_cast<double>(tensor.nbytes()) : 0;
}

/// How many bytes more than before are resident at most while `body` runs. Where the peak cannot be counted
/// anew: more than ever before.
template <class Body>
double growth_of(const Body& body) {
  const int64_t before =
      core::forget_peak_resident_bytes() ? core::resident_bytes() : core::peak_resident_bytes();
  body();
  return static_cast<double>(std::max<int64_t>(0, core::peak_resident_bytes() - before));
}

/// The batch at hand, and the cases that workers have loaded ahead, `each` of so many bytes.
double loaded(double each, int64_t batch_size, int64_t workers, int64_t rows) {
  const int64_t ahead = workers > 0 ? (data::Loader::Options{}.prefetch + 1) * batch_size : 0;
  return each * static_cast<double>(std::min(batch_size, rows) + std::min(ahead, rows));
}

double seconds_of(const std::function<void()>& body) {
  const auto begin = std::chrono::steady_clock::now();
  body();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace

Trial::Trial(const training::ExperimentOptions& experiment, const data::Cohort& cohort,
             std::vector<int64_t> train, int64_t members)
    : experiment_(experiment),
      cohort_(cohort),
      train_(std::move(train)),
      members_(members),
      fitted_(data::fit(cohort_, train_)),
      info_(data::input_info(experiment.pipeline.inputs, fitted_)),
      loader_(cohort_, fitted_),
      start_(static_cast<double>(core::resident_bytes())) {}

void Trial::load() {
  const size_t tried = std::min(train_.size(), most_cases);
  for (size_t i = 0; i < tried; ++i) {
    data::Case drawn;
    seconds_ += seconds_of([&] {
      drawn = loader_.load(train_[i], {.seed = experiment_.train.seed, .epoch = 0}, {}, most_instances);
    });
    add(std::move(drawn), loader_.load(train_[i], {}, {}, most_instances));
  }
  const auto count = static_cast<double>(tried);
  for (double* sum : {&seconds_, &whole_, &drawn_bytes_, &held_bytes_}) *sum /= count;
  measured_.cases = static_cast<int64_t>(tried);
  measured_.most_instances = most_instances;
}

void Trial::add(data::Case drawn, data::Case plain) {
  for (auto& [name, input] : drawn.inputs) {
    double share = 1;
    if (input.source) {
      data::BagStream some({{drawn.id, std::make_shared<FirstOf>(input.source, most_instances)}},
                           {.input = name, .views = info_.at(name).views});
      const double took = seconds_of([&] { input.values = some.next(most_instances); });
      input.view = some.view();
      input.channel_present = some.channel_present()[0];
      share = static_cast<double>(input.source->count()) / static_cast<double>(input.values.size(0));
      measured_.instances = std::max(measured_.instances, input.source->count());
      seconds_ += took * share;
      input.source = nullptr;
    }
    drawn_bytes_ += nbytes(input.values) * share;
    share_ = std::max(share_, share);
  }
  for (auto& [name, input] : plain.inputs) {
    if (!input.source) {
      held_bytes_ += nbytes(input.values);
      whole_ += nbytes(input.values);
      continue;
    }
    measured_.instances = std::max(measured_.instances, input.source->count());
    data::BagStream one({{plain.id, input.source}}, {.input = name, .views = info_.at(name).views});
    whole_ += nbytes(one.next(1)) * static_cast<double>(input.source->count());
    input.source = std::make_shared<FirstOf>(input.source, most_instances);
  }
  drawn_.push_back(std::move(drawn));
  plain_.push_back(std::move(plain));
}

/// Prediction as of the defaults of `photo51 predict`. What the first pass packs is in what it takes; of the
/// other models as much again as their weights may be.
double Trial::prediction_need(model::Model& model) {
  const c10::InferenceMode mode;
  const inference::PredictOptions options;
  const auto rows = static_cast<double>(cohort_.size());
  const auto batch_size = static_cast<double>(options.batch_size);
  // An image that is seen in parts passes window by window, each as large as a patch of training.
  data::Batch batch = data::collate(inference::sees_parts(info_) ? drawn_ : plain_, info_, cohort_.labels());
  model.eval();
  inference::set_way(model, inference::choose_way(inference::Precision::automatic, "cpu",
                                                  experiment_.train.precision == training::Precision::bf16)
                                .way);
  measured_.encoding = growth_of([&] { batch = model.encode_bags(batch); });
  measured_.forward = growth_of([&] { model.forward(batch); });
  model.set_packing({});
  const bool bags = std::any_of(info_.begin(), info_.end(), [](const auto& one) { return one.second.bag; });
  const double shared = static_cast<double>(inference::shared_images_mib(members_, bags)) * mib;
  return start_ + 4 * parameters_ * static_cast<double>(2 * members_ - 1) +
         std::max(measured_.encoding,
                  measured_.forward * std::min(batch_size, rows) / static_cast<double>(plain_.size())) +
         loaded(held_bytes_, options.batch_size, options.workers, cohort_.size()) +
         std::min(shared, whole_ * std::min(rows, 4 * batch_size));
}

/// Weights, gradients and two moments in float32 and perhaps the moving average, the prepared cohort up to
/// the cache's limit, the cases that are loaded, and a step.
double Trial::training_need(model::Model& model) {
  const training::TrainOptions& train = experiment_.train;
  const auto rows = static_cast<int64_t>(train_.size());
  const double weights = 4 * parameters_;
  double step = 0;
  if (model.trains()) {
    const data::Batch batch = data::collate(drawn_, info_, cohort_.labels());
    const auto objective = training::make_objective(train.objective);
    training::StepContext context;
    context.bf16 = train.precision == training::Precision::bf16;
    model.train();
    model.set_channels_last(training::trains_channels_last(train));
    measured_.step = growth_of([&] {
      const at::Tensor loss = training::total_loss(objective->terms(model, batch, context));
      if (loss.defined() && loss.requires_grad()) loss.backward();
    });
    step = std::max(0.0, *measured_.step - weights) * share_ *
           static_cast<double>(std::min(train.batch_size, rows)) / static_cast<double>(drawn_.size());
  }
  const double cache =
      std::min(whole_ * static_cast<double>(cohort_.size()), static_cast<double>(train.cache_mib) * mib);
  return start_ + weights * (train.ema > 0 ? 5 : 4) + cache + step +
         loaded(drawn_bytes_, train.batch_size, train.workers, rows);
}

void Trial::measure() {
  model::Model model(experiment_.pipeline.model, info_, cohort_.labels());
  for (const auto& parameter : model.parameters()) parameters_ += static_cast<double>(parameter.numel());
  model.fit_heads(cohort_, train_);
  prediction_ = prediction_need(model);
  // Between its epochs training predicts too.
  training_ =
      std::max(training_need(model), prediction_ - 8 * parameters_ * static_cast<double>(members_ - 1));
}

}  // namespace photo51::commands
