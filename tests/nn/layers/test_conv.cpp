#include "photo51/nn/layers/conv.hpp"

#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include "photo51/nn/autocast.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "support/errors.hpp"

namespace photo51::nn {
namespace {

using test::message_of;
using ::testing::HasSubstr;

TEST(Conv, SameSeedSameValues) {
  at::manual_seed(4);
  const Conv first({.in = 2, .out = 3, .bias = true});
  at::manual_seed(4);
  const Conv second({.in = 2, .out = 3, .bias = true});
  EXPECT_TRUE(at::equal(first.weight, second.weight));
  EXPECT_EQ(state_of(first).size(), 2U);
  EXPECT_EQ(state_of(Conv({.in = 2, .out = 3})).size(), 1U);
}

TEST(Conv, HeInitialisationHasItsDeviation) {
  at::manual_seed(1);
  const Conv conv({.dims = 3, .in = 16, .out = 64, .kernel = 3});
  EXPECT_NEAR(conv.weight.std().item<double>(), std::sqrt(2.0 / (64 * 27)), 5e-4);
  const Conv flat({.dims = 3, .in = 16, .out = 64, .kernel = {1, 3, 5}});
  EXPECT_NEAR(flat.weight.std().item<double>(), std::sqrt(2.0 / (64 * 15)), 1e-3);
}

TEST(Conv, KeepsTheSizeInEveryDimension) {
  const at::NoGradGuard no_grad;
  for (const int64_t dims : {1, 2, 3}) {
    std::vector<int64_t> sizes{2, 4};
    sizes.insert(sizes.end(), static_cast<size_t>(dims), 9);
    const at::Tensor x = at::randn(sizes);
    sizes[1] = 6;
    for (const int64_t dilation : {1, 2})
      EXPECT_EQ(Conv({.dims = dims, .in = 4, .out = 6, .kernel = 3, .dilation = dilation, .groups = 2})
                    .forward(x)
                    .sizes(),
                sizes);
  }
}

/// A kernel of one slice convolves slices on their own.
TEST(Conv, AnisotropicKernelIsAConvolutionOfSlices) {
  const at::NoGradGuard no_grad;
  const Conv conv({.dims = 3, .in = 2, .out = 3, .kernel = {1, 3, 5}, .stride = {1, 2, 1}, .bias = true});
  EXPECT_EQ(conv.weight.sizes(), (std::vector<int64_t>{3, 2, 1, 3, 5}));
  const at::Tensor x = at::randn({2, 2, 4, 8, 9});
  const at::Tensor y = conv.forward(x);
  EXPECT_EQ(y.sizes(), (std::vector<int64_t>{2, 3, 4, 4, 9}));
  for (int64_t z = 0; z < 4; ++z)
    EXPECT_TRUE(at::allclose(y.select(2, z),
                             at::conv2d(x.select(2, z), conv.weight.select(2, 0), conv.bias, {2, 1}, {1, 2}),
                             1e-4, 1e-5));
}

/// Weight gradients of small maps, where LibTorch's own are wrong in places: every kernel, stride and layout
/// beside float64. The memory is dirtied before, so that what is not written is seen.
class ConvOfSmallMaps : public testing::TestWithParam<int64_t> {
 protected:
  static at::MemoryFormat last(int64_t dims) {
    return dims == 2 ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::ChannelsLast3d;
  }
  static at::Tensor gradient(Conv& conv, const at::Tensor& x, const at::Tensor& weight) {
    conv.zero_grad();
    for (const int64_t size : {100, 1000, 10000, 50000}) at::full({size}, 1e15);
    (conv.forward(x).to(weight.scalar_type()) * weight).sum().backward();
    return conv.weight.grad().to(at::kDouble);
  }
  static void compare(const Conv::Shape& shape, int64_t size) {
    Conv conv(shape);
    std::vector<int64_t> sizes{3, shape.in};
    sizes.insert(sizes.end(), static_cast<size_t>(shape.dims), size);
    const at::Tensor x = at::randn(sizes).to(at::kBFloat16).to(at::kFloat);
    conv.weight.set_data(conv.weight.detach().to(at::kBFloat16).to(at::kFloat));
    const at::Tensor weight = at::randn(conv.forward(x).sizes()).to(at::kBFloat16).to(at::kFloat);
    Conv exact(shape);
    exact.weight.set_data(conv.weight.detach().to(at::kDouble));
    const at::Tensor expected = gradient(exact, x.to(at::kDouble), weight.to(at::kDouble));
    const double bound = expected.abs().max().item<double>() + 1e-6;
    for (const bool channels_last : {false, true}) {
      const auto format = channels_last ? last(shape.dims) : at::MemoryFormat::Contiguous;
      conv.weight.set_data(conv.weight.detach().contiguous(format));
      const at::Tensor input = x.contiguous(format);
      EXPECT_LT((gradient(conv, input, weight) - expected).abs().max().item<double>(), 1e-4 * bound)
          << channels_last << " float32 of " << size;
      const Autocast autocast(at::kCPU, at::kBFloat16);
      EXPECT_LT((gradient(conv, input, weight) - expected).abs().max().item<double>(), 2e-2 * bound)
          << channels_last << " bfloat16 of " << size;
    }
  }
};

TEST_P(ConvOfSmallMaps, WeightGradientsAreThoseOfFloat64) {
  for (const int64_t dims : {2, 3})
    for (const int64_t kernel : {1, 2, 3, 5, 7})
      for (const int64_t stride : {1, 2})
        for (const int64_t groups : {1, 8}) {
          SCOPED_TRACE("kernel " + std::to_string(kernel) + ", stride " + std::to_string(stride) +
                       ", groups " + std::to_string(groups));
          compare({.dims = dims, .in = 8, .out = 8, .kernel = kernel, .stride = stride, .groups = groups},
                  GetParam());
          if (kernel == 3 && stride == 2)
            compare({.dims = dims,
                     .in = 8,
                     .out = 8,
                     .kernel = 3,
                     .stride = 2,
                     .padding = 1,
                     .groups = groups,
                     .transposed = true,
                     .output_padding = 1},
                    GetParam());
        }
}
INSTANTIATE_TEST_SUITE_P(All, ConvOfSmallMaps, testing::Values(1, 2, 3, 4, 6, 7));

/// Writing beside the memory is seen now and then only.
TEST(Conv, PointwiseWithAStrideStaysInItsMemory) {
  for (int repeat = 0; repeat < 20; ++repeat)
    for (const int64_t padding : {0, 1}) {
      Conv conv({.dims = 2, .in = 8, .out = 12, .kernel = 1, .stride = 2, .padding = padding});
      const at::Tensor x = at::randn({3, 8, 17, 32});
      conv.forward(x).square().sum().backward();
      const at::Tensor expected = conv.weight.grad().clone();
      conv.zero_grad();
      conv.weight.set_data(conv.weight.detach().contiguous(at::MemoryFormat::ChannelsLast));
      conv.forward(x.contiguous(at::MemoryFormat::ChannelsLast)).square().sum().backward();
      ASSERT_TRUE(at::allclose(conv.weight.grad(), expected, 1e-3, 1e-3));
    }
}

/// A volume of one channel in bfloat16 goes another way.
TEST(Conv, OneChannelInBfloat16IsTheSameConvolution) {
  for (const int64_t stride : {1, 2})
    for (const auto& kernel : {PerAxis(7), PerAxis{1, 3, 5}, PerAxis{3, 1, 1}, PerAxis{1, 1, 3}}) {
      Conv conv({.in = 1, .out = 6, .kernel = kernel, .stride = stride, .bias = true});
      conv.bias.set_data(at::randn({6}));
      const at::Tensor x = at::randn({2, 1, 9, 8, 7}).to(at::kBFloat16).to(at::kFloat);
      conv.weight.set_data(conv.weight.detach().to(at::kBFloat16).to(at::kFloat));
      const at::Tensor expected = conv.forward(x);
      const at::Tensor weight = at::randn(expected.sizes());
      (expected * weight).sum().backward();
      const at::Tensor gradient = conv.weight.grad().clone();
      conv.zero_grad();
      at::Tensor y;
      {
        const Autocast autocast(at::kCPU, at::kBFloat16);
        y = conv.forward(x);
      }
      ASSERT_EQ(y.scalar_type(), at::kBFloat16);
      EXPECT_TRUE(at::allclose(y.to(at::kFloat), expected, 1e-2, 2e-2));
      (y.to(at::kFloat) * weight).sum().backward();
      EXPECT_LT((conv.weight.grad() - gradient).abs().max().item<double>(),
                0.01 * gradient.abs().max().item<double>());
    }
}

/// The transposed convolution with the same weight is the adjoint map: <Cx, y> = <x, C'y>.
TEST(Conv, TransposedIsTheAdjoint) {
  const at::NoGradGuard no_grad;
  for (const int64_t dims : {1, 2, 3}) {
    const Conv down({.dims = dims, .in = 4, .out = 6, .kernel = 2, .stride = 2, .padding = 0, .groups = 2});
    const Conv up(
        {.dims = dims, .in = 6, .out = 4, .kernel = 2, .stride = 2, .groups = 2, .transposed = true});
    EXPECT_EQ(up.weight.sizes(), down.weight.sizes());
    at::Tensor shared = up.weight;
    shared.copy_(down.weight);
    std::vector<int64_t> fine{1, 4}, coarse{1, 6};
    fine.insert(fine.end(), static_cast<size_t>(dims), 6);
    coarse.insert(coarse.end(), static_cast<size_t>(dims), 3);
    const at::Tensor x = at::randn(fine), y = at::randn(coarse);
    EXPECT_NEAR((down.forward(x) * y).sum().item<double>(), (x * up.forward(y)).sum().item<double>(), 1e-3);
  }
  const Conv odd(
      {.dims = 1, .kernel = 3, .stride = 2, .padding = 1, .transposed = true, .output_padding = 1});
  EXPECT_EQ(odd.forward(at::randn({1, 1, 4})).size(2), 8);
}

/// TensorFlow's rule: the size is that of the input over the stride, rounded up; the odd row goes to the end.
TEST(Conv, SamePaddingIsTensorFlows) {
  const at::NoGradGuard no_grad;
  const Conv conv({.dims = 2, .kernel = 3, .stride = 2, .same = true});
  const at::Tensor even = at::randn({1, 1, 8, 8}), odd = at::randn({1, 1, 7, 7});
  EXPECT_TRUE(at::equal(conv.forward(even),
                        at::conv2d(at::constant_pad_nd(even, {0, 1, 0, 1}), conv.weight, {}, {2, 2})));
  EXPECT_TRUE(at::equal(conv.forward(odd), at::conv2d(odd, conv.weight, {}, {2, 2}, {1, 1})));
  const Conv wide({.dims = 1, .kernel = 4, .same = true});
  const at::Tensor line = at::randn({1, 1, 6});
  EXPECT_TRUE(at::equal(wide.forward(line), at::conv1d(at::constant_pad_nd(line, {1, 2}), wide.weight, {})));
}

TEST(Conv, EveryMisuseIsNamed) {
  const auto failure = [](const ConvShape& shape) {
    return message_of(core::Fault::usage, [&] { const Conv conv(shape); });
  };
  EXPECT_THAT(failure({.dims = 4}), HasSubstr("1 to 3 dimensions, not 4"));
  EXPECT_THAT(failure({.in = 3, .out = 4, .groups = 2}), HasSubstr("`groups` (2) that divide its channels"));
  EXPECT_THAT(failure({.dims = 3, .kernel = {3, 3}}), HasSubstr("in 3D takes one kernel or 3, not 2"));
  EXPECT_THAT(failure({.kernel = 0}), HasSubstr("kernel of at least 1 and was given 0"));
  EXPECT_THAT(failure({.stride = 0}), HasSubstr("stride of at least 1"));
  EXPECT_THAT(failure({.padding = -1}), HasSubstr("padding of at least 0"));
  EXPECT_THAT(failure({.same = true, .transposed = true}), HasSubstr("pads `same` on its own"));
  EXPECT_THAT(failure({.padding = 1, .same = true}), HasSubstr("pads `same` on its own"));
  EXPECT_THAT(failure({.output_padding = 1}), HasSubstr("`output_padding` only when it is transposed"));
}

}  // namespace
}  // namespace photo51::nn
