#include "photo51/nn/weights/adapt.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include "photo51/nn/layers/conv.hpp"
#include "photo51/nn/weights/dialect.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::nn {
namespace {

using test::message_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

at::Tensor adapted_to(const std::vector<int64_t>& sizes, const at::Tensor& given, const AdaptOptions& options,
                      const AdaptTarget& target, const std::string& name = "conv.weight") {
  return adapt({{name, given}}, {{name, at::zeros(sizes)}}, options, target).tensors.at(name);
}

/// An image that is constant along z gives what its slice gave, whatever the depth of the kernel.
TEST(Adapt, RepeatedKernelsSeeASlice) {
  const at::Tensor flat = at::randn({4, 2, 3, 3}, at::kDouble), slice = at::randn({1, 2, 7, 8}, at::kDouble);
  const at::Tensor deep = adapted_to({4, 2, 5, 3, 3}, flat, {.inflate = Inflate::repeat}, {.channels = 2});
  const at::Tensor image = slice.unsqueeze(2).expand({1, 2, 5, 7, 8});
  EXPECT_TRUE(at::allclose(at::conv3d(image, deep).squeeze(2), at::conv2d(slice, flat), 1e-12, 1e-12));
}

TEST(Adapt, CentredKernelsSeeTheMiddleSlice) {
  const at::Tensor flat = at::randn({4, 2, 3, 3});
  const at::Tensor deep = adapted_to({4, 2, 3, 3, 3}, flat, {.inflate = Inflate::center}, {.channels = 2});
  EXPECT_TRUE(at::equal(deep.select(2, 1), flat));
  EXPECT_EQ(deep.select(2, 0).abs().sum().item<float>() + deep.select(2, 2).abs().sum().item<float>(), 0);
}

/// As timm's adapt_input_conv, by hand.
TEST(Adapt, ChannelsKeepTheirSum) {
  const at::Tensor three = at::tensor({1.0F, 2.0F, 6.0F}).view({1, 3, 1, 1});
  const auto to = [&](int64_t channels, AdaptChannels how) {
    return adapted_to({1, channels, 1, 1}, three, {.channels = how}, {.dims = 2, .channels = channels})
        .flatten();
  };
  EXPECT_TRUE(at::equal(to(1, AdaptChannels::repeat), at::tensor({9.0F})));
  EXPECT_TRUE(at::equal(to(1, AdaptChannels::mean), at::tensor({9.0F})));
  EXPECT_TRUE(at::equal(to(4, AdaptChannels::repeat), at::tensor({0.75F, 1.5F, 4.5F, 0.75F})));
  EXPECT_TRUE(at::equal(to(2, AdaptChannels::repeat), at::tensor({1.5F, 3.0F})));
  EXPECT_TRUE(at::equal(to(4, AdaptChannels::mean), at::full({4}, 2.25F)));
  const at::Tensor half = adapted_to({1, 1, 1, 1}, three.to(at::kHalf), {.channels = AdaptChannels::repeat},
                                     {.dims = 2, .channels = 1});
  EXPECT_EQ(half.scalar_type(), at::kHalf);
  EXPECT_EQ(half.item<float>(), 9);
}

TEST(Adapt, OnlyTheFirstConvolutionHasOtherChannels) {
  const AdaptOptions options{.channels = AdaptChannels::repeat};
  const at::Tensor later = at::ones({8, 3, 3, 3});
  EXPECT_EQ(adapted_to({8, 16, 3, 3}, later, options, {.dims = 2, .channels = 1}).sizes(), later.sizes());
  EXPECT_EQ(adapted_to({4, 1, 3, 3}, later, options, {.dims = 2, .channels = 1}).sizes(), later.sizes());
  EXPECT_EQ(adapted_to({8, 1, 5, 5}, later, options, {.dims = 2, .channels = 1}).sizes(), later.sizes());
}

TEST(Adapt, FromColorSlicesToOneVolume) {
  const at::Tensor flat = at::rand({4, 3, 7, 7});
  const auto found =
      adapt({{"conv1.weight", flat}, {"bn.weight", at::ones({4})}},
            {{"conv1.weight", at::zeros({4, 1, 7, 7, 7})}, {"bn.weight", at::zeros({4})}},
            {.inflate = Inflate::repeat, .channels = AdaptChannels::repeat}, {.dims = 3, .channels = 1});
  EXPECT_TRUE(at::allclose(found.tensors.at("conv1.weight").sum(2).squeeze(1), flat.sum(1)));
  EXPECT_THAT(found.changes,
              ElementsAre("inflate: repeat, kernels, 1", "channels: repeat, 3 -> 1 (conv1.weight)"));
  EXPECT_THAT(found.would_help, IsEmpty());
}

TEST(Adapt, OptionsThatWouldHelpAreNamed) {
  const auto found = adapt({{"conv1.weight", at::ones({4, 3, 7, 7})}, {"pos", at::ones({1, 5, 2})}},
                           {{"conv1.weight", at::zeros({4, 1, 7, 7, 7})}, {"pos", at::zeros({1, 10, 2})}}, {},
                           {.dims = 3, .channels = 1, .positions = {{"pos", 1, {3, 3}}}});
  EXPECT_THAT(found.would_help, ElementsAre("adapt.channels", "adapt.inflate", "adapt.positions"));
  EXPECT_THAT(found.changes, IsEmpty());
  EXPECT_EQ(found.tensors.at("conv1.weight").dim(), 4);
}

/// A plane, which bicubic and linear interpolation keep away from the edges; the class token stays.
TEST(Adapt, PositionsAreThoseOfAnotherGrid) {
  const auto ramp = [](const std::vector<int64_t>& grid) {  // by the middles of the places, 0 to 1
    std::vector<at::Tensor> axes;
    for (const int64_t edge : grid) axes.push_back((at::arange(edge, at::kFloat) + 0.5) / edge);
    at::Tensor sum = at::zeros(grid);
    const auto places = at::meshgrid(axes, "ij");
    for (size_t i = 0; i < places.size(); ++i) sum = sum + places[i] * static_cast<double>(i + 1);
    return sum;
  };
  const AdaptOptions options{.positions = AdaptPositions::interpolate};
  const auto table = [&](const std::vector<int64_t>& grid) {
    return at::cat({at::full({1}, 9.0F), ramp(grid).flatten()}).view({1, -1, 1});
  };
  const auto convert = [&](const std::vector<int64_t>& from, const std::vector<int64_t>& to) {
    const at::Tensor given = table(from);
    const AdaptTarget target{
        .dims = static_cast<int64_t>(to.size()), .channels = 1, .positions = {{"pos", 1, to}}};
    const Tensors kernel{{"proj", from.size() == 3 ? at::ones({1, 1, 2, 2, 2}) : at::ones({1, 1, 2, 2})}};
    const auto found = adapt({{"pos", given}, *kernel.begin()}, {{"pos", table(to)}}, options, target);
    EXPECT_EQ(found.changes.size(), 1U);
    return found.tensors.at("pos");
  };
  const auto inner = [](const at::Tensor& positions, const std::vector<int64_t>& grid) {
    at::Tensor map = positions.flatten().slice(0, 1).view(grid);
    for (int64_t axis = 0; axis < map.dim(); ++axis)
      map = map.slice(axis, map.size(axis) / 3, map.size(axis) - map.size(axis) / 3);
    return map;
  };
  for (const auto& [from, to] : std::vector<std::pair<std::vector<int64_t>, std::vector<int64_t>>>{
           {{8, 8}, {12, 15}}, {{16, 16}, {8, 8}}, {{6, 6, 6}, {9, 12, 12}}}) {
    const at::Tensor found = convert(from, to);
    EXPECT_EQ(found.flatten()[0].item<float>(), 9);
    EXPECT_TRUE(at::allclose(inner(found, to), inner(table(to), to), 1e-2, 2e-2)) << found;
  }
  const at::Tensor deep = convert({6, 6}, {3, 6, 6});
  EXPECT_TRUE(at::allclose(deep.flatten().slice(0, 1).view({3, 36})[2], ramp({6, 6}).flatten(), 1e-5, 1e-6));
  // No square, or of another width: as it is, so that loading says so.
  const AdaptTarget target{.dims = 2, .channels = 1, .positions = {{"pos", 1, {3, 3}}}};
  EXPECT_EQ(adapted_to({1, 10, 2}, at::ones({1, 8, 2}), options, target, "pos").size(1), 8);
  EXPECT_EQ(adapted_to({1, 10, 2}, at::ones({1, 5, 3}), options, target, "pos").size(1), 5);
}

TEST(Adapt, RelativePositionsAreThoseOfAnotherWindow) {
  const AdaptOptions options{.positions = AdaptPositions::interpolate};
  const std::string table = "layers.0.attn.relative_position_bias_table",
                    index = "layers.0.attn.relative_position_index";
  const at::Tensor given = at::arange(5, at::kFloat).view({1, 5}).expand({5, 5}).reshape({25, 1});
  const at::Tensor own_index = at::arange(16).view({4, 4});
  const Tensors own{{table, at::zeros({81, 1})}, {index, own_index}};
  const auto found =
      adapt({{table, given}, {index, at::zeros({9, 9}, at::kLong)}}, own, options, {.dims = 2});
  const at::Tensor map = found.tensors.at(table).view({9, 9});
  EXPECT_TRUE(at::allclose(map[0], map[8]));
  EXPECT_NEAR(map[4][4].item<float>(), 2, 1e-5);  // the middle stays the middle
  EXPECT_TRUE(at::equal(found.tensors.at(index), own_index));
  EXPECT_THAT(found.changes, ElementsAre("positions: computed anew, buffers, 1",
                                         "positions: offsets 5 x 5 -> 9 x 9, tables, 1"));
  // The window of a plane, in a volume: the same at each offset along z.
  const auto deep = adapt({{table, given}, {"conv", at::ones({1, 1, 2, 2})}}, {{table, at::zeros({27, 1})}},
                          options, {.dims = 3});
  const at::Tensor cube = deep.tensors.at(table).view({3, 3, 3});
  EXPECT_TRUE(at::equal(cube[0], cube[2]));
  EXPECT_NEAR(cube[1][1][1].item<float>(), 2, 1e-5);
  const auto refused = adapt({{table, given}, {index, at::zeros({9, 9}, at::kLong)}}, own, {}, {.dims = 2});
  EXPECT_THAT(refused.would_help, ElementsAre("adapt.positions"));
  EXPECT_EQ(refused.tensors.at(table).size(0), 25);
}

struct AdaptNet : torch::nn::Module {
  AdaptNet() {
    conv = register_module("conv", std::make_shared<Conv>(Conv::Shape{.dims = 3, .in = 1, .out = 2}));
  }
  std::shared_ptr<Conv> conv;
};

TEST(Pretrained, WhatIsAdaptedIsSaidAndNothingElseIs) {
  test::TemporaryFolder folder;
  const std::vector<Dialect> dialects{{.library = "ours"}};
  const at::Tensor flat = at::rand({2, 3, 3, 3});
  write_safetensors(folder / "flat", {{"module.conv.weight", flat}});
  AdaptNet net;
  PretrainedOptions options{.target = {.dims = 3, .channels = 1}};
  const at::Tensor before = net.conv->weight.detach().clone();
  EXPECT_THAT(
      message_of(core::Fault::data, [&] { load_pretrained(net, folder / "flat", dialects, options); }),
      HasSubstr("conv.weight [2, 3, 3, 3] where [2, 1, 3, 3, 3] is needed; the names were read as those of "
                "ours; to "
                "change what has another shape, set adapt.channels, adapt.inflate"));
  EXPECT_TRUE(at::equal(net.conv->weight, before));
  options.adapt = {.inflate = Inflate::repeat, .channels = AdaptChannels::repeat};
  const Pretrained loaded = load_pretrained(net, folder / "flat", dialects, options);
  EXPECT_EQ(loaded.library, "ours");
  EXPECT_EQ(loaded.changes.size(), 2U);
  EXPECT_TRUE(at::allclose(net.conv->weight.sum(2).squeeze(1), flat.sum(1)));
}

TEST(Pretrained, ModulesAroundTheNetworkAreTakenOff) {
  const at::Tensor one = at::ones({1});
  const auto names = [&](const std::vector<std::string>& given) {
    Tensors tensors;
    for (const auto& name : given) tensors.emplace(name, one);
    std::vector<std::string> bare;
    for (const auto& entry : without_wrappers(tensors)) bare.push_back(entry.first);
    return bare;
  };
  EXPECT_THAT(names({"module._orig_mod.a.w", "module._orig_mod.b"}), ElementsAre("a.w", "b"));
  EXPECT_THAT(names({"module.a", "b"}), ElementsAre("b", "module.a"));
  EXPECT_THAT(names({"backbone.a", "head.w"}), ElementsAre("a"));
  EXPECT_THAT(names({}), IsEmpty());
}

}  // namespace
}  // namespace photo51::nn
