#include "photo51/backbones/hybrid/maxvit.hpp"

#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include <map>

#include "photo51/backbones/backbone.hpp"
#include "photo51/config/read.hpp"
#include "photo51/nn/capture.hpp"
#include "photo51/nn/init.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "support/errors.hpp"

namespace photo51::backbones {
namespace {

using test::message_of;
using ::testing::HasSubstr;

MaxVitOptions small_maxvit(const std::string& variant = "t") {
  MaxVitOptions options;
  options.variant = variant;
  options.sizes = {.embed_dim = {8, 16, 16, 24}, .depths = {1, 1, 2, 1}, .stem_width = {4, 8}, .dim_head = 8};
  return options;
}

TEST(MaxVit, VariantsHaveThePublishedNumberOfParameters) {
  const nn::SkipInit skip;
  const std::map<std::string, std::pair<int64_t, int64_t>> published{
      {"t", {224, 30919624}},  // torchvision's; the others are timm's, with 1000 classes
      {"tiny_tf", {224, 30916528}},
      {"small_tf", {224, 68927956}},
      {"base_tf", {224, 119467708}},
      {"large_tf", {224, 211785560}},
      {"xlarge_tf", {224, 474951952}},
      {"pico_rw", {256, 7457996}},
      {"nano_rw", {256, 15451148}},
      {"tiny_rw", {224, 29057312}},
      {"rmlp_pico_rw", {256, 7515980}},
      {"rmlp_nano_rw", {256, 15501452}},
      {"rmlp_tiny_rw", {256, 29148896}},
      {"rmlp_small_rw", {224, 64895044}},
      {"rmlp_base_rw", {224, 116135788}}};
  for (const auto& [variant, is] : published) {
    MaxVitOptions options;
    options.variant = variant;
    int64_t total = 0;
    for (const auto& parameter :
         make_maxvit(options, {.channels = 3, .dims = 2, .size = {is.first, is.first}}, 1000)->parameters())
      total += parameter.numel();
    EXPECT_EQ(total, is.second) << variant;
  }
}

/// In 3D as well: an attention a window and head, of neighbours in `attn_block`, of a grid in `attn_grid`.
TEST(MaxVit, AttendsInWindowsAndInGrids) {
  const at::NoGradGuard no_grad;
  const InputShape volume{.channels = 1, .dims = 3, .size = {32, 64, 64}};
  const auto network = make_maxvit(small_maxvit(), volume);
  network->eval();
  EXPECT_EQ(network->widths(), (std::vector<int64_t>{8, 8, 16, 16, 24}));
  const nn::Capture capture(*network);
  const Features features = network->features(at::randn({2, 1, 32, 64, 64}));
  std::vector<int64_t> edges;
  for (const auto& stage : features.stages) edges.push_back(stage.size(3));
  EXPECT_EQ(edges, (std::vector<int64_t>{32, 16, 8, 4, 2}));
  for (const std::string part : {"attn_block", "attn_grid"}) {
    // Windows of 1 x 2 x 2 in maps of 8 x 16 x 16.
    const at::Tensor attention = capture.activations("stages.0.blocks.0." + part + ".attn.attention").at(0);
    EXPECT_EQ(attention.sizes(), (std::vector<int64_t>{2 * 8 * 8 * 8, 1, 4, 4})) << part;
    EXPECT_LE((attention.sum(-1) - 1).abs().max().item<double>(), 1e-5) << part;
  }
}

/// What attention carries from one place: to its window, or to places equally far apart over the whole map.
TEST(MaxVit, WindowsHoldNeighboursAndGridsSpread) {
  const at::NoGradGuard no_grad;
  MaxVitOptions options = small_maxvit();
  options.window_size = 2;
  const auto network = make_maxvit(options, {.channels = 1, .dims = 2, .size = {64, 64}});
  network->eval();
  const auto changed = [&](const std::string& part) {
    const std::string path = "stages.0.blocks.0." + part;
    const nn::Capture capture(
        *network, {.filter = [&](const std::string& name) { return name == path; }, .inputs = true});
    const at::Tensor image = at::zeros({1, 1, 64, 64});
    network->features(image);
    image[0][0][20][20] = 1e-3;
    network->features(image);
    const auto of = [](const std::vector<at::Tensor>& maps) {
      return (maps[0] != maps[1])[0].any(-1).to(at::kInt);
    };
    return std::pair{of(capture.inputs(path)), of(capture.activations(path))};
  };
  const auto [before_windows, after_windows] = changed("attn_block");  // maps of 16 x 16
  EXPECT_TRUE(at::equal(after_windows,
                        at::max_pool2d(before_windows.to(at::kFloat).unsqueeze(0).unsqueeze(0), 2, 2)[0][0]
                            .repeat_interleave(2, 0)
                            .repeat_interleave(2, 1)
                            .to(at::kInt)));
  const auto [before_grid, after_grid] = changed("attn_grid");
  const at::Tensor quarters = before_grid.view({2, 8, 2, 8}).amax(at::IntArrayRef{0, 2});
  EXPECT_TRUE(at::equal(after_grid, quarters.repeat({2, 2})));
  EXPECT_LT(quarters.sum().item<int64_t>(), 64);
}

/// torchvision keeps what follows from the window's size; timm does not.
TEST(MaxVit, OnlyTorchvisionsHasTheIndexOfPositions) {
  const InputShape picture{.channels = 3, .dims = 2, .size = {64, 64}};
  const std::string name = "stages.0.blocks.0.attn_grid.attn.rel_pos.relative_position_index";
  const auto theirs = nn::state_of(*make_maxvit(small_maxvit(), picture));
  ASSERT_TRUE(theirs.contains(name));
  EXPECT_EQ(theirs.at(name).sizes(), (std::vector<int64_t>{4, 4}));
  EXPECT_FALSE(nn::state_of(*make_maxvit(small_maxvit("tiny_tf"), picture)).contains(name));
}

TEST(MaxVit, DropsPathsInTrainingOnly) {
  const at::NoGradGuard no_grad;
  at::manual_seed(1);
  const at::Tensor image = at::randn({4, 3, 32, 32});
  MaxVitOptions options = small_maxvit("tiny_rw");
  options.sizes.drop_path = 0.9;
  const auto network = make_maxvit(options, {.channels = 3, .dims = 2, .size = {32, 32}});
  EXPECT_FALSE(at::equal(network->features(image).stages.back(), network->features(image).stages.back()));
  network->eval();
  EXPECT_TRUE(at::equal(network->features(image).stages.back(), network->features(image).stages.back()));
}

TEST(MaxVit, FitsWindowsThatTheImageIsAMultipleOf) {
  const at::NoGradGuard no_grad;
  MaxVitOptions options = small_maxvit("rmlp_small_rw");
  options.window_size = 2;
  const auto network = make_maxvit(options, {.channels = 3, .dims = 2, .size = {64, 64}});
  EXPECT_EQ(network->features(at::randn({1, 3, 128, 64})).stages.back().sizes(),
            (std::vector<int64_t>{1, 24, 4, 2}));
  EXPECT_THAT(message_of(core::Fault::data,
                         [&] {
                           network->features(at::randn({1, 3, 96, 64}));
                         }),
              HasSubstr("multiples of [64, 64] and got [96, 64]"));
}

TEST(MaxVit, EveryMisuseIsNamed) {
  const auto failure = [](const MaxVitOptions& options, const std::vector<int64_t>& size) {
    return message_of(core::Fault::usage,
                      [&] { make_maxvit(options, {.channels = 3, .dims = 2, .size = size}); });
  };
  MaxVitOptions options = small_maxvit();
  EXPECT_THAT(failure(options, {}), HasSubstr("`maxvit` needs images of one size"));
  EXPECT_THAT(failure(options, {64, 48}), HasSubstr("multiple of 32, not 48"));
  options.window_size = 7;
  EXPECT_THAT(failure(options, {224, 256}), HasSubstr("multiple of 224, not 256"));
  options.sizes.dim_head = 16;
  EXPECT_THAT(failure(options, {224, 224}), HasSubstr("(16) must divide its channels (8)"));
  options.variant = "tiny_rv";
  EXPECT_THAT(failure(options, {224, 224}), HasSubstr("no `variant` tiny_rv (did you mean `tiny_rw`?)"));
}

TEST(MaxVit, SizesHaveTheirCounts) {
  const auto failure = [](const std::string& yaml) {
    return message_of(core::Fault::usage, [&] {
      MaxVitOptions options;
      config::read(config::parse_yaml(yaml, "maxvit.yaml"), options);
    });
  };
  EXPECT_THAT(failure("embed_dim: [32, 64]"), HasSubstr("embed_dim: needs four numbers"));
  EXPECT_THAT(failure("depths: [1, 1, 1]"), HasSubstr("depths: needs four numbers"));
  EXPECT_THAT(failure("stem_width: [64]"), HasSubstr("stem_width: needs two numbers"));
  EXPECT_THAT(failure("drop_path: 1"), HasSubstr("drop_path: must be below 1"));
}

}  // namespace
}  // namespace photo51::backbones
