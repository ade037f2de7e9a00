#include <cmath>
#include <limits>
#include <numbers>

#include "learners/dense_estimator.hpp"
#include "learners/elastic_net.hpp"
#include "learners/kernel_ridge.hpp"
#include "learners/standardiser.hpp"
#include "photo51/core/memory.hpp"
#include "photo51/core/random.hpp"
#include "photo51/learners/options.hpp"

namespace photo51::learners {
namespace {

constexpr int64_t most_components = int64_t{1} << 31;

/// sqrt(2 / D) cos(W x + b), whose products approach the kernel.
class FourierFeatures {
 public:
  FourierFeatures() = default;
  FourierFeatures(Eigen::Index features, int64_t components, double gamma, uint64_t seed)
      : frequencies_(features, components), phases_(components) {
    core::Random random({seed, core::hash_key("random Fourier features")});
    for (Eigen::Index d = 0; d < components; ++d) {
      for (Eigen::Index j = 0; j < features; ++j) frequencies_(j, d) = std::sqrt(2 * gamma) * random.normal();
      phases_[d] = random.uniform(0, 2 * std::numbers::pi);
    }
  }
  Eigen::MatrixXd of(const Eigen::MatrixXd& x) const {
    const double scale = std::sqrt(2 / static_cast<double>(phases_.size()));
    return scale * ((x * frequencies_).rowwise() + phases_).array().cos().matrix();
  }

 private:
  Eigen::MatrixXd frequencies_;
  Eigen::RowVectorXd phases_;
};

class KernelRidge final : public DenseEstimator {
 public:
  explicit KernelRidge(const KernelOptions& options) : options_(options) {}

  void fit_matrix(const Eigen::MatrixXd& features, const Target& target, uint64_t seed) override {
    scale_ = Standardiser::of(features);
    gamma_ = options_.gamma > 0 ? options_.gamma
                                : 1 / static_cast<double>(std::max<Eigen::Index>(1, features.cols()));
    // 53 bits, as when states were JSON.
    seed_ = seed >> 11;
    components_ = options_.components;
    map_ = FourierFeatures(features.cols(), components_, gamma_, seed_);
    fit_ = fit_elastic_net(map_.of(scale_.apply(features)), target,
                           {.l1_ratio = 0, .lambda = options_.lambda, .folds = options_.folds}, seed);
  }
  Eigen::MatrixXd predict_matrix(const Eigen::MatrixXd& features) const override {
    return fit_.predict(map_.of(scale_.apply(features)));
  }
  State state() const override {
    State state{{"gamma", number_tensor(gamma_)},
                {"components", whole_tensor(components_)},
                {"seed", whole_tensor(static_cast<int64_t>(seed_))}};
    add_part(state, "scale", state_of(scale_));
    add_part(state, "fit", state_of(fit_));
    return state;
  }
  void load(const StateReader& state, const StateShape& shape) override {
    scale_ = standardiser_from(state.at("scale"), shape.features);
    components_ = state.whole("components", 1, most_components);
    fit_ = elastic_net_from(state.at("fit"), components_, shape.outputs);
    gamma_ = state.number("gamma", std::numeric_limits<double>::min());
    seed_ = static_cast<uint64_t>(state.whole("seed", 0, (int64_t{1} << 53) - 1));
    require_room(components_, shape.features, core::available_memory_bytes(), state);
    map_ = FourierFeatures(scale_.mean.cols(), components_, gamma_, seed_);
  }

 private:
  KernelOptions options_;
  Standardiser scale_;
  double gamma_ = 0;
  int64_t components_ = 0;
  uint64_t seed_ = 0;
  FourierFeatures map_;
  ElasticNetFit fit_;
};

}  // namespace

void require_room(int64_t components, int64_t features, int64_t available, const StateReader& state) {
  const double bytes = 8.0 * static_cast<double>(components) * static_cast<double>(features);
  if (bytes > static_cast<double>(available) / 2)
    state.fail("components", std::to_string(components) + " of " + std::to_string(features) +
                                 " features need more memory than this machine has left");
}

std::unique_ptr<Estimator> make_kernel_ridge(const config::Choice& choice) {
  return std::make_unique<KernelRidge>(choice.as<KernelOptions>());
}

}  // namespace photo51::learners
