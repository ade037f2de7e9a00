#pragma once
/// Estimators: fitted at once to a table of features. The table of those that a config may name is open.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "photo51/config/fields.hpp"
#include "photo51/learners/labelled_table.hpp"
#include "photo51/learners/state.hpp"

namespace photo51::learners {

/// What a state has to be of, to be loaded.
struct StateShape {
  std::string task;
  int64_t features = 0, outputs = 1;  ///< columns of what comes in and of what comes out
};

class Estimator {
 public:
  virtual ~Estimator() = default;
  virtual void fit(const LabelledTable& table) = 0;
  /// float64 [N, F], NaN where one is missing -> float64 [N, outputs]: a logit (binary), a logit a class, a
  /// value, a log hazard ratio.
  virtual at::Tensor predict(const at::Tensor& features) const = 0;
  /// What was learned: all that `load` needs to say the same to the last bit.
  virtual State state() const = 0;
  /// Error (data) that names the tensor: whatever `fit` could not have made of such columns.
  virtual void load(const StateReader& state, const StateShape& shape) = 0;
};

/// Of an estimator whose features are what other heads say of cases that they have not seen.
struct Combination {
  std::vector<std::string> heads;
  int64_t folds = 5;  ///< of the training part, in which those heads are trained anew
};

struct EstimatorRow {
  std::unique_ptr<Estimator> (*make)(const config::Choice& choice) = nullptr;
  /// Null: it sees the embeddings of inputs.
  Combination (*combination)(const config::Choice& choice) = nullptr;
};

/// What `estimator:` of a head may name. Open: other code adds its own, see config/components.hpp.
///
///   learners::estimators().add(config::component<MyOptions>("mine", "what it is"), {make_mine});
config::Catalogue<EstimatorRow>& estimators();

std::unique_ptr<Estimator> make_estimator(const config::Choice& choice);
bool has_estimators(const std::string& task);
/// Error (usage): heads of the task have no estimators.
void require_estimators(const std::string& task);
/// Whether it combines other heads; false where no estimator is chosen.
bool combines_heads(const config::Choice& choice);
/// Of an estimator that does.
Combination combination_of(const config::Choice& choice);

}  // namespace photo51::learners
