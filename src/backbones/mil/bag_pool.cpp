#include "photo51/backbones/mil/bag_pool.hpp"

#include <torch/nn/module.h>

#include <algorithm>
#include <string>
#include <vector>

#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "photo51/nn/init.hpp"

namespace photo51::backbones {

std::pair<int64_t, int64_t> Bags::range(int64_t number) const {
  const auto* at = offsets.const_data_ptr<int64_t>();
  return {at[number], at[number + 1] - at[number]};
}

at::Tensor Bags::of(const at::Tensor& values, int64_t number) const {
  const auto [begin, size] = range(number);
  return values.narrow(0, begin, size);
}

at::Tensor Bags::sum(const at::Tensor& values) const {
  std::vector<int64_t> shape = values.sizes().vec();
  shape[0] = lengths.size(0);
  return at::zeros(shape, values.options().requires_grad(false)).index_add(0, bag, values);
}

at::Tensor Bags::largest(const at::Tensor& values) const {
  return at::segment_reduce(values, "max", lengths, {}, {}, 0, /*unsafe=*/true);
}

BagPool::BagPool(const BagShape& shape) : shape_(shape) {
  if (shape.view_embedding)
    view_embedding_ = register_module(
        "view_embedding", std::make_shared<nn::Embedding>(register_parameter(
                              "view_embedding", nn::make_tensor({shape.views, shape.width},
                                                                [](at::Tensor& t) { t.normal_(0, 0.02); }))));
}

int64_t BagPool::choose_label(const std::string& pool, const std::string& head) {
  std::vector<std::string> heads;
  for (const auto& label : shape_.labels) heads.push_back(label.head);
  if (heads.empty())
    core::fail_usage("bag_pool: `" + pool +
                     "` is taught by the classes of a head, and no head has classes; take another pool");
  if (head.empty() && heads.size() > 1)
    core::fail_usage("bag_pool: `" + pool + "` is taught by the classes of one head; say which by `head` (" +
                     core::join(heads, ", ") + ")");
  const auto chosen = head.empty() ? shape_.labels.begin()
                                   : std::find_if(shape_.labels.begin(), shape_.labels.end(),
                                                  [&](const LabelShape& one) { return one.head == head; });
  if (chosen == shape_.labels.end())
    core::fail_usage("bag_pool: head: there is no head `" + head + "` with classes" +
                     core::suggest(head, heads));
  label_ = *chosen;
  return label_.classes;
}

void BagPool::check(const at::Tensor& features, const at::Tensor& lengths, const at::Tensor& view,
                    const at::Tensor& classes) const {
  if (lengths.numel() > 0 && lengths.min().item<int64_t>() < 1)
    core::fail_data("a bag has no instance; leave it out");
  if (lengths.sum().item<int64_t>() != features.size(0))
    core::fail_data("the bags have " + std::to_string(lengths.sum().item<int64_t>()) +
                    " instances and there are " + std::to_string(features.size(0)));
  if (!view.defined() || view.numel() != features.size(0) ||
      (view.numel() > 0 && (view.min().item<int64_t>() < 0 || view.max().item<int64_t>() >= shape_.views)))
    core::fail_data("each instance needs its view, a number below " + std::to_string(shape_.views));
  if (classes.defined() && (classes.numel() != lengths.numel() ||
                            (classes.numel() > 0 && (classes.min().item<int64_t>() < -1 ||
                                                     classes.max().item<int64_t>() >= label_.classes))))
    core::fail_data("each bag needs the class that teaches its instances, a number below " +
                    std::to_string(label_.classes) + ", or -1 where it is not known");
}

BagPool::Pooled BagPool::forward(const at::Tensor& features, const at::Tensor& lengths,
                                 const at::Tensor& view, const at::Tensor& classes) {
  check(features, lengths, view, classes);
  const at::Device device = features.device();
  const at::Tensor x = view_embedding_ ? features + view_embedding_->forward(view.to(device)) : features;
  const int64_t longest = lengths.numel() > 0 ? lengths.max().item<int64_t>() : 0;
  const at::Tensor offsets = at::cat({at::zeros({1}, lengths.options()), lengths.cumsum(0)});
  return pool({x, lengths.to(device), at::repeat_interleave(lengths).to(device), offsets, longest,
               is_training() ? classes : at::Tensor()});
}

}  // namespace photo51::backbones
