/// A head that is fitted at once: feature selection, then an estimator, on samples of the training part.

#include <ATen/ops/cat.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/tensor.h>
#include <torch/nn/module.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "photo51/core/error.hpp"
#include "photo51/data/task/task.hpp"
#include "photo51/learners/estimator.hpp"
#include "photo51/learners/feature_selection.hpp"
#include "radiogenomics/heads/rows.hpp"

namespace photo51::radiogenomics {
namespace {

using learners::LabelledTable;
using learners::StateReader;

void require_same_features(const std::vector<std::string>& names, const std::vector<std::string>& wanted,
                           const StateReader& state) {
  if (names.size() != wanted.size())
    state.fail("features", std::to_string(names.size()) + " features where the model has " +
                               std::to_string(wanted.size()));
  for (size_t i = 0; i < names.size(); ++i)
    if (names[i] != wanted[i])
      state.fail("features[" + std::to_string(i) + "]",
                 "`" + names[i] + "` where the model has the feature `" + wanted[i] + "`");
}

class EstimatorHead final : public Head {
 public:
  EstimatorHead(const EstimatorHeadOptions& options, bool balanced, data::TaskSpec label)
      : options_(options),
        balanced_(balanced),
        label_(std::move(label)),
        combines_(learners::combines_heads(options.estimator)) {}

  bool fitted_at_once() const override { return true; }
  bool fitted() const override { return !fits_.empty(); }

  void fit(const data::Targets&) override {}

  void fit_at_once(const TrainingTable& training) override {
    const LabelledTable table = table_of(training);
    names_ = training.names;
    fits_.clear();
    const int64_t samples = options_.bootstrap_samples;
    for (int64_t sample = 0; sample < samples; ++sample) {
      if (samples == 1) {
        fits_.push_back(fit_one(table));
        continue;
      }
      LabelledTable part = learners::bootstrap_sample(table, sample);
      if (balanced_) part.weight = learners::class_balanced_weights(part);
      part.seed = table.seed + static_cast<uint64_t>(sample);
      fits_.push_back(fit_one(part));
    }
    name_selected();
  }

  /// [N, F] -> raw [N, K], float32.
  at::Tensor forward(const at::Tensor& seen) override {
    require_fitted();
    if (seen.size(1) != static_cast<int64_t>(names_.size()))
      core::fail_data("it was fitted to " + std::to_string(names_.size()) + " features and gets " +
                      std::to_string(seen.size(1)));
    const at::Tensor features = seen.to(at::kCPU, at::kDouble);
    at::Tensor raw;
    for (const auto& one : fits_) {
      const at::Tensor said =
          one.estimator->predict(features.index_select(1, at::tensor(one.columns, at::kLong)));
      if (said.dim() != 2 || said.size(0) != features.size(0) || said.size(1) != outputs())
        core::fail_usage("estimator: `" + options_.estimator.name + "` says " + c10::str(said.sizes()) +
                         " of " + std::to_string(features.size(0)) + " cases, and " +
                         std::to_string(outputs()) + " scores a case are needed");
      raw = raw.defined() ? raw + said : said;
    }
    const at::Tensor scores = (raw / static_cast<double>(fits_.size())).to(at::kFloat);
    if (!scores.isfinite().all().item<bool>())
      core::fail_data(
          "the estimator's scores are not finite numbers: the features or what it learned are out of "
          "all proportion; train the model again");
    return scores;
  }

  at::Tensor predict(const at::Tensor& raw) override {
    const data::Task& task = data::task_of(label_);
    if (!task.has_classes()) return raw;
    return task.has_named_classes() ? raw.softmax(1) : at::cat({at::sigmoid(-raw), at::sigmoid(raw)}, 1);
  }

  std::vector<std::string> selected() const override { return selected_; }

  nn::Tensors learned() const override {
    require_fitted();
    nn::Tensors state{{"estimator", learners::bytes_of(options_.estimator.name)},
                      {"features", learners::bytes_of(names_)}};
    for (size_t i = 0; i < fits_.size(); ++i) {
      const std::string name = "fits." + std::to_string(i);
      state[name + ".columns"] = at::tensor(fits_[i].columns, at::kLong);
      learners::add_part(state, name + ".state", fits_[i].estimator->state());
    }
    return state;
  }

  void load_learned(const nn::Tensors& learned, const std::vector<std::string>& names) override {
    if (learned.empty()) core::fail_data("the weights hold nothing that its estimator learned");
    const std::string& estimator = options_.estimator.name;
    core::with_context("what the estimator `" + estimator + "` learned is broken", [&] {
      const StateReader state(learned);
      if (const auto named = state.text("estimator"); named != estimator)
        core::fail_data("it is of the estimator `" + named + "` and the config says `" + estimator + "`");
      auto of = state.texts("features");
      if (!names.empty()) require_same_features(of, names, state);
      std::vector<Fit> fits;
      const auto told = state.at("fits");
      for (int64_t i = 0, count = told.count(); i < count; ++i)
        fits.push_back(fit_from(told.at(std::to_string(i)), static_cast<int64_t>(of.size())));
      if (fits.empty()) state.fail("fits", "holds nothing");
      state.require_all_read();
      names_ = std::move(of);
      fits_ = std::move(fits);
      name_selected();
    });
  }

