#include "photo51/inference/windows.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include "inference/map_collector.hpp"
#include "photo51/config/read.hpp"
#include "photo51/data/load/loader.hpp"
#include "photo51/imaging/read.hpp"
#include "photo51/inference/trained_model.hpp"
#include "photo51/model/model.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::inference {
namespace {

using testing::AllOf;
using testing::HasSubstr;

PipelineOptions pipeline(const std::string& input, const std::string& more = "") {
  PipelineOptions made;
  config::read(
      config::parse_yaml("inputs: {mri: {modality: mri, channels: [t1, t2], " + input +
                             "}}\nmodel:\n  encoders: {mri: {name: conv_net, widths: [4, 8]}}\n  heads:\n"
                             "    lesion: {task: segmentation, input: mri, label: seg, classes: [core]}\n" +
                             more,
                         "c.yaml"),
      made);
  return made;
}

TrainedModel fresh(const PipelineOptions& options) {
  at::manual_seed(1);
  TrainedModelInfo info;
  info.labels = model::label_specs(options.model);
  TrainedModel member(options, info);
  member.model->eval();
  return member;
}

data::Batch batch_of(TrainedModel& member, const at::Tensor& values) {
  data::Case one;
  one.id = "P1";
  one.inputs["mri"].values = values;
  one.inputs["mri"].channel_present = at::ones({values.size(0)}, at::kBool);
  imaging::Geometry grid;
  grid.size = {values.size(-1), values.size(-2), values.dim() == 4 ? values.size(1) : 1};
  one.inputs["mri"].grids = std::make_shared<data::ImageGrids>(data::ImageGrids{grid, grid});
  return data::collate({one}, member.inputs, member.info.labels);
}

at::Tensor image(at::IntArrayRef sizes) {
  at::manual_seed(7);
  return at::randn(sizes);
}

TEST(Windows, OfAnImageThatIsOneWindowAreItsOutputs) {
  const at::NoGradGuard no_grad;
  auto member = fresh(pipeline("patch: {size: [8, 8, 8]}"));
  const auto batch = batch_of(member, image({2, 8, 8, 8}));
  EXPECT_TRUE(sees_parts(member.inputs));
  const auto whole = forward_whole(member, batch), plain = member.model->forward(batch);
  EXPECT_TRUE(whole.logits.at("lesion").allclose(plain.logits.at("lesion"), 1e-5, 1e-6));
  EXPECT_EQ(whole.logits.at("lesion").sizes(), (at::IntArrayRef{1, 2, 8, 8, 8}));
}

TEST(Windows, CoverALargerImage) {
  const at::NoGradGuard no_grad;
  auto member = fresh(pipeline("patch: {size: [8, 8, 8], overlap: 0}"));
  const at::Tensor values = image({2, 8, 8, 16});
  const at::Tensor found = forward_whole(member, batch_of(member, values)).logits.at("lesion");
  for (int64_t half = 0; half < 2; ++half) {
    const auto part = batch_of(member, values.narrow(3, 8 * half, 8).contiguous());
    EXPECT_TRUE(
        found.narrow(4, 8 * half, 8).allclose(member.model->forward(part).logits.at("lesion"), 1e-4, 1e-5));
  }
}

TEST(Windows, OfSlicesSeeEachSlice) {
  const at::NoGradGuard no_grad;
  auto member = fresh(pipeline("dims: 2, patch: {size: [8, 8, 1]}"));
  const at::Tensor values = image({2, 3, 8, 8});
  const at::Tensor found = forward_whole(member, batch_of(member, values)).logits.at("lesion");
  ASSERT_EQ(found.sizes(), (at::IntArrayRef{1, 2, 3, 8, 8}));
  for (int64_t slice = 0; slice < 3; ++slice) {
    auto batch = batch_of(member, values);
    batch.inputs.at("mri").values = values.select(1, slice).unsqueeze(0);
    EXPECT_TRUE(
        found.select(2, slice).allclose(member.model->forward(batch).logits.at("lesion"), 1e-4, 1e-5));
  }
}

TEST(Windows, MirroredAreTheSameOfTheMirroredImage) {
  const at::NoGradGuard no_grad;
  for (const bool parts : {true, false}) {
    auto member = fresh(pipeline(parts ? "patch: {size: [8, 8, 8]}" : "preprocess: {size: [8, 8, 8]}"));
    const at::Tensor values = image({2, 8, 8, 8});
    const WindowsOptions both{.mirror = {preprocess::Axis::x, preprocess::Axis::z}};
    const at::Tensor once = forward_whole(member, batch_of(member, values), both).logits.at("lesion");
    const at::Tensor turned =
        forward_whole(member, batch_of(member, values.flip({3})), both).logits.at("lesion").flip({4});
    EXPECT_TRUE(once.allclose(turned, 1e-4, 1e-5)) << parts;
    // Without it the network, which has weights of its own for left and right, says something else.
    const at::Tensor plain = forward_whole(member, batch_of(member, values)).logits.at("lesion");
    EXPECT_FALSE(once.allclose(plain, 1e-3, 1e-4)) << parts;
  }
}

TEST(Windows, OtherHeadsSayTheMeanOverThem) {
  const at::NoGradGuard no_grad;
  auto member = fresh(pipeline("patch: {size: [8, 8, 8], overlap: 0}", "    idh: {task: binary}\n"));
  const at::Tensor values = image({2, 8, 8, 16});
  const auto found = forward_whole(member, batch_of(member, values));
  at::Tensor mean = at::zeros({1, 1}), fused;
  for (int64_t half = 0; half < 2; ++half) {
    const auto part = member.model->forward(batch_of(member, values.narrow(3, 8 * half, 8).contiguous()));
    mean += part.logits.at("idh") / 2;
    fused = fused.defined() ? (fused + part.fused) / 2 : part.fused;
  }
  EXPECT_TRUE(found.logits.at("idh").allclose(mean, 1e-4, 1e-5));
  ASSERT_EQ(found.fused.sizes(), fused.sizes());
  EXPECT_TRUE(found.fused.allclose(fused, 1e-4, 1e-5));
}

TEST(Windows, WhatCannotBeSeenSoIsRefused) {
  const at::NoGradGuard no_grad;
  auto member = fresh(pipeline("patch: {size: [8, 8, 8]}"));
  const auto one = batch_of(member, image({2, 8, 8, 8}));
  auto two = one;
  two.cases.push_back("P2");
  PHOTO51_EXPECT_ERROR(forward_whole(member, two), usage,
                       AllOf(HasSubstr("input mri is seen in parts"), HasSubstr("not 2 at once")));
  auto flat = fresh(pipeline("dims: 2, patch: {size: [8, 8, 1]}"));
  PHOTO51_EXPECT_ERROR(
      forward_whole(flat, batch_of(flat, image({2, 3, 8, 8})), {.mirror = {preprocess::Axis::z}}), usage,
      HasSubstr("mirror: there is no axis `z` in a 2D image"));
}

/// Logits that say class 1 where `inside`.
at::Tensor logits_of(const at::Tensor& inside, double sure) {
  const at::Tensor one = inside.to(at::kFloat) * 2 - 1;
  return at::stack({one * -sure, one * sure}).unsqueeze(0);
}

TEST(MapCollector, BringsMapsToTheFilesGridAndAveragesProbabilities) {
  auto member = fresh(pipeline("preprocess: {size: [4, 4, 4]}"));
  auto batch = batch_of(member, image({2, 4, 4, 4}));
  imaging::Geometry original{.size = {8, 4, 4}, .spacing = {0.5, 1, 1}, .origin = {-0.25, 0, 0}};
  imaging::Geometry prepared{.size = {4, 4, 4}};
  original.size[2] = 6;  // two slices more than the prepared image shows
  batch.inputs.at("mri").grids = {std::make_shared<data::ImageGrids>(data::ImageGrids{prepared, original})};
  at::Tensor left = at::zeros({4, 4, 4}, at::kBool);
  left.slice(2, 0, 2).fill_(true);
  model::Outputs sure, unsure;
  sure.logits["lesion"] = logits_of(left, 3);
  unsure.logits["lesion"] = logits_of(left.logical_not(), 1);
  MapCollector collector;
  collector.add(member, batch, sure);
  collector.add(member, batch, unsure);
  const auto maps = collector.maps(member.info.labels, {"P1"});
  ASSERT_EQ(maps.size(), 1U);
  EXPECT_EQ(maps[0].classes.sizes(), (at::IntArrayRef{6, 4, 8}));
  at::Tensor expected = at::zeros({6, 4, 8}, at::kByte);
  expected.slice(0, 0, 4).slice(2, 0, 4).fill_(1);
  EXPECT_TRUE(maps[0].classes.equal(expected));
  EXPECT_DOUBLE_EQ(maps[0].volumes.at(0).value, 64 * 0.5 / 1000);
  EXPECT_LE(maps[0].volumes[0].low, maps[0].volumes[0].value);
  EXPECT_GE(maps[0].volumes[0].high, maps[0].volumes[0].value);
  EXPECT_TRUE(collector.maps(member.info.labels, {"P1"}).empty());
  const auto rows = predictions_of(maps[0], member.info.labels[0]);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].class_name, "core");
}

