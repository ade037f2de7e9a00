#include "photo51/radiogenomics/learner_head.hpp"

#include <ATen/ATen.h>

#include <Eigen/Core>
#include <nlohmann/json.hpp>

#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "photo51/radiogenomics/learner_options.hpp"
#include "radiogenomics/learners/learner.hpp"

namespace photo51::radiogenomics {
namespace {

using Kind = data::LabelSpec::Kind;
using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

Eigen::MatrixXd to_eigen(const at::Tensor& tensor) {
  const at::Tensor whole = tensor.to(at::kCPU, at::kDouble).contiguous();
  return Eigen::Map<const RowMajor>(whole.const_data_ptr<double>(), whole.size(0), whole.size(1));
}

Eigen::VectorXd to_vector(const at::Tensor& tensor) {
  return to_eigen(tensor.reshape({-1, 1})).col(0);
}

void require_learnable(const Target& target, const data::LabelSpec& label) {
  const auto count = std::to_string(target.size());
  if (target.size() == 0) core::fail_data("no training case has a known label");
  if (target.kind == Kind::survival && !(target.event.array() != 0).any())
    core::fail_data("all training patients are censored; survival needs observed events to learn from");
  if (target.kind == Kind::regression && target.value.maxCoeff() == target.value.minCoeff())
    core::fail_data("all " + count + " training values are the same; there is nothing to learn");
  if (target.kind != Kind::binary && target.kind != Kind::multiclass) return;
  const int64_t classes = target.kind == Kind::binary ? 2 : target.classes;
  std::string missing;
  for (int64_t k = 0; k < classes; ++k) {
    const auto cases = (target.value.array() == static_cast<double>(k)).count();
    const std::string name =
        target.kind == Kind::binary ? std::to_string(k) : label.classes.at(static_cast<size_t>(k));
    if (cases == target.size())
      core::fail_data("all " + count + " training cases are `" + name +
                      "`; it takes cases of another class to learn from");
    if (cases == 0 && missing.empty()) missing = name;
  }
  if (!missing.empty())
    core::fail_data("no training case is `" + missing + "`; leave the class out or split otherwise");
}

/// Inverse frequency of the classes, mean 1.
Eigen::VectorXd balanced_weights(const Target& target) {
  Eigen::VectorXd weight(target.size());
  const auto classes = static_cast<double>(target.kind == Kind::binary ? 2 : target.classes);
  for (Eigen::Index i = 0; i < target.size(); ++i)
    weight[i] = static_cast<double>(target.size()) /
                (classes * static_cast<double>((target.value.array() == target.value[i]).count()));
  return weight;
}

}  // namespace

struct LearnerHead::Impl {
  HeadOptions options;
  data::LabelSpec label;
  std::vector<std::string> names;     ///< of all features that come in
  std::vector<Eigen::Index> columns;  ///< of them the selected ones
  std::vector<std::string> selected;
  std::unique_ptr<Learner> learner;  ///< null until fitted

  Target target_of(const data::LabelBatch& labels, const at::Tensor& rows,
                   const std::vector<int64_t>& group) const {
    Target target;
    target.kind = label.kind;
    if (label.kind == Kind::multiclass) target.classes = static_cast<int64_t>(label.classes.size());
    target.value = to_vector(labels.value.index_select(0, rows));
    if (label.kind == Kind::survival) target.event = to_vector(labels.event.index_select(0, rows));
    target.weight = Eigen::VectorXd::Ones(target.size());
    if (!group.empty())
      for (int64_t i = 0; i < rows.numel(); ++i)
        target.group.push_back(group.at(static_cast<size_t>(rows[i].item<int64_t>())));
    require_learnable(target, label);
    if (options.balance == "inverse") target.weight = balanced_weights(target);
    return target;
  }

