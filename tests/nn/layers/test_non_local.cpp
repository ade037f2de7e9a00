#include "photo51/nn/layers/non_local.hpp"

#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include <cmath>

#include "photo51/nn/capture.hpp"
#include "photo51/nn/init.hpp"
#include "photo51/nn/layers/layer.hpp"
#include "photo51/nn/weights/weights.hpp"

namespace photo51::nn {
namespace {

TEST(NonLocal, BeginsAsTheInputItself) {
  const at::NoGradGuard no_grad;
  NonLocal layer(2, 4, 2);
  const at::Tensor x = at::randn({2, 4, 3, 5});
  EXPECT_TRUE(at::equal(layer.forward(x), x));
}

TEST(NonLocal, EveryPlaceAttendsToAll) {
  const at::NoGradGuard no_grad;
  for (const int64_t dims : {2, 3}) {
    NonLocal layer(dims, 4, 3);
    layer.eval();
    const auto state = state_of(layer);
    for (const char* name : {"t.bias", "p.bias", "g.bias", "z.bias", "norm.weight"})
      state.at(name).uniform_(-1, 1);
    std::vector<int64_t> sizes{2, 4, 2, 3, 2};
    sizes.resize(static_cast<size_t>(dims + 2));
    const at::Tensor x = at::randn(sizes), flat = x.flatten(2).transpose(1, 2);  // [B, N, C]
    const auto linear = [&](const at::Tensor& of, const std::string& name) {
      return at::linear(of, state.at(name + ".weight").flatten(1), state.at(name + ".bias"));
    };
    const at::Tensor scores =
        at::matmul(linear(flat, "t"), linear(flat, "p").transpose(1, 2)) / std::sqrt(3.0);
    const at::Tensor mixed = linear(at::matmul(scores.softmax(2), linear(flat, "g")), "z");
    const at::Tensor expected = flat + mixed * state.at("norm.weight") / std::sqrt(1 + 1e-5);
    const Capture capture(layer);
    EXPECT_TRUE(at::allclose(layer.forward(x), expected.transpose(1, 2).reshape(x.sizes()), 1e-4, 1e-5))
        << dims;
    EXPECT_TRUE(
        at::allclose(capture.activations("attention").at(0).squeeze(1), scores.softmax(2), 1e-4, 1e-5))
        << dims;
  }
}

TEST(NonLocal, ItsNormIsOneOfTheTable) {
  const SkipInit skip;
  NonLocal layer(3, 4, 2, "instance");
  EXPECT_FALSE(state_of(layer).contains("norm.running_var"));
  EXPECT_THAT(unseen_parameters(layer), ::testing::IsEmpty());
}

}  // namespace
}  // namespace photo51::nn
