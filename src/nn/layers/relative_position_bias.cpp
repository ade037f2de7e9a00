#include "photo51/nn/layers/relative_position_bias.hpp"

#include <torch/nn/module.h>

#include "photo51/nn/capture.hpp"

namespace photo51::nn {
namespace {

std::vector<int64_t> differences(at::IntArrayRef window) {
  std::vector<int64_t> edges;
  for (const int64_t edge : window) edges.push_back(2 * edge - 1);
  return edges;
}

/// [heads, differences a - b an axis...] -> [heads, N of a, N of b]. Without an index, whose gradient would
/// be a scatter: along each axis the windows of the differences that begin at a hold those to all b, the last
/// b first.
at::Tensor spread(const at::Tensor& table, at::IntArrayRef window) {
  const auto dims = static_cast<int64_t>(window.size());
  at::Tensor all = table;
  std::vector<int64_t> turned;
  for (int64_t axis = 1; axis <= dims; ++axis) {
    all = all.unfold(axis, window[static_cast<size_t>(axis - 1)], 1);
    turned.push_back(dims + axis);
  }
  return all.flip(turned).flatten(1 + dims).flatten(1, dims);
}

}  // namespace

int64_t relative_positions(at::IntArrayRef window) {
  int64_t count = 1;
  for (const int64_t edges : differences(window)) count *= edges;
  return count;
}

at::Tensor relative_position_bias(const at::Tensor& rows, at::IntArrayRef window) {
  return spread(rows.t().unflatten(1, differences(window)), window).unsqueeze(0);
}

at::Tensor relative_position_index(at::IntArrayRef window) {
  const at::Tensor numbers = at::arange(relative_positions(window), at::kLong).view(differences(window));
  return spread(numbers.unsqueeze(0), window).squeeze(0);
}

at::Tensor RelativePositionBias::forward() const {
  const at::Tensor y = values_.dim() == 2 ? relative_position_bias(values_, window_)
                                          : spread(values_, window_).transpose(1, 2).unsqueeze(0);
  report(*this, values_, y);
  return y;
}

}  // namespace photo51::nn