  void look_at(std::vector<Eigen::Index> chosen) {
    columns = std::move(chosen);
    selected.clear();
    for (const auto column : columns) selected.push_back(names.at(static_cast<size_t>(column)));
  }
};

LearnerHead::LearnerHead(const HeadOptions& options, data::LabelSpec label)
    : impl_(std::make_unique<Impl>()) {
  impl_->options = options;
  impl_->label = std::move(label);
  if (impl_->label.kind != Kind::multiclass) return;
  const auto count = static_cast<int64_t>(impl_->label.classes.size());
  if (count < 2)
    core::fail_usage(
        "a multiclass head needs the names of its classes; set `classes` or fit them on a cohort");
  if (const auto asked = class_count(options); asked && *asked != count)
    core::fail_usage("`classes` says " + std::to_string(*asked) + " and the cohort has " +
                     std::to_string(count) + ": " + core::join(impl_->label.classes, ", "));
}

LearnerHead::~LearnerHead() = default;

void LearnerHead::fit(const at::Tensor& features, const std::vector<std::string>& names,
                      const data::LabelBatch& labels, const std::vector<int64_t>& group, uint64_t seed) {
  const at::Tensor rows = labels.known.nonzero().squeeze(1);
  const Target target = impl_->target_of(labels, rows, group);
  const Eigen::MatrixXd x = to_eigen(features.index_select(0, rows));
  impl_->names = names;
  const auto spread = Standardiser::of(x);
  std::vector<Eigen::Index> columns;
  for (Eigen::Index j = 0; j < x.cols(); ++j)
    if (spread.deviation[j] > 0) columns.push_back(j);
  if (columns.empty()) core::fail_data("no feature varies over the training cases");
  for (const auto& choice : impl_->options.select) {
    std::vector<Eigen::Index> kept;
    for (const auto at : select_features(choice, x(Eigen::all, columns), target, seed))
      kept.push_back(columns[static_cast<size_t>(at)]);
    if (kept.empty())
      core::fail_data("`" + choice.name + "` selects no feature: none of " + std::to_string(columns.size()) +
                      " says anything of the label in the training part");
    columns = std::move(kept);
  }
  impl_->look_at(std::move(columns));
  impl_->learner = make_learner(impl_->options.learner);
  impl_->learner->fit(x(Eigen::all, impl_->columns), target, seed);
}

bool LearnerHead::fitted() const {
  return impl_->learner != nullptr;
}

at::Tensor LearnerHead::forward(const at::Tensor& features) const {
  if (!fitted()) core::fail_usage("the head is not fitted yet");
  if (features.size(1) != static_cast<int64_t>(impl_->names.size()))
    core::fail_data("it was fitted to " + std::to_string(impl_->names.size()) + " features and gets " +
                    std::to_string(features.size(1)));
  const Eigen::MatrixXd x = to_eigen(features);
  const RowMajor raw = impl_->learner->predict(x(Eigen::all, impl_->columns));
  const at::Tensor result = at::empty({raw.rows(), raw.cols()}, at::kDouble);
  std::copy(raw.data(), raw.data() + raw.size(), result.mutable_data_ptr<double>());
  return result.to(at::kFloat);
}

at::Tensor LearnerHead::predict(const at::Tensor& raw) const {
  if (impl_->label.kind == Kind::multiclass) return raw.softmax(1);
  if (impl_->label.kind == Kind::binary) return at::cat({at::sigmoid(-raw), at::sigmoid(raw)}, 1);
  return raw;
}

const std::vector<std::string>& LearnerHead::selected() const {
  return impl_->selected;
}

std::string LearnerHead::state() const {
  if (!fitted()) core::fail_usage("the head is not fitted yet");
  return nlohmann::json{{"learner", impl_->options.learner.name},
                        {"names", impl_->names},
                        {"columns", impl_->columns},
                        {"selected", impl_->selected},
                        {"state", impl_->learner->state()}}
      .dump();
}

void LearnerHead::load(const std::string& state) {
  try {
    const auto json = nlohmann::json::parse(state);
    if (const auto named = json.at("learner").get<std::string>(); named != impl_->options.learner.name)
      core::fail_data("the weights are of the learner `" + named + "` and the config says `" +
                      impl_->options.learner.name + "`");
    impl_->names = json.at("names").get<std::vector<std::string>>();
    impl_->look_at(json.at("columns").get<std::vector<Eigen::Index>>());
    auto learner = make_learner(impl_->options.learner);
    learner->load(json.at("state"));
    impl_->learner = std::move(learner);
  } catch (const core::Error&) {
    throw;
  } catch (const std::exception& error) {
    core::fail_data(std::string("what the learner learnt is broken: ") + error.what());
  }
}

}  // namespace photo51::radiogenomics
