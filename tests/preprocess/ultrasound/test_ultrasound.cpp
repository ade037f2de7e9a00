#include "photo51/preprocess/ultrasound/ultrasound.hpp"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "photo51/config/read.hpp"
#include "photo51/core/table.hpp"
#include "photo51/imaging/ultrasound/cine.hpp"
#include "preprocess/ultrasound/inpaint.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::preprocess {
namespace {

using testing::HasSubstr;

constexpr int64_t kHeight = 240, kWidth = 320;
using Shape = std::function<bool(double y, double x)>;

bool in_fan(double y, double x) {  // phased array: the apex at the top
  const double r = std::hypot(y - 20, x - 160);
  return r <= 190 && std::abs(std::atan2(x - 160, y - 20)) <= 0.7;
}
bool in_linear(double y, double x) {
  return y >= 40 && y < 200 && x >= 60 && x < 260;
}
bool in_curved(double y, double x) {  // a ring piece about a centre above the picture
  const double r = std::hypot(y + 60, x - 160);
  return r >= 90 && r <= 250 && std::abs(std::atan2(x - 160, y + 60)) <= 0.6;
}

/// Speckle inside the shape, 0 outside: uint8 [H, W].
at::Tensor speckle(const Shape& inside, uint64_t seed = 1) {
  auto generator = at::detail::createCPUGenerator(seed);
  at::Tensor image = at::empty({kHeight, kWidth}).exponential_(1, generator).mul(40).add(20).clamp(0, 150);
  auto pixels = image.accessor<float, 2>();
  for (int64_t y = 0; y < kHeight; ++y)
    for (int64_t x = 0; x < kWidth; ++x)
      if (!inside(static_cast<double>(y), static_cast<double>(x))) pixels[y][x] = 0;
  return image.to(at::kByte);
}

at::Tensor drawn(const Shape& inside) {
  at::Tensor mask = at::zeros({kHeight, kWidth}, at::kBool);
  auto pixels = mask.accessor<bool, 2>();
  for (int64_t y = 0; y < kHeight; ++y)
    for (int64_t x = 0; x < kWidth; ++x)
      pixels[y][x] = inside(static_cast<double>(y), static_cast<double>(x));
  return mask;
}

/// A word of letters of 8 x 5 pixels with strokes of 1: an E and an H, again and again.
void write_word(at::Tensor image, int64_t y, int64_t x, int letters, int level = 255) {
  for (int i = 0; i < letters; ++i, x += 8) {
    at::Tensor letter = image.narrow(-2, y, 9).narrow(-1, x, 5);
    letter.select(-1, 0).fill_(level);
    letter.select(-2, 4).fill_(level);
    if (i % 2 == 0) {
      letter.select(-2, 0).fill_(level);
      letter.select(-2, 8).fill_(level);
    } else {
      letter.select(-1, 4).fill_(level);
    }
  }
}

double overlap(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor p = a.ne(0), q = b.ne(0);
  return p.logical_and(q).sum().item<double>() / p.logical_or(q).sum().item<double>();
}

at::Tensor one(const at::Tensor& gray) {
  return gray.unsqueeze(0).unsqueeze(0);
}

TEST(Ultrasound, FindsSectorsOfEveryShape) {
  for (const Shape& shape : {Shape(in_fan), Shape(in_linear), Shape(in_curved)}) {
    at::Tensor image = speckle(shape);
    write_word(image, 5, 4, 8);  // the patient's line
    write_word(image, 225, 220, 10);
    image.narrow(0, 100, 60).narrow(1, 312, 6).copy_(at::arange(60, 0, -1).mul(4).to(at::kByte).unsqueeze(1));
    const Sector sector = find_sector(one(image));
    EXPECT_GT(overlap(sector.mask, drawn(shape)), 0.96);
    EXPECT_EQ(sector.mask[sector.box.y0].sum().item<int>() > 0, true);
    EXPECT_LE(sector.box.x1, 306);
  }
}

TEST(Ultrasound, KeepsTheDipOfACurvedArray) {
  const Sector sector = find_sector(one(speckle(in_curved)));
  EXPECT_EQ(sector.mask[24][160].item<int>(), 0);  // above the probe's face, inside the hull
  EXPECT_EQ(sector.mask[36][160].item<int>(), 1);
}

TEST(Ultrasound, BlackInsideTheSectorBelongsToIt) {
  at::Tensor image = speckle(in_linear);
  image.narrow(0, 120, 40).narrow(1, 60, 70).zero_();  // a shadow that reaches the edge
  image.narrow(0, 60, 20).narrow(1, 180, 20).zero_();  // a cyst
  EXPECT_GT(overlap(find_sector(one(image)).mask, drawn(in_linear)), 0.97);
}

TEST(Ultrasound, FindsTheSectorOfACineByItsMotion) {
  std::vector<at::Tensor> frames;
  for (uint64_t t = 0; t < 4; ++t) {
    at::Tensor frame = speckle(in_fan, t + 1);
    // A still picture of another organ beside it, larger than the fan, does not move.
    frame.narrow(1, 0, 60).copy_(speckle([](double, double) { return true; }).narrow(1, 0, 60));
    write_word(frame, 5, 200, 10);
    frames.push_back(frame.unsqueeze(0));
  }
  const Shape rest = [](double y, double x) { return in_fan(y, x) && x >= 60; };
  EXPECT_GT(overlap(find_sector(at::stack(frames)).mask, drawn(rest)), 0.95);
  PHOTO51_EXPECT_ERROR(find_sector(at::stack({frames[0], frames[0]})), data,
                       HasSubstr("nothing in the picture moves"));
}

TEST(Ultrasound, APictureThatIsAllEchoIsTheSector) {
  const Sector sector = find_sector(one(speckle([](double, double) { return true; })));
  EXPECT_EQ(sector.mask.sum().item<int64_t>(), kHeight * kWidth);
  EXPECT_EQ(sector.box.y1, kHeight);
}

TEST(Ultrasound, FindsAndFillsLetters) {
  const at::Tensor clean = speckle(in_linear).clamp(0, 90);
  at::Tensor image = clean.clone();
  write_word(image, 150, 100, 6);
  const Sector sector{drawn(in_linear).to(at::kByte), {40, 60, 200, 260}};
  const at::Tensor overlay = find_overlay(one(image), sector);
  const at::Tensor letters = image.eq(255);
  EXPECT_EQ(letters.logical_and(overlay[0].eq(0)).sum().item<int>(), 0) << "letters left";
  EXPECT_LT(overlay.sum().item<int>(), 6 * 11 * 9);
  const at::Tensor filled = remove_overlay(one(image), overlay, true)[0][0];
  EXPECT_LT(filled.max().item<int>(), 100);
  EXPECT_TRUE(at::equal(filled.masked_select(overlay[0].eq(0)), clean.masked_select(overlay[0].eq(0))));
  EXPECT_EQ(remove_overlay(one(image), overlay, false)[0][0].masked_select(letters).max().item<int>(), 0);
}

TEST(Ultrasound, CalipersAreFoundAndInterfacesAreNot) {
  at::Tensor image = speckle(in_linear).clamp(0, 80);
  image.narrow(0, 70, 2).narrow(1, 80, 60).fill_(230);   // a bright interface along a row
  image.narrow(0, 146, 9).narrow(1, 150, 1).fill_(255);  // a caliper's cross
  image.narrow(0, 150, 1).narrow(1, 146, 9).fill_(255);
  const Sector sector{drawn(in_linear).to(at::kByte), {40, 60, 200, 260}};
  const at::Tensor overlay = find_overlay(one(image), sector)[0];
  EXPECT_EQ(overlay[150][150].item<int>(), 1);
  EXPECT_EQ(overlay[146][150].item<int>(), 1);
  EXPECT_EQ(overlay[150][154].item<int>(), 1);
  EXPECT_EQ(overlay.narrow(0, 68, 6).sum().item<int>(), 0);
}

TEST(Ultrasound, InpaintingIsHarmonic) {
  // A plane is harmonic: a hole in it comes back exactly.
  BytePlane hole(40, 50);
  at::Tensor plane = at::empty({40, 50}, at::kByte);
  auto pixels = plane.accessor<uint8_t, 2>();
  for (int64_t y = 0; y < 40; ++y)
    for (int64_t x = 0; x < 50; ++x) pixels[y][x] = static_cast<uint8_t>(20 + 2 * y + 3 * x);
  at::Tensor torn = plane.clone();
  for (int64_t y = 10; y < 30; ++y)
    for (int64_t x = 12; x < 30; ++x) {
      hole.at(y, x) = 1;
      torn[y][x] = 255;
    }
  inpaint(torn.mutable_data_ptr<uint8_t>(), hole);
  EXPECT_LE((torn.to(at::kInt) - plane.to(at::kInt)).abs().max().item<int>(), 1);
  at::Tensor all = at::full({2, 2}, 9, at::kByte);
  inpaint(all.mutable_data_ptr<uint8_t>(), BytePlane(2, 2, 1));
  EXPECT_TRUE(at::equal(all, at::full({2, 2}, 9, at::kByte)));
}

/// Gray speckle with a red patch, a blue patch and, outside, a color bar: red to black to blue.
at::Tensor flow_picture(bool power = false) {
  at::Tensor image = at::stack({speckle(in_linear), speckle(in_linear), speckle(in_linear)});
  const auto paint = [&](int64_t y, int64_t x, int64_t h, int64_t w, int r, int g, int b) {
    const int color[] = {r, g, b};
    for (int64_t c = 0; c < 3; ++c) image[c].narrow(0, y, h).narrow(1, x, w).fill_(color[c]);
  };
  paint(80, 100, 30, 40, 210, 10, 10);   // 200 pure red
  paint(130, 170, 30, 40, 20, 20, 120);  // 100 pure blue
  for (int64_t y = 0; y <= 100; ++y) {
    const auto level = static_cast<int>(std::abs(y - 50) * 5);
    paint(60 + y, 20, 1, 10, y < 50 || power ? level : 0, 0, y < 50 || power ? 0 : level);
  }
  return image.unsqueeze(0);
}

TEST(Ultrasound, SplitsFlowByTheColorBar) {
  const Sector sector{drawn(in_linear).to(at::kByte), {40, 60, 200, 260}};
  const Doppler split = split_doppler(flow_picture(), sector);
  EXPECT_TRUE(split.bar_found);
  EXPECT_FALSE(split.power);
  EXPECT_NEAR(split.flow[0][0][95][120].item<float>(), 200.0 / 250, 0.03);
  EXPECT_NEAR(split.flow[0][0][145][190].item<float>(), -100.0 / 250, 0.03);
  EXPECT_EQ(split.flow[0][0][60][200].item<float>(), 0);
  EXPECT_EQ(split.flow[0][0][70][25].item<float>(), 0) << "the bar itself";
  EXPECT_EQ(split.gray[0][0][95][120].item<int>(), 10);
  EXPECT_EQ(split.gray[0][0][145][190].item<int>(), 20);
  EXPECT_EQ(split.gray[0][0][60][200].item<int>(), speckle(in_linear)[60][200].item<int>());
}

TEST(Ultrasound, KnowsPowerDopplerAndPicturesWithoutABar) {
  const Sector sector{drawn(in_linear).to(at::kByte), {40, 60, 200, 260}};
  const Doppler power = split_doppler(flow_picture(true), sector);
  EXPECT_TRUE(power.power);
  EXPECT_GE(power.flow.min().item<float>(), 0);
  at::Tensor barless = flow_picture();
  barless.narrow(3, 20, 10).zero_();
  const Doppler split = split_doppler(barless, sector);
  EXPECT_FALSE(split.bar_found);
  EXPECT_NEAR(split.flow[0][0][95][120].item<float>(), 200.0 / 255, 0.02);
  EXPECT_NEAR(split.flow[0][0][145][190].item<float>(), -100.0 / 255, 0.02);
  const Doppler gray = split_doppler(one(speckle(in_linear)), sector);
  EXPECT_EQ(gray.flow.abs().max().item<float>(), 0);
  // A tint over everything is no flow.
  at::Tensor tinted =
      at::stack({speckle(in_linear).to(at::kFloat), speckle(in_linear) / 2, at::zeros({kHeight, kWidth})})
          .to(at::kByte)
          .unsqueeze(0);
  EXPECT_EQ(split_doppler(tinted, sector).flow.abs().max().item<float>(), 0);
}

TEST(Ultrasound, RemovesTheLinesOfTheFlowsBoxAndKeepsFlow) {
  at::Tensor image = flow_picture();
  for (int64_t c = 0; c < 3; ++c) image[0][c].narrow(0, 60, 120).narrow(1, 240, 2).fill_(c == 2 ? 255 : 40);
  const Sector sector{drawn(in_linear).to(at::kByte), {40, 60, 200, 260}};
  const at::Tensor overlay = find_overlay(image, sector)[0];
  EXPECT_EQ(overlay.narrow(0, 60, 120).narrow(1, 240, 2).min().item<int>(), 1);
  EXPECT_EQ(overlay[95][120].item<int>(), 0);
  EXPECT_EQ(overlay[100][25].item<int>(), 1) << "the bar is drawn";
}

TEST(Ultrasound, PreparesWhatTheOptionsAskFor) {
  const at::Tensor image = flow_picture();
  EXPECT_TRUE(at::equal(
      prepare_ultrasound(image, {.sector = SectorUse::none, .remove_text = TextRemoval::none}), image));
  const at::Tensor cropped = prepare_ultrasound(image, {});
  EXPECT_NEAR(static_cast<double>(cropped.size(2)), 160, 4);
  EXPECT_NEAR(static_cast<double>(cropped.size(3)), 200, 4);
  EXPECT_EQ(cropped.size(1), 3);
  EXPECT_EQ(cropped.scalar_type(), at::kByte);
  EXPECT_EQ(prepare_ultrasound(image[0], {}).dim(), 3);
  const at::Tensor masked = prepare_ultrasound(image, {.sector = SectorUse::mask});
  EXPECT_EQ(masked.sizes(), image.sizes());
  EXPECT_EQ(masked.narrow(3, 0, 50).max().item<int>(), 0);
  EXPECT_EQ(prepare_ultrasound(image, {.doppler = DopplerUse::gray}).size(1), 1);
  const at::Tensor split =
      prepare_ultrasound(image, {.sector = SectorUse::none, .doppler = DopplerUse::split});
  EXPECT_EQ(split.scalar_type(), at::kFloat);
  EXPECT_EQ(split.sizes(), (at::IntArrayRef{1, 2, kHeight, kWidth}));
  EXPECT_NEAR(split[0][1][95][120].item<float>(), 0.8, 0.03);
  EXPECT_EQ(split[0][0].narrow(1, 15, 20).max().item<float>(), 0) << "the bar is gone";
}

TEST(Ultrasound, RefusesOtherTensorsAndEmptyPictures) {
  PHOTO51_EXPECT_ERROR(find_sector(at::zeros({1, 2, 8, 8}, at::kByte)), usage,
                       HasSubstr("[T, 1 or 3, H, W]"));
  PHOTO51_EXPECT_ERROR(find_sector(at::zeros({1, 1, 8, 8})), usage, HasSubstr("not Float"));
  PHOTO51_EXPECT_ERROR(find_sector(at::zeros({1, 1, 80, 80}, at::kByte)), data, HasSubstr("no scan to see"));
  PHOTO51_EXPECT_ERROR(find_sector(at::full({1, 1, 80, 80}, 200, at::kByte)), data,
                       HasSubstr("all pixels are 200"));
  const Sector other{at::ones({4, 4}, at::kByte), {0, 0, 4, 4}};
  PHOTO51_EXPECT_ERROR(find_overlay(at::zeros({1, 1, 8, 8}, at::kByte), other), usage,
                       HasSubstr("another picture"));
  PHOTO51_EXPECT_ERROR(remove_overlay(at::zeros({2, 1, 8, 8}, at::kByte), at::zeros({1, 8, 8}), true), usage,
                       HasSubstr("an overlay is [T, H, W]"));
}

TEST(Ultrasound, ReadsItsOptions) {
  UltrasoundOptions o;
  config::read(config::parse_yaml("{sector: mask, remove_text: zero, doppler: split}", "test.yaml"), o);
  EXPECT_EQ(o.sector, SectorUse::mask);
  EXPECT_EQ(o.remove_text, TextRemoval::zero);
  EXPECT_EQ(o.doppler, DopplerUse::split);
  PHOTO51_EXPECT_ERROR(config::read(config::parse_yaml("doppler: spilt", "test.yaml"), o), usage,
                       HasSubstr("`spilt` is not a valid value"));
}

TEST(Ultrasound, SeesTheSectorsOfRealPictures) {
  PHOTO51_NEEDS_SHARED_DATA("dicom/files/OBXXXX1A_rle.dcm");
  const auto files = test::shared_data() / "dicom/files";
  // A curved array over darkness: the scan's area is 1, all around it 0, and a banner stands above.
  const imaging::Cine still = imaging::read_cine(files / "OBXXXX1A_rle.dcm");
  const Sector curved = find_sector(still.frames);
  EXPECT_NEAR(curved.mask.to(at::kFloat).mean().item<float>(), 0.402, 0.02);
  EXPECT_GT(curved.box.y0, 60);
  EXPECT_EQ(curved.mask[80][460].item<int>(), 0);
  EXPECT_EQ(curved.mask[300][460].item<int>(), 1);
}

TEST(Ultrasound, RemovesTheWordsOfRealBreastPictures) {
  PHOTO51_NEEDS_SHARED_DATA("busi/cohort.csv");
  const auto folder = test::shared_data() / "busi";
  const core::Table cohort = core::read_table(folder / "cohort.csv");
  double covered = 0;
  int pictures = 0;
  for (size_t row = 0; row < cohort.rows.size(); row += 27) {
    const imaging::Cine still = imaging::read_cine(folder / cohort.rows[row][cohort.require("image")]);
    const Sector sector = find_sector(still.frames);
    covered += find_overlay(still.frames, sector).to(at::kFloat).mean().item<double>();
    ++pictures;
  }
  // Words and calipers are a few of a thousand pixels; more would be echoes.
  EXPECT_LT(covered / pictures, 0.02);
  const imaging::Cine labelled = imaging::read_cine(folder / "images/benign_001.jpg");
  const at::Tensor overlay = find_overlay(labelled.frames, find_sector(labelled.frames))[0];
  // "LEFT BREAST" stands below the middle.
  EXPECT_GT(overlay.narrow(0, 214, 20).narrow(1, 105, 80).sum().item<int>(), 200);
}

}  // namespace
}  // namespace photo51::preprocess
