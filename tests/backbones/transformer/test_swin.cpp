#include "photo51/backbones/transformer/swin.hpp"

#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include <map>

#include "photo51/backbones/backbone.hpp"
#include "photo51/config/validate.hpp"
#include "photo51/nn/capture.hpp"
#include "photo51/nn/init.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::backbones {
namespace {

using test::message_of;
using ::testing::HasSubstr;

const InputShape picture{.channels = 3, .dims = 2, .size = {32, 48}};

SwinOptions small_swin(int64_t version = 1) {
  SwinOptions options;
  options.version = version;
  options.embed_dim = 12;
  options.depths = {2, 1};
  options.num_heads = {2, 4};
  options.window_size = {4};
  return options;
}

/// Those of torchvision's swin_t, swin_s, swin_b and their second versions.
TEST(Swin, HasThePublishedNumberOfParameters) {
  const nn::SkipInit skip;
  const auto count = [](SwinVariant variant, int64_t version) {
    SwinOptions options;
    options.variant = variant;
    options.version = version;
    int64_t total = 0;
    for (const auto& parameter : make_swin(options, picture, 1000)->parameters()) total += parameter.numel();
    return total;
  };
  EXPECT_EQ(count(SwinVariant::tiny, 1), 28288354);
  EXPECT_EQ(count(SwinVariant::t, 2), 28351570);
  EXPECT_EQ(count(SwinVariant::small, 1), 49606258);
  EXPECT_EQ(count(SwinVariant::b, 1), 87768224);
  EXPECT_EQ(count(SwinVariant::base, 2), 87930848);
}

/// Places of the map rounded up at each stage; what is left of the last patch is not seen.
TEST(Swin, StagesHalveAndRoundUp) {
  const at::NoGradGuard no_grad;
  for (const int64_t version : {1, 2}) {
    const auto network = make_swin(small_swin(version), {.channels = 2, .dims = 3, .size = {}});
    network->eval();
    const at::Tensor image = at::randn({1, 2, 13, 20, 30});
    const Features features = network->features(image);
    ASSERT_EQ(features.stages.size(), 2U);
    EXPECT_EQ(features.stages[0].sizes(), (std::vector<int64_t>{1, 12, 3, 5, 7}));
    EXPECT_EQ(features.stages[1].sizes(), (std::vector<int64_t>{1, 24, 2, 3, 4}));
    const Features cut = network->features(image.slice(2, 0, 12).slice(4, 0, 28));
    EXPECT_TRUE(at::equal(features.stages[1], cut.stages[1]));
  }
}

TEST(Swin, SizesMayDifferAnAxis) {
  const at::NoGradGuard no_grad;
  SwinOptions options = small_swin();
  options.patch_size = {2, 4, 4};
  options.window_size = {2, 3, 3};
  const auto network = make_swin(options, {.channels = 1, .dims = 3, .size = {8, 24, 24}});
  EXPECT_EQ(network->features(at::randn({1, 1, 8, 24, 24})).stages[0].sizes(),
            (std::vector<int64_t>{1, 12, 4, 6, 6}));
  EXPECT_EQ(nn::state_of(*network).at("features.1.0.attn.relative_position_bias_table").sizes(),
            (std::vector<int64_t>{3 * 5 * 5, 2}));
}

/// timm's windows are those of the size that is known; torchvision's are kept.
TEST(Swin, TimmCutsWindowsToTheMaps) {
  SwinOptions options = small_swin();
  options.window_size = {7};
  const auto rows = [&](const char* stage) {
    return nn::state_of(*make_swin(options, picture))
        .at("features." + std::string(stage) + ".0.attn.relative_position_bias_table")
        .size(0);
  };
  EXPECT_EQ(rows("3"), 13 * 13);
  options.source = SwinSource::timm;
  EXPECT_EQ(rows("1"), 13 * 13);  // 8 x 12 places
  EXPECT_EQ(rows("3"), 7 * 11);   // 4 x 6
}

/// The same weights by the names of each library, with the buffers that its files hold.
TEST(Swin, TakesTheNamesOfOthers) {
  const test::TemporaryFolder folder;
  for (const int64_t version : {1, 2}) {
    const auto network = make_swin(small_swin(version), picture, 5);
    const nn::Tensors state = nn::state_of(*network);
    const std::map<std::string, std::string> merging{{"torchvision", "features.2.norm.weight"},
                                                     {"timm", "layers.1.downsample.norm.weight"},
                                                     {"Microsoft", "layers.0.downsample.norm.weight"}};
    ASSERT_EQ(network->dialects().size(), merging.size());
    for (const nn::Dialect& dialect : network->dialects()) {
      nn::Tensors theirs = nn::translate_back(state, dialect);
      EXPECT_TRUE(theirs.contains(merging.at(dialect.library))) << dialect.library;
      EXPECT_EQ(theirs.contains("layers.0.blocks.1.attn.q_bias"),
                version == 2 && dialect.library != "torchvision");
      const std::string index =
          std::string(dialect.library == "torchvision" ? "features.1.0" : "layers.0.blocks.0") +
          ".attn.relative_position_index";
      EXPECT_EQ(theirs.contains(index), dialect.library == "torchvision");
      theirs[index] = at::zeros({16, 16}, at::kLong);
      if (dialect.library != "torchvision") theirs["layers.0.blocks.1.attn_mask"] = at::zeros({6, 16, 16});
      const auto whole = make_swin(small_swin(version), picture, 5);
      nn::load_state(*whole, nn::translate(theirs, dialect, "file", nn::Classifier::kept), "file");
      for (const auto& [name, values] : nn::state_of(*whole))
        EXPECT_TRUE(at::equal(values, state.at(name))) << dialect.library << " " << name;
      nn::write_safetensors(folder / "w.safetensors", theirs);
      const auto encoder = make_swin(small_swin(version), picture);
      nn::load_pretrained(*encoder, folder / "w.safetensors", encoder->dialects());
      for (const auto& [name, values] : nn::state_of(*encoder))
        EXPECT_TRUE(at::equal(values, state.at(name))) << dialect.library << " " << name;
    }
  }
}

/// Where in a window each place may look, x fastest: by hand for 2 x 2.
TEST(Swin, TorchvisionGetsItsBuffersBack) {
  SwinOptions options = small_swin(2);
  options.window_size = {2};
  const auto network = make_swin(options, picture);
  const nn::Tensors back = nn::translate_back(nn::state_of(*network), network->dialects()[0]);
  EXPECT_TRUE(at::equal(back.at("features.1.0.attn.relative_position_index"),
                        at::tensor({4, 3, 1, 0, 5, 4, 2, 1, 7, 6, 4, 3, 8, 7, 5, 4}, at::kLong)));
  EXPECT_EQ(back.at("features.3.0.attn.relative_coords_table").sizes(), (std::vector<int64_t>{1, 3, 3, 2}));
}

TEST(Swin, BlocksReportTheirAttention) {
  const auto network = make_swin(small_swin(), picture);
  network->eval();
  const at::Tensor image = at::randn({2, 3, 32, 48});
  const at::Tensor plain = network->features(image).stages.back();
  const nn::Capture capture(*network);
  EXPECT_LE((network->features(image).stages.back() - plain).abs().max().item<double>(), 1e-5);
  EXPECT_EQ(capture.activations("features.1.1.attn.attention").at(0).sizes(),
            (std::vector<int64_t>{2, 6, 2, 16, 16}));  // 8 x 12 places
  EXPECT_EQ(capture.activations("features.3").at(0).sizes(), (std::vector<int64_t>{2, 4, 6, 24}));
}

TEST(Swin, DropPathIsOfTraining) {
  const at::NoGradGuard no_grad;
  SwinOptions options = small_swin();
  options.drop_path = 0.9;
  const auto network = make_swin(options, picture);
  const at::Tensor image = at::randn({4, 3, 32, 48});
  EXPECT_FALSE(at::equal(network->features(image).stages.back(), network->features(image).stages.back()));
  network->eval();
  EXPECT_TRUE(at::equal(network->features(image).stages.back(), network->features(image).stages.back()));
}

TEST(Swin, EveryMisuseIsNamed) {
  const auto failure = [](const auto& change, const InputShape& shape = picture) {
    SwinOptions options = small_swin();
    change(options);
    return message_of(core::Fault::usage, [&] { make_swin(options, shape); });
  };
  EXPECT_THAT(failure([](SwinOptions& o) { o.depths = {1}; }), HasSubstr("`depths` (1) and `num_heads` (2)"));
  EXPECT_THAT(failure([](SwinOptions& o) { o.num_heads = {5, 5}; }), HasSubstr("must divide its width (12)"));
  EXPECT_THAT(failure([](SwinOptions& o) {
                o.window_size = {4, 4, 4};
              }),
              HasSubstr("`window_size` takes one number or, for images in 2D, 2; it has 3"));
  EXPECT_THAT(failure([](SwinOptions& o) { o.patch_size = {}; }), HasSubstr("`patch_size` takes one number"));
  EXPECT_THAT(failure([](SwinOptions&) {}, {.channels = 3, .dims = 2, .size = {32, 3}}),
              HasSubstr("the patch (4) is larger than the image (3)"));
}

TEST(Swin, OptionsAreHeldToTheirConditions) {
  const auto failure = [](const auto& change) {
    SwinOptions options = small_swin(2);
    change(options);
    return message_of(core::Fault::usage, [&] { config::validate(options, "m"); });
  };
  EXPECT_NO_THROW(config::validate(SwinOptions{}, "m"));
  EXPECT_THAT(failure([](SwinOptions& o) { o.depths = {1}; }), HasSubstr("m.num_heads: must be as many as"));
  EXPECT_THAT(failure([](SwinOptions& o) {
                o.num_heads = {3, 5};
              }),
              HasSubstr("m.num_heads: must divide the features of their stages"));
  EXPECT_THAT(failure([](SwinOptions& o) { o.pretrained_window_size = {4}; }),
              HasSubstr("m.pretrained_window_size: must be as many as"));
  EXPECT_THAT(failure([](SwinOptions& o) { o.dropout = 1; }), HasSubstr("m.dropout: must be below 1"));
  EXPECT_THAT(failure([](SwinOptions& o) { o.attention_dropout = 1; }),
              HasSubstr("m.attention_dropout: must be below 1"));
  EXPECT_THAT(failure([](SwinOptions& o) { o.drop_path = 1; }), HasSubstr("m.drop_path: must be below 1"));
}

}  // namespace
}  // namespace photo51::backbones
