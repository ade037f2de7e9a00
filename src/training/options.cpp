#include "photo51/training/options.hpp"

#include "photo51/training/objectives/objective.hpp"
#include "photo51/training/optim/optimizer.hpp"
#include "photo51/training/optim/schedule.hpp"

namespace photo51::training {

void describe(config::Fields& f, StageOptions& o) {
  f("epochs", o.epochs, "passes over the training part", {.min = 1});
  f.choice("optimizer", o.optimizer, optimizers().components(), "optimiser; absent = that of `train`");
  f.choice("schedule", o.schedule, schedules().components(),
           "learning rate over the steps of the stage; absent = that of `train`");
  f("frozen", o.frozen,
    "names of parameters that stay as they are, such as encoders.mri.*; batch norms among them keep their "
    "running statistics",
    {.lone = true});
}

std::span<const std::string_view> enum_names(Precision) {
  static constexpr std::array<std::string_view, 2> names{"fp32", "bf16"};
  return names;
}

std::span<const std::string_view> enum_names(MemoryFormat) {
  static constexpr std::array<std::string_view, 3> names{"auto", "contiguous", "channels_last"};
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
  f("epochs", o.epochs, "passes over the training part, without `stages`", {.min = 1});
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
  f.choice("objective", o.objective, objectives().components(), "what a step minimises");
  f.choice("optimizer", o.optimizer, optimizers().components(), "optimiser");
  f.choice("schedule", o.schedule, schedules().components(), "learning rate over the steps");
  f.group("stages", o.stages,
          "one after the other, in this order, instead of one of `epochs`; each begins a new optimiser");
  f.group("parameter_groups", o.parameter_groups,
          "parameters that are trained otherwise; one is in the first group that matches it");
  f("clip_norm", o.clip_norm, "largest norm of the gradient; 0 = no limit", {.min = 0});
  f("accumulate", o.accumulate, "batches whose gradients are averaged into one step", {.min = 1});
  f("ema", o.ema, "decay of the moving average of the weights, which then predicts; 0 = off",
    {.min = 0, .max = 1});
  f("precision", o.precision, "fp32, or bf16 where it is safe (autocast)");
  f("memory_format", o.memory_format,
    "how images and weights of convolutions lie in memory while it trains; auto = channels_last with bf16, "
    "else contiguous");
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
  f("validate_every", o.validate_every,
    "epochs from one validation to the next; the last epoch is always validated. `checkpoint: best` and "
    "`patience` compare those that are",
    {.min = 1});
  f("patience", o.patience, "epochs without improvement after which training stops; 0 = never", {.min = 0});
  f.check(!o.optimizer.empty(), "optimizer", "is empty; it takes a name");
  f.check(!o.schedule.empty(), "schedule", "is empty; it takes a name");
  f.check(o.ema < 1, "ema", "must be below 1");
  f.check(o.modality_dropout < 1, "modality_dropout", "must be below 1");
}

bool trains_channels_last(const TrainOptions& o) {
  if (o.memory_format == MemoryFormat::automatic) return o.precision == Precision::bf16;
  return o.memory_format == MemoryFormat::channels_last;
}

}  // namespace photo51::training
