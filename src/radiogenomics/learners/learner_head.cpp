#include "photo51/radiogenomics/learners/learner_head.hpp"

#include <ATen/ATen.h>

#include <Eigen/Core>
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>

#include "core/learned.hpp"
#include "photo51/config/migrate.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/random.hpp"
#include "photo51/core/text.hpp"
#include "photo51/data/task/task.hpp"
#include "photo51/radiogenomics/learners/options.hpp"
#include "radiogenomics/heads/rows.hpp"
#include "radiogenomics/learners/estimator_task.hpp"

namespace photo51::radiogenomics {
namespace {

using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

Eigen::MatrixXd to_eigen(const at::Tensor& tensor) {
  const at::Tensor whole = tensor.to(at::kCPU, at::kDouble).contiguous();
  return Eigen::Map<const RowMajor>(whole.const_data_ptr<double>(), whole.size(0), whole.size(1));
}

Eigen::VectorXd to_vector(const at::Tensor& tensor) {
  return to_eigen(tensor.reshape({-1, 1})).col(0);
}

/// Inverse frequency of the classes, mean 1.
Eigen::VectorXd balanced_weights(const Target& target) {
  Eigen::VectorXd weight(target.size());
  const auto classes = static_cast<double>(std::max<int64_t>(2, target.classes));
  for (Eigen::Index i = 0; i < target.size(); ++i)
    weight[i] = static_cast<double>(target.size()) /
                (classes * static_cast<double>((target.value.array() == target.value[i]).count()));
  return weight;
}

/// Cases, or whole groups, with replacement (Efron 1979); drawn anew until every class (survival: an event)
/// is there.
std::vector<Eigen::Index> bootstrap_rows(const Target& target, uint64_t seed, int64_t bag) {
  std::map<int64_t, std::vector<Eigen::Index>> groups;
  for (Eigen::Index row = 0; row < target.size(); ++row)
    groups[target.group.empty() ? row : target.group[static_cast<size_t>(row)]].push_back(row);
  std::vector<const std::vector<Eigen::Index>*> list;
  for (const auto& [group, rows] : groups) list.push_back(&rows);
  const auto strata = [&](const std::vector<Eigen::Index>& rows) {
    std::set<double> found;
    for (const auto row : rows)
      if (const auto kept = target.task->kept(target, row)) found.insert(*kept);
    return found.size();
  };
  std::vector<Eigen::Index> all(static_cast<size_t>(target.size()));
  std::iota(all.begin(), all.end(), Eigen::Index{0});
  const size_t wanted = target.task->kept_at_least > 0 ? target.task->kept_at_least : strata(all);
  core::Random random({seed, static_cast<uint64_t>(bag), core::hash_key("bootstrap")});
  std::vector<Eigen::Index> rows;
  for (int attempt = 0; attempt < 1000; ++attempt) {
    rows.clear();
    for (size_t i = 0; i < list.size(); ++i) {
      const auto& group = *list[random.below(list.size())];
      rows.insert(rows.end(), group.begin(), group.end());
    }
    if (strata(rows) >= wanted) return rows;
  }
  return all;
}

void require_same(const std::vector<std::string>& names, const std::vector<std::string>& wanted,
                  const core::Learned& place) {
  if (names.size() != wanted.size())
    place.fail(std::to_string(names.size()) + " features where the model has " +
               std::to_string(wanted.size()));
  for (size_t i = 0; i < names.size(); ++i)
    if (names[i] != wanted[i])
      place.at(i).fail("`" + names[i] + "` where the model has the feature `" + wanted[i] + "`");
}

}  // namespace

struct LearnerHead::Impl {
  /// A learner and the features that it looks at.
  struct Fit {
    std::vector<Eigen::Index> columns;
    std::unique_ptr<Learner> learner;
  };
  HeadOptions options;
  data::TaskSpec label;
  const EstimatorTask* task = nullptr;  ///< the label's
  std::vector<std::string> names;       ///< of all features that come in
  std::vector<Fit> fits;                ///< one, or one a bootstrap sample; empty until fitted
  std::vector<std::string> selected;

