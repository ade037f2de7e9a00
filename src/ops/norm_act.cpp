#include "photo51/ops/norm_act.hpp"

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros.h>
#include <torch/library.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "ops/cpu/norm_act.hpp"
#include "ops/float_types.hpp"
#include "ops/norm_act.hpp"
#include "ops/norm_act_chunks.hpp"
#include "photo51/core/error.hpp"

namespace photo51::ops {
namespace {

/// The layout that maps are taken in: their own where they are dense, else what they resemble.
at::MemoryFormat norm_layout(const at::Tensor& x) {
  return x.is_contiguous() ? at::MemoryFormat::Contiguous : x.suggest_memory_format();
}

NormMaps norm_maps(const at::Tensor& x, at::MemoryFormat layout, bool per_case) {
  const int64_t cases = x.size(0), channels = x.size(1);
  const int64_t places = cases * channels == 0 ? 0 : x.numel() / (cases * channels);
  if (layout != at::MemoryFormat::Contiguous || places == 1)
    return per_case ? NormMaps{cases, places, channels, cases, channels}
                    : NormMaps{1, cases * places, channels, 1, channels};
  return {cases * channels, places, 1, per_case ? cases * channels : channels, channels};
}

void norm_require(bool holds, const std::string& message) {
  if (!holds) core::fail_usage(message);
}

std::string no_norm_kernels(const at::Tensor& x) {
  return "there are kernels for maps of float32, float64 and bfloat16 on the CPU, and on GPUs where "
         "libphoto51_cuda is built, not of " +
         std::string(c10::toString(x.scalar_type())) + " on " + x.device().str() +
         "; normalise step by step there";
}

/// What stands beside maps: [C] in their parameters' type, contiguous.
void require_norm_parameter(const at::Tensor& x, const at::Tensor& t, const char* name) {
  if (!t.defined()) return;
  const at::ScalarType type = parameter_type(x.scalar_type());
  const int64_t channels = x.size(1);
  norm_require(t.dim() == 1 && t.size(0) == channels && t.scalar_type() == type && t.is_contiguous() &&
                   t.device() == x.device(),
               std::string(name) + " of a normalisation is " + c10::toString(type) + " [" +
                   std::to_string(channels) + "], contiguous, on " + x.device().str() + ", not " +
                   c10::toString(t.scalar_type()) + " " + c10::str(t.sizes()) + " on " + t.device().str() +
                   "; convert it before");
}

}  // namespace

bool has_norm_act(const at::Tensor& x) {
  return !x.is_sparse() && has_kernels(x.device(), x.scalar_type());
}

bool pays_norm_act(const at::Tensor& x) {
  constexpr int64_t places_of_a_small_plane = 1024;
  if (!has_norm_act(x)) return false;
  return norm_layout(x) != at::MemoryFormat::Contiguous ||
         x.numel() >= places_of_a_small_plane * x.size(0) * x.size(1);
}

at::ScalarType parameter_type(at::ScalarType maps) {
  return sum_type(maps);
}

namespace {

using MaybeTensor = std::optional<at::Tensor>;

MaybeTensor maybe(const at::Tensor& t) {
  return t.defined() ? MaybeTensor(t) : std::nullopt;
}

void check_norm_act(const NormActInputs& in, const NormActOptions& options) {
  norm_require(in.x.dim() >= 2, "norm_act takes maps [B, C, ...], not " + c10::str(in.x.sizes()));
  norm_require(options.slope >= 0 && options.slope <= 1,
               "norm_act's slope lies between 0 and 1, not at " + std::to_string(options.slope));
  norm_require(in.mean.defined() == in.variance.defined() && !(in.mean.defined() && options.per_case),
               "norm_act is given mean and variance of each channel together, or neither of them");
  require_norm_parameter(in.x, in.weight, "the weight");
  require_norm_parameter(in.x, in.bias, "the bias");
  require_norm_parameter(in.x, in.mean, "the mean");
  require_norm_parameter(in.x, in.variance, "the variance");
  norm_require(!in.residual.defined() ||
                   (in.residual.sizes() == in.x.sizes() && in.residual.scalar_type() == in.x.scalar_type() &&
                    in.residual.device() == in.x.device()),
               "norm_act's residual has the shape, type and device of x; convert it before");
}

at::Tensor dense_norm_input(const MaybeTensor& t, at::MemoryFormat layout) {
  return t ? t->contiguous(layout) : at::Tensor();
}

}  // namespace

NormActCall norm_act_call(const at::Tensor& x, const MaybeTensor& weight, const MaybeTensor& bias,
                          const MaybeTensor& residual, const MaybeTensor& mean, const MaybeTensor& variance,
                          bool per_case, double epsilon, double slope) {
  const auto or_none = [](const MaybeTensor& t) { return t.value_or(at::Tensor()); };
  check_norm_act({x, or_none(weight), or_none(bias), or_none(residual), or_none(mean), or_none(variance)},
                 {per_case, epsilon, slope});
  const at::MemoryFormat layout = norm_layout(x);
  NormActCall call{.maps = norm_maps(x, layout, per_case),
                   .x = x.contiguous(layout),
                   .weight = or_none(weight),
                   .bias = or_none(bias),
                   .residual = dense_norm_input(residual, layout),
                   .finds_statistics = !mean};
  norm_require(mean || call.maps.values_an_entry() > 0 || x.numel() == 0,
               "norm_act has no values to take a mean of");
  call.y = at::empty_like(call.x);
  const auto options = x.options().dtype(parameter_type(x.scalar_type()));
  const auto statistics = [&](const MaybeTensor& given) {
    if (given) return given->clone();
    const int64_t entries = per_case ? x.size(0) * x.size(1) : x.size(1);
    return x.numel() == 0 ? at::zeros({entries}, options) : at::empty({entries}, options);
  };
  call.mean = statistics(mean);
  call.variance = statistics(variance);
  return call;
}

NormActGradientCall norm_act_gradient_call(const at::Tensor& gy, const at::Tensor& x, const MaybeTensor& y,
                                           const MaybeTensor& weight, const at::Tensor& mean, bool per_case,
                                           bool of_residual) {
  const at::MemoryFormat layout = norm_layout(x);
  NormActGradientCall call{.maps = norm_maps(x, layout, per_case),
                           .gy = gy.contiguous(layout),
                           .x = x.contiguous(layout),
                           .y = dense_norm_input(y, layout),
                           .weight = weight.value_or(at::Tensor())};
  call.gx = at::empty_like(call.x);
  call.gweight = at::empty({x.size(1)}, mean.options());
  call.gbias = at::empty_like(call.gweight);
  if (of_residual) call.gresidual = at::empty_like(call.x);
  return call;
}

namespace {

/// Mean and variance [sets * width] of maps.
template <class T>
void fill_statistics(const T* x, const NormMaps& maps, cpu::Wide<T>* mean, cpu::Wide<T>* variance) {
  const auto width = static_cast<size_t>(maps.width), chunks = static_cast<size_t>(norm_chunks(maps));
  std::vector<double> means(static_cast<size_t>(maps.outer) * chunks * width), deviations(means.size());
  for_each_norm_chunk(maps, [&](const NormChunk& chunk) {
    const size_t at = static_cast<size_t>(chunk.index) * width;
    cpu::moments(x + chunk.value, chunk.rows, maps.width, &means[at], &deviations[at]);
  });
  // Chan et al., Updating formulae and a pairwise algorithm for computing sample variances, 1979.
  std::vector<double> m(width), d(width);
  for (int64_t set = 0; set < maps.sets; ++set) {
    std::fill(m.begin(), m.end(), 0.0);
    std::fill(d.begin(), d.end(), 0.0);
    double count = 0;
    for (int64_t part = set; part < maps.outer; part += maps.sets)
      for (size_t k = 0; k < chunks; ++k) {
        const int64_t first = static_cast<int64_t>(k) * norm_chunk_rows(maps);
        const auto rows = static_cast<double>(std::min(norm_chunk_rows(maps), maps.rows - first));
        const double share = rows / (count + rows), weight = count * share;
        const size_t at = (static_cast<size_t>(part) * chunks + k) * width;
        for (size_t c = 0; c < width; ++c) {
          const double apart = means[at + c] - m[c];
          m[c] += apart * share;
          d[c] += deviations[at + c] + apart * apart * weight;
        }
        count += rows;
      }
    for (size_t c = 0; c < width; ++c) {
      const size_t i = static_cast<size_t>(set) * width + c;
      mean[i] = static_cast<cpu::Wide<T>>(m[c]);
      variance[i] = static_cast<cpu::Wide<T>>(d[c] / count);
    }
  }
}

template <class Number>
Number inverse_deviation(Number variance, double epsilon) {
  return static_cast<Number>(1 / std::sqrt(static_cast<double>(variance) + epsilon));
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> norm_act_cpu(
    const at::Tensor& x_in, const MaybeTensor& weight, const MaybeTensor& bias, const MaybeTensor& residual,
    const MaybeTensor& mean, const MaybeTensor& variance, bool per_case, double epsilon, double slope) {
  const NormActCall call =
      norm_act_call(x_in, weight, bias, residual, mean, variance, per_case, epsilon, slope);
  if (call.x.numel() == 0) return {call.y, call.mean, call.variance};
  const NormMaps& maps = call.maps;
  with_float_types(call.x.scalar_type(), [&](auto value, auto number) {
    using T = decltype(value);
    using Number = decltype(number);
    const T* from = kernel_values<T>(call.x);
    if (call.finds_statistics)
      fill_statistics(from, maps, kernel_values_to_fill<Number>(call.mean),
                      kernel_values_to_fill<Number>(call.variance));
    const auto *means = kernel_values<Number>(call.mean), *variances = kernel_values<Number>(call.variance);
    const auto *weights = kernel_values<Number>(call.weight), *biases = kernel_values<Number>(call.bias);
    const auto entries = static_cast<size_t>(maps.entries());
    std::vector<Number> scale(entries), shift(entries);
    for (size_t i = 0; i < entries; ++i) {
      const size_t channel = i % static_cast<size_t>(maps.channels);
      scale[i] = inverse_deviation(variances[i], epsilon) * (weights == nullptr ? 1 : weights[channel]);
      shift[i] = biases == nullptr ? 0 : biases[channel];
    }
    const T* added = kernel_values<T>(call.residual);
    T* to = kernel_values_to_fill<T>(call.y);
    for_each_norm_chunk(maps, [&](const NormChunk& chunk) {
      const int64_t entry = chunk.set * maps.width;
      cpu::affine_act<T>({from + chunk.value, maps.width}, added == nullptr ? nullptr : added + chunk.value,
                         {to + chunk.value, maps.width}, chunk.rows, maps.width,
                         {means + entry, &scale[static_cast<size_t>(entry)],
                          &shift[static_cast<size_t>(entry)], static_cast<Number>(slope)});
    });
  });
  return {call.y, call.mean, call.variance};
}

std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor> norm_act_backward_cpu(
    const at::Tensor& gy_in, const at::Tensor& x_in, const MaybeTensor& y_in, const MaybeTensor& weight,
    const at::Tensor& mean, const at::Tensor& variance, bool constant, bool per_case, double epsilon,
    double slope, bool of_residual) {
  const NormActGradientCall call =
      norm_act_gradient_call(gy_in, x_in, y_in, weight, mean, per_case, of_residual);
  const NormMaps& maps = call.maps;
  with_float_types(call.x.scalar_type(), [&](auto value, auto number) {
    using T = decltype(value);
    using Number = decltype(number);
    const auto *means = kernel_values<Number>(mean), *variances = kernel_values<Number>(variance);
    const auto* weights = kernel_values<Number>(call.weight);
    const T *from = kernel_values<T>(call.x), *grown = kernel_values<T>(call.gy),
            *made = kernel_values<T>(call.y);
    T* g_to_fill = kernel_values_to_fill<T>(call.gresidual);
    const auto width = static_cast<size_t>(maps.width), entries = static_cast<size_t>(maps.entries()),
               chunks = static_cast<size_t>(norm_chunks(maps));
    std::vector<double> sums(static_cast<size_t>(maps.outer) * chunks * width), products(sums.size());
    const auto gradient_in = [&](int64_t first) -> cpu::ActGradient<T> {
      return {{grown + first, maps.width},
              {made == nullptr ? nullptr : made + first, maps.width},
              static_cast<Number>(slope)};
    };
    for_each_norm_chunk(maps, [&](const NormChunk& chunk) {
      const size_t at = static_cast<size_t>(chunk.index) * width;
      cpu::gradient_sums<T>(gradient_in(chunk.value), {from + chunk.value, maps.width},
                            {g_to_fill == nullptr ? nullptr : g_to_fill + chunk.value, maps.width},
                            chunk.rows, maps.width, means + chunk.set * maps.width, &sums[at], &products[at]);
    });
    std::vector<double> sum(entries, 0.0), product(entries, 0.0);
    for (size_t part = 0; part < static_cast<size_t>(maps.outer); ++part)
      for (size_t k = 0; k < chunks; ++k)
        for (size_t c = 0; c < width; ++c) {
          const size_t i = part % static_cast<size_t>(maps.sets) * width + c,
                       at = (part * chunks + k) * width + c;
          sum[i] += sums[at];
          product[i] += products[at];
        }
    std::vector<double> of_weight(static_cast<size_t>(maps.channels), 0.0), of_bias(of_weight.size(), 0.0);
    std::vector<Number> scale(entries), slant(entries, 0), shift(entries, 0);
    const auto count = static_cast<double>(maps.values_an_entry());
    for (size_t i = 0; i < entries; ++i) {
      const size_t channel = i % of_weight.size();
      const double inverse = static_cast<double>(inverse_deviation(variances[i], epsilon));
      of_bias[channel] += sum[i];
      of_weight[channel] += product[i] * inverse;
      const double factor = inverse * (weights == nullptr ? 1.0 : static_cast<double>(weights[channel]));
      scale[i] = static_cast<Number>(factor);
      if (constant) continue;
      shift[i] = static_cast<Number>(-factor * sum[i] / count);
      slant[i] = static_cast<Number>(-factor * inverse * inverse * product[i] / count);
    }
    auto *weight_to_fill = kernel_values_to_fill<Number>(call.gweight),
         *bias_to_fill = kernel_values_to_fill<Number>(call.gbias);
    for (size_t c = 0; c < of_weight.size(); ++c) {
      weight_to_fill[c] = static_cast<Number>(of_weight[c]);
      bias_to_fill[c] = static_cast<Number>(of_bias[c]);
    }
    T* to = kernel_values_to_fill<T>(call.gx);
    for_each_norm_chunk(maps, [&](const NormChunk& chunk) {
      const int64_t entry = chunk.set * maps.width;
      const auto at = static_cast<size_t>(entry);
      // What the residual gets is g already.
      const cpu::ActGradient<T> g =
          g_to_fill == nullptr
              ? gradient_in(chunk.value)
              : cpu::ActGradient<T>{{g_to_fill + chunk.value, maps.width}, {}, static_cast<Number>(slope)};
      cpu::gradient_input<T>(g, from + chunk.value, to + chunk.value, chunk.rows, maps.width,
                             {means + entry, &scale[at], &slant[at], &shift[at]});
    });
  });
  return {call.gx, call.gweight, call.gbias, call.gresidual};
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(photo51, m) {
  m.def(
      "norm_act(Tensor x, Tensor? weight, Tensor? bias, Tensor? residual, Tensor? mean, Tensor? variance, "
      "bool per_case, float epsilon, float slope) -> (Tensor y, Tensor mean, Tensor variance)");
  m.def(
      "norm_act_backward(Tensor gy, Tensor x, Tensor? y, Tensor? weight, Tensor mean, Tensor variance, "
      "bool constant, bool per_case, float epsilon, float slope, bool of_residual) -> (Tensor gx, Tensor "
      "gweight, Tensor gbias, Tensor gresidual)");
}
TORCH_LIBRARY_IMPL(photo51, CPU, m) {
  m.impl("norm_act", norm_act_cpu);
  m.impl("norm_act_backward", norm_act_backward_cpu);
}

Normed norm_act(const NormActInputs& inputs, const NormActOptions& options) {
  norm_require(has_norm_act(inputs.x), no_norm_kernels(inputs.x));
  static const auto op =
      c10::Dispatcher::singleton().findSchemaOrThrow("photo51::norm_act", "").typed<NormActForward>();
  auto [y, mean, variance] =
      op.call(inputs.x, maybe(inputs.weight), maybe(inputs.bias), maybe(inputs.residual), maybe(inputs.mean),
              maybe(inputs.variance), options.per_case, options.epsilon, options.slope);
  return {y, mean, variance};
}

}  // namespace photo51::ops
