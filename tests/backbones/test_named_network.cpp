#include "photo51/backbones/named_network.hpp"

#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include "photo51/backbones/catalogue.hpp"
#include "photo51/backbones/cnn/basic_unet.hpp"
#include "photo51/backbones/cnn/resnet.hpp"
#include "photo51/backbones/decoder/decoder.hpp"
#include "photo51/backbones/decoder/options.hpp"
#include "photo51/backbones/hybrid/maxvit.hpp"
#include "photo51/backbones/image_encoder.hpp"
#include "photo51/backbones/transformer/vit.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::backbones {
namespace {

using test::message_of;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const InputShape flat{.channels = 3, .dims = 2, .size = {64, 64}};

ResNetOptions sizes(int64_t depth, int64_t width) {
  ResNetOptions options;
  options.depth = depth;
  options.width = width;
  return options;
}

/// Its weights by the library's names.
nn::Tensors by_names_of(const std::string& library, Backbone& network) {
  for (const auto& dialect : network.dialects())
    if (dialect.library == library) return nn::translate_back(nn::state_of(network), dialect);
  ADD_FAILURE() << library;
  return {};
}

TEST(NamedNetwork, RunsWithTheClassifierOfTheFile) {
  const test::TemporaryFolder folder;
  const auto network = make_resnet(sizes(18, 8), flat, 7);
  network->eval();
  const at::Tensor x = at::randn({2, 3, 64, 64});
  nn::write_safetensors(folder / "w", nn::state_of(*network));
  const at::NoGradGuard no_grad;
  const at::Tensor y = forward({"resnet", {"depth=18", "width=8"}}, folder / "w", x);
  EXPECT_TRUE(at::equal(y, network->logits(x)));
  const at::Tensor exact =
      forward({"resnet", {"width=8", "dims=2", "source=torchvision"}}, folder / "w", x.to(at::kDouble));
  EXPECT_EQ(exact.scalar_type(), at::kDouble);
  EXPECT_TRUE(at::allclose(exact.to(at::kFloat), y, 1e-4, 1e-5));
  // Of a file without a classifier the last stage.
  nn::write_safetensors(folder / "headless", nn::state_of(*make_resnet(sizes(18, 8), flat)));
  EXPECT_EQ(forward({"resnet", {"width=8"}}, folder / "headless", x).sizes(),
            (std::vector<int64_t>{2, 64, 2, 2}));
}

TEST(NamedNetwork, SourcesBringTheirNamesAndDefaults) {
  const test::TemporaryFolder folder;
  const InputShape deep{.channels = 1, .dims = 3, .size = {32, 32, 32}};
  ResNetOptions monai = sizes(18, 4);
  monai.stem_stride = 1;
  monai.downsample_bias = true;
  const auto network = make_resnet(monai, deep, 2);
  network->eval();
  nn::write_safetensors(folder / "w", nn::state_of(*network));
  const at::Tensor x = at::randn({1, 1, 32, 32, 32});
  const at::NoGradGuard no_grad;
  EXPECT_TRUE(at::equal(forward({"resnet", {"width=4", "dims=3", "source=monai"}}, folder / "w", x),
                        network->logits(x)));
  const std::vector<std::string> small{"patch_size=16", "embed_dim=12", "depth=2", "num_heads=3",
                                       "mlp_dim=8"};
  const auto vit =
      make_vit({.patch_size = 16, .embed_dim = 12, .depth = 2, .num_heads = 3, .mlp_dim = 8}, flat, 5);
  vit->eval();
  const at::Tensor image = at::randn({1, 3, 64, 64});
  for (const char* library : {"torchvision", "timm"}) {
    nn::Tensors around;
    for (const auto& [name, values] : by_names_of(library, *vit)) around["module." + name] = values;
    nn::write_safetensors(folder / library, around);
    std::vector<std::string> settings = small;
    settings.push_back(std::string("source=") + library);
    EXPECT_TRUE(at::equal(forward({"vit", settings}, folder / library, image), vit->logits(image)))
        << library;
  }
}

/// Its classifier has a hidden matrix as well, which is no number of classes.
/// Of a file with the whole network the map; encoder and decoder take their parts.
TEST(NamedNetwork, FilesWithADecoderGiveAMap) {
  const at::NoGradGuard no_grad;
  const test::TemporaryFolder folder;
  BasicUnetOptions options;
  options.features = {4, 6};
  const auto encoder = make_basic_unet(options, flat);
  const config::Choice choice = config::choose("basic_unet", options);
  const auto decoder = make_decoder(config::choose<BasicUnetDecoderOptions>("basic_unet"),
                                    decoder_input(*encoder, choice, 2, 3, 5, {64, 64}));
  nn::Tensors whole = nn::state_of(*encoder);
  whole.merge(nn::state_of(*decoder));
  nn::write_safetensors(folder / "whole", whole);
  const at::Tensor x = at::randn({2, 3, 13, 10});
  encoder->eval();
  decoder->eval();
  const Features found = encoder->features(x);
  const at::Tensor map = decoder->forward(found, x).at(0);
  const std::string features = "features=[4, 6]";
  EXPECT_TRUE(at::equal(forward({"basic_unet", {features}}, folder / "whole", x), map));
  EXPECT_TRUE(at::equal(forward({"basic_unet", {features, "decoder=auto"}}, folder / "whole", x), map));
  EXPECT_EQ(forward({"basic_unet", {features}}, folder / "whole", x.to(at::kDouble)).scalar_type(),
            at::kDouble);
  EXPECT_TRUE(at::equal(forward({"basic_unet", {features, "decoder=none"}}, folder / "whole", x),
                        found.stages.back()));
  nn::write_safetensors(folder / "encoder", nn::state_of(*encoder));
  EXPECT_TRUE(at::equal(forward({"basic_unet", {features}}, folder / "encoder", x), found.stages.back()));
  // A classifier comes first.
  const auto classifies = make_basic_unet(options, flat, 7);
  whole.merge(nn::state_of(*classifies));
  nn::write_safetensors(folder / "classifier", whole);
  EXPECT_EQ(forward({"basic_unet", {features}}, folder / "classifier", x).sizes(),
            (std::vector<int64_t>{2, 7}));

  EXPECT_THAT(
      message_of(core::Fault::data,
                 [&] {
                   forward({"basic_unet", {features, "decoder.last_features=9"}}, folder / "whole", x);
                 }),
      AllOf(HasSubstr("upcat_1.convs.conv_0.conv.weight"),
            HasSubstr("they are of the decoder `basic_unet`, whose options are decoder.KEY=VALUE")));
  EXPECT_THAT(message_of(core::Fault::usage,
                         [&] {
                           forward({"basic_unet", {features, "decoder=unet"}}, folder / "whole", x);
                         }),
              HasSubstr("`decoder=unet`: the decoder is the one of the network's name (auto) or none"));
}

TEST(NamedNetwork, ClassesAreThoseOfTheLastLayer) {
  const test::TemporaryFolder folder;
  MaxVitOptions options;
  options.variant = "tiny_tf";
  options.sizes = {.embed_dim = {8, 16, 16, 24}, .depths = {1, 1, 1, 1}, .stem_width = {4, 8}, .dim_head = 8};
  const auto network = make_maxvit(options, flat, 5);
  network->eval();
  nn::write_safetensors(folder / "w", nn::state_of(*network));
  const at::Tensor x = at::randn({1, 3, 64, 64});
  const at::NoGradGuard no_grad;
  EXPECT_TRUE(at::equal(forward({"maxvit",
                                 {"variant=tiny_tf", "embed_dim=[8, 16, 16, 24]", "depths=[1, 1, 1, 1]",
                                  "stem_width=[4, 8]", "dim_head=8"}},
                                folder / "w", x),
                        network->logits(x)));
}

TEST(NamedNetwork, ErrorsNameWhatIsWrong) {
  const test::TemporaryFolder folder;
  nn::write_safetensors(folder / "w", nn::state_of(*make_resnet(sizes(18, 8), flat, 7)));
  const at::Tensor x = at::zeros({1, 3, 64, 64});
  const auto usage = [&](const NamedNetwork& named) {
    return message_of(core::Fault::usage, [&] { forward(named, folder / "w", x); });
  };
  EXPECT_THAT(usage({"resnett", {}}), HasSubstr("there is no network `resnett` (did you mean `resnet`?)"));
  EXPECT_THAT(usage({"resnet", {"dept=18"}}), HasSubstr("dept"));
  EXPECT_THAT(usage({"resnet", {"depth=19"}}), HasSubstr("must be 10, 18"));
  EXPECT_THAT(usage({"resnet", {"dims=3"}}), HasSubstr("`dims` is 3 and the images are 2D"));
  EXPECT_THAT(usage({"resnet", {"dims=4"}}), HasSubstr("`dims=4`: dims must be 2 or 3"));
  EXPECT_THAT(usage({"resnet", {"size=32"}}), HasSubstr("`size` is [32] and the images are [64, 64]"));
  EXPECT_THAT(usage({"resnet", {"size=[64,32]"}}), HasSubstr("`size` is [64, 32] and the images are"));
  for (const char* size : {"size=", "size=0", "size=a", "size=[8,8", "size=[8,8,8,8]"})
    EXPECT_THAT(usage({"resnet", {size}}), HasSubstr("needs edges of 1 pixel or more")) << size;
  EXPECT_THAT(usage({"resnet", {"size=[8,8]", "dims=3"}}), HasSubstr("`size` has 2 edges and `dims` is 3"));
  EXPECT_THAT(usage({"resnet", {"source=jax"}}), HasSubstr("no weights of `jax` are known for this network"));
  EXPECT_THAT(usage({"resnet", {"source="}}), HasSubstr("`source` needs the name of a library"));
  EXPECT_THAT(message_of(core::Fault::data,
                         [&] {
                           forward({"resnet", {"width=16"}}, folder / "w", x);
                         }),
              HasSubstr("of another shape or type: "));
  EXPECT_THAT(message_of(core::Fault::data,
                         [&] {
                           forward({"resnet", {}}, folder / "w", at::zeros({3, 64}));
                         }),
              HasSubstr("`x` must be floating images"));
  EXPECT_THAT(message_of(core::Fault::data,
                         [&] {
                           forward({"resnet", {}}, folder / "w", x.to(at::kByte));
                         }),
              HasSubstr("`x` must be floating images"));
  static const bool once = [] {
    image_encoders().add(
        config::component<>("no_network", "a test"),
        [](const config::Choice&, const InputShape&) -> std::shared_ptr<Encoder> { return nullptr; });
    return true;
  }();
  ASSERT_TRUE(once);
  EXPECT_THAT(usage({"no_network", {}}), HasSubstr("is an encoder of its own"));
}

TEST(NamedNetwork, NamesAreRecognizedWhateverTheSizes) {
  const auto resnet = make_resnet(sizes(34, 8), flat, 7);
  const auto found = recognize(nn::state_of(*resnet));
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found[0].network, "resnet");
  EXPECT_GT(found[0].share, 0.99);
  const auto vit =
      make_vit({.patch_size = 16, .embed_dim = 12, .depth = 2, .num_heads = 3, .mlp_dim = 8}, flat, 5);
  for (const char* library : {"torchvision", "timm"}) {
    const auto of_vit = recognize(by_names_of(library, *vit));
    ASSERT_FALSE(of_vit.empty());
    EXPECT_EQ(of_vit[0].network, "vit");
    EXPECT_EQ(of_vit[0].library, library);
  }
  EXPECT_TRUE(recognize({{"strange", at::ones({3})}}).empty());
}

