#pragma once
/// What is predicted of a case: one head a label. Which tasks there are, heads/table.hpp says.

#include <torch/nn/module.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "photo51/data/load/batch.hpp"
#include "photo51/data/task/task_spec.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "photo51/radiogenomics/heads/options.hpp"

namespace photo51::backbones {
struct Features;
}

namespace photo51::radiogenomics {

/// What a head that is fitted at once is fitted to.
struct TrainingTable {
  at::Tensor features;             ///< [N, F] of what it sees, NaN = missing
  std::vector<std::string> names;  ///< of the features
  data::Targets labels;            ///< rows of which the label is unknown are left out
  std::vector<int64_t> group;      ///< cases of one group stay together in inner folds; empty = each its own
  uint64_t seed = 0;               ///< the same seed gives the same head
};

/// Says something of a case by what it sees of it: a linear layer and its loss, trained by the steps that
/// train the encoders, or feature selection and an estimator, fitted at once when those are trained.
///
///   task          raw [B, K]              loss                              predict
///   binary        1 logit                 cross-entropy                     [B, 2] probabilities
///   multiclass    a logit a class         cross-entropy                     [B, classes] probabilities
///   regression    1 standardised value    squared error, standardised       [B, 1] value
///   expression    a standardised gene     squared error, standardised       [B, genes] values
///   survival      1 log hazard ratio      Cox, Efron ties                   [B, 1] risk (that ratio)
///     or          a logit a time bin      discrete-time hazards             [B, 1] risk (minus bins
///     survived)
///
/// A segmentation head sees the network of one input (`forward_maps`): raw are logits [B, 1 + classes, ...],
/// the background first, the loss is one of losses/segmentation.hpp, `predict` gives probabilities of that
/// shape.
///
/// Risk is always higher for the earlier event. An estimator says a logit, value or log hazard ratio as its
/// raw.
class Head : public torch::nn::Module {
 public:
  /// How it learns: at once, by `fit_at_once`, or else by the steps of training.
  virtual bool fitted_at_once() const { return false; }
  /// Whether `forward` has something to say.
  virtual bool fitted() const { return true; }

  /// What it sees, [B, D] -> raw [B, K].
  virtual at::Tensor forward(const at::Tensor& seen) = 0;
  virtual at::Tensor predict(const at::Tensor& raw) = 0;

  /// Before the first step: learns what the loss needs from all training labels (class weights, scale, time
  /// bins); kept as buffers. Errors (data): no known label, one class only, a class without a case, no event.
  /// A head that is fitted at once has nothing to learn from labels alone.
  virtual void fit(const data::Targets& training) = 0;
  /// Mean over the rows with a known label; undefined where the batch has nothing to learn from, and for a
  /// head that is fitted at once.
  at::Tensor loss(const at::Tensor& raw, const data::Targets& labels);

  /// Of a head that outlines: what its input's network found -> raw [P, K, ...] at the image's size, and in
  /// training perhaps coarser ones. Error (usage): the head says something of the case as a whole.
  virtual std::vector<at::Tensor> forward_maps(const backbones::Features& found, const at::Tensor& image);
  /// Mean over the cases whose map is known of what `forward_maps` gave all cases of a batch; undefined where
  /// there is none. Error (usage) as above.
  virtual at::Tensor map_loss(const std::vector<at::Tensor>& raw, const data::Targets& labels);

  /// Errors: usage, it is trained by steps; data, no known label, one class only, a class without a case, no
  /// event, no feature that varies or is selected.
  virtual void fit_at_once(const TrainingTable& table);
  /// The features that it looks at, best first; empty where it looks at all of an embedding.
  virtual std::vector<std::string> selected() const { return {}; }
  /// What it learned that is neither parameter nor buffer, by name. Error (usage): not fitted yet.
  virtual nn::Tensors learned() const { return {}; }
  /// `names`, when given, are the features that it has to have been fitted to. All of it is checked, for it
  /// may come from a stranger. Error (data) that names the tensor; the head then stays as it was.
  virtual void load_learned(const nn::Tensors& learned, const std::vector<std::string>& names = {});

  /// Error (data): the buffers, which come from a file, hold what `fit` cannot have learned.
  virtual void check() const {}

 protected:
  /// Of rows of which a label is known; `raw` is float32 or float64, on any device, the labels are on the
  /// host. Undefined = these rows teach nothing.
  virtual at::Tensor known_loss(const at::Tensor& raw, const data::Targets& known) = 0;
};

/// `width` is D of what a head that is trained by steps sees. Errors (usage): a task that has no heads, or no
/// estimators where one is asked for, or that is not the label's; options of another task; a multiclass head
/// whose class names are not known, or are not as many as the config says.
std::shared_ptr<Head> make_head(const config::Choice& head, const data::TaskSpec& label, int64_t width);

}  // namespace photo51::radiogenomics
