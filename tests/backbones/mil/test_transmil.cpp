#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include "backbones/mil/bag_pool_case.hpp"
#include "photo51/config/validate.hpp"
#include "photo51/nn/autocast.hpp"
#include "support/errors.hpp"

namespace photo51::backbones {
namespace {

using test::bag_pool;
using test::first_view;
using test::lengths;

TEST(Transmil, BagsOfEverySizeStandAlone) {
  const at::NoGradGuard no_grad;
  at::manual_seed(2);
  const auto pool = bag_pool("transmil", 3);
  const std::vector<int64_t> sizes{1, 2, 3, 4, 5, 9, 10};
  const at::Tensor features = at::randn({34, 3});
  const auto all = pool->forward(features, lengths(sizes), first_view(34));
  EXPECT_EQ(all.values.sizes(), at::IntArrayRef({7, 1, 4}));
  int64_t begin = 0;
  for (size_t bag = 0; bag < sizes.size(); begin += sizes[bag++]) {
    const auto alone =
        pool->forward(features.narrow(0, begin, sizes[bag]), lengths({sizes[bag]}), first_view(sizes[bag]));
    EXPECT_TRUE(at::allclose(alone.values[0], all.values[static_cast<int64_t>(bag)], 1e-5, 1e-6)) << bag;
    const at::Tensor attention = all.attention.narrow(0, begin, sizes[bag]);
    EXPECT_TRUE(at::allclose(alone.attention, attention, 1e-4, 1e-5)) << bag;
    EXPECT_NEAR(attention.sum().item<double>(), 1, 1e-5);
    EXPECT_GE(attention.min().item<double>(), 0);
  }
}

/// The pseudo-inverse is computed in float32 all the same.
TEST(Transmil, InShortTypesItIsNearlyTheSame) {
  const at::NoGradGuard no_grad;
  at::manual_seed(4);
  const auto pool = bag_pool(
      config::choose("transmil",
                     TransmilOptions{.embed_dim = 32, .heads = 2, .num_landmarks = 16, .dropout = 0}),
      6, {});
  const at::Tensor features = at::randn({40, 6});
  const at::Tensor wide = pool->forward(features, lengths({40}), first_view(40)).values;
  const nn::Autocast autocast(at::kCPU, at::kBFloat16);
  const at::Tensor narrow = pool->forward(features, lengths({40}), first_view(40)).values.to(at::kFloat);
  EXPECT_LT((narrow - wide).abs().max().item<double>(), 0.1);
}

TEST(Transmil, HeadsDivideTheWidth) {
  const TransmilOptions options{.embed_dim = 30, .heads = 8};
  EXPECT_THAT(test::message_of(core::Fault::usage,
                               [&] {
                                 TransmilOptions copy = options;
                                 config::validate(copy, "model");
                               }),
              testing::HasSubstr("heads: must divide `embed_dim`"));
}

}  // namespace
}  // namespace photo51::backbones
