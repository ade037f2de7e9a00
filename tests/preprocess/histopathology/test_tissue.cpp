#include "photo51/preprocess/histopathology/tissue.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "preprocess/slides.hpp"
#include "support/errors.hpp"

namespace photo51::preprocess {
namespace {

/// Paints a rectangle.
void paint(at::Tensor& picture, int64_t x, int64_t y, int64_t width, int64_t height, int red, int green,
           int blue) {
  const int color[] = {red, green, blue};
  for (int64_t c = 0; c < 3; ++c) picture[c].narrow(0, y, height).narrow(1, x, width).fill_(color[c]);
}

at::Tensor glass() {
  return at::full({3, 100, 120}, 240, at::kByte);
}
constexpr double kPixel = 64e-6;  // mm2: 8 um

TEST(Tissue, OtsuSplitsTwoValues) {
  const at::Tensor values = at::cat({at::full({50}, 0.1F), at::full({30}, 0.7F)});
  EXPECT_NEAR(otsu_threshold(values), 0.4, 0.01);
}

TEST(Tissue, IsColoredOrDense) {
  at::Tensor picture = glass();
  paint(picture, 20, 30, 40, 20, 200, 100, 170);
  for (const TissueMethod method : {TissueMethod::saturation, TissueMethod::density}) {
    TissueOptions options;
    options.method = method;
    const at::Tensor mask = tissue_in(picture, options, kPixel);
    EXPECT_TRUE(mask[40][40].item<bool>());
    EXPECT_FALSE(mask[10][10].item<bool>());
    EXPECT_NEAR(static_cast<double>(mask.sum().item<int64_t>()), 42 * 22, 42 * 22 - 38 * 18)
        << config::name_of(method);
  }
}

TEST(Tissue, IsNotInkBorderOrDust) {
  at::Tensor picture = glass();
  paint(picture, 20, 30, 40, 20, 200, 100, 170);
  paint(picture, 70, 5, 20, 20, 30, 90, 180);    // blue pen
  paint(picture, 70, 70, 20, 20, 40, 150, 60);   // green pen
  paint(picture, 0, 0, 6, 100, 5, 5, 5);         // black border
  paint(picture, 100, 50, 3, 3, 200, 100, 170);  // dust of 5 x 5 smoothed pixels
  TissueOptions options;
  options.pen = true;
  TissueFacts facts;
  const at::Tensor mask = tissue_in(picture, options, kPixel, &facts);
  EXPECT_NEAR(facts.ink, 2.0 * 22 * 22 / (42 * 22 + 2 * 22 * 22), 0.05);
  EXPECT_TRUE(mask[40][40].item<bool>());
  for (const auto& [y, x] : {std::pair{15, 80}, {80, 80}, {50, 2}, {51, 101}})
    EXPECT_FALSE(mask[y][x].item<bool>()) << y << ", " << x;
  options.pen = false;
  options.min_area = 0;
  const at::Tensor all = tissue_in(picture, options, kPixel);
  EXPECT_TRUE(all[15][80].item<bool>());
  EXPECT_TRUE(all[51][101].item<bool>());
}

TEST(Tissue, HasSmallHolesFilled) {
  at::Tensor picture = glass();
  paint(picture, 10, 10, 80, 80, 200, 100, 170);
  paint(picture, 20, 20, 8, 8, 240, 240, 240);
  paint(picture, 40, 40, 30, 30, 240, 240, 240);
  TissueOptions options;
  const at::Tensor mask = tissue_in(picture, options, kPixel);
  EXPECT_TRUE(mask[24][24].item<bool>());   // 64 pixels are 0.004 mm2
  EXPECT_FALSE(mask[55][55].item<bool>());  // 900 pixels are 0.058 mm2
}

TEST(Tissue, IsNotFoundOnGlassNorSplitWhenAllIsTissue) {
  const at::Tensor noise = at::randint(-4, 5, {3, 100, 120}).to(at::kShort);
  TissueOptions options;
  EXPECT_EQ(tissue_in((glass().to(at::kShort) + noise).to(at::kByte), options, kPixel).sum().item<int64_t>(),
            0);
  at::Tensor full = glass();
  paint(full, 0, 0, 120, 100, 200, 100, 170);
  paint(full, 0, 0, 60, 100, 150, 60, 140);
  TissueFacts facts;
  EXPECT_EQ(tissue_in(full, options, kPixel, &facts).sum().item<int64_t>(), 120 * 100);
  EXPECT_EQ(facts.threshold, options.bounds[1]);
}

TEST(Tissue, IsKeptWhenFaintBesideADarkPiece) {
  at::Tensor picture = glass();
  const at::Tensor noise = at::randint(-2, 3, {3, 100, 120}).to(at::kShort);
  paint(picture, 10, 10, 20, 80, 150, 30, 120);
  paint(picture, 50, 20, 50, 60, 235, 205, 225);  // saturation 0.13
  picture = (picture.to(at::kShort) + noise).to(at::kByte);
  for (const TissueMethod method : {TissueMethod::saturation, TissueMethod::density}) {
    TissueOptions options;
    options.method = method;
    const at::Tensor mask = tissue_in(picture, options, kPixel);
    EXPECT_TRUE(mask[50][20].item<bool>()) << config::name_of(method);
    EXPECT_TRUE(mask[50][75].item<bool>()) << config::name_of(method);
    EXPECT_FALSE(mask[90][110].item<bool>()) << config::name_of(method);
    EXPECT_NEAR(static_cast<double>(mask.sum().item<int64_t>()), 20 * 80 + 50 * 60, 500)
        << config::name_of(method);
  }
}

TEST(Tissue, InSmallPiecesIsCounted) {
  at::Tensor picture = glass();
  paint(picture, 20, 30, 10, 10, 200, 100, 170);
  TissueFacts facts;
  EXPECT_EQ(tissue_in(picture, {}, kPixel, &facts).sum().item<int64_t>(), 0);
  EXPECT_NEAR(facts.small_area, 12 * 12 * kPixel, 45 * kPixel);
}

TEST(Tissue, OfASlideIsMeasuredInMillimetres) {
  const test::TemporaryFolder folder;
  const auto slide = imaging::open_slide(write_slide(folder));
  TissueOptions options;
  options.mpp = 4;
  const TissueMask found = tissue_mask(slide, options);
  EXPECT_EQ(found.mask.size(0), 100);
  EXPECT_EQ(found.mask.size(1), 125);
  EXPECT_NEAR(found.step[0], 8, 1e-12);
  EXPECT_NEAR(found.area, 0.09, 0.006);  // (600 * 0.5 um)^2
  options.method = TissueMethod::none;
  EXPECT_NEAR(tissue_mask(slide, options).area, 0.2, 1e-9);
}

TEST(Tissue, NeedsAColorPicture) {
  EXPECT_THAT(test::message_of(core::Fault::usage,
                               [] {
                                 tissue_in(at::zeros({1, 4, 4}), {}, 1);
                               }),
              testing::HasSubstr("uint8 [3, H, W]"));
}

}  // namespace
}  // namespace photo51::preprocess
