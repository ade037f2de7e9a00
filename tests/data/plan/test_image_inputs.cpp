#include "photo51/data/plan/image_inputs.hpp"

#include "data/fixture.hpp"
#include "support/errors.hpp"

namespace photo51::data {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

FileFacts file_facts(size_t row, imaging::Modality modality = imaging::Modality::unknown) {
  FileFacts facts;
  facts.row = row;
  facts.kind = "volume";
  facts.modality = modality;
  facts.size = facts.geometry.size = {20, 20, 10};
  facts.spacing = facts.geometry.spacing = {1, 1, 2};
  facts.oriented = true;
  facts.max = 900;
  return facts;
}

MeasuredColumn images_of(const std::string& name, imaging::Modality modality = imaging::Modality::unknown,
                         double shift = 0) {
  MeasuredColumn column;
  column.column.name = name;
  for (size_t row = 0; row < 3; ++row) {
    column.facts.push_back(file_facts(row, modality));
    column.facts.back().geometry.origin[0] = shift;
  }
  return column;
}

MeasuredColumn mask_of(const std::string& name, std::vector<double> values = {0, 1}) {
  MeasuredColumn column = images_of(name);
  for (auto& facts : column.facts) facts.values = values;
  return column;
}

std::string why_not(const PlannedImages& plan, const std::string& column) {
  for (const auto& note : plan.left_out)
    if (note.column == column) return note.text;
  return "it is not left out";
}

TEST(PlannedImages, SequencesAreChannelsOfOneInput) {
  const auto plan = plan_images({images_of("flair"), images_of("pre"),
                                 images_of("ct", imaging::Modality::ct, 50), mask_of("seg", {0, 2, 4})});
  ASSERT_EQ(plan.inputs.size(), 2U);
  EXPECT_EQ(plan.inputs[0].name, "mri");
  ASSERT_EQ(plan.inputs[0].channels.size(), 2U);
  EXPECT_EQ(plan.inputs[0].channels[1].column.name, "pre");
  EXPECT_THAT(plan.inputs[0].why,
              AllOf(HasSubstr("by the column's name"), HasSubstr("on the grid of `flair`")));
  EXPECT_EQ(plan.inputs[1].modality, "ct");
  EXPECT_THAT(plan.inputs[1].why, HasSubstr("the files say so"));
  ASSERT_EQ(plan.masks.size(), 1U);
  EXPECT_THAT(plan.masks[0].values, ElementsAre(2, 4));
  EXPECT_EQ(plan.inputs[0].mask, "seg");
  EXPECT_EQ(plan.inputs[1].mask, "seg");
}

TEST(PlannedImages, MasksFollowTheirNames) {
  const auto plan =
      plan_images({images_of("ct"), images_of("mr_t1"), mask_of("ct_gtv"), mask_of("mr_t1_mask")});
  ASSERT_EQ(plan.inputs.size(), 2U);
  EXPECT_EQ(plan.inputs[0].mask, "ct_gtv");
  EXPECT_EQ(plan.inputs[1].mask, "mr_t1_mask");
}

TEST(PlannedImages, SeveralMasksOfNobodyAreNotChosenFrom) {
  const auto plan = plan_images({images_of("ct"), mask_of("reader_a"), mask_of("reader_b")});
  EXPECT_EQ(plan.inputs[0].mask, "");
  EXPECT_THAT(plan.masks, IsEmpty());
  EXPECT_THAT(why_not(plan, "reader_b"),
              AllOf(HasSubstr("one of several masks (reader_a, reader_b)"), HasSubstr("INPUT_mask")));
}

TEST(PlannedImages, AModalityThatNobodySaysIsNotGuessed) {
  auto mixed = images_of("scan", imaging::Modality::ct);
  mixed.facts[1].modality = imaging::Modality::mri;
  auto broken = images_of("gone");
  for (auto& facts : broken.facts) facts.error = "gone.nii: cut off";
  const auto plan =
      plan_images({images_of("image", imaging::Modality::unknown, 9), images_of("pet_ct"), mixed, broken});
  EXPECT_THAT(plan.inputs, IsEmpty());
  EXPECT_THAT(why_not(plan, "image"),
              AllOf(HasSubstr("neither files nor name"), HasSubstr("--input image=MODALITY")));
  EXPECT_THAT(why_not(plan, "pet_ct"), HasSubstr("several modalities (ct, pet)"));
  EXPECT_THAT(why_not(plan, "scan"), HasSubstr("files of several modalities (ct, mri)"));
  EXPECT_THAT(why_not(plan, "gone"), HasSubstr("no file that can be read: gone.nii: cut off"));
}

TEST(PlannedImages, WhatTheUserSaysWins) {
  ColumnHints hints;
  hints.inputs = {{"image", "ultrasound"}, {"few", "ct"}, {"many", "mask"}};
  const auto plan = plan_images(
      {images_of("image"), mask_of("few"), mask_of("many", {0, 1, 2, 3, 4, 5, 6, 7, 8, 9})}, hints);
  ASSERT_EQ(plan.inputs.size(), 2U);
  EXPECT_EQ(plan.inputs[0].modality, "ultrasound");
  EXPECT_EQ(plan.inputs[0].dims, 2);
  EXPECT_EQ(plan.inputs[1].modality, "ct");
  ASSERT_EQ(plan.masks.size(), 1U);
  EXPECT_EQ(plan.masks[0].column, "many");
  hints.inputs = {{"image", "mrt"}};
  PHOTO51_EXPECT_ERROR(plan_images({images_of("image")}, hints), usage,
                       AllOf(HasSubstr("--input image=mrt"), HasSubstr("did you mean `mri`?")));
  hints.inputs = {{"image", "omics"}};
  PHOTO51_EXPECT_ERROR(plan_images({images_of("image")}, hints), usage,
                       HasSubstr("its cells name no tables"));
}

TEST(PlannedImages, SlicesAndViewsArePictures) {
  auto flat = images_of("t1");
  for (auto& facts : flat.facts) facts.size[2] = 1;
  const auto plan =
      plan_images({flat, images_of("rcc"), images_of("lmlo"), images_of("ct_a"), images_of("ct_b")});
  ASSERT_EQ(plan.inputs.size(), 4U);
  EXPECT_EQ(plan.inputs[0].dims, 2);
  EXPECT_EQ(plan.inputs[1].name, "mammography");
  EXPECT_EQ(plan.inputs[1].channels.size(), 2U) << "views are a bag";
  EXPECT_EQ(plan.inputs[2].name, "ct_ct_a") << "two CTs need not lie in one frame";
}

}  // namespace
}  // namespace photo51::data