TEST(NamedNetwork, ShapesAreGuessedFromKernels) {
  const InputShape two = guess_shape(nn::state_of(*make_resnet(sizes(18, 8), flat)));
  EXPECT_EQ(two.dims, 2);
  EXPECT_EQ(two.channels, 3);
  const InputShape three =
      guess_shape(nn::state_of(*make_resnet(sizes(18, 8), {.channels = 1, .dims = 3, .size = {}})));
  EXPECT_EQ(three.dims, 3);
  EXPECT_EQ(three.channels, 1);
  EXPECT_THAT(three.size, ElementsAre(96, 96, 96));
  EXPECT_EQ(guess_shape({}).channels, 3);
  EXPECT_THAT(guess_shape({}, {"vit", {"size=32"}}).size, ElementsAre(32, 32));
  EXPECT_THAT(guess_shape({}, {"vit", {"size=32", "dims=3"}}).size, ElementsAre(32, 32, 32));
  const InputShape given = guess_shape({}, {"vit", {"size=[16, 32, 48]"}});
  EXPECT_EQ(given.dims, 3);
  EXPECT_THAT(given.size, ElementsAre(16, 32, 48));
}

/// From three colors and 2D to one channel and 3D, and from one grid of patches to another.
TEST(NamedNetwork, EncodersStartFromWeightsOfAnotherInput) {
  const test::TemporaryFolder folder;
  const auto colors = make_resnet(sizes(18, 8), flat, 7);
  nn::write_safetensors(folder / "w", nn::state_of(*colors),
                        {{"preprocessing", R"({"mean": [0.5], "std": [0.25]})"}});
  ResNetOptions options = sizes(18, 8);
  options.encoder.weights = folder / "w";
  const InputShape deep{.channels = 1, .dims = 3, .size = {32, 32, 32}};
  const auto build = [&] {
    return (*image_encoders().find("resnet"))(config::choose("resnet", options), deep);
  };
  EXPECT_THAT(message_of(core::Fault::data, build), HasSubstr("set adapt.channels, adapt.inflate"));
  options.encoder.adapt = {.inflate = nn::Inflate::repeat, .channels = nn::AdaptChannels::repeat};
  const auto encoder = build();
  const auto from = encoder->pretrained();
  ASSERT_TRUE(from.has_value());
  EXPECT_EQ(from->file, "w");
  EXPECT_EQ(from->library, "torchvision");
  EXPECT_THAT(from->changes,
              ElementsAre("inflate: repeat, kernels, 20", "channels: repeat, 3 -> 1 (conv1.weight)"));
  EXPECT_EQ(from->metadata.count("preprocessing"), 1U);
  const nn::Tensors state = nn::state_of(*encoder);
  EXPECT_TRUE(at::allclose(state.at("backbone.conv1.weight").sum(2),
                           nn::state_of(*colors).at("conv1.weight").sum(1, true), 1e-4, 1e-5));

  VitOptions small{.patch_size = 16, .embed_dim = 12, .depth = 1, .num_heads = 3, .mlp_dim = 8};
  nn::write_safetensors(folder / "vit", nn::state_of(*make_vit(small, flat)));
  small.encoder.weights = folder / "vit";
  small.encoder.adapt.positions = nn::AdaptPositions::interpolate;
  const InputShape wide{.channels = 3, .dims = 2, .size = {32, 96}};
  const auto positions = (*image_encoders().find("vit"))(config::choose("vit", small), wide)->pretrained();
  EXPECT_THAT(positions->changes, ElementsAre("positions: 4 x 4 -> 2 x 6 (encoder.pos_embedding)"));
}

}  // namespace
}  // namespace photo51::backbones
