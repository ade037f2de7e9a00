#include "photo51/data/load/batch.hpp"

#include <ATen/ops/arange.h>
#include <ATen/ops/index_select.h>

namespace photo51::data {
namespace {

at::Tensor moved(const at::Tensor& tensor, at::Device device) {
  return tensor.defined() ? tensor.to(device) : tensor;
}

}  // namespace

InputBatch to(const InputBatch& input, at::Device device) {
  InputBatch there = input;
  for (at::Tensor* tensor : {&there.values, &there.channel_present, &there.lookup, &there.features})
    *tensor = moved(*tensor, device);
  return there;
}

at::Tensor floats(const at::Tensor& values, const at::Tensor& lookup, int64_t channel) {
  if (!lookup.defined()) return values;
  std::vector<int64_t> by_channel(static_cast<size_t>(values.dim()), 1);
  by_channel.at(static_cast<size_t>(channel)) = lookup.size(0);
  at::Tensor place = values.to(at::kInt);
  place.add_(at::arange(lookup.size(0), place.options()).mul_(lookup.size(1)).view(by_channel));
  return lookup.view({-1}).index_select(0, place.reshape({-1})).view(values.sizes());
}

InputBatch floats(InputBatch input) {
  input.values = floats(input.values, input.lookup, 1);
  input.lookup = at::Tensor();
  return input;
}

}  // namespace photo51::data