  /// Scores a case: one a named class, else one.
  int64_t outputs() const {
    return data::task_of(label).has_named_classes() ? static_cast<int64_t>(label.classes.size()) : 1;
  }

  Target target_of(const data::Targets& labels, const at::Tensor& rows,
                   const std::vector<int64_t>& group) const {
    Target target;
    target.task = task;
    target.classes = outputs();
    target.value = to_vector(labels.value.index_select(0, rows));
    if (data::task_of(label).has_events) target.event = to_vector(labels.event.index_select(0, rows));
    target.weight = Eigen::VectorXd::Ones(target.size());
    if (!group.empty())
      for (int64_t i = 0; i < rows.numel(); ++i)
        target.group.push_back(group.at(static_cast<size_t>(rows[i].item<int64_t>())));
    if (target.size() == 0) core::fail_data("no training case has a known label");
    task->require_learnable(target, label);
    if (options.class_weights == "inverse") target.weight = balanced_weights(target);
    return target;
  }

  Fit fit(const Eigen::MatrixXd& x, const Target& target, uint64_t seed) const {
    const auto spread = Standardiser::of(x);
    std::vector<Eigen::Index> columns;
    // A stack weighs all of its heads, one that always says the same too.
    for (Eigen::Index j = 0; j < x.cols(); ++j)
      if (spread.deviation[j] > 0 || options.estimator.name == "stack") columns.push_back(j);
    if (columns.empty()) core::fail_data("no feature varies over the training cases");
    for (const auto& choice : options.feature_selection) {
      std::vector<Eigen::Index> kept;
      for (const auto at : select_features(choice, x(Eigen::all, columns), target, seed))
        kept.push_back(columns[static_cast<size_t>(at)]);
      if (kept.empty())
        core::fail_data("`" + choice.name + "` selects no feature: none of " +
                        std::to_string(columns.size()) + " says anything of the label in the training part");
      columns = std::move(kept);
    }
    Fit result{std::move(columns), make_learner(options.estimator)};
    result.learner->fit(x(Eigen::all, result.columns), target, seed);
    return result;
  }

  /// One that was saved; it is of `features` features that come in.
  Fit fit_from(const core::Learned& learned, int64_t features) const {
    const auto told = learned.at("columns");
    const auto columns = told.wholes(told.size(), 0, features - 1);
    if (columns.empty()) told.fail("holds nothing");
    std::set<int64_t> seen;
    for (size_t i = 0; i < columns.size(); ++i)
      if (!seen.insert(columns[i]).second) told.at(i).fail("stands there twice");
    Fit result{{columns.begin(), columns.end()}, make_learner(options.estimator)};
    result.learner->load(
        learned.at("state"),
        {.task = task, .features = static_cast<Eigen::Index>(columns.size()), .outputs = outputs()});
    return result;
  }

  /// What most fits look at, those that look at it first leading.
  void name_selected() {
    std::map<Eigen::Index, std::pair<int64_t, size_t>>
        votes;  // less the fits that have it, then its best place
    for (const auto& one : fits)
      for (size_t place = 0; place < one.columns.size(); ++place) {
        auto& vote = votes.emplace(one.columns[place], std::pair{int64_t{0}, place}).first->second;
        --vote.first;
        vote.second = std::min(vote.second, place);
      }
    std::vector<Eigen::Index> order;
    for (const auto& [column, vote] : votes) order.push_back(column);
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return votes[a] < votes[b]; });
    selected.clear();
    for (const auto column : order) selected.push_back(names.at(static_cast<size_t>(column)));
  }
};

LearnerHead::LearnerHead(const HeadOptions& options, data::TaskSpec label) : impl_(std::make_unique<Impl>()) {
  impl_->options = options;
  impl_->label = std::move(label);
  require_task(options, impl_->label);
  impl_->task = &estimator_task(impl_->label.task);
  if (data::task_of(impl_->label).has_named_classes()) require_class_names(options, impl_->label);
}

LearnerHead::~LearnerHead() = default;

