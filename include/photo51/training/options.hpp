#pragma once
/// The `train:` section of a config.

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "photo51/config/fields.hpp"
#include "photo51/training/optim/parameter_group.hpp"

namespace photo51::training {

/// Loshchilov and Hutter, Decoupled weight decay regularization, ICLR 2019.
struct AdamWOptions {
  double lr = 1e-3;
  double weight_decay = 1e-2;
  std::array<double, 2> betas{0.9, 0.999};
  double eps = 1e-8;
};
void describe(config::Fields& f, AdamWOptions& o);

struct SgdOptions {
  double lr = 1e-2;
  double momentum = 0.9;
  bool nesterov = true;
  double weight_decay = 1e-4;
};
void describe(config::Fields& f, SgdOptions& o);

/// Linear warm-up, then half a cosine (Loshchilov and Hutter, SGDR, ICLR 2017).
struct CosineOptions {
  double warmup_epochs = 0;
  double final_fraction = 0.01;  ///< of the optimiser's lr, at the end
};
void describe(config::Fields& f, CosineOptions& o);

struct ConstantOptions {
  double warmup_epochs = 0;
};
void describe(config::Fields& f, ConstantOptions& o);

/// A stretch of training with an optimiser of its own, which begins without moments.
struct StageOptions {
  int64_t epochs = 10;
  config::Choice optimizer, schedule;  ///< absent: the training's
  std::vector<std::string> frozen;     ///< parameters that stay as they are, as in ParameterGroup::match
};
void describe(config::Fields& f, StageOptions& o);

enum class Precision { fp32, bf16 };
/// How images and the weights of convolutions lie in memory: a channel after the other, or all channels of a
/// place side by side, which most kernels of half precision want. automatic: channels_last with bf16 alone,
/// since the layout changes results by rounding.
enum class MemoryFormat { automatic, contiguous, channels_last };
/// Which rows an epoch draws more often: those of rarer classes, or of rarer events.
enum class Sampling { none, by_class, by_event };
/// The epoch whose weights predict.
enum class KeptEpoch { last, best };
/// Of the validation part.
enum class Monitor { loss, metric };
/// As configs write them.
std::span<const std::string_view> enum_names(Precision);
std::span<const std::string_view> enum_names(MemoryFormat);
std::span<const std::string_view> enum_names(Sampling);
std::span<const std::string_view> enum_names(KeptEpoch);
std::span<const std::string_view> enum_names(Monitor);

struct TrainOptions {
  int64_t epochs = 40;  ///< without `stages`
  int64_t batch_size = 8;
  int64_t seed = 0;
  int64_t repeats = 1;          ///< models a fold, each with its own seed; they are averaged
  int64_t workers = 2;          ///< threads that load cases
  int64_t threads = 0;          ///< threads that compute; 0 = one a processor
  std::string device = "auto";  ///< as of core::resolve_device
  int64_t cache_mib = 4096;
  double checkpoint_every = 10;  ///< seconds; a state is written at the first end of an epoch after that
  config::Choice objective = config::choose("supervised");
  config::Choice optimizer = config::choose<AdamWOptions>("adamw");
  config::Choice schedule = config::choose<CosineOptions>("cosine");
  std::vector<std::pair<std::string, StageOptions>> stages;  ///< one after the other; none = one of `epochs`
  ParameterGroups parameter_groups;  ///< by names of one's own; a parameter is in the first that matches it
  double clip_norm = 0;              ///< of the gradient over all parameters; 0 = off
  int64_t accumulate = 1;            ///< batches a step of the optimiser
  double ema = 0;  ///< decay of the averaged weights, which then are the ones that predict; 0 = off
  Precision precision = Precision::fp32;  ///< or bf16: autocast
  MemoryFormat memory_format = MemoryFormat::automatic;
  double modality_dropout = 0;  ///< probability of hiding each input of a case, never the last one
  Sampling sampler = Sampling::none;
  std::string sampler_head;  ///< empty = the first head that fits
  KeptEpoch checkpoint = KeptEpoch::last;
  Monitor monitor = Monitor::loss;  ///< for `best` and `patience`
  int64_t validate_every = 1;       ///< epochs; the last one is always validated
  int64_t patience = 0;             ///< epochs without improvement before training stops; 0 = never
};
void describe(config::Fields& f, TrainOptions& o);

/// What `memory_format` comes to.
bool trains_channels_last(const TrainOptions& o);

}  // namespace photo51::training
