#include "photo51/nn/inference/packed_layers.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/linear.h>
#include <torch/nn/module.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <tuple>
#include <utility>
#include <vector>

#include "nn/inference/onednn.hpp"
#include "photo51/nn/capture.hpp"
#include "photo51/nn/layers/batch_norm.hpp"
#include "photo51/nn/layers/conv.hpp"

namespace photo51::nn {
namespace {

/// That was named last on this thread.
thread_local PackedLayers* used = nullptr;

/// A whole batch (or chunk of a bag) and the last one, which may be smaller.
constexpr size_t sizes_kept = 2;
/// oneDNN's product costs more to call than LibTorch's own, which fewer rows than this do not make up for.
constexpr int64_t fewest_rows = 16;

/// In float64 and with the adapter's change. Undefined: that is no change of the weight.
at::Tensor whole_weight(const AdaptedLayer& layer) {
  const at::Tensor weight = layer.weight.to(at::kDouble);
  if (!layer.adapter()) return weight;
  const at::Tensor change = layer.adapter()->weight_delta();
  return change.defined() ? weight + change.to(at::kDouble) : at::Tensor();
}

bool changes(const AdaptedLayer& layer, const Norm* norm, at::ScalarType type) {
  return norm != nullptr || layer.adapter() || layer.weight.scalar_type() != type;
}

/// Weight and bias with all that is folded into them. Undefined weight: the layer runs as it is.
std::pair<at::Tensor, at::Tensor> folded(const AdaptedLayer& layer, const BatchNorm* norm,
                                         at::ScalarType type) {
  if (!changes(layer, norm, type)) return {layer.weight, layer.bias};
  at::Tensor weight = whole_weight(layer), bias = layer.bias;
  if (!weight.defined()) return {};
  if (norm != nullptr) {
    const auto [scale, shift] = norm->scale_and_shift();
    std::vector<int64_t> by_output(static_cast<size_t>(weight.dim()), 1);
    by_output[0] = -1;
    weight = weight * scale.view(by_output);
    bias = bias.defined() ? bias.to(at::kDouble) * scale + shift : shift;
  }
  return {weight.to(type), bias.defined() ? bias.to(type) : bias};
}

at::Tensor channels_last(const at::Tensor& x, at::ScalarType type) {
  const at::MemoryFormat last =
      x.dim() == 4 ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::ChannelsLast3d;
  return x.to(type, /*non_blocking=*/false, /*copy=*/false).contiguous(last);
}

bool is_packable(const at::Tensor& x, at::ScalarType type) {
  return x.device().is_cpu() && onednn::computes_in(type);
}

}  // namespace

struct PackedLayers::Impl {
  struct Packed {
    std::vector<int64_t> input_sizes;
    at::Tensor weight;
  };
  struct Folded {
    at::Tensor weight, bias;
    std::vector<Packed> packed{};  ///< the one that was used last at the end
    size_t packings = 0;
    bool runs_alone = false;  ///< as the layer is
  };

  PackingOptions options;
  std::mutex mutex;  ///< of `layers`
  std::map<std::pair<const AdaptedLayer*, const BatchNorm*>, Folded> layers;

  /// A network of float64 stays so: a short type would not be what was asked for.
  at::ScalarType type_for(const AdaptedLayer& layer) const {
    return layer.weight.scalar_type() == at::kFloat ? options.type : layer.weight.scalar_type();
  }

  at::Tensor plain_weight(Folded& of, const AdaptedLayer& layer, const BatchNorm* norm) const {
    if (!of.weight.defined() && !of.runs_alone) {
      std::tie(of.weight, of.bias) = folded(layer, norm, type_for(layer));
      of.runs_alone = !of.weight.defined();
    }
    return of.weight;
  }

