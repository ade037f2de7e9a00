#pragma once
/// A head with an estimator that learned an easy signal, and the errors for damages to what it learned.

#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "photo51/core/random.hpp"
#include "photo51/learners/options.hpp"
#include "photo51/learners/state.hpp"
#include "photo51/radiogenomics/heads/head.hpp"
#include "radiogenomics/heads/options_by_task.hpp"
#include "support/earlier_states.hpp"
#include "support/errors.hpp"

namespace photo51::radiogenomics {

inline constexpr int64_t feature_count = 6, case_count = 60;

inline config::Choice estimator_named(const std::string& name) {
  if (name == "stack") return config::choose<learners::StackOptions>(name, {.heads = {"a", "b"}});
  if (name == "boosted_trees") return config::choose<learners::BoostedTreesOptions>(name, {.rounds = 5});
  if (name == "random_forest") return config::choose<learners::RandomForestOptions>(name, {.trees = 4});
  if (name == "kernel_ridge") return config::choose<learners::KernelOptions>(name, {.components = 16});
  return config::choose<learners::ElasticNetOptions>(name);
}

/// A head that learned an easy signal, and ones of its kind to load what it learned.
struct Taught {
  std::string name;
  std::string kind;
  at::Tensor rows;
  learners::State state;

  explicit Taught(std::string name_, std::string kind_ = "binary", config::Choice estimator = {})
      : name(std::move(name_)), kind(std::move(kind_)), estimator_(std::move(estimator)) {
    if (estimator_.empty()) estimator_ = estimator_named(name);
    core::Random random({5});
    rows = at::zeros({case_count, columns()});
    for (int64_t i = 0; i < case_count; ++i)
      for (int64_t j = 0; j < columns(); ++j) rows[i][j] = random.normal();
    const at::Tensor signal = rows.select(1, 0) + rows.select(1, 1);
    data::Targets labels{(signal > 0).to(at::kFloat), {}, at::ones({case_count}, at::kBool)};
    if (kind == "multiclass") labels.value = (signal > 0.7).to(at::kFloat) + (signal > -0.7).to(at::kFloat);
    if (kind == "regression") labels.value = signal * 10;
    if (kind == "survival") {
      labels.value = (-signal).exp() * 300;
      labels.event = at::ones({case_count}, at::kBool);
    }
    std::vector<std::string> names;
    for (int64_t j = 0; j < columns(); ++j) names.push_back("f" + std::to_string(j));
    const auto head = make();
    head->fit_at_once({rows, names, labels, {}, 7});
    said_ = head->forward(rows);
    state = head->learned();
  }
  /// A stack's are the scores of two heads.
  int64_t columns() const {
    if (name != "stack") return feature_count;
    return kind == "multiclass" ? 6 : 2;
  }
  std::shared_ptr<Head> make() const {
    data::TaskSpec label;
    label.head = "h";
    label.task = kind;
    if (kind == "multiclass") label.classes = {"a", "b", "c"};
    return make_head(head_of_task(kind, estimator_), label, 0);
  }
  const at::Tensor& said() const { return said_; }

  /// A state whose tensors are its own.
  learners::State copy() const {
    learners::State other;
    for (const auto& [name_of, tensor] : state) other[name_of] = tensor.clone();
    return other;
  }
  /// The error for the state in which `tensor`, a name in what the estimator learned, is another.
  std::string refused(const std::string& tensor, const at::Tensor& other) const {
    learners::State damaged = copy();
    damaged["fits.0.state." + tensor] = other;
    return refusal(damaged);
  }
  /// The same where the value at `place` of `tensor` is another.
  std::string refused(const std::string& tensor, int64_t place, double value) const {
    learners::State damaged = copy();
    damaged.at("fits.0.state." + tensor).view(-1)[place] = value;
    return refusal(damaged);
  }
  /// The error after `damage` of the model that XGBoost writes.
  template <class Damage>
  std::string refused_trees(Damage damage) const {
    nlohmann::json model = trees();
    damage(model);
    return refused("xgboost", learners::bytes_of(model.dump()));
  }
  nlohmann::json trees() const { return test::earlier_value(state.at("fits.0.state.xgboost")); }
  std::string refusal(const learners::State& other) const {
    return test::message_of(core::Fault::data, [&] { make()->load_learned(other); });
  }

 private:
  config::Choice estimator_;
  at::Tensor said_;
};

inline auto names_fault(const std::string& what) {
  return ::testing::AllOf(::testing::HasSubstr("learned is broken: `fits.0."), ::testing::HasSubstr(what),
                          ::testing::HasSubstr("train the model again"));
}

}  // namespace photo51::radiogenomics
