#include "photo51/nn/layers/cbam.hpp"

#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include <cmath>

#include "photo51/nn/capture.hpp"
#include "photo51/nn/layers/layer.hpp"
#include "photo51/nn/weights/weights.hpp"

namespace photo51::nn {
namespace {

TEST(Cbam, WeighsChannelsThenPlaces) {
  const at::NoGradGuard no_grad;
  Cbam layer(3, 6, 2, 3);
  layer.eval();
  const auto state = state_of(layer);
  const at::Tensor x = at::randn({2, 6, 3, 4, 5}), flat = x.flatten(2);
  const Capture capture(layer);
  const at::Tensor y = layer.forward(x);

  const auto gate = [&](const at::Tensor& of_channels) {
    return at::matmul(at::matmul(of_channels, state.at("channel.fc1.weight").flatten(1).t()).clamp_min(0),
                      state.at("channel.fc2.weight").flatten(1).t());
  };
  const at::Tensor channels = (gate(flat.mean(2)) + gate(flat.amax(2))).sigmoid();
  const at::Tensor scaled = (flat * channels.unsqueeze(2)).view(x.sizes());
  EXPECT_TRUE(at::allclose(capture.activations("channel").at(0), scaled, 1e-5, 1e-6));
  const at::Tensor maps = at::stack({scaled.mean(1), scaled.amax(1)}, 1);
  // The norm's statistics begin as 0 and 1.
  const at::Tensor places =
      at::conv3d(maps, state.at("spatial.conv.conv.weight"), {}, 1, 1) / std::sqrt(1 + 1e-5);
  EXPECT_TRUE(at::allclose(y, scaled * places.sigmoid(), 1e-5, 1e-6));
}

TEST(Cbam, ShowsItsParameters) {
  EXPECT_THAT(unseen_parameters(Cbam(2, 4, 1)), ::testing::IsEmpty());
  EXPECT_EQ(state_of(Cbam(2, 4, 1)).at("spatial.conv.conv.weight").sizes(),
            (std::vector<int64_t>{1, 2, 7, 7}));
}

}  // namespace
}  // namespace photo51::nn
