#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include "photo51/backbones/decoder/decoders.hpp"
#include "photo51/backbones/features.hpp"
#include "photo51/config/read.hpp"
#include "photo51/radiogenomics/heads/table.hpp"
#include "photo51/radiogenomics/losses/segmentation.hpp"
#include "support/errors.hpp"

namespace photo51::radiogenomics {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct OneHead {
  config::Choice head;
};
void describe(config::Fields& f, OneHead& o) {
  f.choice("head", o.head, head_components(), "", {}, task_key);
}

config::Choice read_head(const std::string& yaml) {
  OneHead one;
  config::read(config::parse_yaml("head: {task: segmentation, " + yaml + "}", "c.yaml"), one);
  return one.head;
}

const config::Choice& encoder() {
  static const config::Choice choice = config::choose("conv_net");
  return choice;
}

backbones::DecoderInput network() {
  return {.dims = 2,
          .channels = 1,
          .outputs = 3,
          .image_size = {8, 8},
          .stages = {{4, {4, 4}}, {8, {2, 2}}},
          .encoder = encoder()};
}

backbones::Features features(int64_t batch) {
  at::manual_seed(3);
  return {.stages = {at::randn({batch, 4, 4, 4}), at::randn({batch, 8, 2, 2})}};
}

std::shared_ptr<Head> make(const std::string& decoder = "{name: unet}") {
  const auto head = read_head("input: mri, classes: [core, edge], decoder: " + decoder);
  return make_map_head(head, task_spec("lesion", head), network());
}

TEST(SegmentationHead, SaysWhatItReads) {
  const auto head = read_head("input: mri, label: seg, classes: [core, edge]");
  const auto spec = task_spec("lesion", head);
  EXPECT_EQ(spec.column, "seg");
  EXPECT_EQ(spec.input, "mri");
  EXPECT_THAT(spec.inputs, ElementsAre("mri"));
  EXPECT_THAT(spec.values, ElementsAre(1, 2));
  EXPECT_TRUE(task_spec("lesion", read_head("input: mri, classes: core")).values.empty());
  EXPECT_THAT(task_spec("l", read_head("input: mri, classes: [a, b], values: [4, 2]")).values,
              ElementsAre(4, 2));
  EXPECT_EQ(seen_by(head), Sees::maps);
  EXPECT_EQ(input_of(head), "mri");
  EXPECT_EQ(map_outputs(spec), 3);
}

TEST(SegmentationHead, RefusesWhatMeansNothing) {
  const auto refusal = [](const std::string& yaml) {
    return test::message_of(core::Fault::usage, [&] { read_head(yaml); });
  };
  EXPECT_THAT(refusal("classes: [a]"), HasSubstr("input"));
  EXPECT_THAT(refusal("input: mri"), HasSubstr("classes"));
  EXPECT_THAT(refusal("input: mri, classes: [a, a]"), HasSubstr("names a class twice"));
  EXPECT_THAT(refusal("input: mri, classes: [a, \"\"]"), HasSubstr("a name is empty"));
  EXPECT_THAT(refusal("input: mri, classes: [a, b], values: [1]"), HasSubstr("needs as many as `classes`"));
  EXPECT_THAT(refusal("input: mri, classes: [a, b], values: [1, 1]"), HasSubstr("names a value twice"));
  EXPECT_THAT(refusal("input: mri, classes: [a, b], values: [0, 1]"), HasSubstr("0 is the background"));
  EXPECT_THAT(refusal("input: mri, classes: [a], inputs: [mri]"), HasSubstr("inputs"));
  EXPECT_THAT(refusal("input: mri, classes: [a], decoder: {name: unett}"), HasSubstr("unet"));
  EXPECT_THAT(refusal("input: mri, classes: [a], loss: {name: dice}"), HasSubstr("dice"));
}

TEST(SegmentationHead, LossIsThatOfKnownCases) {
  auto head = make();
  data::Targets labels{at::zeros({2}), {}, at::tensor({1, 0}).to(at::kBool)};
  labels.map = at::zeros({2, 8, 8}, at::kLong);
  labels.map[0].slice(0, 2, 6).fill_(2);
  labels.map[1].fill_(-1);
  const auto raw = head->forward_maps(features(2), at::zeros({2, 1, 8, 8}));
  ASSERT_EQ(raw[0].sizes(), (at::IntArrayRef{2, 3, 8, 8}));
  const auto loss = make_segmentation_loss(config::choose("dice_ce", DiceCeOptions{}));
  const at::Tensor expected = (*loss)(raw[0].narrow(0, 0, 1), labels.map.narrow(0, 0, 1)).mean();
  EXPECT_TRUE(head->map_loss(raw, labels).allclose(expected));
  labels.known.fill_(false);
  EXPECT_FALSE(head->map_loss(raw, labels).defined());
  labels.known.fill_(true);
  labels.map = at::Tensor();
  EXPECT_FALSE(head->map_loss(raw, labels).defined());
  const at::Tensor probabilities = head->predict(raw[0]);
  EXPECT_TRUE(probabilities.sum(1).allclose(at::ones({2, 8, 8})));
}

TEST(SegmentationHead, CoarserMapsCountLess) {
  auto head = make("{name: unet, deep_supervision: 1}");
  head->train();
  data::Targets labels{at::zeros({1}), {}, at::ones({1}, at::kBool)};
  labels.map = at::zeros({1, 8, 8}, at::kLong);
  labels.map[0].slice(0, 0, 4).fill_(1);
  const auto raw = head->forward_maps(features(1), at::zeros({1, 1, 8, 8}));
  ASSERT_EQ(raw.size(), 2U);
  const auto loss = make_segmentation_loss(config::choose("dice_ce", DiceCeOptions{}));
  at::Tensor half = at::zeros({1, raw[1].size(2), raw[1].size(3)}, at::kLong);
  half[0].slice(0, 0, raw[1].size(2) / 2).fill_(1);
  const at::Tensor expected = (*loss)(raw[0], labels.map).mean() * 2 / 3 + (*loss)(raw[1], half).mean() / 3;
  EXPECT_TRUE(head->map_loss(raw, labels).allclose(expected, 1e-5));
  head->eval();
  EXPECT_EQ(head->forward_maps(features(1), at::zeros({1, 1, 8, 8})).size(), 1U);
}

TEST(SegmentationHead, SeesNoEmbeddingAndOthersNoMap) {
  auto head = make();
  PHOTO51_EXPECT_ERROR(head->forward(at::zeros({1, 4})), usage, HasSubstr("sees no embedding"));
  PHOTO51_EXPECT_ERROR(head->fit({at::zeros({2}), {}, at::zeros({2}, at::kBool)}), data,
                       HasSubstr("no training case has a known label"));
  const auto binary = config::default_choice(head_components(), "binary");
  auto other = make_head(binary, task_spec("idh", binary), 4);
  PHOTO51_EXPECT_ERROR(other->forward_maps(features(1), at::zeros({1, 1, 8, 8})), usage,
                       HasSubstr("draws no map"));
  PHOTO51_EXPECT_ERROR(other->map_loss({}, {}), usage, HasSubstr("draws no map"));
  const auto mine = read_head("input: mri, classes: [a]");
  PHOTO51_EXPECT_ERROR(make_map_head(mine, task_spec("idh", binary), network()), usage,
                       HasSubstr("the head's is `segmentation` and its label's is `binary`"));
}

}  // namespace
}  // namespace photo51::radiogenomics
