#include <cmath>
#include <map>
#include <numeric>

#include "radiomics/filters/filter.hpp"
#include "radiomics/filters/fourier.hpp"
#include "radiomics/filters/separable.hpp"
#include "radiomics/filters/wavelets.hpp"

namespace photo51::radiomics {
namespace {

/// Kernels along x, y, z as the stage that has z first; two leave z as it is.
Stage stage_of(const std::vector<Kernel>& along) {
  Stage stage;
  for (size_t i = 0; i < along.size(); ++i) stage[2 - i] = along[i];
  return stage;
}

Chains pooled(const Chain& chain, const FilterEdges& edges, const FilterPooling& pooling) {
  Chains result{{chain}, pooling_from(pooling.pooling), edges.boundary};
  if (pooling.rotation_invariant) result.chains = rotations(chain, edges.dimensions == FilterDimensions::two);
  return result;
}

Chains box_mean(int64_t support, const FilterEdges& edges) {
  const Kernel kernel(support, 1.0 / static_cast<double>(support));
  const size_t dimensions = edges.dimensions == FilterDimensions::two ? 2 : 3;
  return {{{stage_of(std::vector<Kernel>(dimensions, kernel))}}, Pooling::mean, edges.boundary};
}

class Separable final : public Filter {
 public:
  explicit Separable(Chains chains) : chains_(std::move(chains)) {}
  Window needs(const Grid& image, const Window& window) const override {
    return stage_windows(chains_, image, window).front();
  }
  std::vector<double> respond(const Patch& patch, const Window& window) const override {
    return radiomics::respond(chains_, patch, window);
  }

 private:
  Chains chains_;
};

/// Mean of the first filter's magnitudes.
class Energy final : public Filter {
 public:
  Energy(Chains chains, Chains mean) : chains_(std::move(chains)), mean_(std::move(mean)) {}
  Window needs(const Grid& image, const Window& window) const override {
    return stage_windows(chains_, image, stage_windows(mean_, image, window).front()).front();
  }
  std::vector<double> respond(const Patch& patch, const Window& window) const override {
    Patch response{patch.image, stage_windows(mean_, patch.image, window).front(), {}};
    response.values = radiomics::respond(chains_, patch, response.window);
    for (double& value : response.values) value = std::abs(value);
    return radiomics::respond(mean_, response, window);
  }

 private:
  Chains chains_, mean_;
};

/// Laplacian of a Gaussian: the sum of three products, each with the second derivative along one axis. Its
/// scale is the Laplacian's in voxels (of the mean size, where they are not cubes).
class Log final : public Filter {
 public:
  explicit Log(LogFilter options) : options_(std::move(options)) {}
  Window needs(const Grid& image, const Window& window) const override {
    if (!options_.riesz.empty()) return whole_window(image);
    return stage_windows(chains(image), image, window).front();
  }
  std::vector<double> respond(const Patch& patch, const Window& window) const override {
    if (options_.riesz.empty()) return radiomics::respond(chains(patch.image), patch, window);
    Patch whole{patch.image, whole_window(patch.image), {}};
    whole.values = radiomics::respond(chains(patch.image), patch, whole.window);
    riesz_transform(whole.values, patch.image, options_.riesz);
    return values_around(whole, window, Boundary::zero);
  }

 private:
  Chains chains(const Grid& image) const {
    const int first = options_.dimensions == FilterDimensions::two ? 1 : 0;
    double unit = 1;
    for (int axis = first; axis < 3; ++axis) unit *= image.spacing[axis];
    unit = std::pow(unit, 2.0 / (3 - first));
    Stage smooth, curved;
    const double sigma = options_.sigma;
    for (int axis = first; axis < 3; ++axis) {
      const double spacing = image.spacing[axis];
      const auto radius = static_cast<int64_t>(std::floor(options_.cutoff * sigma / spacing + 0.5));
      for (int64_t i = -radius; i <= radius; ++i) {
        const double distance = static_cast<double>(i) * spacing / sigma;
        const double weight = spacing / (std::sqrt(2 * M_PI) * sigma) * std::exp(-0.5 * distance * distance);
        smooth[axis].push_back(weight);
        curved[axis].push_back(weight * (distance * distance - 1) / (sigma * sigma) * unit);
      }
    }
    Chains result{{}, Pooling::sum, options_.boundary};
    for (int axis = first; axis < 3; ++axis) {
      Stage stage = smooth;
      stage[axis] = curved[axis];
      result.chains.push_back({stage});
    }
    return result;
  }

  LogFilter options_;
};

/// A Laws kernel of length one, such as E5, with unit energy.
Kernel laws_kernel(const std::string& name) {
  static const std::map<std::string, std::vector<double>> kernels{
      {"L3", {1, 2, 1}},         {"E3", {-1, 0, 1}},        {"S3", {-1, 2, -1}},
      {"L5", {1, 4, 6, 4, 1}},   {"E5", {-1, -2, 0, 2, 1}}, {"S5", {-1, 0, 2, 0, -1}},
      {"W5", {-1, 2, 0, -2, 1}}, {"R5", {1, -4, 6, -4, 1}}};
  const auto found = kernels.find(name);
  if (found == kernels.end()) return {};
  std::vector<double> weights = found->second;
  const double norm = std::sqrt(std::inner_product(weights.begin(), weights.end(), weights.begin(), 0.0));
  for (double& weight : weights) weight /= norm;
  return convolving(weights);
}

std::vector<Kernel> laws_kernels(const std::string& names) {
  std::vector<Kernel> result;
  for (size_t i = 0; i < names.size(); i += 2) result.push_back(laws_kernel(names.substr(i, 2)));
  return result;
}

}  // namespace

bool are_laws_kernels(const std::string& names) {
  for (const Kernel& kernel : laws_kernels(names))
    if (kernel.empty()) return false;
  return true;
}

std::unique_ptr<Filter> make_mean(const config::Choice& choice) {
  const auto& options = choice.as<MeanFilter>();
  return std::make_unique<Separable>(box_mean(options.support, options));
}

std::unique_ptr<Filter> make_log(const config::Choice& choice) {
  return std::make_unique<Log>(choice.as<LogFilter>());
}

std::unique_ptr<Filter> make_laws(const config::Choice& choice) {
  const auto& options = choice.as<LawsFilter>();
  Chains chains = pooled({stage_of(laws_kernels(options.kernels))}, options, options);
  if (options.energy == 0) return std::make_unique<Separable>(std::move(chains));
  return std::make_unique<Energy>(std::move(chains), box_mean(2 * options.energy + 1, options));
}

std::unique_ptr<Filter> make_wavelet(const config::Choice& choice) {
  const auto& options = choice.as<WaveletFilter>();
  const std::vector<double> low = wavelet_low_pass(options.family);
  const std::vector<double> high = wavelet_high_pass(low);
  Chain chain;
  for (int64_t level = 1; level <= options.level; ++level) {
    std::vector<Kernel> along;
    for (const char band : options.bands)
      along.push_back(with_holes(convolving(level == options.level && band == 'H' ? high : low),
                                 int64_t{1} << (level - 1)));
    chain.push_back(stage_of(along));
  }
  return std::make_unique<Separable>(pooled(chain, options, options));
}

}  // namespace photo51::radiomics
