#include "training/loop/trainer.hpp"

#include <ATen/autocast_mode.h>
#include <torch/nn/module.h>
#include <torch/nn/utils/clip_grad.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>

#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/interrupt.hpp"
#include "photo51/core/json.hpp"
#include "photo51/core/log.hpp"
#include "photo51/core/progress.hpp"
#include "photo51/core/random.hpp"
#include "photo51/core/text.hpp"
#include "photo51/data/tables/rare_categories.hpp"
#include "photo51/model/model.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "photo51/run/layout.hpp"
#include "training/loop/sampler.hpp"
#include "training/loop/validation.hpp"
#include "training/optim/schedule.hpp"
#include "training/run/preflight.hpp"

namespace photo51::training {
namespace {

/// bf16 where autocast finds it safe, for as long as it lives.
class Autocast {
 public:
  Autocast(bool on, at::DeviceType device) : on_(on), device_(device) {
    if (!on_) return;
    at::autocast::set_autocast_dtype(device_, at::kBFloat16);
    at::autocast::set_autocast_enabled(device_, true);
  }
  ~Autocast() {
    if (!on_) return;
    at::autocast::clear_cache();
    at::autocast::set_autocast_enabled(device_, false);
  }
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  bool on_;
  at::DeviceType device_;
};

inference::TrainedModel fresh_member(const TrainingJob& job, const data::FittedTransforms& fitted,
                                     uint64_t seed) {
  at::manual_seed(seed);
  inference::TrainedModelInfo info;
  info.fold = job.fold;
  info.repeat = job.repeat;
  info.fitted = fitted;
  info.labels = job.cohort.labels();
  inference::TrainedModel member(job.experiment.pipeline, info);
  member.model->fit_heads(job.cohort, job.train);
  member.model->set_modality_dropout(job.experiment.train.modality_dropout);
  member.model->move_to(at::Device(job.experiment.train.device));
  return member;
}

class Trainer {
 public:
  Trainer(const TrainingJob& job, inference::TrainedModel member, const data::CaseLoader& cases)
      : job_(job),
        options_(job.experiment.train),
        cases_(cases),
        seed_(member_seed(options_.seed, job.fold, job.repeat)),
        device_(at::Device(options_.device).type()),
        member_(std::move(member)),
        optimizer_(options_.optimizer, parameters()) {
    if (options_.ema > 0)
      average_ = std::make_unique<ExponentialMovingAverage>(options_.ema, member_.weights());
    order_.sampler = options_.sampler;
    order_.batch_size = options_.batch_size;
    order_.head = sampler_head(member_.info.labels, options_.sampler, options_.sampler_head);
    pass_.batch_size = options_.batch_size;
    pass_.workers = options_.workers;
    pass_.skip_bad = job.experiment.pipeline.cohort.on_bad_case == "skip";
    pass_.on_bad = job.on_bad;
  }

  inference::TrainedModel run() {
    const core::Graceful saves_when_interrupted;
    core::make_directories(job_.folder);
    if (std::filesystem::exists(last()) && is_of_same_data()) {
      state_ = load_checkpoint(last(), member_, optimizer_, average_.get());
    } else {
      check_space();
      save_state();
    }
    const int64_t batches =
        batches_of(epoch_order(job_.cohort, job_.train, order_, seed_, state_.epoch).size());
    core::Progress progress(job_.title, options_.epochs * batches, core::Progress::Show::always,
                            state_.epoch * batches + state_.batch);
    while (!state_.finished) {
      const auto start = std::chrono::steady_clock::now();
      train_epoch(progress);
      const auto seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      finish_epoch(seconds);
      progress.advance(
          0, "epoch " + std::to_string(state_.epoch) + " of " + std::to_string(options_.epochs) + note_);
    }
    if (!std::filesystem::exists(best()))
      core::fail_data(best().string() + ": is missing though the fold is finished; remove " +
                      job_.folder.string() + " and resume to train it again");
    const auto stored = nn::read_safetensors(best());
    nn::load_state(*member_.model, stored.tensors, best().string());
    return member_;
  }

 private:
  std::filesystem::path last() const { return job_.folder / run::name::last; }
  std::filesystem::path best() const { return job_.folder / run::name::best; }

