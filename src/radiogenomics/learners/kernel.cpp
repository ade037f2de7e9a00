#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <numbers>

#include "photo51/core/memory.hpp"
#include "photo51/core/random.hpp"
#include "photo51/radiogenomics/learners/options.hpp"
#include "radiogenomics/learners/elastic_net.hpp"

namespace photo51::radiogenomics {
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

class KernelRidge final : public Learner {
 public:
  explicit KernelRidge(const KernelOptions& options) : options_(options) {}

  void fit(const Eigen::MatrixXd& features, const Target& target, uint64_t seed) override {
    scale_ = Standardiser::of(features);
    gamma_ = options_.gamma > 0 ? options_.gamma
                                : 1 / static_cast<double>(std::max<Eigen::Index>(1, features.cols()));
    // JSON keeps 53 bits of a number.
    seed_ = seed >> 11;
    components_ = options_.components;
    map_ = FourierFeatures(features.cols(), components_, gamma_, seed_);
    fit_ = fit_elastic_net(map_.of(scale_.apply(features)), target,
                           {.l1_ratio = 0, .lambda = options_.lambda, .folds = options_.folds}, seed);
  }
  Eigen::MatrixXd predict(const Eigen::MatrixXd& features) const override {
    return fit_.predict(map_.of(scale_.apply(features)));
  }
  nlohmann::json state() const override {
    return {{"scale", to_json(scale_)},
            {"fit", to_json(fit_)},
            {"gamma", gamma_},
            {"components", components_},
            {"seed", seed_}};
  }
  void load(const core::Learned& state, const StateShape& shape) override {
    scale_ = standardiser_from(state.at("scale"), shape.features);
    components_ = state.at("components").whole(1, most_components);
    fit_ = elastic_net_from(state.at("fit"), components_, shape.outputs);
    gamma_ = state.at("gamma").number(std::numeric_limits<double>::min());
    seed_ = static_cast<uint64_t>(state.at("seed").whole(0, (int64_t{1} << 53) - 1));
    require_room(components_, shape.features, core::available_memory_bytes(), state.at("components"));
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

void require_room(int64_t components, int64_t features, int64_t available, const core::Learned& place) {
  const double bytes = 8.0 * static_cast<double>(components) * static_cast<double>(features);
  if (bytes > static_cast<double>(available) / 2)
    place.fail(std::to_string(components) + " of " + std::to_string(features) +
               " features need more memory than this machine has left");
}

std::unique_ptr<Learner> make_kernel_ridge(const config::Choice& choice) {
  return std::make_unique<KernelRidge>(choice.as<KernelOptions>());
}

}  // namespace photo51::radiogenomics