 protected:
  at::Tensor known_loss(const at::Tensor&, const data::Targets&) override { return {}; }

 private:
  /// An estimator and the features that it looks at.
  struct Fit {
    std::vector<int64_t> columns;
    std::unique_ptr<learners::Estimator> estimator;
  };

  void require_fitted() const {
    if (!fitted()) core::fail_usage("the head is not fitted yet");
  }

  /// Scores a case: one a named class, else one.
  int64_t outputs() const {
    return data::task_of(label_).has_named_classes() ? static_cast<int64_t>(label_.classes.size()) : 1;
  }

  LabelledTable table_of(const TrainingTable& training) const {
    const at::Tensor rows = data::known_rows(training.labels);
    LabelledTable table{.task = label_.task,
                        .outputs = outputs(),
                        .features = training.features.index_select(0, rows).to(at::kCPU, at::kDouble),
                        .value = training.labels.value.index_select(0, rows).to(at::kDouble),
                        .event = {},
                        .weight = at::ones({rows.numel()}, at::kDouble),
                        .group = {},
                        .seed = training.seed};
    if (data::task_of(label_).has_events)
      table.event = training.labels.event.index_select(0, rows).to(at::kDouble);
    if (!training.group.empty())
      for (int64_t i = 0; i < rows.numel(); ++i)
        table.group.push_back(training.group.at(static_cast<size_t>(rows[i].item<int64_t>())));
    learners::require_learnable(table, label_);
    if (balanced_) table.weight = learners::class_balanced_weights(table);
    return table;
  }

  Fit fit_one(const LabelledTable& table) const {
    auto columns = learners::varying_columns(table.features);
    if (combines_) {  // it weighs all of its heads, one that always says the same too
      columns.resize(static_cast<size_t>(table.features.size(1)));
      std::iota(columns.begin(), columns.end(), int64_t{0});
    }
    if (columns.empty()) core::fail_data("no feature varies over the training cases");
    for (const auto& choice : options_.feature_selection) {
      std::vector<int64_t> kept;
      for (const auto at : learners::select_features(choice, table.columns(columns)))
        kept.push_back(columns[static_cast<size_t>(at)]);
      if (kept.empty())
        core::fail_data("`" + choice.name + "` selects no feature: none of " +
                        std::to_string(columns.size()) + " says anything of the label in the training part");
      columns = std::move(kept);
    }
    Fit result{std::move(columns), learners::make_estimator(options_.estimator)};
    result.estimator->fit(table.columns(result.columns));
    return result;
  }

  /// One that was saved; it is of `features` features that come in.
  Fit fit_from(const StateReader& state, int64_t features) const {
    auto columns = state.wholes("columns", 0, features - 1);
    if (columns.empty()) state.fail("columns", "holds nothing");
    std::set<int64_t> seen;
    for (size_t i = 0; i < columns.size(); ++i)
      if (!seen.insert(columns[i]).second)
        state.fail("columns[" + std::to_string(i) + "]", "stands there twice");
    const auto count = static_cast<int64_t>(columns.size());
    Fit result{std::move(columns), learners::make_estimator(options_.estimator)};
    result.estimator->load(state.at("state"), {.task = label_.task, .features = count, .outputs = outputs()});
    return result;
  }

  /// What most fits look at, those that look at it first leading.
  void name_selected() {
    std::map<int64_t, std::pair<int64_t, size_t>> votes;  // less the fits that have it, then its best place
    for (const auto& one : fits_)
      for (size_t place = 0; place < one.columns.size(); ++place) {
        auto& vote = votes.emplace(one.columns[place], std::pair{int64_t{0}, place}).first->second;
        --vote.first;
        vote.second = std::min(vote.second, place);
      }
    std::vector<int64_t> order;
    for (const auto& [column, vote] : votes) order.push_back(column);
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return votes[a] < votes[b]; });
    selected_.clear();
    for (const auto column : order) selected_.push_back(names_.at(static_cast<size_t>(column)));
  }

  EstimatorHeadOptions options_;
  bool balanced_;  ///< all classes weigh the same
  data::TaskSpec label_;
  bool combines_;                   ///< what other heads say
  std::vector<std::string> names_;  ///< of all features that come in
  std::vector<Fit> fits_;           ///< one, or one a bootstrap sample; empty until fitted
  std::vector<std::string> selected_;
};

}  // namespace

std::shared_ptr<Head> make_estimator_head(const EstimatorHeadOptions& options, bool balanced,
                                          const data::TaskSpec& label) {
  learners::require_estimators(label.task);
  return std::make_shared<EstimatorHead>(options, balanced, label);
}

}  // namespace photo51::radiogenomics
