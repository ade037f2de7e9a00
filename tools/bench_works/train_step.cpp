#include <torch/torch.h>

#include <stdexcept>

#include "bench.hpp"
#include "photo51/backbones/cnn/resnet.hpp"
#include "photo51/fusion/options.hpp"
#include "photo51/model/model.hpp"

namespace photo51::bench {

/// One AdamW step on cross-entropy, two volumes of 64^3, by the model that `train` builds.
void train_step(const Arguments& arguments) {
  if (arguments.at(0) != "resnet18_3d")
    throw std::invalid_argument("train_step: no network " + arguments.at(0));
  // As MONAI builds it.
  const auto encoder = config::choose<backbones::ResNetOptions>(
      "resnet", {.depth = 18, .stem_stride = 1, .downsample_bias = true, .encoder = {}});
  torch::manual_seed(0);
  model::ModelOptions options;
  options.encoders = {{"mri", encoder}};
  options.fusion = config::choose<fusion::ConcatOptions>("concat", {.presence = false});
  options.heads = {{"label", radiogenomics::head(radiogenomics::BinaryHeadOptions{})}};
  data::InputInfo info;
  info.channels = 1;
  info.size = {64, 64, 64};
  model::Model network(options, {{"mri", info}}, model::label_specs(options));
  network.train();
  data::Batch batch;
  batch.cases = {"a", "b"};
  batch.inputs["mri"] = {torch::rand({2, 1, 64, 64, 64}), torch::ones({2}, torch::kBool),
                         torch::ones({2, 1}, torch::kBool)};
  batch.labels["label"] = {torch::tensor({0.0F, 1.0F}), torch::zeros({2}, torch::kBool),
                           torch::ones({2}, torch::kBool)};
  torch::optim::AdamW optimizer(network.parameters());
  print_median(2, 5, [&] {
    optimizer.zero_grad();
    network.loss(network.forward(batch), batch).backward();
    optimizer.step();
  });
}

}  // namespace photo51::bench
