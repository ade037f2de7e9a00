#include "photo51/backbones/mil/bag_pool.hpp"

#include <torch/nn/module.h>

#include "photo51/core/error.hpp"

namespace photo51::backbones {
namespace {

/// torch.nn.Sequential's name of a layer that an activation follows.
std::shared_ptr<nn::Linear> sequential(torch::nn::Module& parent, const std::string& name, int64_t in,
                                       int64_t out) {
  auto module = parent.register_module(name, std::make_shared<torch::nn::Module>());
  return module->register_module("0", std::make_shared<nn::Linear>(in, out));
}

void check(const at::Tensor& features, const at::Tensor& lengths, const at::Tensor& view, int64_t views) {
  if (lengths.numel() > 0 && lengths.min().item<int64_t>() < 1)
    core::fail_data("a bag has no instance; leave it out");
  if (lengths.sum().item<int64_t>() != features.size(0))
    core::fail_data("the bags have " + std::to_string(lengths.sum().item<int64_t>()) +
                    " instances and there are " + std::to_string(features.size(0)));
  if (!view.defined() || view.numel() != features.size(0) ||
      (view.numel() > 0 && (view.min().item<int64_t>() < 0 || view.max().item<int64_t>() >= views)))
    core::fail_data("each instance needs its view, a number below " + std::to_string(views));
}

}  // namespace

BagPool::BagPool(const BagPoolOptions& options, int64_t width, int64_t views)
    : options_(options), views_(views) {
  if (options.view_embedding)
    view_embedding_ = register_parameter(
        "view_embedding", nn::make_tensor({views, width}, [](at::Tensor& t) { t.normal_(0, 0.02); }));
  if (options.pool != "attention") return;
  attention_v_ = sequential(*this, "attention_V", width, options.attention_width);
  attention_u_ = sequential(*this, "attention_U", width, options.attention_width);
  attention_w_ = register_module("attention_w", std::make_shared<nn::Linear>(options.attention_width, 1));
}

at::Tensor BagPool::scores(const at::Tensor& features) const {
  const at::Tensor gated = attention_v_->forward(features).tanh() * attention_u_->forward(features).sigmoid();
  return attention_w_->forward(gated).squeeze(1);
}

BagPool::Pooled BagPool::forward(const at::Tensor& features, const at::Tensor& lengths,
                                 const at::Tensor& view) {
  check(features, lengths, view, views_);
  const at::Device device = features.device();
  const at::Tensor x =
      view_embedding_.defined() ? features + view_embedding_.index_select(0, view.to(device)) : features;
  const int64_t bags = lengths.size(0);
  const at::Tensor bag = at::repeat_interleave(lengths).to(device);  // [N] the bag of each instance
  const at::Tensor sizes = lengths.to(device);
  const auto sum = [&](const at::Tensor& values) {
    std::vector<int64_t> shape = values.sizes().vec();
    shape[0] = bags;
    return at::zeros(shape, values.options().requires_grad(false)).index_add(0, bag, values);
  };
  if (options_.pool == "mean") return {sum(x) / sizes.unsqueeze(1), {}};
  const auto largest = [&](const at::Tensor& values) {
    return at::segment_reduce(values, "max", sizes, {}, {}, 0, /*unsafe=*/true);
  };
  if (options_.pool == "max") return {largest(x), {}};
  const at::Tensor score = scores(x);
  // A softmax does not change with what is taken off all scores of a bag, so no gradient goes that way.
  const at::Tensor weight = (score - largest(score.detach()).index_select(0, bag)).exp();
  const at::Tensor share = weight / sum(weight).index_select(0, bag);
  return {sum(x * share.unsqueeze(1)), share};
}

}  // namespace photo51::backbones
