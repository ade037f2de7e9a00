#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include "photo51/config/read.hpp"
#include "photo51/model/encoders.hpp"
#include "photo51/model/model.hpp"
#include "support/errors.hpp"

namespace photo51::model {
namespace {

using testing::AllOf;
using testing::HasSubstr;

ModelOptions read_model(const std::string& yaml) {
  ModelOptions options;
  config::read(config::parse_yaml(yaml, "c.yaml"), options);
  return options;
}

ModelOptions usual() {
  return read_model(
      "encoders: {mri: {name: conv_net, widths: [4, 8]}}\n"
      "heads:\n  lesion: {task: segmentation, input: mri, classes: [core]}\n  idh: {task: binary}\n");
}

data::InputInfo image_info(std::vector<int64_t> size) {
  data::InputInfo info;
  info.channels = 1;
  info.dims = static_cast<int64_t>(size.size());
  info.size = std::move(size);
  return info;
}

Model build(const ModelOptions& options, const data::InputInfo& info) {
  at::manual_seed(1);
  return {options, {{"mri", info}}, label_specs(options)};
}

data::Batch batch(const std::vector<int>& present) {
  data::Batch made;
  const auto count = static_cast<int64_t>(present.size());
  at::manual_seed(2);
  made.inputs["mri"].values = at::randn({count, 1, 8, 8});
  made.inputs["mri"].present = at::tensor(present).to(at::kBool);
  made.inputs["mri"].channel_present = at::ones({count, 1}, at::kBool);
  for (int64_t i = 0; i < count; ++i) made.cases.push_back("P" + std::to_string(i));
  data::Targets idh{at::zeros({count}), {}, at::ones({count}, at::kBool)};
  data::Targets lesion = idh;
  lesion.map = at::zeros({count, 8, 8}, at::kLong);
  lesion.map.slice(1, 2, 6).fill_(1);
  made.labels = {{"idh", idh}, {"lesion", lesion}};
  return made;
}

TEST(MapHeads, SeeTheStagesOfThePassThatOtherHeadsSee) {
  Model model = build(usual(), image_info({8, 8}));
  model.eval();
  const auto outputs = model.forward(batch({1, 1}));
  EXPECT_EQ(outputs.logits.at("lesion").sizes(), (at::IntArrayRef{2, 2, 8, 8}));
  EXPECT_EQ(outputs.logits.at("idh").sizes(), (at::IntArrayRef{2, 1}));
  const auto predicted = model.predict(outputs);
  EXPECT_TRUE(predicted.contains("idh"));
  EXPECT_FALSE(predicted.contains("lesion"));
  ASSERT_EQ(model.map_heads().size(), 1U);
  EXPECT_EQ(model.map_heads()[0].second, "mri");
  const auto losses = model.head_losses(outputs, batch({1, 1}));
  ASSERT_EQ(losses.size(), 2U);
  EXPECT_EQ(losses[0].head, "lesion");
  EXPECT_EQ(losses[0].count, 2);
}

TEST(MapHeads, ACaseWithoutTheImageTeachesNothing) {
  Model model = build(usual(), image_info({8, 8}));
  model.eval();
  const auto all = batch({1, 0, 1});
  const auto outputs = model.forward(all);
  EXPECT_EQ(outputs.logits.at("lesion").sizes(), (at::IntArrayRef{3, 2, 8, 8}));
  EXPECT_EQ(outputs.logits.at("lesion")[1].abs().max().item<float>(), 0);
  EXPECT_TRUE(outputs.drawn.at("lesion").equal(at::tensor({1, 0, 1}).to(at::kBool)));
  EXPECT_EQ(model.head_losses(outputs, all)[0].count, 2);
  const auto none = batch({0, 0});
  EXPECT_FALSE(model.forward(none).logits.contains("lesion"));
  for (const auto& loss : model.head_losses(model.forward(none), none)) EXPECT_NE(loss.head, "lesion");
}

TEST(MapHeads, GradientsReachTheEncoder) {
  Model model = build(usual(), image_info({8, 8}));
  model.train();
  auto seen = batch({1, 1});
  seen.labels.erase("idh");
  const auto outputs = model.forward(seen);
  model.loss(outputs, seen).backward();
  for (const auto& parameter : encoder_of(model, "mri")->named_parameters())
    EXPECT_TRUE(parameter.value().grad().defined()) << parameter.key();
}

TEST(MapHeads, OfWhatIsNoImageAreRefused) {
  const auto refusal = [](const std::string& encoder, const data::InputInfo& info,
                          const std::string& input = "mri") {
    const auto options =
        read_model("encoders: {mri: " + encoder + "}\nheads: {lesion: {task: segmentation, input: " + input +
                   ", classes: [core]}}");
    return test::message_of(core::Fault::usage, [&] { build(options, info); });
  };
  data::InputInfo table;
  table.image = false;
  table.channels = 4;
  EXPECT_THAT(refusal("snn", table),
              AllOf(HasSubstr("model.heads.lesion: input mri"), HasSubstr("it takes a table or a bag")));
  auto bag = image_info({8, 8});
  bag.bag = true;
  EXPECT_THAT(refusal("{name: conv_net, widths: [4]}", bag), HasSubstr("it takes a table or a bag"));
  auto any_size = image_info({8, 8});
  any_size.size.clear();
  EXPECT_THAT(refusal("{name: conv_net, widths: [4]}", any_size),
              AllOf(HasSubstr("its images keep their own size"), HasSubstr("`patch`")));
  EXPECT_THAT(refusal("{name: conv_net, widths: [4]}", image_info({8, 8}), "mir"),
              HasSubstr("input: there is no encoder `mir` (did you mean `mri`?)"));
}

}  // namespace
}  // namespace photo51::model
