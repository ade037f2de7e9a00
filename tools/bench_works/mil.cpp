#include <ATen/ops/rand.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <torch/nn/module.h>

#include <chrono>
#include <cmath>
#include <optional>
#include <sstream>
#include <stdexcept>

#include "bench.hpp"
#include "photo51/backbones/mil/bag_pool.hpp"
#include "photo51/backbones/mil/options.hpp"
#include "photo51/core/memory.hpp"
#include "photo51/nn/autocast.hpp"
#include "photo51/training/optim/optimizer.hpp"
#include "photo51/training/options.hpp"

namespace photo51::bench {

/// Steps of training of the pool that `bag_pool: gated_abmil` makes, over features of ragged bags.
void mil(const Arguments& arguments) {
  const bool bf16 = arguments.at(0) == "bf16";
  const int64_t features = std::stoll(arguments.at(1));
  std::vector<int64_t> sizes;
  std::istringstream words(arguments.at(3));
  for (std::string size; std::getline(words, size, ',');) sizes.push_back(std::stoll(size));
  core::keep_freed_memory();  // as the command does

  at::manual_seed(0);
  backbones::BagPoolOptions options;
  options.pool =
      config::choose("gated_abmil", backbones::AbmilOptions{.hidden = std::stoll(arguments.at(2))});
  const auto pool = backbones::make_bag_pool(options, features, 1);
  const at::Tensor lengths = at::tensor(sizes, at::kLong);
  const int64_t count = lengths.sum().item<int64_t>();
  const at::Tensor instances = at::rand({count, features}), view = at::zeros({count}, at::kLong);

  std::vector<training::OptimizedParameter> parameters;
  for (const auto& entry : pool->named_parameters()) parameters.push_back({entry.key(), entry.value()});
  const auto optimizer = training::make_optimizer(training::TrainOptions{}.optimizer, parameters);
  serve_steps([&] {
    at::Tensor pooled;
    {
      std::optional<nn::Autocast> autocast;
      if (bf16) autocast.emplace(at::kCPU, at::kBFloat16);
      pooled = pool->forward(instances, lengths, view).values;
    }
    const at::Tensor loss = pooled.to(at::kFloat).square().mean();
    if (!std::isfinite(loss.item<double>())) throw std::runtime_error("mil: the loss is not finite");
    loss.backward();
    const auto begin = std::chrono::steady_clock::now();
    optimizer->step(optimizer->base_lr());
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    optimizer->zero_grad();
    return seconds;
  });
}

}  // namespace photo51::bench
