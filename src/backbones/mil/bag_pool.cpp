#include "photo51/backbones/mil/bag_pool.hpp"

#include <torch/nn/module.h>

#include <string>

#include "photo51/core/error.hpp"
#include "photo51/nn/init.hpp"

namespace photo51::backbones {
namespace {

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

at::Tensor Bags::sum(const at::Tensor& values) const {
  std::vector<int64_t> shape = values.sizes().vec();
  shape[0] = lengths.size(0);
  return at::zeros(shape, values.options().requires_grad(false)).index_add(0, bag, values);
}

at::Tensor Bags::largest(const at::Tensor& values) const {
  return at::segment_reduce(values, "max", lengths, {}, {}, 0, /*unsafe=*/true);
}

BagPool::BagPool(const BagPoolOptions& options, int64_t width, int64_t views) : views_(views) {
  if (options.view_embedding)
    view_embedding_ = register_module(
        "view_embedding",
        std::make_shared<nn::Embedding>(register_parameter(
            "view_embedding", nn::make_tensor({views, width}, [](at::Tensor& t) { t.normal_(0, 0.02); }))));
}

BagPool::Pooled BagPool::forward(const at::Tensor& features, const at::Tensor& lengths,
                                 const at::Tensor& view) {
  check(features, lengths, view, views_);
  const at::Device device = features.device();
  const at::Tensor x = view_embedding_ ? features + view_embedding_->forward(view.to(device)) : features;
  const int64_t longest = lengths.numel() > 0 ? lengths.max().item<int64_t>() : 0;
  const at::Tensor offsets = at::cat({at::zeros({1}, lengths.options()), lengths.cumsum(0)});
  return pool({x, lengths.to(device), at::repeat_interleave(lengths).to(device), offsets, longest});
}

}  // namespace photo51::backbones
