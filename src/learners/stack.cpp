#include "learners/dense_estimator.hpp"
#include "learners/elastic_net.hpp"
#include "learners/estimator_task.hpp"
#include "learners/standardiser.hpp"
#include "photo51/learners/options.hpp"

namespace photo51::learners {
namespace {

/// The columns are what the heads say: of each head its K scores, one head after the other. Weights
/// that are not negative, drawn to each other as far as the cases want it; of many classes one a class, each
/// against the rest.
class Stack final : public DenseEstimator {
 public:
  explicit Stack(const StackOptions& options) : heads_(static_cast<Eigen::Index>(options.heads.size())) {}

  void fit_matrix(const Eigen::MatrixXd& features, const Target& target, uint64_t seed) override {
    outputs_ = features.cols() / heads_;
    scale_ = Standardiser::of(features);
    const Eigen::MatrixXd x = scale_.apply(features);
    fits_.clear();
    for (Eigen::Index k = 0; k < outputs_; ++k) {
      const auto of_output = target.task->of_output;
      const Target one = of_output == nullptr ? target : of_output(target, k);
      // Of penalties that serve about as well the one that leaves the weights most alike.
      ElasticNetFit fit = fit_elastic_net(columns_of(x, k), one,
                                          {.l1_ratio = 0, .one_standard_error = true, .alike = true}, seed);
      // No head seems to help, which few cases may well say by chance: then all count the same.
      if (fit.weights.sum() <= 0) fit.weights.setConstant(1 / static_cast<double>(heads_));
      fits_.push_back(std::move(fit));
    }
  }
  Eigen::MatrixXd predict_matrix(const Eigen::MatrixXd& features) const override {
    const Eigen::MatrixXd x = scale_.apply(features);
    Eigen::MatrixXd scores(x.rows(), outputs_);
    for (Eigen::Index k = 0; k < outputs_; ++k)
      scores.col(k) = fits_[static_cast<size_t>(k)].predict(columns_of(x, k));
    // Against the rest: log of the probability, which a softmax then norms.
    if (outputs_ > 1) scores = -(1 + (-scores.array()).min(700).exp()).log();  // more is infinite
    return scores;
  }
  State state() const override {
    State state;
    add_part(state, "scale", state_of(scale_));
    for (size_t k = 0; k < fits_.size(); ++k)
      add_part(state, "fits." + std::to_string(k), state_of(fits_[k]));
    return state;
  }
  void load(const StateReader& state, const StateShape& shape) override {
    if (shape.features != heads_ * shape.outputs)
      state.fail("scale", std::to_string(shape.features) + " columns are not " +
                              std::to_string(shape.outputs) + " of each of " + std::to_string(heads_) +
                              " heads");
    scale_ = standardiser_from(state.at("scale"), shape.features);
    const auto told = state.at("fits");
    if (told.count() != shape.outputs)
      state.fail("fits", "holds " + std::to_string(told.count()) + " fits where " +
                             std::to_string(shape.outputs) + " are needed");
    fits_.clear();
    for (int64_t k = 0; k < shape.outputs; ++k) {
      const auto of_class = told.at(std::to_string(k));
      fits_.push_back(elastic_net_from(of_class, heads_, 1));
      if (fits_.back().weights.minCoeff() < 0) of_class.fail("weights", "holds a weight below 0");
    }
    outputs_ = shape.outputs;
  }

 private:
  Eigen::MatrixXd columns_of(const Eigen::MatrixXd& x, Eigen::Index k) const {
    Eigen::MatrixXd chosen(x.rows(), heads_);
    for (Eigen::Index head = 0; head < heads_; ++head) chosen.col(head) = x.col(head * outputs_ + k);
    return chosen;
  }

  Eigen::Index heads_, outputs_ = 1;
  Standardiser scale_;
  std::vector<ElasticNetFit> fits_;
};

}  // namespace

std::unique_ptr<Estimator> make_stack(const config::Choice& choice) {
  return std::make_unique<Stack>(choice.as<StackOptions>());
}

}  // namespace photo51::learners
