#include "photo51/preprocess/augment/augment.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "bench.hpp"

namespace photo51::bench {

/// A random patch of four channels of 128^3 as training augments it, on one thread.
void augment(const Arguments&) {
  at::set_num_threads(1);
  at::manual_seed(0);
  const auto patch = at::rand({4, 128, 128, 128});
  imaging::Geometry geometry;
  geometry.size = {128, 128, 128};
  photo51::preprocess::AugmentOptions options;
  options.flip = {preprocess::Axis::x};
  options.affine_probability = 1;
  options.rotate = 17;
  options.scale = 0.1;
  options.translate = 8;
  options.elastic = photo51::preprocess::ElasticOptions{.probability = 1, .magnitude = 7.5};
  options.intensity_probability = 1;
  options.gamma = 0.3;
  options.noise = 0.1;
  options.bias_field = photo51::preprocess::BiasFieldOptions{.probability = 1, .magnitude = 0.1};
  int64_t epoch = 0;
  print_median(1, 5, [&] {
    const auto drawn =
        photo51::preprocess::sample_augmentation(options, {1, epoch++}, "patch", std::vector<bool>(4, true));
    photo51::preprocess::apply(patch, geometry, drawn, {});
  });
}

}  // namespace photo51::bench
