#pragma once
/// The `train:` section of a config.

#include <array>
#include <cstdint>
#include <string>

#include "photo51/config/fields.hpp"

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

/// What `optimizer:` and `schedule:` may name.
const config::Components& optimizers();
const config::Components& schedules();

struct TrainOptions {
  int64_t epochs = 40;
  int64_t batch_size = 8;
  int64_t seed = 0;
  int64_t repeats = 1;          ///< models a fold, each with its own seed; they are averaged
  int64_t workers = 2;          ///< threads that load cases
  int64_t threads = 0;          ///< threads that compute; 0 = one a processor
  std::string device = "auto";  ///< as of core::resolve_device
  int64_t cache_mib = 4096;
  double checkpoint_every = 10;  ///< seconds; a state is written at the first end of an epoch after that
  config::Choice optimizer = config::choose<AdamWOptions>("adamw");
  config::Choice schedule = config::choose<CosineOptions>("cosine");
  double clip_norm = 0;    ///< of the gradient over all parameters; 0 = off
  int64_t accumulate = 1;  ///< batches a step of the optimiser
  double ema = 0;          ///< decay of the averaged weights, which then are the ones that predict; 0 = off
  std::string precision = "fp32";   ///< or bf16: autocast
  double modality_dropout = 0;      ///< probability of hiding each input of a case, never the last one
  std::string sampler = "none";     ///< class, event: rows of the rarer ones are drawn more often
  std::string sampler_head;         ///< empty = the first head that fits
  std::string checkpoint = "last";  ///< or best: the epoch whose weights predict
  std::string monitor = "loss";     ///< or metric: of the validation part, for `best` and `patience`
  int64_t patience = 0;             ///< epochs without improvement before training stops; 0 = never
};
void describe(config::Fields& f, TrainOptions& o);

}  // namespace photo51::training
