#include "photo51/training/loop/trainer.hpp"

#include <ATen/ATen.h>
#include <torch/nn/module.h>
#include <torch/nn/utils/clip_grad.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/interrupt.hpp"
#include "photo51/core/log.hpp"
#include "photo51/core/progress.hpp"
#include "photo51/core/random.hpp"
#include "photo51/core/text.hpp"
#include "photo51/data/load/for_each_batch.hpp"
#include "photo51/data/tables/rare_categories.hpp"
#include "photo51/inference/way.hpp"
#include "photo51/model/model.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "photo51/run/layout.hpp"
#include "photo51/training/optim/optimizer.hpp"
#include "photo51/training/optim/schedule.hpp"
#include "training/loop/checkpoint.hpp"
#include "training/loop/epoch_line.hpp"
#include "training/loop/frozen_norms.hpp"
#include "training/loop/sampler.hpp"
#include "training/loop/stages.hpp"
#include "training/loop/validation.hpp"
#include "training/run/preflight.hpp"

namespace photo51::training {

struct Trainer::Impl {
  Impl(const TrainingJob& job, inference::TrainedModel member, const data::CaseLoader& cases,
       Objective& objective, GradientSync& sync)
      : job_(job),
        options_(job.experiment.train),
        cases_(cases),
        objective_(objective),
        sync_(sync),
        seed_(member_seed(options_.seed, job.fold, job.repeat)),
        stages_(stages_of(options_)),
        epochs_(epochs_of(stages_)),
        member_(std::move(member)) {
    member_.model->set_channels_last(trains_channels_last(options_));
    std::vector<std::string> names;
    for (const auto& [name, parameter] : parameters())
      if (parameter.requires_grad()) trained_.emplace_back(name, parameter), names.push_back(name);
    groups_ = group_of_each(options_.parameter_groups, names);
    for (const auto& stage : stages_)
      frozen_.push_back(matched(stage.frozen, names, "train.stages." + stage.name + ".frozen"));
    begin_stage();
    if (options_.ema > 0)
      average_ = std::make_unique<ExponentialMovingAverage>(options_.ema, member_.weights());
    order_.sampler = options_.sampler;
    order_.batch_size = options_.batch_size;
    order_.head = sampler_head(member_.info.labels, options_.sampler, options_.sampler_head);
    pass_.batch_size = options_.batch_size;
    pass_.workers = options_.workers;
    pass_.skip_bad = job.experiment.pipeline.cohort.on_bad_case == data::BadCase::skip;
    pass_.on_bad = job.on_bad;
    sync_.attach(*member_.model);
  }

  inference::TrainedModel run() {
    const core::Graceful saves_when_interrupted;
    core::make_directories(job_.folder);
    if (std::filesystem::exists(last()) && is_of_same_data()) {
      if (stages_.size() > 1) {  // whose optimiser it is
        state_.epoch = read_state(last()).epoch;
        begin_stage();
      }
      state_ = load_checkpoint(last(), member_, *optimizer_, average_.get());
    } else {
      check_space();
      save_state();
    }
    const int64_t batches =
        batches_of(epoch_order(job_.cohort, job_.train, order_, seed_, state_.epoch).size());
    core::Progress progress(job_.title, epochs_ * batches, core::Progress::Show::always,
                            state_.epoch * batches + state_.batch);
    while (!state_.finished) {
      const auto start = std::chrono::steady_clock::now();
      train_epoch(progress);
      const auto seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      finish_epoch(seconds);
      progress.advance(0, "epoch " + std::to_string(state_.epoch) + " of " + std::to_string(epochs_) + note_);
    }
    if (!std::filesystem::exists(best()))
      core::fail_data(best().string() + ": is missing though the fold is finished; remove " +
                      job_.folder.string() + " and resume to train it again");
    const auto stored = nn::read_safetensors(best());
    member_.model->load_layers(stored.tensors, best().string());
    // What it predicts is to the last bit what it predicts when it is loaded.
    member_.model->set_channels_last(false);
    thaw();
    return member_;
  }

  std::filesystem::path last() const { return job_.folder / run::name::last; }
  std::filesystem::path best() const { return job_.folder / run::name::best; }

  /// A mended case may change what is fitted to the training part; weights of both would be of neither.
  bool is_of_same_data() const {
    const auto metadata = nn::read_safetensors(last()).metadata;
    const auto fitted = metadata.find("fitted");
    if (fitted == metadata.end() || fitted->second == data::to_json(member_.info.fitted)) return true;
    const auto then = data::fitted_from(fitted->second, job_.cohort.inputs());
    if (data::to_json(data::without_counts(then)) == data::to_json(data::without_counts(member_.info.fitted)))
      return true;  // begun by a version that did not count
    core::log_warning(job_.title +
                      ": the training part is another one than when this model was begun, so it "
                      "is trained from the start");
    return false;
  }

