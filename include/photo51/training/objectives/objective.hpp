#pragma once
/// What a step of training minimises.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "photo51/config/fields.hpp"
#include "photo51/model/model.hpp"

namespace photo51::training {

/// Where in training a batch is.
struct StepContext {
  bool training = true;   ///< false: the model is in eval mode, and nothing may be drawn at random
  int64_t epoch = 0;      ///< from 0, over all stages
  int64_t step = 0;       ///< the batch of the epoch, from 0
  int64_t stage = 0;      ///< from 0
  std::string site = {};  ///< whose cases they are, where sites train together; empty elsewhere
  bool bf16 = false;      ///< the model runs under autocast
};

/// One term of a loss: a sum over `count` items (cases with a known label, pairs, tokens), and its weight.
struct Term {
  std::string name;
  at::Tensor sum = {};  ///< scalar; undefined where the term is given by its mean
  int64_t count = 0;    ///< of items, known on the host
  double weight = 1;
  at::Tensor per_case = {};  ///< [B], where the term decomposes into cases; undefined elsewhere
  /// Instead of `sum`: the mean over the items, scalar, for losses that are computed so. It enters the loss
  /// as it is, since mean * count / count need not be the same number to the last bit.
  at::Tensor mean = {};

  /// `mean`, or sum / count. Error (usage) where there is neither or nothing was counted.
  at::Tensor value() const;
};

/// The weighted sum of the terms' values in their order, a scalar; undefined without terms.
at::Tensor total_loss(const std::vector<Term>& terms);

class Objective {
 public:
  virtual ~Objective() = default;
  /// Of one batch; it runs the model. Terms without items are left out, so a batch without anything to learn
  /// from has none.
  virtual std::vector<Term> terms(model::Model& model, const data::Batch& batch,
                                  const StepContext& context) = 0;
};

/// The model's outputs in the precision of the step; `logits` are float32 in any case.
model::Outputs forward(model::Model& model, const data::Batch& batch, const StepContext& context);
/// What `supervised` makes of these outputs, for objectives that add to it or run the model more than once: a
/// term for each head that is a layer, then one for each loss that encoders and fusions ask for, all given by
/// their means. None where the batch has no usable label.
std::vector<Term> supervised_terms(model::Model& model, const model::Outputs& outputs,
                                   const data::Batch& batch);

using BuildObjective = std::unique_ptr<Objective> (*)(const config::Choice& choice);
/// What `train.objective:` may name. Open: other code adds its own, see config/components.hpp.
config::Catalogue<BuildObjective>& objectives();
/// Error (usage) when there is no such objective.
std::unique_ptr<Objective> make_objective(const config::Choice& choice);

// The rows of the table, one file each.
/// The losses of the heads that are layers, a term each, weighted as the config says. A term is given by its
/// mean over the cases with a known label.
std::unique_ptr<Objective> build_supervised(const config::Choice& choice);

}  // namespace photo51::training
