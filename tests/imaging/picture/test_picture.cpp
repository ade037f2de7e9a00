#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/imaging/picture/picture.hpp"
#include "photo51/imaging/read.hpp"
#include "support/shared_data.hpp"

namespace photo51::imaging {
namespace {

/// 4 x 3 x 2 voxels in LPS whose values are x + 10 y + 100 z.
Volume ramp() {
  Geometry g;
  g.size = {4, 3, 2};
  const at::Tensor data = at::arange(4).view({1, 1, 1, 4}) + 10 * at::arange(3).view({1, 1, 3, 1}) +
                          100 * at::arange(2).view({1, 2, 1, 1});
  return make_volume(data.to(at::kFloat), g);
}

int64_t gray(const at::Tensor& picture, int64_t row, int64_t column) {
  return picture[row][column][0].item<int64_t>();
}

const PictureOptions kPlain{.window = Window{0, 255}};

TEST(Picture, ShowsAnAxialSlicePatientRightOnTheLeftFrontOnTop) {
  const at::Tensor picture = slice_picture(ramp(), 2, 1, kPlain);
  EXPECT_EQ(picture.sizes(), (at::IntArrayRef{3, 4, 3}));
  EXPECT_EQ(gray(picture, 0, 0), 100);
  EXPECT_EQ(gray(picture, 2, 3), 123);
}

TEST(Picture, TurnsFlippedVolumesTheSameWay) {
  const Volume plain = ramp();
  // The same patient stored right-to-left, back-to-front and with x and z exchanged.
  Volume turned = plain;
  turned.data = plain.data.flip({2, 3}).permute({0, 3, 2, 1}).contiguous();
  turned.geometry.size = {2, 3, 4};
  turned.geometry.direction = {0, 0, -1, 0, -1, 0, 1, 0, 0};
  turned.geometry.origin = {3, 2, 0};
  EXPECT_TRUE(at::equal(slice_picture(plain, 2, 1, kPlain), slice_picture(turned, 0, 1, kPlain)));
  EXPECT_TRUE(at::equal(slice_picture(plain, 0, 1, kPlain), slice_picture(turned, 2, 2, kPlain)));
  EXPECT_TRUE(at::equal(slice_picture(plain, 1, 0, kPlain), slice_picture(turned, 1, 2, kPlain)));
}

TEST(Picture, StandsCoronalAndSagittalSlicesUpright) {
  const at::Tensor coronal = slice_picture(ramp(), 1, 2, kPlain);
  EXPECT_EQ(coronal.sizes(), (at::IntArrayRef{2, 4, 3}));
  EXPECT_EQ(gray(coronal, 0, 0), 120);  // head on top
  EXPECT_EQ(gray(coronal, 1, 3), 23);
  const at::Tensor sagittal = slice_picture(ramp(), 0, 3, kPlain);
  EXPECT_EQ(sagittal.sizes(), (at::IntArrayRef{2, 3, 3}));
  EXPECT_EQ(gray(sagittal, 0, 2), 123);
}

TEST(Picture, KeepsPixelsSquare) {
  Volume volume = ramp();
  volume.geometry.spacing = {1, 2, 5};
  EXPECT_EQ(slice_picture(volume, 2, 0, kPlain).sizes(), (at::IntArrayRef{6, 4, 3}));
  EXPECT_EQ(slice_picture(volume, 1, 0, kPlain).sizes(), (at::IntArrayRef{10, 4, 3}));
  PictureOptions larger = kPlain;
  larger.longest_side = 60;
  EXPECT_EQ(slice_picture(volume, 2, 0, larger).sizes(), (at::IntArrayRef{60, 40, 3}));
}

TEST(Picture, WindowsAndOutlines) {
  Geometry g;
  g.size = {5, 5, 1};
  Volume volume = make_volume(at::full({1, 1, 5, 5}, 50.0), g);
  Volume mask = make_volume(at::zeros({1, 1, 5, 5}, at::kByte), g);
  mask.data.narrow(2, 1, 3).narrow(3, 1, 3).fill_(1);
  const at::Tensor picture =
      slice_picture(volume, 2, 0, {.window = Window{0, 100}, .mask = &mask, .outline = {255, 0, 9}});
  EXPECT_EQ(gray(picture, 0, 0), 128);
  EXPECT_EQ(gray(picture, 2, 2), 128);  // inside, not on the outline
  EXPECT_EQ(gray(picture, 1, 1), 255);
  EXPECT_EQ(picture[1][1][2].item<int>(), 9);
  EXPECT_EQ(picture.select(2, 0).eq(255).sum().item<int>(), 8);
  EXPECT_EQ(fullest_slice(mask, 0), 1);
}

TEST(Picture, ChoosesAWindow) {
  Geometry g;
  g.size = {1001, 1, 1};
  Volume volume = make_volume(at::arange(1001).view({1, 1, 1, 1001}).to(at::kFloat), g);
  EXPECT_NEAR(usual_window(volume).low, 11, 1);
  EXPECT_NEAR(usual_window(volume).high, 995, 1);
  volume.units = Units::hounsfield;
  EXPECT_EQ(usual_window(volume).low, -160);
}

TEST(Picture, RefusesWhatIsNotThere) {
  const Volume volume = ramp();
  EXPECT_THROW(slice_picture(volume, 3, 0), core::Error);
  EXPECT_THROW(slice_picture(volume, 2, 2), core::Error);
  EXPECT_THROW(slice_picture(volume, 2, 0, {.channel = 1}), core::Error);
  Volume mask = ramp();
  mask.geometry.size = {4, 3, 1};
  EXPECT_THROW(slice_picture(volume, 2, 0, {.mask = &mask}), core::Error);
  EXPECT_THROW(contact_sheet(volume, 0, 1), core::Error);
  EXPECT_THROW(fullest_slice(volume, 5), core::Error);
  EXPECT_THROW(encode_png(at::zeros({3, 4})), core::Error);
  EXPECT_THROW(encode_png(at::zeros({3, 4, 2}, at::kByte)), core::Error);
}

TEST(Picture, LaysOutAContactSheet) {
  const at::Tensor sheet = contact_sheet(ramp(), 2, 3, kPlain);
  EXPECT_EQ(sheet.sizes(), (at::IntArrayRef{3, 10, 3}));  // two slices side by side
  EXPECT_EQ(gray(sheet, 1, 1), 11);
  EXPECT_EQ(gray(sheet, 1, 4), 0);
  EXPECT_EQ(gray(sheet, 1, 7), 111);
}

TEST(Png, ReadsBackTheSamePixels) {
  const test::TemporaryFolder folder;
  at::Tensor noise = at::randint(0, 256, {37, 53, 3}, at::kByte);
  noise.narrow(0, 10, 15).fill_(7);
  core::write_file_atomic(folder / "a.png", encode_png(noise));
  const Volume color = read_volume(folder / "a.png");
  EXPECT_TRUE(at::equal(color.data.select(1, 0).permute({1, 2, 0}), noise));
  EXPECT_EQ(color.channels, (std::vector<std::string>{"red", "green", "blue"}));
  EXPECT_FALSE(color.spacing_known);

  const at::Tensor grays = at::arange(256).view({16, 16}).to(at::kByte);
  core::write_file_atomic(folder / "b.png", encode_png(grays));
  EXPECT_TRUE(at::equal(read_volume(folder / "b.png").data[0][0], grays));
}

}  // namespace
}  // namespace photo51::imaging
