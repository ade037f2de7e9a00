#include "photo51/preprocess/mammography/mammography.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "photo51/config/read.hpp"
#include "photo51/core/table.hpp"
#include "photo51/imaging/read.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::preprocess {
namespace {

using testing::HasSubstr;

constexpr int64_t kHeight = 240, kWidth = 200;

/// Whether a pixel lies in the drawn breast: half an ellipse at the left.
bool in_breast(int64_t y, int64_t x) {
  const double v = (static_cast<double>(y) - 119.5) / 90, u = static_cast<double>(x) / 120;
  return u * u + v * v <= 1;
}

/// A breast brighter toward the wall, unexposed film at `film`, a bright label apart from the breast.
at::Tensor picture(double film = 0) {
  at::Tensor image = at::full({kHeight, kWidth}, film);
  auto pixels = image.accessor<float, 2>();
  for (int64_t y = 0; y < kHeight; ++y)
    for (int64_t x = 0; x < kWidth; ++x)
      if (in_breast(y, x)) pixels[y][x] = static_cast<float>(2200 - 8 * x + (x * 7 + y * 13) % 40);
  image.narrow(0, 5, 20).narrow(1, 150, 30).fill_(2300);
  return image;
}

int64_t drawn_pixels() {
  int64_t count = 0;
  for (int64_t y = 0; y < kHeight; ++y)
    for (int64_t x = 0; x < kWidth; ++x) count += in_breast(y, x) ? 1 : 0;
  return count;
}

TEST(Mammography, FindsABreastAndItsArea) {
  const Breast breast = find_breast(picture());
  EXPECT_EQ(breast.pixels, drawn_pixels());
  EXPECT_EQ(breast.mask.sum().item<int64_t>(), drawn_pixels());
  EXPECT_EQ(breast.wall, Side::left);
  EXPECT_EQ(breast.wall_share, 1);
  EXPECT_EQ(breast.box.y0, 30);
  EXPECT_EQ(breast.box.y1, 210);
  EXPECT_EQ(breast.box.x0, 0);
  EXPECT_EQ(breast.box.x1, 120);
  EXPECT_EQ(breast.air, 0);
  // Half an ellipse of 12 x 9 mm half axes: pi / 2 * 12 * 9.
  EXPECT_NEAR(breast.area_mm2(0.1, 0.1), 169.6, 1.5);
}

TEST(Mammography, SeesFilmAndPaddingAsAir) {
  // The film ends 20 columns before the picture does: two darks, as in scanned films.
  at::Tensor image = picture(300);
  image.narrow(1, 180, 20).zero_();
  auto noise = at::arange(kHeight * kWidth).view({kHeight, kWidth}).remainder(17).to(at::kFloat);
  image = at::where(image.eq(300), image + noise, image);
  const Breast breast = find_breast(image);
  EXPECT_EQ(breast.pixels, drawn_pixels());
  EXPECT_NEAR(breast.air, 308, 10);
}

TEST(Mammography, FillsHolesAndLeavesBurntFramesOut) {
  at::Tensor image = picture();
  image.narrow(0, 110, 10).narrow(1, 40, 10).zero_();  // a clip's shadow
  image.narrow(1, 190, 10).fill_(2400);                // the light box beside the film
  EXPECT_EQ(find_breast(image).pixels, drawn_pixels());
}

TEST(Mammography, PosesWithTheWallAtTheLeft) {
  const at::Tensor image = picture(), mirrored = image.flip({1});
  EXPECT_EQ(find_breast(mirrored).wall, Side::right);
  const at::Tensor posed = pose_mammogram(image, {});
  EXPECT_EQ(posed.sizes(), (at::IntArrayRef{180, 120}));
  EXPECT_TRUE(at::equal(posed, pose_mammogram(mirrored, {})));
  EXPECT_TRUE(at::equal(posed.flip({1}), pose_mammogram(image, {.flip_to = FlipTo::right})));
  EXPECT_TRUE(at::equal(
      pose_mammogram(image, {.flip_to = FlipTo::none, .breast_crop = false, .blank_background = false}),
      image));
  // The label is blanked, the breast is as it was.
  const at::Tensor whole = pose_mammogram(image, {.breast_crop = false});
  EXPECT_EQ(whole.narrow(0, 5, 20).narrow(1, 150, 30).max().item<float>(), 0);
  EXPECT_TRUE(at::equal(whole.narrow(0, 30, 180), image.narrow(0, 30, 180)));
  // A margin as far as the picture reaches.
  EXPECT_EQ(pose_mammogram(image, {.margin = 10}).sizes(), (at::IntArrayRef{200, 130}));
}

TEST(Mammography, PosesALesionWithItsPicture) {
  const at::Tensor image = picture().flip({1});
  at::Tensor lesion = at::zeros({1, 1, kHeight, kWidth}, at::kByte);
  lesion[0][0][100][150] = 1;
  const Breast breast = find_breast(image);
  MammographyOptions options;
  options.blank_background = false;
  const at::Tensor posed = pose_mammogram(lesion, breast, options);
  EXPECT_EQ(posed.scalar_type(), at::kByte);
  EXPECT_EQ(posed.sizes(), (at::IntArrayRef{1, 1, 180, 120}));
  EXPECT_EQ(posed[0][0][70][49].item<int>(), 1);
  EXPECT_EQ(posed.sum().item<int>(), 1);
}

TEST(Mammography, LooksThroughTheFramesOfATomosynthesis) {
  at::Tensor frames = at::stack({picture() * 0.5, picture(), picture() * 0.25}).unsqueeze(0);
  EXPECT_EQ(find_breast(frames).pixels, drawn_pixels());
  EXPECT_EQ(pose_mammogram(frames, {}).sizes(), (at::IntArrayRef{1, 3, 180, 120}));
}

TEST(Mammography, SaysWhenWallAndLateralityDisagree) {
  const Breast breast = find_breast(picture());
  EXPECT_EQ(wall_disagreement(breast, "L"), "");
  EXPECT_EQ(wall_disagreement(breast, ""), "");
  EXPECT_THAT(wall_disagreement(breast, "R"),
              HasSubstr("the chest wall lies at the picture's left (100 % of its rows end there), but"));
}

TEST(Mammography, RefusesWhatHasNoBreast) {
  PHOTO51_EXPECT_ERROR(find_breast(at::full({20, 20}, 7)), data, HasSubstr("all pixels are 7"));
  PHOTO51_EXPECT_ERROR(find_breast(at::full({20, 20}, NAN)), data, HasSubstr("NaN"));
  PHOTO51_EXPECT_ERROR(find_breast(at::zeros({5})), usage, HasSubstr("a mammogram is [H, W]"));
  PHOTO51_EXPECT_ERROR(pose_mammogram(at::zeros({9, 9}), find_breast(picture()), {}), usage,
                       HasSubstr("found in 200 x 240 pixels"));
}

TEST(Mammography, ReadsItsOptions) {
  MammographyOptions o;
  config::read(config::parse_yaml("{flip_to: right, breast_crop: false, margin: 4, blank_background: false}",
                                  "test.yaml"),
               o);
  EXPECT_EQ(o.flip_to, FlipTo::right);
  EXPECT_FALSE(o.breast_crop);
  EXPECT_EQ(o.margin, 4);
  EXPECT_FALSE(o.blank_background);
  PHOTO51_EXPECT_ERROR(config::read(config::parse_yaml("flip_to: lef", "test.yaml"), o), usage,
                       HasSubstr("`lef` is not a valid value"));
}

TEST(Mammography, FindsTheWallOfRealFilms) {
  PHOTO51_NEEDS_SHARED_DATA("mias/images.csv");
  const auto folder = test::shared_data() / "mias";
  const core::Table images = core::read_table(folder / "images.csv");
  int agree = 0;
  double least = 1, most = 0;
  for (const auto& row : images.rows) {
    const imaging::Volume volume = imaging::read_volume(folder / row[images.require("path")]);
    const Breast breast = find_breast(volume.data[0][0]);
    const bool left = row[images.require("laterality")] == "L";
    if ((breast.wall == Side::left) == left) ++agree;
    const double part = static_cast<double>(breast.pixels) / static_cast<double>(breast.mask.numel());
    least = std::min(least, part);
    most = std::max(most, part);
    EXPECT_EQ(wall_disagreement(breast, left ? "L" : "R").empty(), (breast.wall == Side::left) == left);
  }
  // Two films of one very large breast end in straight lines on both sides.
  EXPECT_GE(agree, 240) << "of " << images.rows.size();
  // The scans are padded: a breast takes a tenth of the picture at least, and never all of it.
  EXPECT_GT(least, 0.07);
  EXPECT_LT(most, 0.97);
}

}  // namespace
}  // namespace photo51::preprocess