  NamedTensors parameters() const {
    NamedTensors list;
    for (const auto& entry : member_.model->named_parameters()) list.emplace_back(entry.key(), entry.value());
    return list;
  }

  void thaw() {
    for (const auto& [name, parameter] : trained_) parameter.set_requires_grad(true);
  }
  /// The stage of the epoch that comes, with its optimiser.
  void begin_stage() {
    stage_ = stage_of_epoch(stages_, state_.epoch);
    thaw();
    std::vector<OptimizedParameter> optimized;
    for (size_t i = 0; i < trained_.size(); ++i)
      optimized.push_back(
          {trained_[i].first, trained_[i].second, groups_[i].lr_scale, groups_[i].weight_decay});
    optimizer_ = make_optimizer(stages_[stage_].optimizer, optimized);
  }
  /// What is frozen in the epoch that runs has no gradient, so it is neither clipped nor stepped.
  void freeze() {
    for (size_t i = 0; i < trained_.size(); ++i)
      trained_[i].second.set_requires_grad(!frozen_[stage_][i] && state_.epoch >= groups_[i].frozen_until);
  }

  int64_t batches_of(size_t cases) const {
    return (static_cast<int64_t>(cases) + options_.batch_size - 1) / options_.batch_size;
  }

  /// Two files a member, and once more the larger one while it is replaced. Only the first member asks: it
  /// knows how large they are.
  void check_space() const {
    double weights = 0, moments = 0;
    for (const auto& [name, tensor] : member_.weights()) weights += static_cast<double>(tensor.nbytes());
    for (const auto& [name, tensor] : parameters()) moments += static_cast<double>(tensor.nbytes());
    const auto kinds = optimizer_->moments();
    const auto whole =
        std::count_if(kinds.begin(), kinds.end(), [](const auto& kind) { return kind != "step"; });
    const double last = weights * (average_ ? 2 : 1) + moments * static_cast<double>(whole);
    if (job_.fold == 0 && job_.repeat == 0)
      require_space(job_.folder, static_cast<double>(job_.members) * (last + weights) + last,
                    "checkpoints of " + std::to_string(job_.members) + " model(s)");
  }

  void save_state() {
    save_checkpoint(last(), member_, *optimizer_, average_.get(), state_);
    saved_ = std::chrono::steady_clock::now();
  }
  bool save_is_due() const {
    const std::chrono::duration<double> since = std::chrono::steady_clock::now() - saved_;
    return state_.finished || since.count() >= options_.checkpoint_every;
  }

  /// Batches of the epoch that runs, from the one after the last that counts.
  void train_epoch(core::Progress& progress) {
    const auto order = epoch_order(job_.cohort, job_.train, order_, seed_, state_.epoch);
    const auto size = static_cast<int64_t>(order.size());
    const int64_t batches = batches_of(order.size());
    const int64_t steps_per_epoch = (batches + options_.accumulate - 1) / options_.accumulate;
    const int64_t skip = std::min(size, state_.batch * options_.batch_size);
    data::BatchPass pass;
    pass.rows = {order.begin() + skip, order.end()};
    pass.key.seed = static_cast<int64_t>(seed_ >> 1);
    pass.key.epoch = state_.epoch;
    pass.loading.batch_size = options_.batch_size;
    pass.loading.workers = options_.workers;
    pass.loading.skip_bad = pass_.skip_bad;
    pass.loading.on_bad = pass_.on_bad;
    // Interrupted while it waits, it saves what the steps so far have made; batches of a step that is not
    // whole are done again.
    pass.on_interrupt = [&] {
      if (state_.batch % options_.accumulate == 0) save_state();
      core::end_interrupted();
    };
    freeze();
    member_.model->train();
    hold_frozen_norms(*member_.model);
    optimizer_->zero_grad();
    bool any_gradient = false, stopped = false;
    // Bad cases are left out of their batch, so batches keep their numbers.
    data::for_each_batch(job_.cohort, cases_, member_.info.fitted, pass, [&](const data::Batch& batch) {
      const int64_t group = state_.batch / options_.accumulate;
      const int64_t in_group = std::min(options_.accumulate, batches - group * options_.accumulate);
      const bool last = (state_.batch + 1) % options_.accumulate == 0 || state_.batch + 1 == batches;
      any_gradient |= backward(batch, in_group, last);
      ++state_.batch;
      progress.advance(1, "epoch " + std::to_string(state_.epoch + 1) + " of " + std::to_string(epochs_) +
                              ", loss " + core::format_fixed(loss_so_far(), 4) + shown_validation_);
      if (!last) return true;
      sync_.finish();
      if (any_gradient)
        step(schedule_factor(stages_[stage_].schedule,
                             (state_.epoch - stages_[stage_].begin) * steps_per_epoch + group,
                             steps_per_epoch, stages_[stage_].epochs));
      any_gradient = false;
      if (job_.stop()) {
        save_state();
        if (core::interrupted()) core::end_interrupted();  // cases that still load are not waited for
        stopped = true;
        return false;
      }
      return state_.batch < batches;
    });
    if (stopped)
      throw core::Error(core::Fault::interrupted,
                        where() + ": interrupted; the state is saved, go on with --resume");
    state_.batch = batches;
  }

