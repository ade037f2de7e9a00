#include "photo51/backbones/cnn/convnext.hpp"

#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include <array>
#include <map>

#include "photo51/backbones/backbone.hpp"
#include "photo51/config/validate.hpp"
#include "photo51/nn/init.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::backbones {
namespace {

using test::message_of;
using ::testing::HasSubstr;

const InputShape convnext_picture{.channels = 3, .dims = 2, .size = {32, 32}};

ConvNextOptions small_convnext(int64_t version) {
  ConvNextOptions options;
  options.version = version;
  options.depths = {1, 2};
  options.embed_dims = {4, 6};
  options.kernel_size = 3;
  return options;
}

TEST(ConvNext, VariantsHaveThePublishedNumberOfParameters) {
  const nn::SkipInit skip;
  const auto count = [](int64_t version, ConvNextVariant variant) {
    ConvNextOptions options;
    options.version = version;
    options.variant = variant;
    int64_t total = 0;
    for (const auto& parameter : make_convnext(options, convnext_picture, 1000)->parameters())
      total += parameter.numel();
    return total;
  };
  const std::array<int64_t, 8> first{3695520,  5217784,  9045672,  15593560,
                                     28589128, 50223688, 88591464, 197767336};
  const std::array<int64_t, 8> second{3708400,  5233240,  9066280,  15623800,
                                      28635496, 50318440, 88717800, 197956840};
  for (size_t i = 0; i < first.size(); ++i) {
    const auto variant = static_cast<ConvNextVariant>(i);
    EXPECT_EQ(count(1, variant), first[i]) << config::name_of(variant);
    EXPECT_EQ(count(2, variant), second[i]) << config::name_of(variant);
  }
}

TEST(ConvNext, StagesShrinkAsTheStemAndThenByHalves) {
  const at::NoGradGuard no_grad;
  ConvNextOptions options = small_convnext(1);
  options.patch_size = 2;
  const auto features = make_convnext(options, convnext_picture)->features(at::randn({2, 3, 32, 36}));
  ASSERT_EQ(features.stages.size(), 2U);
  EXPECT_EQ(features.stages[0].sizes(), (std::vector<int64_t>{2, 4, 16, 18}));
  EXPECT_EQ(features.stages[1].sizes(), (std::vector<int64_t>{2, 6, 8, 9}));
}

/// Volumes whose slices are all the same are pictures: patches take the mean over the third axis of their
/// weights, and blocks look at one slice.
TEST(ConvNext, OfEqualSlicesIsTheFlatOne) {
  const at::NoGradGuard no_grad;
  for (const int64_t version : {1, 2}) {
    ConvNextOptions options = small_convnext(version);
    options.layer_scale = 0.5;
    const auto flat = make_convnext(options, convnext_picture, 5);
    const auto deep = make_convnext(options, {.channels = 3, .dims = 3, .size = {16, 32, 32}}, 5);
    for (const auto& parameter : flat->named_parameters()) parameter.value().add_(at::randn({1}) * 0.1);
    nn::Tensors state = nn::state_of(*flat);
    for (auto& [name, values] : state) {
      if (values.dim() != 4) continue;
      const int64_t edge = values.size(2);
      const at::Tensor one = values.unsqueeze(2);
      values = name.ends_with("conv_dw.weight") ? at::constant_pad_nd(one, {0, 0, 0, 0, 1, 1})
                                                : one.expand({-1, -1, edge, -1, -1}) / edge;
    }
    nn::load_state(*deep, state, "the flat one");
    const at::Tensor x = at::randn({2, 3, 32, 32});
    const at::Tensor expected = flat->logits(x);
    EXPECT_TRUE(at::allclose(deep->logits(x.unsqueeze(2).expand({-1, -1, 16, -1, -1})), expected, 1e-4, 1e-5))
        << version;
  }
}

/// The head's norm is of the mean over places.
TEST(ConvNext, LogitsNormaliseWhatIsPooled) {
  const at::NoGradGuard no_grad;
  const auto network = make_convnext(small_convnext(1), convnext_picture, 5);
  const at::Tensor x = at::randn({2, 3, 32, 32});
  const nn::Tensors state = nn::state_of(*network);
  const at::Tensor pooled = network->features(x).stages.back().mean({2, 3});
  const at::Tensor normalised = (pooled - pooled.mean(1, true)) / (pooled.var(1, false, true) + 1e-6).sqrt();
  EXPECT_TRUE(
      at::allclose(network->logits(x), at::matmul(normalised, state.at("head.fc.weight").t()), 1e-4, 1e-5));
}

TEST(ConvNext, LayerScaleIsOfVersionOneAndMayBeNone) {
  ConvNextOptions options = small_convnext(1);
  const auto scale = [&] {
    const nn::Tensors state = nn::state_of(*make_convnext(options, convnext_picture));
    const auto found = state.find("stages.1.blocks.1.gamma");
    return found == state.end() ? at::Tensor() : found->second;
  };
  EXPECT_TRUE(at::equal(scale(), at::full({6}, 1e-6F)));
  options.layer_scale = 0;
  EXPECT_FALSE(scale().defined());
  options = small_convnext(2);
  EXPECT_FALSE(scale().defined());
}

TEST(ConvNext, TrainingLeavesBlocksOut) {
  at::manual_seed(3);
  ConvNextOptions options = small_convnext(2);
  options.drop_path = 0.5;
  const auto network = make_convnext(options, convnext_picture);
  const at::NoGradGuard no_grad;
  const at::Tensor x = at::randn({16, 3, 32, 32});
  const auto last = [&] { return network->features(x).stages.back(); };
  EXPECT_FALSE(at::equal(last(), last()));
  network->eval();
  EXPECT_TRUE(at::equal(last(), last()));
}

/// The same weights by the names of each library.
TEST(ConvNext, TakesTheNamesOfOthers) {
  const auto network = make_convnext(small_convnext(1), convnext_picture, 5);
  const nn::Tensors state = nn::state_of(*network);
  struct Name {
    std::string name;
    std::vector<int64_t> sizes;
  };
  const std::map<std::string, std::vector<Name>> names{
      {"timm", {{"stages.1.blocks.1.mlp.fc1.weight", {24, 6}}, {"head.norm.bias", {6}}}},
      {"timm conv_mlp", {{"stages.1.blocks.1.mlp.fc1.weight", {24, 6, 1, 1}}, {"head.fc.bias", {5}}}},
      {"torchvision",
       {{"features.0.1.bias", {4}},
        {"features.2.1.weight", {6, 4, 2, 2}},
        {"features.3.1.block.5.weight", {6, 24}},
        {"features.3.1.layer_scale", {6, 1, 1}},
        {"classifier.0.bias", {6}},
        {"classifier.2.bias", {5}}}}};
  ASSERT_EQ(network->dialects().size(), names.size());
  for (const nn::Dialect& dialect : network->dialects()) {
    const nn::Tensors theirs = nn::translate_back(state, dialect);
    for (const Name& expected : names.at(dialect.library)) {
      ASSERT_TRUE(theirs.contains(expected.name)) << dialect.library << " " << expected.name;
      EXPECT_EQ(theirs.at(expected.name).sizes(), expected.sizes) << expected.name;
    }
    const nn::Tensors ours = nn::translate(theirs, dialect, "file", nn::Classifier::kept);
    ASSERT_EQ(ours.size(), state.size()) << dialect.library;
    for (const auto& [name, values] : state)
      EXPECT_TRUE(at::equal(values, ours.at(name))) << dialect.library << " " << name;
  }
}

/// Which of timm's two forms a file has is not asked for.
TEST(ConvNext, StartsFromBothFormsOfTimm) {
  const test::TemporaryFolder folder;
  const auto network = make_convnext(small_convnext(1), convnext_picture, 5);
  for (const nn::Dialect& dialect : network->dialects()) {
    nn::write_safetensors(folder / "weights.safetensors",
                          nn::translate_back(nn::state_of(*network), dialect));
    const auto encoder = make_convnext(small_convnext(1), convnext_picture);
    nn::load_pretrained(*encoder, folder / "weights.safetensors", encoder->dialects());
    const nn::Tensors given = nn::state_of(*network);
    for (const auto& [name, values] : nn::state_of(*encoder))
      EXPECT_TRUE(at::equal(values, given.at(name))) << dialect.library << " " << name;
  }
}

TEST(ConvNext, RefusesWhatDoesNotFit) {
  ConvNextOptions options = small_convnext(1);
  options.depths = {1, 1, 1};
  EXPECT_THAT(message_of(core::Fault::usage, [&] { make_convnext(options, convnext_picture); }),
              HasSubstr("a number of `depths` (3) and of `embed_dims` (2) for each stage"));
  EXPECT_THAT(message_of(core::Fault::usage,
                         [&] {
                           make_convnext(ConvNextOptions{}, {.channels = 1, .dims = 3, .size = {24, 64, 64}});
                         }),
              HasSubstr("makes images 32 times smaller and one axis has 24; set a smaller `patch_size`"));
  const auto refused = [](const ConvNextOptions& of) {
    return message_of(core::Fault::usage, [&] { config::validate(of, "encoder"); });
  };
  options = {};
  options.drop_path = 1;
  EXPECT_THAT(refused(options), HasSubstr("drop_path: must be below 1"));
  options = {};
  options.kernel_size = 4;
  EXPECT_THAT(refused(options), HasSubstr("kernel_size: must be odd"));
}

}  // namespace
}  // namespace photo51::backbones