void LearnerHead::fit(const at::Tensor& features, const std::vector<std::string>& names,
                      const data::Targets& labels, const std::vector<int64_t>& group, uint64_t seed) {
  const at::Tensor rows = data::known_rows(labels);
  const Target target = impl_->target_of(labels, rows, group);
  const Eigen::MatrixXd x = to_eigen(features.index_select(0, rows));
  impl_->names = names;
  impl_->fits.clear();
  const int64_t samples = impl_->options.bootstrap_samples;
  for (int64_t sample = 0; sample < samples; ++sample) {
    if (samples == 1) {
      impl_->fits.push_back(impl_->fit(x, target, seed));
      continue;
    }
    const auto drawn = bootstrap_rows(target, seed, sample);
    Target part = target.rows(drawn);
    // Copies of a case stay in one inner fold, else a penalty would be chosen by cases that were trained on.
    if (part.group.empty()) part.group.assign(drawn.begin(), drawn.end());
    if (impl_->options.class_weights == "inverse") part.weight = balanced_weights(part);
    impl_->fits.push_back(impl_->fit(x(drawn, Eigen::all), part, seed + static_cast<uint64_t>(sample)));
  }
  impl_->name_selected();
}

bool LearnerHead::fitted() const {
  return !impl_->fits.empty();
}

at::Tensor LearnerHead::forward(const at::Tensor& features) const {
  if (!fitted()) core::fail_usage("the head is not fitted yet");
  if (features.size(1) != static_cast<int64_t>(impl_->names.size()))
    core::fail_data("it was fitted to " + std::to_string(impl_->names.size()) + " features and gets " +
                    std::to_string(features.size(1)));
  const Eigen::MatrixXd x = to_eigen(features);
  RowMajor raw;
  for (const auto& fit : impl_->fits) {
    const Eigen::MatrixXd one = fit.learner->predict(x(Eigen::all, fit.columns));
    if (raw.size() == 0)
      raw = one;
    else
      raw += one;
  }
  raw /= static_cast<double>(impl_->fits.size());
  const at::Tensor result = at::empty({raw.rows(), raw.cols()}, at::kDouble);
  std::copy(raw.data(), raw.data() + raw.size(), result.mutable_data_ptr<double>());
  at::Tensor scores = result.to(at::kFloat);
  if (!scores.isfinite().all().item<bool>())
    core::fail_data(
        "the estimator's scores are not finite numbers: the features or what it learned are out of "
        "all proportion; train the model again");
  return scores;
}

at::Tensor LearnerHead::predict(const at::Tensor& raw) const {
  const data::Task& task = data::task_of(impl_->label);
  if (!task.has_classes()) return raw;
  return task.has_named_classes() ? raw.softmax(1) : at::cat({at::sigmoid(-raw), at::sigmoid(raw)}, 1);
}

const std::vector<std::string>& LearnerHead::selected() const {
  return impl_->selected;
}

std::string LearnerHead::state() const {
  if (!fitted()) core::fail_usage("the head is not fitted yet");
  nlohmann::json fits = nlohmann::json::array();
  for (const auto& fit : impl_->fits)
    fits.push_back({{"columns", fit.columns}, {"state", fit.learner->state()}});
  return nlohmann::json{
      {"learner", impl_->options.estimator.name}, {"names", impl_->names}, {"fits", std::move(fits)}}
      .dump();
}

void LearnerHead::load(const std::string& state, const std::vector<std::string>& names) {
  const auto& estimator = impl_->options.estimator;
  core::with_context("what the estimator `" + estimator.name + "` learned is broken", [&] {
    const auto json = core::parse_learned(state);
    const core::Learned learned(json);
    if (const auto named = config::current_estimator(learned.at("learner").text()); named != estimator.name)
      core::fail_data("it is of the estimator `" + named + "` and the config says `" + estimator.name + "`");
    auto of = learned.at("names").texts();
    if (!names.empty()) require_same(of, names, learned.at("names"));
    std::vector<Impl::Fit> fits;
    const auto told = learned.at("fits");
    for (size_t i = 0; i < told.size(); ++i)
      fits.push_back(impl_->fit_from(told.at(i), static_cast<int64_t>(of.size())));
    if (fits.empty()) told.fail("holds nothing");
    impl_->names = std::move(of);
    impl_->fits = std::move(fits);
    impl_->name_selected();
  });
}

}  // namespace photo51::radiogenomics
