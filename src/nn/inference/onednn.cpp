#include "nn/inference/onednn.hpp"

#include <ATen/Context.h>
#include <ATen/core/List.h>
#include <ATen/core/dispatch/Dispatcher.h>

#include <optional>
#include <string_view>

namespace photo51::nn::onednn {
namespace {

using Scalars = c10::List<std::optional<at::Scalar>>;
using OptionalTensor = std::optional<at::Tensor>;

constexpr const char* convolution_name = "mkldnn::_convolution_pointwise";

template <class Signature>
c10::TypedOperatorHandle<Signature> operator_named(const char* name) {
  return c10::Dispatcher::singleton().findSchemaOrThrow(name, "").typed<Signature>();
}

OptionalTensor optional(const at::Tensor& tensor) {
  return tensor.defined() ? OptionalTensor(tensor) : std::nullopt;
}

}  // namespace

bool computes_in(at::ScalarType type) {
  static const bool is_there =
      at::Context::hasMKLDNN() && c10::Dispatcher::singleton().findSchema({convolution_name, ""}).has_value();
  if (!is_there || !at::globalContext().userEnabledMkldnn()) return false;
  if (type == at::kFloat) return true;
  static const bool has_bf16 = operator_named<bool()>("mkldnn::_is_mkldnn_bf16_supported").call();
  return type == at::kBFloat16 && has_bf16;
}

at::Tensor packed(const ConvGeometry& geometry, const at::Tensor& weight, at::IntArrayRef input_sizes) {
  static const auto reorder =
      operator_named<at::Tensor(const at::Tensor&, at::IntArrayRef, at::IntArrayRef, at::IntArrayRef, int64_t,
                                at::OptionalIntArrayRef)>("mkldnn::_reorder_convolution_weight");
  return reorder.call(weight, geometry.padding(), geometry.stride(), geometry.dilation(), geometry.groups(),
                      input_sizes);
}

at::Tensor convolve(const ConvGeometry& geometry, const at::Tensor& x, const at::Tensor& weight,
                    const at::Tensor& bias, bool relu) {
  static const auto convolution =
      operator_named<at::Tensor(const at::Tensor&, const at::Tensor&, const OptionalTensor&, at::IntArrayRef,
                                at::IntArrayRef, at::IntArrayRef, int64_t, std::string_view, Scalars,
                                std::optional<std::string_view>)>(convolution_name);
  return convolution.call(x, weight, optional(bias), geometry.padding(), geometry.stride(),
                          geometry.dilation(), geometry.groups(), relu ? "relu" : "none", Scalars(), "");
}

at::Tensor packed(const at::Tensor& weight, int64_t rows) {
  static const auto reorder =
      operator_named<at::Tensor(const at::Tensor&, std::optional<int64_t>)>("mkldnn::_reorder_linear_weight");
  return reorder.call(weight, rows);
}

at::Tensor multiply(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  static const auto product =
      operator_named<at::Tensor(const at::Tensor&, const at::Tensor&, const OptionalTensor&, std::string_view,
                                Scalars, std::optional<std::string_view>)>("mkldnn::_linear_pointwise");
  return product.call(x, weight, optional(bias), "none", Scalars(), "");
}

}  // namespace photo51::nn::onednn