  double loss_so_far() const {
    return state_.loss_sum / static_cast<double>(std::max<int64_t>(state_.loss_count, 1));
  }

  /// The same where the epoch's steps are done: resumed, it is validated again.
  Validation validated() {
    // The steps of this epoch are done, its number is not counted yet.
    const int64_t number = state_.epoch + 1;
    if (number % options_.validate_every != 0 && number < epochs_) {
      const double none = std::numeric_limits<double>::quiet_NaN();
      return {none, none};
    }
    if (average_) average_->swap(member_.weights());
    try {
      return validate(member_, job_.cohort, cases_, job_.validation, pass_);
    } catch (const core::Error& error) {
      if (average_) average_->swap(member_.weights());
      if (error.fault() != core::Fault::interrupted) throw;
      save_state();
      core::end_interrupted();
    }
  }

  bool backward(const data::Batch& batch, int64_t in_group, bool last) {
    core::Random random({seed_, static_cast<uint64_t>(state_.epoch), static_cast<uint64_t>(state_.batch),
                         core::hash_key("dropout")});
    at::manual_seed(random.next_u64());
    sync_.before_forward();
    const StepContext context{.training = true,
                              .epoch = state_.epoch,
                              .step = state_.batch,
                              .stage = static_cast<int64_t>(stage_),
                              .site = {},
                              .bf16 = options_.precision == Precision::bf16};
    const std::vector<Term> terms = objective_.terms(*member_.model, batch, context);
    const at::Tensor loss = total_loss(terms);
    if (!loss.defined()) return false;
    const double value = loss.item<double>();
    if (!std::isfinite(value))
      core::fail_run(where() + ", batch " + std::to_string(state_.batch + 1) + ": the loss is " +
                     core::format_number(value) + " (cases " + core::join(batch.cases, ", ") +
                     "); lower train.optimizer.lr, set train.clip_norm or train.precision=fp32, and look at "
                     "these cases");
    state_.loss_sum += value * static_cast<double>(batch.size());
    state_.loss_count += batch.size();
    for (const auto& term : terms) {
      state_.part_sums[term.name] += term.value().item<double>() * static_cast<double>(batch.size());
      state_.part_counts[term.name] += batch.size();
    }
    if (!loss.requires_grad()) return false;
    const at::Tensor scaled = loss / static_cast<double>(in_group);
    sync_.before_backward(scaled, last);
    scaled.backward();
    return true;
  }

  void step(double factor) {
    if (options_.clip_norm > 0) {
      std::vector<at::Tensor> with_gradient;
      for (const auto& [name, parameter] : parameters())
        if (parameter.grad().defined()) with_gradient.push_back(parameter);
      const double norm = torch::nn::utils::clip_grad_norm_(with_gradient, options_.clip_norm);
      if (!std::isfinite(norm))
        core::fail_run(where() +
                       ": the gradient is not finite; lower train.optimizer.lr or set "
                       "train.precision=fp32");
    }
    optimizer_->step(optimizer_->base_lr() * factor);
    optimizer_->zero_grad();
    ++state_.steps;
    if (average_) average_->update(member_.weights());
    state_.lr = optimizer_->base_lr() * factor;
  }

