#include <xgboost/c_api.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "learners/dense_estimator.hpp"
#include "learners/estimator_task.hpp"
#include "learners/tree_state.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "photo51/learners/options.hpp"

namespace photo51::learners {
namespace {

using Parameters = std::vector<std::pair<std::string, std::string>>;

/// XGBoost's message, which is "[time] file.cc:line: message" and a stack of calls, one a line.
std::string last_error() {
  std::string text = XGBGetLastError();
  text.resize(std::min(text.find('\n'), text.size()));
  const size_t file = text.find(".cc:");
  const size_t end = file == std::string::npos ? file : text.find(": ", file);
  return end == std::string::npos ? text : text.substr(end + 2);
}

void check(int code) {
  if (code != 0) core::fail_run("XGBoost: " + last_error());
}

class Matrix {
 public:
  explicit Matrix(const Eigen::MatrixXd& features) {
    const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> rows = features.cast<float>();
    check(XGDMatrixCreateFromMat(rows.data(), static_cast<bst_ulong>(rows.rows()),
                                 static_cast<bst_ulong>(rows.cols()), std::numeric_limits<float>::quiet_NaN(),
                                 &handle_));
  }
  ~Matrix() { XGDMatrixFree(handle_); }
  Matrix(const Matrix&) = delete;
  Matrix& operator=(const Matrix&) = delete;
  void set(const char* field, const Eigen::VectorXd& values) {
    const Eigen::VectorXf narrow = values.cast<float>();
    check(XGDMatrixSetFloatInfo(handle_, field, narrow.data(), static_cast<bst_ulong>(narrow.size())));
  }
  DMatrixHandle get() const { return handle_; }

 private:
  DMatrixHandle handle_ = nullptr;
};

class Booster {
 public:
  explicit Booster(const Matrix* training = nullptr) {
    const DMatrixHandle cached[] = {training == nullptr ? nullptr : training->get()};
    check(XGBoosterCreate(cached, training == nullptr ? 0 : 1, &handle_));
    set("verbosity", "0");
    // One thread gives the same trees on every machine.
    set("nthread", "1");
  }
  ~Booster() { XGBoosterFree(handle_); }
  Booster(const Booster&) = delete;
  Booster& operator=(const Booster&) = delete;
  void set(const std::string& name, const std::string& value) {
    check(XGBoosterSetParam(handle_, name.c_str(), value.c_str()));
  }
  BoosterHandle get() const { return handle_; }

 private:
  BoosterHandle handle_ = nullptr;
};

/// Its state holds the model as XGBoost writes it (JSON), and that is checked before XGBoost reads it again.
class Trees final : public DenseEstimator {
 public:
  Trees(int64_t rounds, Parameters parameters, double colsample_bynode)
      : rounds_(rounds), parameters_(std::move(parameters)), colsample_bynode_(colsample_bynode) {}

  void fit_matrix(const Eigen::MatrixXd& features, const Target& target, uint64_t seed) override {
    Matrix training(features);
    training.set("weight", target.weight);
    const TreeObjective& objective = target.task->trees;
    training.set("label", objective.labels == nullptr ? target.value : objective.labels(target));

    outputs_ = target.classes;
    booster_ = std::make_shared<Booster>(&training);
    for (const auto& [name, value] : parameters_) booster_->set(name, value);
    if (colsample_bynode_ == 0) {
      const double share = 1 / std::sqrt(static_cast<double>(std::max<Eigen::Index>(1, features.cols())));
      booster_->set("colsample_bynode", core::format_number(share));
    }
    booster_->set("seed", std::to_string(seed & 0x7fffffff));
    const double mean = target.value.dot(target.weight) / target.weight.sum();
    offset_ = objective.offset == nullptr ? 0 : objective.offset(mean);
    booster_->set("objective", objective.name);
    if (outputs_ > 1) booster_->set("num_class", std::to_string(outputs_));
    if (!objective.base_score.empty()) booster_->set("base_score", objective.base_score);
    if (offset_ != 0) training.set("base_margin", Eigen::VectorXd::Constant(target.size(), offset_));
    for (int64_t round = 0; round < rounds_; ++round)
      check(XGBoosterUpdateOneIter(booster_->get(), static_cast<int>(round), training.get()));
  }

