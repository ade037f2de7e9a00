#include "backbones/hybrid/block.hpp"

#include <string>

#include "photo51/nn/init.hpp"

namespace photo51::backbones {

at::Tensor activate(HybridActivation kind, const at::Tensor& x) {
  switch (kind) {
    case HybridActivation::relu:
      return at::relu(x);
    case HybridActivation::silu:
      return at::silu(x);
    case HybridActivation::gelu:
      return at::gelu(x);
    case HybridActivation::gelu_tanh:
      break;
  }
  return at::gelu(x, "tanh");
}

at::Tensor halve(HybridPool kind, const at::Tensor& x) {
  const bool deep = x.dim() == 5;
  switch (kind) {
    case HybridPool::mean_of_2:
      return deep ? at::avg_pool3d(x, 2, 2) : at::avg_pool2d(x, 2, 2);
    case HybridPool::mean_of_3:
      // LibTorch's in 3D wants an image as large as its kernel before it pads.
      return deep ? at::avg_pool3d(at::constant_pad_nd(x, {1, 1, 1, 1, 1, 1}), 3, 2)
                  : at::avg_pool2d(x, 3, 2, 1);
    case HybridPool::max_of_3:
      break;
  }
  return deep ? at::max_pool3d(x, 3, 2, 1) : at::max_pool2d(x, 3, 2, 1);
}

HybridShortcut::HybridShortcut(const HybridPlace& place, HybridPool pool, bool expands, bool bias)
    : pool_(pool) {
  if (expands)
    expand_ = register_module(
        "expand", std::make_shared<nn::Conv>(nn::Conv::Shape{
                      .dims = place.dims, .in = place.in, .out = place.out, .kernel = 1, .bias = bias}));
}

at::Tensor HybridShortcut::forward(const at::Tensor& x) {
  const at::Tensor y = halve(pool_, x);
  return expand_ ? expand_->forward(y) : y;
}

std::shared_ptr<nn::LayerScale> add_layer_scale(torch::nn::Module& block, const char* name, int64_t channels,
                                                double first, int64_t channel_dim) {
  if (first == 0) return nullptr;
  auto module = block.register_module(name, std::make_shared<torch::nn::Module>());
  const at::Tensor gamma = module->register_parameter(
      "gamma", nn::make_tensor({channels}, [&](at::Tensor& t) { t.fill_(first); }));
  return module->register_module("gamma", std::make_shared<nn::LayerScale>(gamma, channel_dim));
}

void initialize_transformer(torch::nn::Module& block) {
  if (nn::SkipInit::active()) return;
  const at::NoGradGuard no_grad;
  for (const auto& entry : block.named_modules("", /*include_self=*/false)) {
    auto* layer = dynamic_cast<nn::AdaptedLayer*>(entry.value().get());
    if (layer == nullptr) continue;
    nn::fill_xavier_uniform(layer->weight);
    if (!layer->bias.defined()) continue;
    layer->bias.zero_();
    if (entry.key().find("mlp") != std::string::npos) layer->bias.normal_(0, 1e-6);
  }
}

}  // namespace photo51::backbones
