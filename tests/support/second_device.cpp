#include "support/second_device.hpp"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/EmptyTensor.h>
#include <ATen/detail/HPUHooksInterface.h>
#include <ATen/native/CPUFallback.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <torch/library.h>

#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

namespace photo51::test {
namespace {

/// The only one of its kind, with the only stream.
class Guard final : public c10::impl::DeviceGuardImplInterface {
 public:
  c10::DeviceType type() const override { return at::kHPU; }
  c10::Device exchangeDevice(c10::Device) const override { return second_device(); }
  c10::Device getDevice() const override { return second_device(); }
  void setDevice(c10::Device) const override {}
  void uncheckedSetDevice(c10::Device) const noexcept override {}
  c10::Stream getStream(c10::Device) const override {
    return c10::Stream(c10::Stream::DEFAULT, second_device());
  }
  c10::Stream exchangeStream(c10::Stream) const override {
    return c10::Stream(c10::Stream::DEFAULT, second_device());
  }
  c10::DeviceIndex deviceCount() const noexcept override { return 1; }
};
C10_REGISTER_GUARD_IMPL(HPU, Guard);

/// What the backward pass asks before it begins.
class HPUHooks final : public at::HPUHooksInterface {
 public:
  explicit HPUHooks(const at::HPUHooksArgs&) {}
  /// LibTorch allows one accelerator in a process.
  bool hasHPU() const override { return !at::hasCUDA(); }
  bool isBuilt() const override { return true; }
  bool isAvailable() const override { return true; }
  bool hasPrimaryContext(c10::DeviceIndex) const override { return true; }
  void init() const override {}
  c10::DeviceIndex deviceCount() const override { return 1; }
  void setCurrentDevice(c10::DeviceIndex) const override {}
  c10::DeviceIndex getCurrentDevice() const override { return 0; }
  const at::Generator& getDefaultGenerator(c10::DeviceIndex) const override {
    static const at::Generator never_asked =
        at::detail::createCPUGenerator();  // the CPU's operators have the CPU's
    return never_asked;
  }
};
using at::HPUHooksRegistry;
using at::RegistererHPUHooksRegistry;
REGISTER_HPU_HOOKS(HPUHooks)

class Memory final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t size) override {
    void* block = std::malloc(size);
    return {block, block, &std::free, second_device()};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &std::free; }
  void copy_data(void* to, const void* from, size_t size) const override { std::memcpy(to, from, size); }
};

Memory& memory() {
  static Memory of;
  return of;
}
constexpr c10::DispatchKeySet key(c10::DispatchKey::HPU);

at::Tensor empty(at::IntArrayRef size, std::optional<at::ScalarType> type, std::optional<at::Layout>,
                 std::optional<at::Device>, std::optional<bool>, std::optional<at::MemoryFormat> format) {
  return at::detail::empty_generic(size, &memory(), key, c10::dtype_or_default(type), format);
}
at::Tensor empty_strided(at::IntArrayRef size, at::IntArrayRef stride, std::optional<at::ScalarType> type,
                         std::optional<at::Layout>, std::optional<at::Device>, std::optional<bool>) {
  return at::detail::empty_strided_generic(size, stride, &memory(), key, c10::dtype_or_default(type));
}

thread_local int64_t asked = 0;
thread_local bool falls_back = false;  ///< the CPU's operators copy by themselves

/// The same memory as a tensor of the CPU.
at::Tensor on_cpu(const at::Tensor& tensor) {
  return at::from_blob(tensor.data_ptr(), tensor.sizes(), tensor.strides(),
                       tensor.options().device(at::kCPU));
}
at::Tensor& copy(at::Tensor& to, const at::Tensor& from, bool) {
  if (!falls_back && to.is_cpu()) ++asked;
  on_cpu(to).copy_(on_cpu(from));
  return to;
}
const at::Tensor& with_size(const at::Tensor& tensor, at::IntArrayRef size, std::optional<at::MemoryFormat>) {
  const auto bytes = static_cast<size_t>(c10::multiply_integers(size)) * tensor.dtype().itemsize();
  auto* impl = tensor.unsafeGetTensorImpl();
  if (impl->storage().nbytes() < bytes)
    impl->set_storage_keep_dtype(c10::Storage(c10::Storage::use_byte_size_t(), bytes, &memory(), true));
  impl->set_sizes_contiguous(size);
  return tensor;
}
at::Tensor copy_from_and_resize(const at::Tensor& from, const at::Tensor& to) {
  if (to.sizes() != from.sizes()) with_size(to, from.sizes(), {});
  on_cpu(to).copy_(on_cpu(from));
  return to;
}
at::Scalar value_of(const at::Tensor& tensor) {
  if (!falls_back) ++asked;
  return on_cpu(tensor).item();
}

