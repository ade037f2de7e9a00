#include <ATen/ops/ones.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/zeros.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <torch/nn/module.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <stdexcept>

#include "bench.hpp"
#include "photo51/config/read.hpp"
#include "photo51/config/stored_keys.hpp"
#include "photo51/core/device.hpp"
#include "photo51/core/memory.hpp"
#include "photo51/model/model.hpp"
#include "photo51/training/objectives/objective.hpp"
#include "photo51/training/optim/optimizer.hpp"
#include "photo51/training/options.hpp"

namespace photo51::bench {
namespace {

/// As a config says them.
struct Network {
  std::string name;
  int64_t dims, channels;
  std::string encoder;
};
const Network networks[] = {
    // As MONAI builds them.
    {"resnet18_3d", 3, 1, "{name: resnet, depth: 18, stem_stride: 1, downsample_bias: true}"},
    {"densenet121_3d", 3, 1, "{name: densenet, depth: 121}"},
    // As torchvision does.
    {"resnet50_2d", 2, 3, "{name: resnet, depth: 50}"},
    {"swin_t_2d", 2, 3, "{name: swin, variant: tiny, drop_path: 0.2}"},
};

template <class Options>
Options read_options(const std::string& yaml) {
  Options options;
  config::read(config::parse_yaml(yaml, "train_step"), options);
  return options;
}

using Clock = std::chrono::steady_clock;

/// When all that was asked of the device is done.
Clock::time_point finished(const at::Device& device) {
  if (!device.is_cpu()) {
    const c10::impl::VirtualGuardImpl guard(device.type());
    guard.synchronizeDevice(guard.getDevice().index());
  }
  return Clock::now();
}

}  // namespace

/// Steps of training as the Trainer takes them, of the model that `train` builds.
void train_step(const Arguments& arguments) {
  const auto network = std::ranges::find(networks, arguments.at(0), &Network::name);
  if (network == std::end(networks)) throw std::invalid_argument("train_step: no network " + arguments.at(0));
  const auto train = read_options<training::TrainOptions>("{precision: " + arguments.at(1) +
                                                          ", memory_format: " + arguments.at(2) + "}");
  core::keep_freed_memory();  // as the command does
  const at::Device device(core::resolve_device(arguments.at(5)));
  const int64_t batch_size = std::stoll(arguments.at(3)), edge = std::stoll(arguments.at(4));

  at::manual_seed(0);
  const auto options = read_options<model::ModelOptions>(
      "{encoders: {image: " + network->encoder +
      "}, fusion: {name: concat, presence: false}, heads: {label: {task: binary}}}");
  data::InputInfo info;
  info.channels = network->channels;
  info.dims = network->dims;
  info.size.assign(static_cast<size_t>(network->dims), edge);
  model::Model model(options, {{"image", info}}, model::label_specs(options));
  model.move_to(device);
  model.set_channels_last(training::trains_channels_last(train));
  model.train();

  std::vector<int64_t> sizes{batch_size, info.channels};
  sizes.insert(sizes.end(), info.size.begin(), info.size.end());
  data::Batch batch;
  batch.cases.resize(static_cast<size_t>(batch_size));
  batch.inputs["image"] = {at::rand(sizes).to(device), at::ones({batch_size}, at::kBool),
                           at::ones({batch_size, info.channels}, at::kBool)};
  batch.labels["label"] = {at::randint(2, {batch_size}, at::kFloat), at::zeros({batch_size}, at::kBool),
                           at::ones({batch_size}, at::kBool)};

  const auto objective = training::make_objective(train.objective);
  std::vector<training::OptimizedParameter> parameters;
  for (const auto& entry : model.named_parameters()) parameters.push_back({entry.key(), entry.value()});
  const auto optimizer = training::make_optimizer(train.optimizer, parameters);
  const training::StepContext context{.bf16 = train.precision == training::Precision::bf16};
  serve_steps([&] {
    const at::Tensor loss = training::total_loss(objective->terms(model, batch, context));
    if (!std::isfinite(loss.item<double>())) throw std::runtime_error("train_step: the loss is not finite");
    loss.backward();
    const auto begin = finished(device);
    optimizer->step(optimizer->base_lr());
    const std::chrono::duration<double> seconds = finished(device) - begin;
    optimizer->zero_grad();
    return seconds.count();
  });
}

}  // namespace photo51::bench
