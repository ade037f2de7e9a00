#include "photo51/nn/layers/window_attention.hpp"

#include <torch/nn/module.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <optional>
#include <string>

#include "photo51/core/error.hpp"
#include "photo51/nn/capture.hpp"
#include "photo51/nn/init.hpp"
#include "photo51/ops/window_attention.hpp"

namespace photo51::nn {
namespace {

using Edges = std::vector<int64_t>;

/// The axes of a map [B, ..., C].
Edges window_axes(size_t dims) {
  Edges axes;
  for (size_t axis = 1; axis <= dims; ++axis) axes.push_back(static_cast<int64_t>(axis));
  return axes;
}

at::Tensor rolled(const at::Tensor& map, const Edges& shift, int64_t sign) {
  Edges by;
  for (const int64_t places : shift) by.push_back(sign * places);
  return at::roll(map, by, window_axes(shift.size()));
}

at::Tensor padded_to(const at::Tensor& map, const Edges& edges) {
  Edges sides{0, 0};  // the last axis first, which is that of the channels
  bool any = false;
  for (size_t axis = edges.size(); axis-- > 0;) {
    const int64_t more = edges[axis] - map.size(static_cast<int64_t>(axis) + 1);
    sides.insert(sides.end(), {0, more});
    any = any || more > 0;
  }
  return any ? at::constant_pad_nd(map, sides) : map;
}

at::Tensor cut_to(at::Tensor map, const Edges& edges) {
  for (size_t axis = 0; axis < edges.size(); ++axis)
    map = map.slice(static_cast<int64_t>(axis) + 1, 0, edges[axis]);
  return map;
}

/// [B, D, H, W, C] -> [B, windows, places of a window, C], both x fastest.
at::Tensor partitioned(const at::Tensor& map, const Edges& window) {
  const auto dims = static_cast<int64_t>(window.size());
  at::Tensor cut = map;
  Edges order{0};
  for (int64_t axis = dims; axis > 0; --axis) cut = cut.unflatten(axis, {-1, window[size_t(axis - 1)]});
  for (const int64_t inner : {0, 1})
    for (int64_t axis = 0; axis < dims; ++axis) order.push_back(1 + 2 * axis + inner);
  order.push_back(2 * dims + 1);
  return cut.permute(order).flatten(1, dims).flatten(2, dims + 1);
}

/// The way back to a map of these edges.
at::Tensor joined(const at::Tensor& windows, const Edges& edges, const Edges& window) {
  const auto dims = static_cast<int64_t>(window.size());
  Edges counts, order{0};
  for (size_t axis = 0; axis < window.size(); ++axis) counts.push_back(edges[axis] / window[axis]);
  at::Tensor map = windows.unflatten(2, window).unflatten(1, counts);
  for (int64_t axis = 1; axis <= dims; ++axis) order.insert(order.end(), {axis, dims + axis});
  order.push_back(2 * dims + 1);
  map = map.permute(order);
  for (int64_t axis = 1; axis <= dims; ++axis) map = map.flatten(axis, axis + 1);
  return map;
}

/// [windows, 1, N, N] of the shifted map: -100 where two places of a window come from different ends.
at::Tensor mask_of(const Edges& edges, const Edges& window, const Edges& shift,
                   const at::TensorOptions& options) {
  at::Tensor region = at::zeros(std::vector<int64_t>(edges.size(), 1), options.dtype(at::kFloat));
  for (size_t axis = 0; axis < edges.size(); ++axis) {
    if (shift[axis] == 0) continue;
    Edges shape(edges.size(), 1);
    shape[axis] = edges[axis];
    const at::Tensor place = at::arange(edges[axis], options.dtype(at::kLong));
    region = 2 * region + place.ge(edges[axis] - shift[axis]).view(shape);  // elsewhere windows end
  }
  region = region.expand(edges).unsqueeze(0).unsqueeze(-1);
  const at::Tensor of_windows = partitioned(region, window).squeeze(-1).squeeze(0);
  const at::Tensor apart = of_windows.unsqueeze(1).ne(of_windows.unsqueeze(2)).unsqueeze(1);
  return at::zeros(apart.sizes(), options).masked_fill(apart, -100);
}

at::Tensor unit_length(const at::Tensor& x) {
  return x / x.norm(2, {-1}, true).clamp_min(1e-12);
}

}  // namespace

/// Makes Q, K and V in one product; where the keys have no bias, without that part of it.
class WindowAttention::Projection : public AdaptedLayer {
 public:
  Projection(int64_t width, bool biases_keys) : biases_keys_(biases_keys) {
    const auto fill = [](at::Tensor& t) { t.normal_(0, 0.02); };
    weight = register_parameter("weight", make_tensor({3 * width, width}, fill));
    bias = register_parameter("bias", make_tensor({3 * width}, fill_zeros));
  }
  at::Tensor forward(const at::Tensor& x) const {
    at::Tensor added = bias;
    if (!biases_keys_) {
      const auto parts = bias.chunk(3);
      added = at::cat({parts[0], at::zeros_like(parts[1]), parts[2]});
    }
    const at::Tensor y = product(x, added);
    report(*this, x, y);
    return y;
  }