TEST(CaseMap, IsWrittenWithTheMasksValuesUnderASafeName) {
  const test::TemporaryFolder folder;
  data::TaskSpec label;
  label.head = "lesion";
  label.classes = {"core", "edge"};
  label.values = {10, 4};
  CaseMap map;
  map.case_id = "../P 1";
  map.head = "lesion";
  map.classes = at::tensor({0, 1, 2, 1}, at::kByte).view({1, 1, 4});
  map.geometry = {.size = {4, 1, 1}, .spacing = {2, 3, 4}, .origin = {1, 2, 3}};
  write_map(map, label, folder / "out");
  const auto file = map_file(folder / "out", map.case_id, map.head);
  EXPECT_EQ(file.parent_path().parent_path(), folder / "out");
  EXPECT_EQ(file.parent_path().filename().string(), "%2E.%2FP%201");
  const auto back = imaging::read_volume(file, {.modality = imaging::Modality::segmentation, .series = {}});
  EXPECT_EQ(back.data.scalar_type(), at::kByte);
  EXPECT_TRUE(back.data.flatten().equal(at::tensor({0, 10, 4, 10}, at::kByte)));
  EXPECT_TRUE(back.geometry.matches(map.geometry));
  EXPECT_EQ(map_file("d", "TCGA-01_a.b", "lesion"), std::filesystem::path("d/TCGA-01_a.b/lesion.nii.gz"));
  EXPECT_NE(map_file("d", "a/b", "h"), map_file("d", "a_b", "h"));
}

}  // namespace
}  // namespace photo51::inference
