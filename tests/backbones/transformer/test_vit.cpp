#include "photo51/backbones/transformer/vit.hpp"

#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include "photo51/backbones/backbone.hpp"
#include "photo51/nn/init.hpp"
#include "support/errors.hpp"

namespace photo51::backbones {
namespace {

using test::message_of;
using ::testing::HasSubstr;

TEST(Vit, HasThePublishedNumberOfParameters) {
  const nn::SkipInit skip;
  const VitOptions base{.patch_size = 16, .embed_dim = 768, .depth = 12, .num_heads = 12, .mlp_dim = 3072};
  int64_t total = 0;
  for (const auto& parameter :
       make_vit(base, {.channels = 3, .dims = 2, .size = {224, 224}}, 1000)->parameters())
    total += parameter.numel();
  EXPECT_EQ(total, 86567656);
}

/// The stage is the tokens behind the class token on the grid of patches, and a view of them.
TEST(Vit, StageIsTheGridOfPatches) {
  const at::NoGradGuard no_grad;
  const VitOptions options{.patch_size = 4, .embed_dim = 12, .depth = 1, .num_heads = 3, .mlp_dim = 16};
  const auto network = make_vit(options, {.channels = 2, .dims = 3, .size = {4, 8, 12}});
  const Features features = network->features(at::randn({2, 2, 4, 8, 12}));
  ASSERT_EQ(features.stages.size(), 1U);
  EXPECT_EQ(features.stages[0].sizes(), (std::vector<int64_t>{2, 12, 1, 2, 3}));
  EXPECT_EQ(features.prefix.sizes(), (std::vector<int64_t>{2, 1, 12}));
  const at::Tensor places = place_tokens(features.stages[0]);
  EXPECT_EQ(places.data_ptr(), features.stages[0].data_ptr());
  EXPECT_EQ(places.storage().data(), features.prefix.storage().data());
}

TEST(Vit, EveryMisuseIsNamed) {
  EXPECT_THAT(message_of(core::Fault::usage, [] { make_vit({}, {}); }),
              HasSubstr("needs images of one size"));
  EXPECT_THAT(message_of(core::Fault::usage,
                         [] {
                           make_vit({}, {.size = {32, 30}});
                         }),
              HasSubstr("patch (16) must divide the image's size (30)"));
}

}  // namespace
}  // namespace photo51::backbones