 private:
  bool biases_keys_;
};

/// Of a parameter [heads, 1, 1], the logarithm of each head's factor.
class WindowAttention::Scale : public OuterParameterLayer {
 public:
  using OuterParameterLayer::OuterParameterLayer;
  at::Tensor factors() const { return values_.clamp_max(std::log(100.0)).exp(); }
  at::Tensor forward(const at::Tensor& queries) const {
    const at::Tensor y = queries * factors();
    report(*this, queries, y);
    return y;
  }
};

WindowAttention::WindowAttention(const WindowAttentionOptions& options) : options_(options) {
  const int64_t width = options.width, heads = options.heads;
  if (heads < 1 || width % heads != 0)
    core::fail_usage("the heads of an attention (" + std::to_string(heads) + ") must divide its width (" +
                     std::to_string(width) + ")");
  const size_t dims = options.window.size();
  if (options_.shift.empty()) options_.shift.assign(dims, 0);
  if (options_.trained_window.empty()) options_.trained_window = options.window;
  if (options_.shift.size() != dims || options_.trained_window.size() != dims)
    core::fail_usage("a window of " + std::to_string(dims) +
                     " axes needs a shift and a trained window of as many");
  const bool cosine = options.version == 2;
  if (cosine) {
    scale_ = register_module(
        "logit_scale",
        std::make_shared<Scale>(register_parameter(
            "logit_scale", make_tensor({heads, 1, 1}, [](at::Tensor& t) { t.fill_(std::log(10.0)); }))));
    continuous_ = register_module(
        "cpb_mlp", std::make_shared<ContinuousPositionBias>(heads, options.window, options_.trained_window));
  } else {
    const at::Tensor table = register_parameter(
        "relative_position_bias_table",
        make_tensor({relative_positions(options.window), heads}, [](at::Tensor& t) { t.normal_(0, 0.02); }));
    table_ = register_module("relative_position_bias_table",
                             std::make_shared<RelativePositionBias>(table, options.window));
  }
  qkv_ = register_module("qkv", std::make_shared<Projection>(width, !cosine));
  attention_ = register_module(
      "attention", std::make_shared<ScaledDotProduct>(options.attention_dropout,
                                                      cosine ? std::optional<double>(1) : std::nullopt));
  proj_ = register_module("proj", std::make_shared<Linear>(width, width));
  if (!SkipInit::active()) {
    const at::NoGradGuard no_grad;
    proj_->weight.normal_(0, 0.02);
    proj_->bias.zero_();
  }
  dropout_ = register_module("dropout", std::make_shared<Dropout>(options.dropout));
}

at::Tensor WindowAttention::bias_of(int64_t places) const {
  at::Tensor bias = table_ ? table_->forward() : continuous_->forward();
  return bias.size(-1) > places ? bias.slice(-2, 0, places).slice(-1, 0, places) : bias;
}

bool WindowAttention::is_fused(const at::Tensor& x) const {
  if (!ops::has_window_attention(x) || (is_training() && options_.attention_dropout > 0)) return false;
  // What the parts report is of windows.
  return std::ranges::none_of(modules(/*include_self=*/false),
                              [](const auto& module) { return is_captured(*module); });
}

at::Tensor WindowAttention::attend_fused(const at::Tensor& map, const Edges& window, const Edges& shift,
                                         bool is_padded) {
  const at::Tensor qkv = qkv_->forward(map);
  // Its projection stands for places beyond the map.
  const at::Tensor nothing =
      is_padded ? qkv_->forward(at::zeros({1, map.size(-1)}, map.options())).squeeze(0) : at::Tensor();
  const int64_t places = std::accumulate(window.begin(), window.end(), int64_t{1}, std::multiplies<>());
  const auto sums = qkv.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
  const at::Tensor scales = scale_ ? scale_->factors().flatten().to(sums) : at::Tensor();
  const ops::WindowAttention of{window, shift, options_.fit == WindowFit::pad_after_shift};
  const at::Tensor mixed =
      ops::window_attention(qkv, bias_of(places).squeeze(0).to(sums), of, nothing, scales);
  return dropout_->forward(proj_->forward(mixed));
}

at::Tensor WindowAttention::attend(const at::Tensor& windows, const at::Tensor& mask) {
  const int64_t heads = options_.heads;
  const auto parts =
      qkv_->forward(windows).unflatten(-1, {3, heads, -1}).permute({3, 0, 1, 4, 2, 5}).unbind(0);
  at::Tensor bias = bias_of(windows.size(2));
  if (mask.defined()) bias = bias + mask;
  const at::Tensor q = scale_ ? scale_->forward(unit_length(parts[0])) : parts[0];
  const at::Tensor k = scale_ ? unit_length(parts[1]) : parts[1];
  const at::Tensor mixed = attention_->forward(q, k, parts[2], bias).transpose(-2, -3).flatten(-2);
  return dropout_->forward(proj_->forward(mixed));
}

at::Tensor WindowAttention::forward(const at::Tensor& x) {
  const Edges size = x.sizes().slice(1, x.sizes().size() - 2).vec();
  Edges window = options_.window, shift = options_.shift, edges = size;
  for (size_t axis = 0; axis < size.size(); ++axis) {
    if (options_.fit == WindowFit::shrink) window[axis] = std::min(window[axis], size[axis]);
    edges[axis] = (size[axis] + window[axis] - 1) / window[axis] * window[axis];
    if (options_.fit != WindowFit::pad_after_shift && size[axis] <= window[axis]) shift[axis] = 0;
  }
  if (is_fused(x)) {
    const at::Tensor y = attend_fused(x, window, shift, edges != size);
    report(*this, x, y);
    return y;
  }
  const bool shifted = std::ranges::any_of(shift, [](int64_t places) { return places > 0; });
  const at::Tensor mask =
      shifted ? mask_of(edges, window, shift, x.options().requires_grad(false)) : at::Tensor();
  at::Tensor map = x;
  if (options_.fit == WindowFit::pad_after_shift) {
    map = padded_to(shifted ? rolled(map, shift, -1) : map, edges);
    map = cut_to(joined(attend(partitioned(map, window), mask), edges, window), size);
    if (shifted) map = rolled(map, shift, 1);
  } else {
    map = padded_to(map, edges);
    if (shifted) map = rolled(map, shift, -1);
    map = joined(attend(partitioned(map, window), mask), edges, window);
    map = cut_to(shifted ? rolled(map, shift, 1) : map, size);
  }
  report(*this, x, map);
  return map;
}

std::vector<std::pair<std::string, at::Tensor>> WindowAttention::constants() const {
  std::vector<std::pair<std::string, at::Tensor>> all{
      {"relative_position_index", relative_position_index(options_.window)}};
  if (continuous_) all.emplace_back("relative_coords_table", continuous_->coordinates(at::kCPU));
  return all;
}

}  // namespace photo51::nn