  /// A mended case may change what is fitted to the training part; weights of both would be of neither.
  bool is_of_same_data() const {
    const auto metadata = nn::read_safetensors(last()).metadata;
    const auto fitted = metadata.find("fitted");
    if (fitted == metadata.end() || fitted->second == member_.info.fitted.json) return true;
    if (data::without_counts({fitted->second}).json == data::without_counts(member_.info.fitted).json)
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

  int64_t batches_of(size_t cases) const {
    return (static_cast<int64_t>(cases) + options_.batch_size - 1) / options_.batch_size;
  }

  /// Two files a member, and once more the larger one while it is replaced. Only the first member asks: it
  /// knows how large they are.
  void check_space() const {
    double weights = 0, moments = 0;
    for (const auto& [name, tensor] : member_.weights()) weights += static_cast<double>(tensor.nbytes());
    for (const auto& [name, tensor] : parameters()) moments += static_cast<double>(tensor.nbytes());
    const double last = weights * (average_ ? 2 : 1) + moments * (options_.optimizer.name == "adamw" ? 2 : 1);
    if (job_.fold == 0 && job_.repeat == 0)
      require_space(job_.folder, static_cast<double>(job_.members) * (last + weights) + last,
                    "checkpoints of " + std::to_string(job_.members) + " model(s)");
  }

  void save_state() {
    save_checkpoint(last(), member_, optimizer_, average_.get(), state_);
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
    data::Loader::Options loading;
    loading.batch_size = options_.batch_size;
    loading.workers = options_.workers;
    loading.skip_bad = pass_.skip_bad;
    loading.on_bad = pass_.on_bad;
    data::Draw draw;
    draw.seed = static_cast<int64_t>(seed_ >> 1);
    draw.epoch = state_.epoch;
    data::Loader loader(job_.cohort, cases_, member_.info.fitted, {order.begin() + skip, order.end()}, draw,
                        loading);
    member_.model->train();
    optimizer_.zero_grad();
    data::Batch batch;
    bool any_gradient = false;
    while (state_.batch < batches) {
      // Bad cases are left out of their batch, so batches keep their numbers.
      if (!next_batch(loader, batch)) break;
      const int64_t group = state_.batch / options_.accumulate;
      const int64_t in_group = std::min(options_.accumulate, batches - group * options_.accumulate);
      any_gradient |= backward(batch, in_group);
      ++state_.batch;
      progress.advance(
          1, "epoch " + std::to_string(state_.epoch + 1) + " of " + std::to_string(options_.epochs) +
                 ", loss " +
                 core::format_fixed(
                     state_.loss_sum / static_cast<double>(std::max<int64_t>(state_.loss_count, 1)), 4) +
                 shown_validation_);
      if (state_.batch % options_.accumulate != 0 && state_.batch != batches) continue;
      if (any_gradient)
        step(schedule_factor(options_.schedule, state_.epoch * steps_per_epoch + group, steps_per_epoch,
                             options_.epochs));
      any_gradient = false;
      if (job_.stop()) {
        save_state();
        if (core::interrupted()) core::end_interrupted();  // cases that still load are not waited for
        throw core::Error(core::Fault::interrupted,
                          where() + ": interrupted; the state is saved, go on with --resume");
      }
    }
    state_.batch = batches;
  }

  /// Interrupted while it waits, it saves what the steps so far have made; batches of a step that is not
  /// whole are done again.
  bool next_batch(data::Loader& loader, data::Batch& batch) {
    try {
      return loader.next(batch);
    } catch (const core::Error& error) {
      if (error.fault() != core::Fault::interrupted) throw;
      if (state_.batch % options_.accumulate == 0) save_state();
      core::end_interrupted();
    }
  }

  /// The same where the epoch's steps are done: resumed, it is validated again.
  Validation validated() {
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

  bool backward(const data::Batch& batch, int64_t in_group) {
    if (batch.size() == 0) return false;
    core::Random random({seed_, static_cast<uint64_t>(state_.epoch), static_cast<uint64_t>(state_.batch),
                         core::hash_key("dropout")});
    at::manual_seed(random.next_u64());
    model::Outputs outputs;
    {
      const Autocast autocast(options_.precision == Precision::bf16, device_);
      outputs = member_.model->forward(batch);
    }
    for (auto& [head, raw] : outputs.logits) raw = raw.to(at::kFloat);
    std::map<std::string, double> parts;
    const at::Tensor loss = member_.model->loss(outputs, batch, &parts);
    if (!loss.defined()) return false;
    const double value = loss.item<double>();
    if (!std::isfinite(value))
      core::fail_run(where() + ", batch " + std::to_string(state_.batch + 1) + ": the loss is " +
                     core::format_number(value) + " (cases " + core::join(batch.cases, ", ") +
                     "); lower train.optimizer.lr, set train.clip_norm or train.precision=fp32, and look at "
                     "these cases");
    state_.loss_sum += value * static_cast<double>(batch.size());
    state_.loss_count += batch.size();
    for (const auto& [head, part] : parts) {
      state_.part_sums[head] += part * static_cast<double>(batch.size());
      state_.part_counts[head] += batch.size();
    }
    if (!loss.requires_grad()) return false;
    (loss / static_cast<double>(in_group)).backward();
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
    optimizer_.step(optimizer_.base_lr() * factor);
    optimizer_.zero_grad();
    ++state_.steps;
    if (average_) average_->update(member_.weights());
    state_.lr = optimizer_.base_lr() * factor;
  }

  /// Validates, keeps the best weights, saves the state, then logs. A crash costs the epochs since the last
  /// state, which come out the same when they are done again; their lines in the log go with them.
  void finish_epoch(double seconds) {
    const Validation validation = validated();
    ++state_.epoch;
    const bool better = improved(validation);
    const bool compares = options_.checkpoint == KeptEpoch::best || options_.patience > 0;
    if (compares && !job_.validation.empty() && !state_.has_best && state_.epoch >= options_.epochs)
      core::fail_run(job_.title + ": the " + config::name_of(options_.monitor) +
                     " of the validation part was never defined, so train.checkpoint and train.patience have "
                     "nothing to compare; look at the validation cases, or lower train.optimizer.lr");
    const bool early =
        options_.patience > 0 && state_.has_best && state_.epoch - state_.best_epoch >= options_.patience;
    state_.finished = state_.epoch >= options_.epochs || early;
    // Without a validation part there is no best epoch.
    const bool by_best = options_.checkpoint == KeptEpoch::best && state_.has_best;
    if (by_best ? better : state_.finished) member_.save(best());
    if (average_) average_->swap(member_.weights());

    state_.history.push_back(log_line(validation, seconds));
    state_.batch = 0;
    state_.loss_sum = 0;
    state_.loss_count = 0;
    state_.part_sums.clear();
    state_.part_counts.clear();
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

  std::string log_line(const Validation& validation, double seconds) {
    const auto mean = [](double sum, int64_t count) {
      return count > 0 ? sum / static_cast<double>(count) : std::numeric_limits<double>::quiet_NaN();
    };
    const double loss = mean(state_.loss_sum, state_.loss_count);
    nlohmann::ordered_json parts = nlohmann::ordered_json::object();
    for (const auto& [head, sum] : state_.part_sums) parts[head] = mean(sum, state_.part_counts.at(head));
    shown_validation_.clear();
    if (!std::isnan(validation.loss))
      shown_validation_ += ", validation loss " + core::format_fixed(validation.loss, 4);
    if (!std::isnan(validation.metric))
      shown_validation_ += ", metric " + core::format_fixed(validation.metric, 3);
    note_ = ", loss " + core::format_fixed(loss, 4) + shown_validation_;
    return core::json_text(nlohmann::ordered_json{{"fold", job_.fold},
                                                  {"repeat", job_.repeat},
                                                  {"epoch", state_.epoch},
                                                  {"steps", state_.steps},
                                                  {"lr", state_.lr},
                                                  {"loss", loss},
                                                  {"losses", parts},
                                                  {"validation_loss", validation.loss},
                                                  {"validation_metric", validation.metric},
                                                  {"seconds", std::round(seconds * 1000) / 1000}});
  }

  std::string where() const { return job_.title + ", epoch " + std::to_string(state_.epoch + 1); }

  const TrainingJob& job_;
  const TrainOptions& options_;
  const data::CaseLoader& cases_;
  uint64_t seed_;
  at::DeviceType device_;
  inference::TrainedModel member_;
  Optimizer optimizer_;
  std::unique_ptr<ExponentialMovingAverage> average_;
  OrderOptions order_;
  inference::InferenceOptions pass_;
  TrainState state_;
  std::chrono::steady_clock::time_point saved_;
  std::string note_, shown_validation_;  ///< for the progress
};

}  // namespace

uint64_t member_seed(int64_t seed, int64_t fold, int64_t repeat) {
  core::Random random({static_cast<uint64_t>(seed), static_cast<uint64_t>(fold),
                       static_cast<uint64_t>(repeat), core::hash_key("member")});
  return random.next_u64();
}

inference::TrainedModel train_model(const TrainingJob& job, const data::FittedTransforms& fitted,
                                    const data::CaseLoader& cases) {
  inference::TrainedModel member =
      fresh_member(job, fitted, member_seed(job.experiment.train.seed, job.fold, job.repeat));
  if (!member.model->trains()) {
    core::make_directories(job.folder);
    return member;
  }
  return Trainer(job, std::move(member), cases).run();
}

}  // namespace photo51::training
