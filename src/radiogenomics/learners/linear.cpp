#include <nlohmann/json.hpp>

#include "photo51/radiogenomics/learners/options.hpp"
#include "radiogenomics/learners/elastic_net.hpp"

namespace photo51::radiogenomics {
namespace {

class ElasticNet final : public Learner {
 public:
  explicit ElasticNet(const ElasticNetOptions& options) : options_(options) {}

  void fit(const Eigen::MatrixXd& features, const Target& target, uint64_t seed) override {
    scale_ = Standardiser::of(features);
    fit_ = fit_elastic_net(scale_.apply(features), target,
                           {.l1_ratio = options_.l1_ratio,
                            .lambda = options_.lambda,
                            .folds = options_.folds,
                            .one_standard_error = options_.rule == "one_standard_error"},
                           seed);
  }
  Eigen::MatrixXd predict(const Eigen::MatrixXd& features) const override {
    return fit_.predict(scale_.apply(features));
  }
  nlohmann::json state() const override { return {{"scale", to_json(scale_)}, {"fit", to_json(fit_)}}; }
  void load(const core::Learned& state, const StateShape& shape) override {
    scale_ = standardiser_from(state.at("scale"), shape.features);
    fit_ = elastic_net_from(state.at("fit"), shape.features, shape.outputs);
  }

 private:
  ElasticNetOptions options_;
  Standardiser scale_;
  ElasticNetFit fit_;
};

}  // namespace

std::unique_ptr<Learner> make_elastic_net(const config::Choice& choice) {
  return std::make_unique<ElasticNet>(choice.as<ElasticNetOptions>());
}

}  // namespace photo51::radiogenomics
