#pragma once
/// What is predicted from the fused embedding: one head a label. Which tasks there are, heads/table.hpp says.

#include <torch/nn/module.h>

#include <memory>
#include <string>

#include "photo51/data/load/batch.hpp"
#include "photo51/data/task/task_spec.hpp"
#include "photo51/radiogenomics/options.hpp"

namespace photo51::radiogenomics {

/// A linear layer and its loss.
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
/// Risk is always higher for the earlier event.
class Head : public torch::nn::Module {
 public:
  /// `fused` [B, D] -> raw [B, K].
  virtual at::Tensor forward(const at::Tensor& fused) = 0;
  /// Learns what the loss needs from all training labels (class weights, scale, time bins); kept as buffers.
  /// Errors (data): no known label, one class only, a class without a case, no event.
  virtual void fit(const data::Targets& training) = 0;
  /// Mean over the rows with a known label; undefined where the batch has nothing to learn from.
  at::Tensor loss(const at::Tensor& raw, const data::Targets& labels);
  virtual at::Tensor predict(const at::Tensor& raw) = 0;
  /// Error (data): the buffers, which come from a file, hold what `fit` cannot have learned.
  virtual void check() const {}

 protected:
  /// Of rows of which a label is known; `raw` is float32 or float64, on any device, the labels are on the
  /// host.
  virtual at::Tensor known_loss(const at::Tensor& raw, const data::Targets& known) = 0;
};

/// Errors (usage): a task that has no heads, or that is not the label's; a multiclass head whose class names
/// are not known, or are not as many as the config says.
std::shared_ptr<Head> make_head(const HeadOptions& options, const data::TaskSpec& label, int64_t width);

}  // namespace photo51::radiogenomics
