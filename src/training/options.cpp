#include "photo51/training/options.hpp"

namespace photo51::training {

void describe(config::Fields& f, AdamWOptions& o) {
  f("lr", o.lr, "learning rate", {.min = 0});
  f("weight_decay", o.weight_decay, "decay of weights; biases and norms are left alone", {.min = 0});
  f("betas", o.betas, "decays of the first and second moments", {.min = 0, .max = 1});
  f("eps", o.eps, "added to the denominator", {.min = 0});
  f.check(o.betas[0] < 1 && o.betas[1] < 1, "betas", "must be below 1");
}

void describe(config::Fields& f, SgdOptions& o) {
  f("lr", o.lr, "learning rate", {.min = 0});
  f("momentum", o.momentum, "momentum; 0 = none", {.min = 0, .max = 1});
  f("nesterov", o.nesterov, "Nesterov's momentum");
  f("weight_decay", o.weight_decay, "L2 penalty of weights; biases and norms are left alone", {.min = 0});
  f.check(!o.nesterov || o.momentum > 0, "nesterov", "needs momentum above 0");
}

void describe(config::Fields& f, CosineOptions& o) {
  f("warmup_epochs", o.warmup_epochs, "epochs of linear warm-up", {.min = 0});
  f("final_fraction", o.final_fraction, "of the learning rate that is left at the end", {.min = 0, .max = 1});
}

void describe(config::Fields& f, ConstantOptions& o) {
  f("warmup_epochs", o.warmup_epochs, "epochs of linear warm-up", {.min = 0});
}

const config::Components& optimizers() {
  static const config::Components table{
      config::component<AdamWOptions>("adamw", "Adam with decoupled weight decay"),
      config::component<SgdOptions>("sgd", "stochastic gradient descent with momentum"),
  };
  return table;
}

const config::Components& schedules() {
  static const config::Components table{
      config::component<CosineOptions>("cosine", "linear warm-up, then half a cosine"),
      config::component<ConstantOptions>("constant", "linear warm-up, then constant"),
  };
  return table;
}

std::span<const std::string_view> enum_names(Precision) {
  static constexpr std::array<std::string_view, 2> names{"fp32", "bf16"};
  return names;
}

std::span<const std::string_view> enum_names(Sampling) {
  static constexpr std::array<std::string_view, 3> names{"none", "class", "event"};
  return names;
}

std::span<const std::string_view> enum_names(KeptEpoch) {
  static constexpr std::array<std::string_view, 2> names{"last", "best"};
  return names;
}

std::span<const std::string_view> enum_names(Monitor) {
  static constexpr std::array<std::string_view, 2> names{"loss", "metric"};
  return names;
}

void describe(config::Fields& f, TrainOptions& o) {
  f("epochs", o.epochs, "passes over the training part", {.min = 1});
  f("batch_size", o.batch_size, "cases a batch", {.min = 1, .unit = "cases"});
  f("seed", o.seed, "of weights, order, augmentation and dropout");
  f("repeats", o.repeats, "models a fold, each with its own seed, averaged at prediction", {.min = 1});
  f("workers", o.workers, "threads that load cases; 0 = load in the training thread", {.min = 0});
  f("threads", o.threads, "threads that compute; 0 = one a processor", {.min = 0});
  f("device", o.device, "cpu, cuda, cuda:N, or auto: a GPU where one answers");
  f("cache_mib", o.cache_mib, "memory for prepared images", {.min = 0, .unit = "MiB"});
  f("checkpoint_every", o.checkpoint_every,
    "a state to resume from is written at the first end of an epoch after this time; 0 = every epoch",
    {.min = 0, .unit = "s"});
  f.choice("optimizer", o.optimizer, optimizers(), "optimiser");
  f.choice("schedule", o.schedule, schedules(), "learning rate over the steps");
  f("clip_norm", o.clip_norm, "largest norm of the gradient; 0 = no limit", {.min = 0});
  f("accumulate", o.accumulate, "batches whose gradients are averaged into one step", {.min = 1});
  f("ema", o.ema, "decay of the moving average of the weights, which then predicts; 0 = off",
    {.min = 0, .max = 1});
  f("precision", o.precision, "fp32, or bf16 where it is safe (autocast)");
  f("modality_dropout", o.modality_dropout,
    "probability of hiding each input of a training case; its last input is kept", {.min = 0, .max = 1});
  f("sampler", o.sampler,
    "draw rarer cases more often: by class of a binary or multiclass head, or by event of a survival head");
  f("sampler_head", o.sampler_head, "the head that `sampler` looks at; empty = the first that fits");
  f("checkpoint", o.checkpoint,
    "the epoch whose weights predict; `best` makes cross-validated metrics of the same part optimistic");
  f("monitor", o.monitor,
    "what `checkpoint: best` and `patience` compare on the validation part; metric = mean over the heads of "
    "AUROC, R2 and c-index");
  f("patience", o.patience, "epochs without improvement after which training stops; 0 = never", {.min = 0});
  f.check(!o.optimizer.empty(), "optimizer", "is empty; it takes a name");
  f.check(!o.schedule.empty(), "schedule", "is empty; it takes a name");
  f.check(o.ema < 1, "ema", "must be below 1");
  f.check(o.modality_dropout < 1, "modality_dropout", "must be below 1");
}

}  // namespace photo51::training
