#include "photo51/ops/norm_act.hpp"

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <torch/library.h>

#include <cmath>
#include <optional>
#include <tuple>
#include <vector>

#include "ops/norm_act_maps.hpp"

namespace photo51::ops {

bool has_norm_act(const at::Tensor& x) {
  const auto type = x.scalar_type();
  return x.device().is_cpu() && !x.is_sparse() &&
         (type == at::kFloat || type == at::kDouble || type == at::kBFloat16);
}

bool pays_norm_act(const at::Tensor& x) {
  constexpr int64_t places_of_a_small_plane = 1024;
  if (!has_norm_act(x)) return false;
  return norm_layout(x) != at::MemoryFormat::Contiguous ||
         x.numel() >= places_of_a_small_plane * x.size(0) * x.size(1);
}

at::ScalarType parameter_type(at::ScalarType maps) {
  return maps == at::kDouble ? at::kDouble : at::kFloat;
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
  const auto type = parameter_type(in.x.scalar_type());
  const int64_t channels = in.x.size(1);
  require_norm_parameter(in.weight, "the weight", channels, type);
  require_norm_parameter(in.bias, "the bias", channels, type);
  require_norm_parameter(in.mean, "the mean", channels, type);
  require_norm_parameter(in.variance, "the variance", channels, type);
  norm_require(!in.residual.defined() ||
                   (in.residual.sizes() == in.x.sizes() && in.residual.scalar_type() == in.x.scalar_type() &&
                    in.residual.device() == in.x.device()),
               "norm_act's residual has the shape and type of x; convert it before");
}

/// Mean and variance [sets * width] of maps.
template <class T>
void fill_statistics(const T* x, const NormMaps& maps, cpu::Wide<T>* mean, cpu::Wide<T>* variance) {
  const auto width = static_cast<size_t>(maps.width), chunks = static_cast<size_t>(maps.chunks());
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
        const int64_t first = static_cast<int64_t>(k) * maps.chunk_rows();
        const auto rows = static_cast<double>(std::min(maps.chunk_rows(), maps.rows - first));
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

std::tuple<at::Tensor, at::Tensor, at::Tensor> norm_act_cpu(const at::Tensor& x_in, const MaybeTensor& weight,
                                                            const MaybeTensor& bias,
                                                            const MaybeTensor& residual_in,
                                                            const MaybeTensor& mean_in,
                                                            const MaybeTensor& variance_in, bool per_case,
                                                            double epsilon, double slope) {
  check_norm_act(
      {x_in, weight.value_or(at::Tensor()), bias.value_or(at::Tensor()), residual_in.value_or(at::Tensor()),
       mean_in.value_or(at::Tensor()), variance_in.value_or(at::Tensor())},
      {per_case, epsilon, slope});
  const at::MemoryFormat layout = norm_layout(x_in);
  const at::Tensor x = x_in.contiguous(layout);
  const at::Tensor residual = residual_in ? residual_in->contiguous(layout) : at::Tensor();
  const NormMaps maps = norm_maps(x, layout, per_case);
  norm_require(mean_in || maps.values_an_entry() > 0 || x.numel() == 0,
               "norm_act has no values to take a mean of");
  const auto options = x.options().dtype(parameter_type(x.scalar_type()));
  const at::Tensor y = at::empty_like(x);
  const at::Tensor mean =
      mean_in ? mean_in->clone() : at::empty({per_case ? x.size(0) * x.size(1) : x.size(1)}, options);
  const at::Tensor variance = variance_in ? variance_in->clone() : at::empty_like(mean);
  if (x.numel() == 0) {
    if (!mean_in) {
      mean.zero_();
      variance.zero_();
    }
    return {y, mean, variance};
  }
  with_norm_type(x.scalar_type(), [&](auto of) {
    using T = decltype(of);
    using Number = cpu::Wide<T>;
    const T* from = norm_values<T>(x);
    if (!mean_in)
      fill_statistics(from, maps, norm_values_to_fill<Number>(mean), norm_values_to_fill<Number>(variance));
    const auto* means = norm_values<Number>(mean);
    const auto* variances = norm_values<Number>(variance);
    const auto* weights = weight ? norm_values<Number>(*weight) : nullptr;
    const auto* biases = bias ? norm_values<Number>(*bias) : nullptr;
    const auto entries = static_cast<size_t>(maps.entries());
    std::vector<Number> scale(entries), shift(entries);
    for (size_t i = 0; i < entries; ++i) {
      const size_t channel = i % static_cast<size_t>(maps.channels);
      scale[i] = inverse_deviation(variances[i], epsilon) * (weights == nullptr ? 1 : weights[channel]);
      shift[i] = biases == nullptr ? 0 : biases[channel];
    }
    const T* added = norm_values<T>(residual);
    T* to = norm_values_to_fill<T>(y);
    for_each_norm_chunk(maps, [&](const NormChunk& chunk) {
      const int64_t entry = chunk.set * maps.width;
      cpu::affine_act<T>({from + chunk.value, maps.width}, added == nullptr ? nullptr : added + chunk.value,
                         {to + chunk.value, maps.width}, chunk.rows, maps.width,
                         {means + entry, &scale[static_cast<size_t>(entry)],
                          &shift[static_cast<size_t>(entry)], static_cast<Number>(slope)});
    });
  });
  return {y, mean, variance};
}

/// Gradients of x, weight, bias and residual, which is asked for where y is given: without an activation it
/// is gy. `constant`: mean and variance were given.
std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor> norm_act_backward_cpu(
    const at::Tensor& gy_in, const at::Tensor& x_in, const MaybeTensor& y_in, const MaybeTensor& weight,
    const at::Tensor& mean, const at::Tensor& variance, bool constant, bool per_case, double epsilon,
    double slope, bool of_residual) {
  const at::MemoryFormat layout = norm_layout(x_in);
  const at::Tensor x = x_in.contiguous(layout), gy = gy_in.contiguous(layout);
  const at::Tensor y = y_in ? y_in->contiguous(layout) : at::Tensor();
  const NormMaps maps = norm_maps(x, layout, per_case);
  const at::Tensor gx = at::empty_like(x);
  const at::Tensor gweight = at::empty({x.size(1)}, mean.options()), gbias = at::empty_like(gweight);
  const at::Tensor gresidual = of_residual ? at::empty_like(x) : at::Tensor();
  with_norm_type(x.scalar_type(), [&](auto of) {
    using T = decltype(of);
    using Number = cpu::Wide<T>;
    const auto* means = norm_values<Number>(mean);
    const auto* variances = norm_values<Number>(variance);
    const auto* weights = weight ? norm_values<Number>(*weight) : nullptr;
    const T *from = norm_values<T>(x), *grown = norm_values<T>(gy), *made = norm_values<T>(y);
    T* g_to_fill = norm_values_to_fill<T>(gresidual);
    const auto width = static_cast<size_t>(maps.width), entries = static_cast<size_t>(maps.entries()),
               chunks = static_cast<size_t>(maps.chunks());
    std::vector<double> sums(static_cast<size_t>(maps.outer) * chunks * width), products(sums.size());
    const auto gradient_in = [&](int64_t value) -> cpu::ActGradient<T> {
      return {{grown + value, maps.width},
              {made == nullptr ? nullptr : made + value, maps.width},
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
    auto *weight_to_fill = norm_values_to_fill<Number>(gweight),
         *bias_to_fill = norm_values_to_fill<Number>(gbias);
    for (size_t c = 0; c < of_weight.size(); ++c) {
      weight_to_fill[c] = static_cast<Number>(of_weight[c]);
      bias_to_fill[c] = static_cast<Number>(of_bias[c]);
    }
    T* to = norm_values_to_fill<T>(gx);
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
  return {gx, gweight, gbias, gresidual};
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
      c10::Dispatcher::singleton()
          .findSchemaOrThrow("photo51::norm_act", "")
          .typed<std::tuple<at::Tensor, at::Tensor, at::Tensor>(
              const at::Tensor&, const MaybeTensor&, const MaybeTensor&, const MaybeTensor&,
              const MaybeTensor&, const MaybeTensor&, bool, double, double)>();
  auto [y, mean, variance] =
      op.call(inputs.x, maybe(inputs.weight), maybe(inputs.bias), maybe(inputs.residual), maybe(inputs.mean),
              maybe(inputs.variance), options.per_case, options.epsilon, options.slope);
  return {y, mean, variance};
}

}  // namespace photo51::ops
