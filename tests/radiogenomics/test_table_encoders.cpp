#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include "photo51/nn/weights/weights.hpp"
#include "photo51/radiogenomics/encoders/table_encoders.hpp"
#include "support/errors.hpp"

namespace photo51::radiogenomics {
namespace {

using test::message_of;
using ::testing::HasSubstr;

data::InputBatch table(const at::Tensor& values, const std::vector<int>& present) {
  return {values, at::tensor(present).to(at::kBool), {}};
}

std::shared_ptr<backbones::Encoder> build(const config::Choice& choice, int64_t features,
                                          bool image = false) {
  return (*table_encoders().find(choice.name))(choice,
                                               {.image = image, .channels = features, .dims = 3, .size = {}});
}

TEST(Snn, KeepsMeanZeroAndDeviationOne) {
  at::manual_seed(1);
  auto encoder =
      build(config::choose<SnnOptions>("snn", {.hidden = {256, 256, 256, 256}, .dropout = 0.1}), 200);
  const at::Tensor out = encoder->encode(table(at::randn({512, 200}), std::vector<int>(512, 1)))
                             .values;  // training: dropout acts
  EXPECT_NEAR(out.mean().item<double>(), 0, 0.08);
  EXPECT_NEAR(out.std().item<double>(), 1, 0.1);
}

TEST(Snn, OneLayerIsTheFormula) {
  Snn snn({.hidden = {3}, .dropout = 0.5}, 2);
  snn.eval();
  const at::Tensor x = at::randn({4, 2});
  const auto state = nn::state_of(snn);
  const at::Tensor expected = at::selu(at::matmul(x, state.at("layer1.weight").t()));
  EXPECT_TRUE(at::allclose(snn.encode(table(x, {1, 1, 1, 1})).values.squeeze(1), expected));
  EXPECT_EQ(snn.width(), 3);
}

TEST(Snn, NoiseIsOnTheInputInTrainingOnly) {
  at::manual_seed(2);
  Snn snn({.hidden = {1}, .dropout = 0, .noise = 0.5}, 1);
  {
    const at::NoGradGuard no_grad;
    nn::state_of(snn).at("layer1.weight").fill_(1);
  }
  // Far above zero SELU is linear with slope 1.0507, so the noise's deviation shows in the output.
  const at::Tensor x = at::full({4000, 1}, 50.0);
  const std::vector<int> present(4000, 1);
  EXPECT_NEAR(snn.encode(table(x, present)).values.std().item<double>(), 0.5 * 1.0507, 0.03);
  snn.eval();
  EXPECT_NEAR(snn.encode(table(x, present)).values.std().item<double>(), 0, 1e-3);
}

TEST(TableEncoders, AbsentRowsAreMasked) {
  for (const auto& choice : {config::choose<SnnOptions>("snn"), config::choose<IdentityOptions>("identity"),
                             config::choose<LinearOptions>("linear", {.width = 7})}) {
    auto encoder = build(choice, 5);
    at::Tensor values = at::randn({3, 5});
    values[1].fill_(std::nanf(""));
    const auto tokens = encoder->encode(table(values, {1, 0, 1}));
    EXPECT_EQ(tokens.values.sizes(), (std::vector<int64_t>{3, 1, encoder->width()}));
    EXPECT_TRUE(tokens.values.isfinite().all().item<bool>());
    EXPECT_EQ(tokens.values[1].abs().sum().item<float>(), 0);
    EXPECT_TRUE(at::equal(tokens.mask.squeeze(1), at::tensor({1, 0, 1}).to(at::kBool)));
    EXPECT_FALSE(encoder->encode(table(values, {0, 0, 0})).mask.any().item<bool>());
  }
}

TEST(IdentityEncoder, IsTheTable) {
  auto encoder = build(config::choose<IdentityOptions>("identity"), 5);
  const at::Tensor values = at::randn({2, 5});
  EXPECT_TRUE(at::equal(encoder->encode(table(values, {1, 1})).values.squeeze(1), values));
  EXPECT_TRUE(nn::state_of(*encoder).empty());
}

TEST(TableEncoders, EveryMisuseIsNamed) {
  EXPECT_THAT(message_of(core::Fault::usage, [] { build(config::choose<SnnOptions>("snn"), 3, true); }),
              HasSubstr("`snn` encodes tables and this input is an image"));
  EXPECT_THAT(message_of(core::Fault::usage, [] { build(config::choose<IdentityOptions>("identity"), 0); }),
              HasSubstr("no features"));
  EXPECT_THAT(message_of(core::Fault::usage, [] { build(config::choose<LinearOptions>("linear"), 3); }),
              HasSubstr("`linear` needs a `width`"));
  auto encoder = build(config::choose<SnnOptions>("snn"), 3);
  EXPECT_THAT(message_of(core::Fault::data,
                         [&] {
                           encoder->encode(table(at::ones({2, 4}), {1, 1}));
                         }),
              HasSubstr("a table of 3 features and got a batch of shape [2, 4]"));
}

}  // namespace
}  // namespace photo51::radiogenomics