/// The CPU's, after a look at where the tensors are. A number of no dimension may come from anywhere.
void fallback(const c10::OperatorHandle& of, torch::jit::Stack* stack) {
  bool here = false, elsewhere = false;
  const auto look = [&](const at::Tensor& tensor) {
    if (!tensor.defined()) return;
    if (tensor.device() == second_device())
      here = true;
    else if (tensor.dim() > 0)
      elsewhere = true;
  };
  for (const auto& value : torch::jit::last(*stack, of.schema().arguments().size())) {
    if (value.isTensor()) look(value.toTensor());
    if (value.isTensorList())
      for (const at::Tensor& tensor : value.toTensorVector()) look(tensor);
    if (value.isOptionalTensorList())
      for (const std::optional<at::Tensor>& tensor : value.toOptionalTensorVector())
        if (tensor) look(*tensor);
  }
  const std::string name = of.schema().name();
  TORCH_CHECK(!(here && elsewhere), name, " is handed tensors of two devices");
  for (const char* sized : {"aten::nonzero", "aten::masked_select", "aten::unique_consecutive",
                            "aten::_unique2", "aten::repeat_interleave", "aten::bincount"})
    asked += name == sized ? 1 : 0;
  const bool outer = std::exchange(falls_back, true);
  at::native::cpu_fallback(of, stack);
  falls_back = outer;
}

at::Tensor convolution(const at::Tensor& input, const at::Tensor& weight,
                       const std::optional<at::Tensor>& bias, at::IntArrayRef stride, at::IntArrayRef padding,
                       at::IntArrayRef dilation, bool transposed, at::IntArrayRef output_padding,
                       int64_t groups) {
  std::optional<at::Tensor> with;
  if (bias && bias->defined()) with = on_cpu(*bias);
  return at::convolution(on_cpu(input), on_cpu(weight), with, stride, padding, dilation, transposed,
                         output_padding, groups)
      .to(second_device());
}
std::tuple<at::Tensor, at::Tensor, at::Tensor> convolution_backward(
    const at::Tensor& gradient, const at::Tensor& input, const at::Tensor& weight, at::IntArrayRef stride,
    at::IntArrayRef padding, at::IntArrayRef dilation, bool transposed, at::IntArrayRef output_padding,
    int64_t groups, std::array<bool, 3> wanted) {
  const int64_t channels = transposed ? groups * weight.size(1) : weight.size(0);
  const auto [a, b, c] =
      at::convolution_backward(on_cpu(gradient), on_cpu(input), on_cpu(weight), at::IntArrayRef{channels},
                               stride, padding, dilation, transposed, output_padding, groups, wanted);
  const auto back = [](const at::Tensor& tensor) {
    return tensor.defined() ? tensor.to(second_device()) : tensor;
  };
  return {back(a), back(b), back(c)};
}

/// Its schema does not say that it writes to the running statistics, so a fallback would leave them as they
/// were.
std::tuple<at::Tensor, at::Tensor, at::Tensor> batch_norm(const at::Tensor& input,
                                                          const std::optional<at::Tensor>& weight,
                                                          const std::optional<at::Tensor>& bias,
                                                          const std::optional<at::Tensor>& mean,
                                                          const std::optional<at::Tensor>& variance,
                                                          bool training, double momentum, double eps) {
  const auto there = [](const std::optional<at::Tensor>& tensor) -> std::optional<at::Tensor> {
    return tensor && tensor->defined() ? std::optional(on_cpu(*tensor)) : std::nullopt;
  };
  const auto [values, saved_mean, saved_scale] = at::native_batch_norm(
      on_cpu(input), there(weight), there(bias), there(mean), there(variance), training, momentum, eps);
  return {values.to(second_device()), saved_mean.to(second_device()), saved_scale.to(second_device())};
}

TORCH_LIBRARY_IMPL(_, HPU, m) {
  m.fallback(torch::CppFunction::makeFromBoxedFunction<&fallback>());
}
TORCH_LIBRARY_IMPL(aten, HPU, m) {
  m.impl("empty.memory_format", &empty);
  m.impl("empty_strided", &empty_strided);
  m.impl("copy_", &copy);
  m.impl("_copy_from_and_resize", &copy_from_and_resize);
  m.impl("resize_", &with_size);
  m.impl("as_strided", &at::native::as_strided_tensorimpl);
  m.impl("view", &at::native::view);
  m.impl("unfold", &at::native::unfold);
  m.impl("_reshape_alias", &at::native::_reshape_alias);
  m.impl("_local_scalar_dense", &value_of);
  m.impl("native_batch_norm", &batch_norm);
  m.impl("convolution_overrideable", &convolution);
  m.impl("convolution_backward_overrideable", &convolution_backward);
}

}  // namespace

int64_t times_asked() {
  return asked;
}

}  // namespace photo51::test