  /// Laid out for these inputs by `pack`. What it was made of is kept only where images come in more and more
  /// sizes; elsewhere that would be memory for nothing.
  template <class Pack>
  at::Tensor packed_weight(Folded& of, const AdaptedLayer& layer, const BatchNorm* norm,
                           std::vector<int64_t> input_sizes, const Pack& pack) const {
    const auto found = std::ranges::find(of.packed, input_sizes, &Packed::input_sizes);
    if (found != of.packed.end()) {
      std::rotate(found, found + 1, of.packed.end());
      return of.packed.back().weight;
    }
    const at::Tensor plain = plain_weight(of, layer, norm);
    if (!plain.defined()) return plain;
    if (of.packed.size() == sizes_kept) of.packed.erase(of.packed.begin());
    of.packed.push_back({std::move(input_sizes), pack(plain)});
    if (++of.packings <= sizes_kept) of.weight.reset();
    return of.packed.back().weight;
  }
};

PackedLayers::PackedLayers(const PackingOptions& options) : impl_(std::make_unique<Impl>()) {
  impl_->options = options;
}
PackedLayers::~PackedLayers() = default;

const PackingOptions& PackedLayers::options() const {
  return impl_->options;
}

PackedLayers::Use::Use(PackedLayers& packed) : before_(used) {
  used = &packed;
}
PackedLayers::Use::~Use() {
  used = before_;
}

bool PackedLayers::apply() {
  return !at::GradMode::is_enabled() && !is_capturing();
}

PackedLayers* PackedLayers::in_use() {
  return used != nullptr && apply() ? used : nullptr;
}

at::Tensor PackedLayers::convolve(const Conv& conv, const Norm* norm, const at::Tensor& x, bool relu) {
  const ConvGeometry& geometry = conv.geometry();
  const auto* batch_norm = dynamic_cast<const BatchNorm*>(norm);
  const bool folds = impl_->options.fold && batch_norm != nullptr && !batch_norm->is_training();
  if ((norm != nullptr && !folds) || geometry.transposed() || x.numel() == 0) return {};
  const at::ScalarType type = impl_->type_for(conv);
  const bool packs = impl_->options.pack && geometry.dims() > 1 && is_packable(x, type) &&
                     !(geometry.unfolds() && type == at::kBFloat16);
  if (!packs && !changes(conv, norm, type)) return {};

  const at::Tensor input = geometry.dims() > 1 ? channels_last(geometry.padded(x), type) : x.to(type);
  at::Tensor weight, bias;
  {
    const std::lock_guard lock(impl_->mutex);
    Impl::Folded& of = impl_->layers[{&conv, batch_norm}];
    weight = packs
                 ? impl_->packed_weight(of, conv, batch_norm, input.sizes().vec(),
                                        [&](const at::Tensor& plain) {
                                          return onednn::packed(geometry, plain.contiguous(), input.sizes());
                                        })
                 : impl_->plain_weight(of, conv, batch_norm);
    bias = of.bias;
  }
  if (!weight.defined()) return {};
  if (packs) return onednn::convolve(geometry, input, weight, bias, relu);
  at::Tensor y = geometry.convolve_padded(input, weight, bias);
  return relu ? y.relu_() : y;
}

at::Tensor PackedLayers::multiply(const AdaptedLayer& layer, const at::Tensor& bias, const at::Tensor& x) {
  const at::ScalarType type = impl_->type_for(layer);
  // In float32 oneDNN's product is no faster.
  if (!changes(layer, nullptr, type) || x.numel() == 0) return {};
  const int64_t rows = x.numel() / x.size(-1);
  const bool packs =
      impl_->options.pack && type == at::kBFloat16 && rows >= fewest_rows && is_packable(x, type);
  at::Tensor weight;
  {
    const std::lock_guard lock(impl_->mutex);
    Impl::Folded& of = impl_->layers[{&layer, nullptr}];
    weight = packs
                 ? impl_->packed_weight(of, layer, nullptr, {rows},
                                        [&](const at::Tensor& plain) { return onednn::packed(plain, rows); })
                 : impl_->plain_weight(of, layer, nullptr);
  }
  if (!weight.defined()) return {};
  const at::Tensor input = x.to(type), added = bias.defined() ? bias.to(type) : bias;
  return packs ? onednn::multiply(input.contiguous(), weight, added) : at::linear(input, weight, added);
}

}  // namespace photo51::nn
