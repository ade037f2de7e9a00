#include "photo51/backbones/mil/bag_pool.hpp"

#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include "photo51/backbones/catalogue.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "support/errors.hpp"
#include "support/gradient.hpp"

namespace photo51::backbones {
namespace {

using test::message_of;
using ::testing::HasSubstr;

BagPoolOptions pooled(const std::string& pool) {
  BagPoolOptions options;
  options.pool = pool;
  options.attention_width = 4;
  return options;
}
at::Tensor lengths(at::IntArrayRef values) {
  return at::tensor(values, at::kLong);
}
at::Tensor first_view(int64_t instances) {
  return at::zeros({instances}, at::kLong);
}

TEST(BagPool, MeanAndMaxOfEachBag) {
  const at::Tensor features = at::tensor({1.F, 8.F, 3.F, 2.F, -5.F, -6.F}).view({3, 2});
  BagPool mean(pooled("mean"), 2, 1), max(pooled("max"), 2, 1);
  const auto a = mean.forward(features, lengths({2, 1}), first_view(3));
  EXPECT_TRUE(at::equal(a.values, at::tensor({2.F, 5.F, -5.F, -6.F}).view({2, 2})));
  EXPECT_FALSE(a.attention.defined());
  const auto b = max.forward(features, lengths({2, 1}), first_view(3));
  EXPECT_TRUE(at::equal(b.values, at::tensor({3.F, 8.F, -5.F, -6.F}).view({2, 2})));
}

TEST(BagPool, AttentionIsTheGatedFormula) {
  const at::NoGradGuard no_grad;
  at::manual_seed(1);
  BagPool pool(pooled("attention"), 3, 1);
  const auto weights = nn::state_of(pool);
  const auto& v = weights.at("attention_V.0.weight");
  const auto& v_bias = weights.at("attention_V.0.bias");
  const auto& u = weights.at("attention_U.0.weight");
  const auto& u_bias = weights.at("attention_U.0.bias");
  const at::Tensor features = at::randn({5, 3});
  const auto found = pool.forward(features, lengths({2, 3}), first_view(5));
  for (int64_t bag = 0; bag < 2; ++bag) {
    const at::Tensor f = features.narrow(0, bag * 2, 2 + bag);
    const at::Tensor gated =
        at::tanh(at::matmul(f, v.t()) + v_bias) * at::sigmoid(at::matmul(f, u.t()) + u_bias);
    const at::Tensor score =
        at::matmul(gated, weights.at("attention_w.weight").t()) + weights.at("attention_w.bias");
    const at::Tensor share = at::softmax(score, 0);
    EXPECT_TRUE(at::allclose(found.values[bag], (share * f).sum(0), 1e-5, 1e-6));
    EXPECT_TRUE(at::allclose(found.attention.narrow(0, bag * 2, 2 + bag), share.squeeze(1), 1e-5, 1e-6));
  }
}

TEST(BagPool, LargeScoresDoNotOverflow) {
  const at::NoGradGuard no_grad;
  BagPool pool(pooled("attention"), 2, 1);
  auto weights = nn::state_of(pool);
  weights.at("attention_w.weight").fill_(1e4);
  const auto found = pool.forward(at::randn({4, 2}) * 100, lengths({3, 1}), first_view(4));
  EXPECT_TRUE(found.values.isfinite().all().item<bool>());
  EXPECT_NEAR(found.attention.sum().item<double>(), 2, 1e-5);
}

TEST(BagPool, AViewsVectorIsAdded) {
  const at::NoGradGuard no_grad;
  BagPoolOptions options = pooled("max");
  options.view_embedding = true;
  BagPool pool(options, 2, 2);
  nn::state_of(pool).at("view_embedding").copy_(at::tensor({1.F, 2.F, 10.F, 20.F}).view({2, 2}));
  const auto found =
      pool.forward(at::zeros({3, 2}), lengths({1, 2}), at::tensor({0, 1, 0}, at::kLong)).values;
  EXPECT_TRUE(at::equal(found, at::tensor({1.F, 2.F, 10.F, 20.F}).view({2, 2})));
}

TEST(BagPool, GradientsAreRight) {
  for (const std::string kind : {"mean", "max", "attention"}) {
    at::manual_seed(4);
    auto options = pooled(kind);
    options.view_embedding = true;
    BagPool pool(options, 3, 2);
    pool.to(at::kDouble);
    const at::Tensor weight = at::randn({2, 3}, at::kDouble);
    const at::Tensor view = at::tensor({0, 1, 1, 0, 1}, at::kLong);
    test::expect_gradient(
        [&](const at::Tensor& x) {
          return (pool.forward(x, lengths({2, 3}), view).values * weight).sum();
        },
        at::randn({5, 3}));
    const at::Tensor features = at::randn({5, 3}, at::kDouble);
    for (const auto& entry : pool.named_parameters()) {
      at::Tensor parameter = entry.value();
      const at::Tensor before = parameter.detach().clone();
      (pool.forward(features, lengths({2, 3}), view).values * weight).sum().backward();
      const at::Tensor gradient = parameter.grad().clone();
      const at::NoGradGuard no_grad;
      for (int64_t i = 0; i < std::min<int64_t>(parameter.numel(), 6); ++i) {
        const auto at_offset = [&](double step) {
          parameter.copy_(before);
          parameter.view(-1)[i] += step;
          return (pool.forward(features, lengths({2, 3}), view).values * weight).sum().item<double>();
        };
        EXPECT_NEAR(gradient.view(-1)[i].item<double>(), (at_offset(1e-5) - at_offset(-1e-5)) / 2e-5, 1e-6)
            << kind << " " << entry.key();
      }
      parameter.copy_(before);
      pool.zero_grad();
    }
  }
}

TEST(BagPool, EveryMisuseIsNamed) {
  BagPool pool(pooled("mean"), 2, 2);
  const at::Tensor features = at::zeros({3, 2});
  EXPECT_THAT(message_of(core::Fault::data,
                         [&] {
                           pool.forward(features, lengths({3, 0}), first_view(3));
                         }),
              HasSubstr("a bag has no instance"));
  EXPECT_THAT(message_of(core::Fault::data,
                         [&] {
                           pool.forward(features, lengths({2, 2}), first_view(3));
                         }),
              HasSubstr("the bags have 4 instances and there are 3"));
  EXPECT_THAT(message_of(core::Fault::data,
                         [&] {
                           pool.forward(features, lengths({3}), at::tensor({0, 2, 1}, at::kLong));
                         }),
              HasSubstr("each instance needs its view, a number below 2"));
}

const InputShape views{.image = true, .channels = 1, .dims = 2, .size = {16, 16}, .bag = true, .views = 2};

std::shared_ptr<Encoder> bag_encoder(const std::string& pool, int64_t chunk = 64) {
  at::manual_seed(9);
  ConvNetOptions options;
  options.widths = {4, 6};
  options.encoder.bag.pool = pool;
  options.encoder.bag.attention_width = 5;
  options.encoder.bag.view_embedding = true;
  options.encoder.bag.chunk = chunk;
  options.encoder.channel_present = true;
  return (*image_encoders().find("conv_net"))(config::choose("conv_net", options), views);
}

/// Bags of these lengths; 0 = absent.
data::InputBatch bags(const std::vector<int64_t>& sizes) {
  data::InputBatch input;
  const auto count = static_cast<int64_t>(sizes.size());
  input.offsets = at::zeros({count + 1}, at::kLong);
  input.present = at::zeros({count}, at::kBool);
  for (int64_t i = 0; i < count; ++i) {
    input.offsets[i + 1] = input.offsets[i].item<int64_t>() + sizes[static_cast<size_t>(i)];
    input.present[i] = sizes[static_cast<size_t>(i)] > 0;
  }
  const auto total = input.offsets[count].item<int64_t>();
  input.values = at::randn({total, 1, 16, 16});
  input.view = at::arange(total) % 2;
  input.channel_present = input.present.unsqueeze(1).expand({count, 2}).contiguous();
  return input;
}

data::InputBatch one_of(const data::InputBatch& all, int64_t bag) {
  const auto begin = all.offsets[bag].item<int64_t>(), end = all.offsets[bag + 1].item<int64_t>();
  data::InputBatch one;
  one.values = all.values.slice(0, begin, end);
  one.view = all.view.slice(0, begin, end);
  one.offsets = at::tensor({int64_t{0}, end - begin}, at::kLong);
  one.present = all.present.slice(0, bag, bag + 1);
  one.channel_present = all.channel_present.slice(0, bag, bag + 1);
  return one;
}

TEST(BagEncoder, RaggedBatchesEqualOneByOne) {
  const at::NoGradGuard no_grad;
  for (const std::string pool : {"mean", "max", "attention"}) {
    auto encoder = bag_encoder(pool);
    encoder->eval();
    const auto input = bags({3, 0, 1, 5});
    const Tokens all = encoder->encode(input);
    EXPECT_EQ(all.values.sizes(), at::IntArrayRef({4, 1, 8}));
    EXPECT_TRUE(at::equal(all.mask.squeeze(1), input.present));
    EXPECT_EQ(all.values[1].abs().sum().item<float>(), 0);
    for (const int64_t bag : {0, 2, 3}) {
      const Tokens alone = encoder->encode(one_of(input, bag));
      EXPECT_TRUE(at::allclose(alone.values[0], all.values[bag], 1e-5, 1e-6)) << pool;
    }
    EXPECT_EQ(all.attention.defined(), pool == "attention");
    if (all.attention.defined()) {
      EXPECT_NEAR(all.attention.slice(0, 0, 3).sum().item<double>(), 1, 1e-5);
      EXPECT_NEAR(all.attention.slice(0, 4, 9).sum().item<double>(), 1, 1e-5);
    }
  }
}

TEST(BagEncoder, OrderOfInstancesDoesNotMatter) {
  const at::NoGradGuard no_grad;
  const at::Tensor order = at::tensor({2, 0, 3, 1}, at::kLong);
  for (const std::string pool : {"mean", "max", "attention"}) {
    auto encoder = bag_encoder(pool);
    encoder->eval();
    const auto input = bags({4});
    auto turned = input;
    turned.values = input.values.index_select(0, order);
    turned.view = input.view.index_select(0, order);
    EXPECT_TRUE(at::allclose(encoder->encode(input).values, encoder->encode(turned).values, 1e-5, 1e-6));
  }
}

TEST(BagEncoder, ChunksDoNotChangePredictions) {
  const at::NoGradGuard no_grad;
  const auto input = bags({3, 0, 8});
  auto whole = bag_encoder("attention"), pieces = bag_encoder("attention", 2);
  whole->eval();
  pieces->eval();
  const Tokens a = whole->encode(input), b = pieces->encode(input);
  EXPECT_TRUE(at::allclose(a.values, b.values, 1e-5, 1e-6));
  EXPECT_TRUE(at::allclose(a.attention, b.attention, 1e-5, 1e-6));
}

TEST(BagEncoder, HiddenBagsHaveNoInfluence) {
  // As modality dropout does: the bag's instances are there and `present` says no. Training: batch norm
  // works.
  auto encoder = bag_encoder("attention"), twin = bag_encoder("attention");
  auto input = bags({2, 3, 2});
  input.present[1] = false;
  auto other = input;
  other.values = input.values.clone();
  other.values.slice(0, 2, 5).fill_(std::nanf(""));
  const Tokens a = encoder->encode(input), b = twin->encode(other);
  EXPECT_TRUE(at::equal(a.values, b.values));
  EXPECT_EQ(a.attention.slice(0, 2, 5).abs().sum().item<float>(), 0);
  const nn::Tensors left = nn::state_of(*encoder), right = nn::state_of(*twin);
  for (const auto& [name, tensor] : left) EXPECT_TRUE(at::equal(tensor, right.at(name))) << name;
}

TEST(BagEncoder, NobodyHasABag) {
  auto encoder = bag_encoder("max");
  const Tokens tokens = encoder->encode(bags({0, 0}));
  EXPECT_EQ(tokens.values.sizes(), at::IntArrayRef({2, 1, 8}));
  EXPECT_FALSE(tokens.mask.any().item<bool>());
}

TEST(BagEncoder, EveryParameterLearns) {
  auto encoder = bag_encoder("attention");
  encoder->encode(bags({3, 0, 2})).values.square().sum().backward();
  for (const auto& entry : encoder->named_parameters()) {
    ASSERT_TRUE(entry.value().grad().defined()) << entry.key();
    // A softmax does not see what is added to all scores.
    if (entry.key() != "bag.attention_w.bias") {
      EXPECT_GT(entry.value().grad().abs().sum().item<float>(), 0) << entry.key();
    }
  }
}

TEST(BagEncoder, EveryMisuseIsNamed) {
  ConvNetOptions options;
  options.encoder.pool = "none";
  const auto* build = image_encoders().find("conv_net");
  EXPECT_THAT(message_of(core::Fault::usage, [&] { (*build)(config::choose("conv_net", options), views); }),
              HasSubstr("whose instances need one token each; set `pool: mean`"));
  auto plain = bags({1, 1});
  plain.offsets = at::Tensor();
  EXPECT_THAT(message_of(core::Fault::data, [&] { bag_encoder("mean")->encode(plain); }),
              HasSubstr("expects bags and got a batch without offsets"));
  InputShape single = views;
  single.bag = false;
  options.encoder.pool = "mean";
  auto encoder = (*build)(config::choose("conv_net", options), single);
  EXPECT_THAT(message_of(core::Fault::data,
                         [&] {
                           encoder->encode(bags({1, 2}));
                         }),
              HasSubstr("expects images and got a batch of bags"));
}

}  // namespace
}  // namespace photo51::backbones
