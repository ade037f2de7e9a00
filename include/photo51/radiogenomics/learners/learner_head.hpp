#pragma once
/// A head that is fitted at once to the features of the training cases: selection, then an estimator.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "photo51/data/load/batch.hpp"
#include "photo51/data/task/task_spec.hpp"
#include "photo51/radiogenomics/options.hpp"

namespace photo51::radiogenomics {

/// What comes out is as of `Head` (head.hpp): a logit or value a case, probabilities and risks from them.
class LearnerHead {
 public:
  /// `options.estimator` is given. Errors (usage) as of `make_head`.
  LearnerHead(const HeadOptions& options, data::TaskSpec label);
  ~LearnerHead();
  LearnerHead(const LearnerHead&) = delete;
  LearnerHead& operator=(const LearnerHead&) = delete;

  /// `features` [N, F], NaN = missing; rows with unknown labels are left out. `group`: cases of one group
  /// stay together in inner folds; empty = each its own. The same seed gives the same model. Errors (data):
  /// no known label, one class only, a class without a case, no event, no feature that varies or is selected.
  void fit(const at::Tensor& features, const std::vector<std::string>& names, const data::Targets& labels,
           const std::vector<int64_t>& group, uint64_t seed);
  bool fitted() const;
  /// [N, F] -> raw [N, K], float32. Error (data) when F is not what it was fitted to, and when a score is not
  /// finite.
  at::Tensor forward(const at::Tensor& features) const;
  /// Probabilities [N, classes] (binary: [N, 2]), values or risks [N, 1].
  at::Tensor predict(const at::Tensor& raw) const;
  /// The features that it looks at, best first.
  const std::vector<std::string>& selected() const;

  /// What was fitted, as JSON text.
  std::string state() const;
  /// `names`, when given, are those that it has to have been fitted to. All of it is checked, for it may come
  /// from a stranger: sizes against the features and the classes, indices, finite numbers, trees that are
  /// trees. Error (data) that names the field; the head then stays as it was.
  void load(const std::string& state, const std::vector<std::string>& names = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace photo51::radiogenomics
