// Networks predict by packed layers what they say layer by layer.
#include <c10/core/InferenceMode.h>
#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include "photo51/backbones/backbone.hpp"
#include "photo51/backbones/cnn/basic_unet.hpp"
#include "photo51/backbones/cnn/densenet.hpp"
#include "photo51/backbones/cnn/efficientnet.hpp"
#include "photo51/backbones/cnn/resnet.hpp"
#include "photo51/nn/adapters/lora.hpp"
#include "photo51/nn/autocast.hpp"
#include "photo51/nn/capture.hpp"
#include "photo51/nn/inference/packed_layers.hpp"
#include "photo51/nn/layers/batch_norm.hpp"
#include "photo51/nn/weights/weights.hpp"

namespace photo51::backbones {
namespace {

double packed_difference(const at::Tensor& a, const at::Tensor& b) {
  return ((a - b).abs().max() / b.abs().max()).item<double>();
}

/// Statistics as after training, so that folding changes something.
void give_statistics(torch::nn::Module& network) {
  at::manual_seed(3);
  const at::NoGradGuard no_grad;
  for (const auto& module : network.modules())
    if (auto* norm = dynamic_cast<nn::BatchNorm*>(module.get())) {
      norm->running_mean.normal_(0, 0.1);
      norm->running_var.uniform_(0.5, 1.5);
      norm->weight.uniform_(0.5, 1.5);
      norm->bias.normal_(0, 0.1);
    }
  network.eval();
}

struct PackedNetwork {
  std::string name;
  std::shared_ptr<Backbone> network;
  at::Tensor image;
};

std::vector<PackedNetwork> packed_networks() {
  const InputShape of_pictures{.channels = 3, .dims = 2, .size = {64, 64}};
  const InputShape of_volumes{.channels = 1, .dims = 3, .size = {32, 32, 32}};
  const at::Tensor pictures = at::randn({2, 3, 64, 64}), volumes = at::randn({1, 1, 32, 32, 32});
  std::vector<PackedNetwork> all{
      {"resnet 3D", make_resnet({.depth = 18, .width = 8}, of_volumes, 3), volumes},
      {"resnet with bottlenecks and CBAM",
       make_resnet({.depth = 26, .width = 8, .attention = ResNetAttention::cbam, .non_local = true},
                   of_pictures, 3),
       pictures},
      {"densenet", make_densenet({.block_config = {2, 2, 2, 2}, .growth_rate = 8}, of_pictures, 3), pictures},
      {"efficientnet", make_efficientnet({}, of_pictures, 3), pictures},
      {"basic_unet", make_basic_unet({.features = {8, 8, 16, 16, 32}, .encoder = {}}, of_volumes), volumes},
  };
  for (auto& each : all) give_statistics(*each.network);
  return all;
}

at::Tensor said(const PackedNetwork& of) {
  return of.network->features(of.image).stages.back();
}

TEST(PackedNetworks, SayTheSame) {
  at::manual_seed(1);
  for (const auto& each : packed_networks()) {
    const c10::InferenceMode mode;
    const at::Tensor plain = said(each);
    nn::PackedLayers packed;
    const nn::PackedLayers::Use use(packed);
    EXPECT_LE(packed_difference(said(each), plain), 1e-5) << each.name;
  }
}

TEST(PackedNetworks, SayTheSameInFloat64) {
  at::manual_seed(1);
  for (auto& each : packed_networks()) {
    each.network->to(at::kDouble);
    each.image = each.image.to(at::kDouble);
    const c10::InferenceMode mode;
    const at::Tensor plain = said(each);
    nn::PackedLayers packed;
    const nn::PackedLayers::Use use(packed);
    EXPECT_LE(packed_difference(said(each), plain), 1e-12) << each.name;
  }
}

TEST(PackedNetworks, InBf16SayWhatAutocastSays) {
  at::manual_seed(1);
  for (const auto& each : packed_networks()) {
    const c10::InferenceMode mode;
    const at::Tensor plain = said(each);
    const nn::Autocast autocast(at::kCPU, at::kBFloat16);
    const double usual = packed_difference(said(each).to(at::kFloat), plain);
    nn::PackedLayers packed({.type = at::kBFloat16});
    const nn::PackedLayers::Use use(packed);
    EXPECT_LE(packed_difference(said(each).to(at::kFloat), plain), 2 * usual + 2e-2) << each.name;
  }
}

TEST(PackedNetworks, AdaptersCountAndWeightsStay) {
  at::manual_seed(1);
  PackedNetwork resnet = packed_networks().front();
  const at::NoGradGuard no_grad;
  for (const auto& module : resnet.network->modules())
    if (auto* conv = dynamic_cast<nn::Conv*>(module.get())) {
      conv->set_adapter(std::make_shared<nn::ConvLora>(*conv, nn::LoraOptions{.rank = 2}));
      for (auto& parameter : conv->adapter()->parameters()) parameter.normal_(0, 0.05);
    }
  nn::Tensors before;
  for (const auto& [name, tensor] : nn::state_of(*resnet.network)) before[name] = tensor.clone();
  const at::Tensor plain = said(resnet);
  nn::PackedLayers packed;
  const nn::PackedLayers::Use use(packed);
  EXPECT_LE(packed_difference(said(resnet), plain), 1e-5);
  for (const auto& [name, tensor] : nn::state_of(*resnet.network))
    EXPECT_TRUE(at::equal(tensor, before.at(name))) << name;
}

}  // namespace
}  // namespace photo51::backbones
