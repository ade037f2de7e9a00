#include "photo51/backbones/hybrid/unetr.hpp"

#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include <map>

#include "photo51/backbones/backbone.hpp"
#include "photo51/config/validate.hpp"
#include "photo51/nn/capture.hpp"
#include "photo51/nn/init.hpp"
#include "photo51/nn/layers/sincos_position.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "support/errors.hpp"

namespace photo51::backbones {
namespace {

using test::message_of;
using ::testing::HasSubstr;

UnetrOptions tiny_unetr() {
  UnetrOptions options;
  options.patch_size = 4;
  options.embed_dim = 12;
  options.depth = 3;
  options.num_heads = 3;
  options.mlp_dim = 16;
  options.skip_layers = {1, 2};
  return options;
}

const InputShape box{.channels = 2, .dims = 3, .size = {4, 8, 12}};

TEST(Unetr, HasThePublishedNumberOfParameters) {
  const nn::SkipInit skip;
  int64_t total = 0;
  for (const auto& parameter : make_unetr({}, {.channels = 2, .dims = 3, .size = {32, 48, 32}})->parameters())
    total += parameter.numel();
  EXPECT_EQ(total, 91329792);  // of the ViT in MONAI's UNETR, without `norm_cross_attn`, which does nothing
}

/// A stage is what came out of its layer; the last is normed. A class token is none of its places.
TEST(Unetr, StagesAreHiddenStates) {
  const at::NoGradGuard no_grad;
  for (const bool class_token : {false, true}) {
    UnetrOptions options = tiny_unetr();
    options.class_token = class_token;
    const auto network = make_unetr(options, box);
    EXPECT_EQ(network->widths(), (std::vector<int64_t>{12, 12, 12}));
    const nn::Capture capture(*network);
    const Features features = network->features(at::randn({2, 2, 4, 8, 12}));
    ASSERT_EQ(features.stages.size(), 3U);
    const std::vector<std::string> paths{"encoder.layers.encoder_layer_0", "encoder.layers.encoder_layer_1",
                                         "encoder.ln"};
    for (size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(features.stages[i].sizes(), (std::vector<int64_t>{2, 12, 1, 2, 3}));
      EXPECT_TRUE(at::equal(place_tokens(features.stages[i]),
                            capture.activations(paths[i]).at(0).slice(1, class_token ? 1 : 0)))
          << paths[i];
    }
    EXPECT_EQ(features.prefix.defined(), class_token);
    EXPECT_EQ(network->prefix_tokens(), class_token ? 1 : 0);
  }
}

/// Of a file by MONAI's names it is a matrix [D, voxels x C], channels fastest.
TEST(Unetr, PerceptronsAreConvolutionsOfOtherLayout) {
  UnetrOptions options = tiny_unetr();
  options.projection = VitProjection::perceptron;
  for (const InputShape& shape : {box, InputShape{.channels = 3, .dims = 2, .size = {4, 8}}}) {
    const auto network = make_unetr(options, shape);
    const nn::Tensors own = nn::state_of(*network);
    const at::Tensor kernel = own.at("conv_proj.weight");
    const std::map<std::string, std::string> around{{"MONAI", "vit."}, {"MONAI ViT", ""}};
    ASSERT_EQ(network->dialects().size(), around.size());
    for (const auto& dialect : network->dialects()) {
      const nn::Tensors theirs = nn::translate_back(own, dialect);
      const std::string from = around.at(dialect.library) + "patch_embedding.patch_embeddings.1.";
      const at::Tensor matrix = theirs.at(from + "weight");
      EXPECT_TRUE(at::equal(theirs.at(from + "bias"), own.at("conv_proj.bias")));
      const at::Tensor patch = at::randn(kernel.sizes().slice(1));
      EXPECT_TRUE(at::allclose(at::mv(matrix, patch.movedim(0, -1).flatten()),
                               at::mv(kernel.flatten(1), patch.flatten()), 1e-4, 1e-5));
      EXPECT_TRUE(at::equal(nn::translate(theirs, dialect, "file").at("conv_proj.weight"), kernel));
    }
  }
}

/// The channels are the file's, so that it is loading that refuses them.
TEST(Unetr, PerceptronsOfOtherPatchesAreMisShaped) {
  UnetrOptions options = tiny_unetr();
  options.projection = VitProjection::perceptron;
  const auto network = make_unetr(options, box);
  const nn::Dialect dialect = network->dialects().at(1);
  nn::Tensors theirs = nn::translate_back(nn::state_of(*network), dialect);
  at::Tensor& matrix = theirs.at("patch_embedding.patch_embeddings.1.weight");
  for (const int64_t inputs : {64, 65}) {
    matrix = at::ones({12, inputs});
    EXPECT_THAT(message_of(core::Fault::data,
                           [&] { nn::load_state(*network, nn::translate(theirs, dialect, "file"), "file"); }),
                HasSubstr("conv_proj.weight"))
        << inputs;
  }
}

TEST(Unetr, PositionsMayBeFixed) {
  UnetrOptions options = tiny_unetr();
  options.position = VitPosition::sincos;
  const auto network = make_unetr(options, box);
  const std::string name = "encoder.pos_embedding";
  EXPECT_FALSE(network->named_parameters().contains(name));
  EXPECT_TRUE(at::equal(nn::state_of(*network).at(name), nn::sincos_position({1, 2, 3}, 12)));
}

TEST(Unetr, LogitsEndInTanh) {
  const at::NoGradGuard no_grad;
  UnetrOptions options = tiny_unetr();
  options.class_token = true;
  const auto network = make_unetr(options, box, 5);
  const at::Tensor image = at::randn({2, 2, 4, 8, 12});
  const auto state = nn::state_of(*network);
  const at::Tensor expected = at::linear(network->features(image).prefix.select(1, 0),
                                         state.at("heads.head.weight"), state.at("heads.head.bias"))
                                  .tanh();
  EXPECT_TRUE(at::allclose(network->logits(image), expected, 1e-5, 1e-6));
}

TEST(Unetr, TakesWholeNetworksAndVitsAlone) {
  UnetrOptions options = tiny_unetr();
  options.class_token = true;
  const auto network = make_unetr(options, box, 5);
  const nn::Tensors own = nn::state_of(*network);
  const auto dialects = network->dialects();
  nn::Tensors whole = nn::translate_back(own, dialects.at(0)),
              alone = nn::translate_back(own, dialects.at(1));
  EXPECT_TRUE(at::equal(whole.at("vit.blocks.2.norm_cross_attn.weight"), at::ones({12})));
  EXPECT_TRUE(at::equal(alone.at("blocks.0.norm_cross_attn.bias"), at::zeros({12})));
  for (const char* name : {"patch_embedding.position_embeddings", "cls_token", "blocks.1.attn.qkv.weight",
                           "blocks.1.mlp.linear1.bias", "norm.weight", "classification_head.0.weight"})
    EXPECT_TRUE(alone.contains(name)) << name;
  for (const char* name : {"encoder2.transp_conv_init.conv.weight", "decoder5.transp_conv.conv.weight",
                           "out.conv.conv.bias", "vit.blocks.0.cross_attn.to_q.weight"})
    whole[name] = at::ones({1});
  alone["blocks.0.cross_attn.to_q.weight"] = at::ones({1});
  for (const auto& [file, dialect] :
       {std::pair{whole, dialects[0]}, std::pair{alone, dialects[1]}, std::pair{own, dialects[0]}}) {
    const nn::Tensors translated = nn::translate(file, dialect, "file", nn::Classifier::kept);
    ASSERT_EQ(translated.size(), own.size()) << dialect.library;
    for (const auto& [name, values] : own)
      EXPECT_TRUE(at::equal(translated.at(name), values)) << dialect.library << " " << name;
    EXPECT_EQ(nn::translate(file, dialect, "file").size(), own.size() - 2) << dialect.library;
  }
}

TEST(Unetr, EveryMisuseIsNamed) {
  const auto built = [](const InputShape& shape, const auto& change) {
    UnetrOptions options = tiny_unetr();
    change(options);
    return message_of(core::Fault::usage, [&] { make_unetr(options, shape); });
  };
  const auto nothing = [](UnetrOptions&) {};
  EXPECT_THAT(built({}, nothing), HasSubstr("needs images of one size"));
  EXPECT_THAT(built({.size = {8, 6}}, nothing), HasSubstr("patch (4) must divide the image's size (6)"));
  EXPECT_THAT(built(box, [](UnetrOptions& o) { o.num_heads = 5; }),
              HasSubstr("heads of an attention (5) must divide its width (12)"));
  EXPECT_THAT(built(box,
                    [](UnetrOptions& o) {
                      o.skip_layers = {2, 3};
                    }),
              HasSubstr("must be ascending, at least 1 and below its `depth` (3)"));
  EXPECT_THAT(built(box,
                    [](UnetrOptions& o) {
                      o.embed_dim = 15;
                      o.position = VitPosition::sincos;
                    }),
              HasSubstr("a multiple of 6, not 15; change `embed_dim`, or set `position: learned`"));
  const auto read = [](const auto& change) {
    UnetrOptions options = tiny_unetr();
    change(options);
    return message_of(core::Fault::usage, [&] { config::validate(options, "unetr"); });
  };
  EXPECT_THAT(read([](UnetrOptions& o) { o.num_heads = 5; }),
              HasSubstr("embed_dim: must be a multiple of `num_heads`"));
  EXPECT_THAT(read([](UnetrOptions& o) {
                o.skip_layers = {2, 1};
              }),
              HasSubstr("skip_layers: must be ascending and below `depth`"));
  EXPECT_THAT(read([](UnetrOptions& o) { o.dropout = 1; }), HasSubstr("dropout: must be below 1"));
}

}  // namespace
}  // namespace photo51::backbones