  /// Validates, keeps the best weights, saves the state, then logs. A crash costs the epochs since the last
  /// state, which come out the same when they are done again; their lines in the log go with them.
  void finish_epoch(double seconds) {
    const Validation validation = validated();
    ++state_.epoch;
    const bool better = improved(validation);
    const bool compares = options_.checkpoint == KeptEpoch::best || options_.patience > 0;
    if (compares && !job_.validation.empty() && !state_.has_best && state_.epoch >= epochs_)
      core::fail_run(job_.title + ": the " + config::name_of(options_.monitor) +
                     " of the validation part was never defined, so train.checkpoint and train.patience have "
                     "nothing to compare; look at the validation cases, or lower train.optimizer.lr");
    const bool early =
        options_.patience > 0 && state_.has_best && state_.epoch - state_.best_epoch >= options_.patience;
    state_.finished = state_.epoch >= epochs_ || early;
    // Without a validation part there is no best epoch.
    const bool by_best = options_.checkpoint == KeptEpoch::best && state_.has_best;
    if (by_best ? better : state_.finished) member_.save(best());
    if (average_) average_->swap(member_.weights());

    shown_validation_ = validation_text(validation);
    note_ = ", loss " + core::format_fixed(mean_loss(state_), 4) + shown_validation_;
    state_.history.push_back(epoch_line(job_, state_, validation, seconds));
    state_.batch = 0;
    state_.loss_sum = 0;
    state_.loss_count = 0;
    state_.part_sums.clear();
    state_.part_counts.clear();
    if (stage_of_epoch(stages_, state_.epoch) != stage_) begin_stage();
    if (save_is_due()) save_state();
    job_.log(state_.history.back());
  }

  bool improved(const Validation& validation) {
    const double value = options_.monitor == Monitor::metric ? -validation.metric : validation.loss;
    if (std::isnan(value) || (state_.has_best && !(value < state_.best))) return false;
    state_.has_best = true;
    state_.best = value;
    state_.best_epoch = state_.epoch;
    return true;
  }

  std::string where() const { return job_.title + ", epoch " + std::to_string(state_.epoch + 1); }

  const TrainingJob& job_;
  const TrainOptions& options_;
  const data::CaseLoader& cases_;
  Objective& objective_;
  GradientSync& sync_;
  uint64_t seed_;
  std::vector<Stage> stages_;
  int64_t epochs_;
  inference::TrainedModel member_;
  NamedTensors trained_;                   ///< the parameters that training may move
  std::vector<ParameterGroup> groups_;     ///< of each of them
  std::vector<std::vector<bool>> frozen_;  ///< by stage, whether each of them is
  size_t stage_ = 0;
  std::unique_ptr<Optimizer> optimizer_;
  std::unique_ptr<ExponentialMovingAverage> average_;
  OrderOptions order_;
  inference::InferenceOptions pass_;
  TrainState state_;
  std::chrono::steady_clock::time_point saved_;
  std::string note_, shown_validation_;  ///< for the progress
};

Trainer::Trainer(const TrainingJob& job, inference::TrainedModel model, const data::CaseLoader& cases,
                 Objective& objective, GradientSync& sync)
    : impl_(std::make_unique<Impl>(job, std::move(model), cases, objective, sync)) {}

Trainer::~Trainer() = default;

inference::TrainedModel Trainer::run() {
  return impl_->run();
}

uint64_t member_seed(int64_t seed, int64_t fold, int64_t repeat) {
  core::Random random({static_cast<uint64_t>(seed), static_cast<uint64_t>(fold),
                       static_cast<uint64_t>(repeat), core::hash_key("member")});
  return random.next_u64();
}

inference::TrainedModel fresh_model(const TrainingJob& job, const data::FittedTransforms& fitted) {
  at::manual_seed(member_seed(job.experiment.train.seed, job.fold, job.repeat));
  inference::TrainedModelInfo info;
  info.fold = job.fold;
  info.repeat = job.repeat;
  info.fitted = fitted;
  info.labels = job.cohort.labels();
  info.prepared = inference::prepared_as(job.experiment.pipeline.inputs);
  info.trained_in_bf16 = job.experiment.train.precision == Precision::bf16;
  inference::TrainedModel member(job.experiment.pipeline, info);
  member.model->fit_heads(job.cohort, job.train);
  member.model->set_modality_dropout(job.experiment.train.modality_dropout);
  member.model->move_to(at::Device(job.experiment.train.device));
  // It is validated by what it will say once it is loaded.
  const auto chosen = inference::choose_way(inference::Precision::automatic, job.experiment.train.device,
                                            info.trained_in_bf16);
  if (chosen.way.packing) member.model->set_evaluation_type(chosen.way.packing->type);
  return member;
}

inference::TrainedModel train_model(const TrainingJob& job, const data::FittedTransforms& fitted,
                                    const data::CaseLoader& cases) {
  inference::TrainedModel member = fresh_model(job, fitted);
  if (!member.model->trains()) {
    core::make_directories(job.folder);
    return member;
  }
  const auto objective = make_objective(job.experiment.train.objective);
  const auto sync = no_gradient_sync();
  return Trainer(job, std::move(member), cases, *objective, *sync).run();
}

}  // namespace photo51::training