  Eigen::MatrixXd predict_matrix(const Eigen::MatrixXd& features) const override {
    Matrix rows(features);
    if (offset_ != 0) rows.set("base_margin", Eigen::VectorXd::Constant(features.rows(), offset_));
    const std::string how =
        R"({"type": 1, "training": false, "iteration_begin": 0, "iteration_end": 0, "strict_shape": true})";
    const bst_ulong* shape = nullptr;
    bst_ulong dimensions = 0;
    const float* values = nullptr;
    check(
        XGBoosterPredictFromDMatrix(booster_->get(), rows.get(), how.c_str(), &shape, &dimensions, &values));
    Eigen::MatrixXd scores(features.rows(), outputs_);
    for (Eigen::Index i = 0; i < scores.rows(); ++i)
      for (Eigen::Index k = 0; k < outputs_; ++k) scores(i, k) = values[i * outputs_ + k];
    return scores;
  }

  State state() const override {
    bst_ulong length = 0;
    const char* text = nullptr;
    check(XGBoosterSaveModelToBuffer(booster_->get(), R"({"format": "json"})", &length, &text));
    return {{"outputs", whole_tensor(outputs_)},
            {"offset", number_tensor(offset_)},
            {"xgboost", bytes_of(std::string_view(text, length))}};
  }

  void load(const StateReader& state, const StateShape& shape) override {
    outputs_ = state.whole("outputs", shape.outputs, shape.outputs);
    const bool shifted = estimator_task(shape.task).trees.offset != nullptr;
    offset_ = state.number("offset", shifted ? -largest_float : 0, shifted ? largest_float : 0);
    const std::string name = state.full_name("xgboost"), told = state.text("xgboost");
    const auto json = core::with_context("`" + name + "`", [&] { return core::parse_learned(told); });
    const std::string text = checked_trees(core::Learned(json, name), shape).dump();
    auto booster = std::make_shared<Booster>();
    if (XGBoosterLoadModelFromBuffer(booster->get(), text.data(), static_cast<bst_ulong>(text.size())) != 0)
      state.fail("xgboost", std::string("cannot be read: ") + last_error());
    booster_ = std::move(booster);
  }

 private:
  int64_t rounds_;
  Parameters parameters_;
  double colsample_bynode_;
  Eigen::Index outputs_ = 1;
  double offset_ = 0;  ///< of the scores before the first tree
  std::shared_ptr<Booster> booster_;
};

}  // namespace

std::unique_ptr<Estimator> make_boosted_trees(const config::Choice& choice) {
  const auto& o = choice.as<BoostedTreesOptions>();
  return std::make_unique<Trees>(o.rounds,
                                 Parameters{{"learning_rate", core::format_number(o.learning_rate)},
                                            {"max_depth", std::to_string(o.max_depth)},
                                            {"min_child_weight", core::format_number(o.min_child_weight)},
                                            {"subsample", core::format_number(o.subsample)},
                                            {"colsample_bytree", core::format_number(o.colsample_bytree)},
                                            {"lambda", core::format_number(o.lambda)},
                                            {"alpha", core::format_number(o.alpha)},
                                            {"gamma", core::format_number(o.gamma)}},
                                 1);
}

std::unique_ptr<Estimator> make_random_forest(const config::Choice& choice) {
  const auto& o = choice.as<RandomForestOptions>();
  Parameters parameters{{"num_parallel_tree", std::to_string(o.trees)},
                        {"learning_rate", "1"},
                        {"max_depth", std::to_string(o.max_depth)},
                        {"min_child_weight", core::format_number(o.min_child_weight)},
                        {"subsample", core::format_number(o.subsample)},
                        {"lambda", core::format_number(o.lambda)}};
  if (o.colsample_bynode > 0)
    parameters.emplace_back("colsample_bynode", core::format_number(o.colsample_bynode));
  return std::make_unique<Trees>(1, std::move(parameters), o.colsample_bynode);
}

}  // namespace photo51::learners
