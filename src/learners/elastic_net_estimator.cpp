#include "learners/dense_estimator.hpp"
#include "learners/elastic_net.hpp"
#include "learners/standardiser.hpp"
#include "photo51/learners/options.hpp"

namespace photo51::learners {
namespace {

class ElasticNet final : public DenseEstimator {
 public:
  explicit ElasticNet(const ElasticNetOptions& options) : options_(options) {}

  void fit_matrix(const Eigen::MatrixXd& features, const Target& target, uint64_t seed) override {
    scale_ = Standardiser::of(features);
    fit_ = fit_elastic_net(scale_.apply(features), target,
                           {.l1_ratio = options_.l1_ratio,
                            .lambda = options_.lambda,
                            .folds = options_.folds,
                            .one_standard_error = options_.rule == "one_standard_error"},
                           seed);
  }
  Eigen::MatrixXd predict_matrix(const Eigen::MatrixXd& features) const override {
    return fit_.predict(scale_.apply(features));
  }
  State state() const override {
    State state;
    add_part(state, "scale", state_of(scale_));
    add_part(state, "fit", state_of(fit_));
    return state;
  }
  void load(const StateReader& state, const StateShape& shape) override {
    scale_ = standardiser_from(state.at("scale"), shape.features);
    fit_ = elastic_net_from(state.at("fit"), shape.features, shape.outputs);
  }

 private:
  ElasticNetOptions options_;
  Standardiser scale_;
  ElasticNetFit fit_;
};

}  // namespace

std::unique_ptr<Estimator> make_elastic_net(const config::Choice& choice) {
  return std::make_unique<ElasticNet>(choice.as<ElasticNetOptions>());
}

}  // namespace photo51::learners
