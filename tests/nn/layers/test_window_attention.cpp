#include "photo51/nn/layers/window_attention.hpp"

#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include <array>
#include <cmath>
#include <limits>

#include "photo51/nn/adapters/lora.hpp"
#include "photo51/nn/capture.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "support/errors.hpp"

namespace photo51::nn {
namespace {

double window_gap(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

std::shared_ptr<WindowAttention> random_attention(const WindowAttentionOptions& options) {
  at::manual_seed(6);
  auto layer = std::make_shared<WindowAttention>(options);
  const at::NoGradGuard no_grad;
  for (auto& parameter : layer->parameters()) parameter.normal_(0, 0.5);
  layer->to(at::kDouble);
  layer->eval();
  return layer;
}

/// What is added to the product of two places that are so far apart.
at::Tensor bias_of(const Tensors& state, const WindowAttentionOptions& o, int64_t dy, int64_t dx) {
  if (o.version == 1) {
    const int64_t row = (dy + o.window[0] - 1) * (2 * o.window[1] - 1) + dx + o.window[1] - 1;
    return state.at("relative_position_bias_table")[row];
  }
  const auto coordinate = [](int64_t difference, int64_t edge) {
    const float u = 8.F * static_cast<float>(difference) / static_cast<float>(edge - 1);
    return static_cast<double>(std::copysign(std::log2(1 + std::abs(u)) / 3.F, u));
  };
  const at::Tensor place =
      at::tensor({coordinate(dy, o.window[0]), coordinate(dx, o.window[1])}, at::kDouble);
  const at::Tensor hidden =
      (at::mv(state.at("cpb_mlp.0.weight"), place) + state.at("cpb_mlp.0.bias")).clamp_min(0);
  return 16 * at::mv(state.at("cpb_mlp.2.weight"), hidden).sigmoid();
}

/// Every place against every place of the padded map, with nothing rolled or cut.
at::Tensor dense(const Tensors& state, const WindowAttentionOptions& o, const at::Tensor& map) {
  const int64_t rows = (map.size(0) + o.window[0] - 1) / o.window[0] * o.window[0];
  const int64_t columns = (map.size(1) + o.window[1] - 1) / o.window[1] * o.window[1];
  const at::Tensor padded =
      at::constant_pad_nd(map, {0, 0, 0, columns - map.size(1), 0, rows - map.size(0)}).flatten(0, 1);
  at::Tensor bias = state.at("qkv.bias").clone();
  if (o.version == 2) bias.slice(0, o.width, 2 * o.width).zero_();
  const auto qkv = (at::matmul(padded, state.at("qkv.weight").t()) + bias).chunk(3, 1);
  const int64_t count = rows * columns, each = o.width / o.heads;
  const auto shifted = [&](int64_t place) {
    const int64_t y = place / columns, x = place % columns;
    return std::array{(y - o.shift[0] + rows) % rows, (x - o.shift[1] + columns) % columns, y, x};
  };
  std::vector<at::Tensor> heads;
  for (int64_t h = 0; h < o.heads; ++h) {
    at::Tensor q = qkv[0].slice(1, h * each, (h + 1) * each), k = qkv[1].slice(1, h * each, (h + 1) * each);
    if (o.version == 2) {
      q = q / q.norm(2, {1}, true) * state.at("logit_scale")[h].clamp_max(std::log(100.0)).exp();
      k = k / k.norm(2, {1}, true).clamp_min(1e-12);
    } else {
      q = q / std::sqrt(static_cast<double>(each));
    }
    at::Tensor products = at::matmul(q, k.t());
    for (int64_t i = 0; i < count; ++i)
      for (int64_t j = 0; j < count; ++j) {
        const auto a = shifted(i), b = shifted(j);
        if (a[0] / o.window[0] != b[0] / o.window[0] || a[1] / o.window[1] != b[1] / o.window[1]) {
          products[i][j] = -std::numeric_limits<double>::infinity();
          continue;
        }
        products[i][j] += bias_of(state, o, a[0] - b[0], a[1] - b[1])[h];
        const bool apart =
            (a[2] < o.shift[0]) != (b[2] < o.shift[0]) || (a[3] < o.shift[1]) != (b[3] < o.shift[1]);
        if (apart) products[i][j] -= 100;
      }
    heads.push_back(at::matmul(products.softmax(1), qkv[2].slice(1, h * each, (h + 1) * each)));
  }
  const at::Tensor out = at::matmul(at::cat(heads, 1), state.at("proj.weight").t()) + state.at("proj.bias");
  return out.view({rows, columns, o.width}).slice(0, 0, map.size(0)).slice(1, 0, map.size(1));
}

const WindowAttentionOptions shifted_windows{.width = 6, .heads = 2, .window = {2, 3}, .shift = {1, 2}};

WindowAttentionOptions of_version(int64_t version) {
  WindowAttentionOptions options = shifted_windows;
  options.version = version;
  return options;
}

/// Maps that are a multiple of the window, and one that is not.
TEST(WindowAttention, IsAttentionOfAllPlacesThatSeeEachOther) {
  const at::NoGradGuard no_grad;
  for (const int64_t version : {1, 2})
    for (const auto& size : {std::vector<int64_t>{4, 6, 6}, std::vector<int64_t>{5, 4, 6}}) {
      const auto layer = random_attention(of_version(version));
      const at::Tensor map = at::randn(size, at::kDouble);
      EXPECT_LE(
          window_gap(layer->forward(map.unsqueeze(0))[0], dense(state_of(*layer), of_version(version), map)),
          1e-6)
          << version << " " << size[0];
    }
}

/// Along an axis within one window there is nothing to shift, and the other axis is shifted all the same.
TEST(WindowAttention, AMapWithinOneWindowIsNotShifted) {
  const at::NoGradGuard no_grad;
  const auto layer = random_attention(shifted_windows);
  WindowAttentionOptions one_axis = shifted_windows;
  one_axis.shift = {1, 0};
  const at::Tensor map = at::randn({4, 2, 6}, at::kDouble);
  EXPECT_LE(window_gap(layer->forward(map.unsqueeze(0))[0], dense(state_of(*layer), one_axis, map)), 1e-9);
}

/// The windows of a smaller map are cut to it instead of being padded.
TEST(WindowAttention, ShrinksToTheMap) {
  const at::NoGradGuard no_grad;
  WindowAttentionOptions options = shifted_windows;
  options.fit = WindowFit::shrink;
  const auto layer = random_attention(options), kept = random_attention(shifted_windows);
  const at::Tensor large = at::randn({2, 5, 4, 6}, at::kDouble), small = large.slice(2, 0, 2);
  EXPECT_TRUE(at::equal(layer->forward(large), kept->forward(large)));
  const Capture capture(*layer);
  layer->forward(small);
  EXPECT_EQ(capture.activations("attention").at(0).sizes(), (std::vector<int64_t>{2, 3, 2, 4, 4}));
}

TEST(WindowAttention, MayPadAfterTheShift) {
  const at::NoGradGuard no_grad;
  WindowAttentionOptions options = shifted_windows;
  options.fit = WindowFit::pad_after_shift;
  const auto layer = random_attention(options), kept = random_attention(shifted_windows);
  const at::Tensor whole = at::randn({2, 4, 6, 6}, at::kDouble), odd = whole.slice(2, 0, 4);
  EXPECT_TRUE(at::equal(layer->forward(whole), kept->forward(whole)));
  EXPECT_GT(window_gap(layer->forward(odd), kept->forward(odd)), 1e-3);
}

TEST(WindowAttention, ReportsItsAttentionAndWhatIsAdded) {
  for (const int64_t version : {1, 2}) {
    const auto layer = random_attention(of_version(version));
    const at::Tensor map = at::randn({2, 4, 6, 6}, at::kDouble).requires_grad_();
    const at::Tensor plain = layer->forward(map);
    const Capture capture(*layer);
    const at::Tensor seen = layer->forward(map);
    EXPECT_LE(window_gap(plain, seen), 1e-9);
    seen.square().sum().backward();
    const at::Tensor attention = capture.activations("attention").at(0);
    ASSERT_EQ(attention.sizes(), (std::vector<int64_t>{2, 4, 2, 6, 6}));
    EXPECT_LE((attention.sum(-1) - 1).abs().max().item<double>(), 1e-9);
    EXPECT_GT(capture.gradients("attention").at(0).abs().sum().item<double>(), 0);
    const char* added = version == 2 ? "cpb_mlp" : "relative_position_bias_table";
    EXPECT_EQ(capture.activations(added).at(0).sizes(), (std::vector<int64_t>{1, 2, 6, 6}));
  }
}

TEST(WindowAttention, IsMadeForVolumes) {
  const at::NoGradGuard no_grad;
  for (const int64_t version : {1, 2}) {
    const auto layer = random_attention(
        {.width = 4, .heads = 2, .window = {2, 2, 3}, .shift = {1, 1, 1}, .version = version});
    const at::Tensor volume = at::randn({1, 3, 4, 5, 4}, at::kDouble);
    const Capture capture(*layer);
    EXPECT_EQ(layer->forward(volume).sizes(), volume.sizes());
    EXPECT_EQ(capture.activations("attention").at(0).sizes(), (std::vector<int64_t>{1, 8, 2, 12, 12}));
  }
}

TEST(WindowAttention, KeysOfVersion2HaveNoBias) {
  const at::NoGradGuard no_grad;
  const auto layer = random_attention(of_version(2));
  const at::Tensor map = at::randn({1, 4, 6, 6}, at::kDouble), before = layer->forward(map);
  at::Tensor bias = state_of(*layer).at("qkv.bias");
  bias.slice(0, 6, 12).add_(1);
  EXPECT_TRUE(at::equal(layer->forward(map), before));
  bias.slice(0, 0, 6).add_(1);
  EXPECT_FALSE(at::equal(layer->forward(map), before));
}

TEST(WindowAttention, QueriesKeysAndValuesTakeAnAdapter) {
  const at::NoGradGuard no_grad;
  const auto layer = random_attention(shifted_windows);
  const at::Tensor map = at::randn({1, 4, 6, 6}, at::kDouble), before = layer->forward(map);
  auto* qkv = dynamic_cast<AdaptedLayer*>(layer->named_children()["qkv"].get());
  ASSERT_NE(qkv, nullptr);
  qkv->set_adapter(std::make_shared<LinearLora>(*qkv, LoraOptions{.rank = 2}));
  EXPECT_TRUE(at::equal(layer->forward(map), before));
  state_of(*layer).at("qkv.adapter.lora_B").fill_(0.1);
  EXPECT_FALSE(at::equal(layer->forward(map), before));
}

TEST(WindowAttention, EveryMisuseIsNamed) {
  const auto failure = [](const WindowAttentionOptions& options) {
    return test::message_of(core::Fault::usage, [&] { const WindowAttention layer(options); });
  };
  EXPECT_THAT(failure({.width = 7, .heads = 2, .window = {2, 2}}),
              ::testing::HasSubstr("heads of an attention (2) must divide its width (7)"));
  EXPECT_THAT(failure({.width = 4, .heads = 2, .window = {2, 2}, .shift = {1}}),
              ::testing::HasSubstr("a window of 2 axes needs a shift"));
  EXPECT_THAT(failure({.width = 4, .heads = 2, .window = {2, 2}, .trained_window = {1, 2, 3}}),
              ::testing::HasSubstr("a window of 2 axes needs a shift"));
}

}  // namespace
}  // namespace photo51::nn
