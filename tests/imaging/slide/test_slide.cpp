#include "photo51/imaging/slide/slide.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <thread>

#include "photo51/core/files.hpp"
#include "photo51/imaging/inspect/inspect.hpp"
#include "photo51/imaging/picture/picture.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"
#include "support/write_tiff.hpp"

namespace photo51::imaging {
namespace {

using testing::Contains;
using testing::HasSubstr;

at::Tensor colors(int64_t height, int64_t width) {
  const at::Tensor y = at::arange(height).view({-1, 1}), x = at::arange(width).view({1, -1});
  return at::stack({(x + 0 * y) % 251, (y + 0 * x) % 241, (x + y) % 239}).to(at::kByte);
}

class Slides : public testing::Test {
 protected:
  std::filesystem::path write(const std::string& name, const std::vector<test::TiffLevel>& levels,
                              bool big = false) {
    test::write_tiff(folder_ / name, levels, big);
    return folder_ / name;
  }
  test::TemporaryFolder folder_;
};

TEST_F(Slides, ReadRegionsOfEveryKindOfTiff) {
  const at::Tensor rgb = colors(150, 210);
  const uint16_t kinds[] = {COMPRESSION_NONE, COMPRESSION_LZW, COMPRESSION_ADOBE_DEFLATE,
                            COMPRESSION_PACKBITS};
  for (const uint16_t compression : kinds)
    for (const uint32_t tile : {0U, 64U}) {
      const Slide slide = open_slide(write("a.tif", {{rgb, compression, tile}}, tile == 64));
      EXPECT_EQ(slide.info().backend, "tiff");
      EXPECT_TRUE(slide.read(0, 37, 20, 100, 90).equal(rgb.narrow(1, 20, 90).narrow(2, 37, 100)))
          << compression;
      // Beyond the edge there is glass.
      const at::Tensor edge = slide.read(0, 200, 140, 20, 20);
      EXPECT_TRUE(edge.narrow(1, 0, 10).narrow(2, 0, 10).equal(rgb.narrow(1, 140, 10).narrow(2, 200, 10)));
      EXPECT_EQ(edge.narrow(1, 10, 10).min().item<int>(), 255);
      EXPECT_EQ(slide.read(0, -30, -30, 20, 20).min().item<int>(), 255);
    }
}

TEST_F(Slides, ReadJpegTiles) {
  const at::Tensor smooth =
      at::upsample_bilinear2d(at::rand({1, 3, 8, 8}) * 255, {128, 128}, false)[0].to(at::kByte);
  const Slide slide = open_slide(write("jpeg.tif", {{smooth, COMPRESSION_JPEG, 64}}));
  const at::Tensor gap = (slide.read(0, 0, 0, 128, 128).to(at::kFloat) - smooth.to(at::kFloat)).abs();
  EXPECT_LT(gap.mean().item<double>(), 4);
}

TEST_F(Slides, ShowGraySixteenBitsAndAlpha) {
  const at::Tensor deep = (at::arange(64 * 64).view({1, 64, 64}) * 16).to(at::kShort);
  const Slide gray = open_slide(write("gray.tif", {{deep, COMPRESSION_LZW, 0}}));
  const at::Tensor expected =
      (deep.to(at::kInt).bitwise_and(0xFFFF).to(at::kDouble) / 257).round().to(at::kByte);
  EXPECT_TRUE(gray.read(0, 0, 0, 64, 64).equal(expected.expand({3, 64, 64})));
  EXPECT_THAT(gray.info().warnings, Contains(HasSubstr("16 bits")));
  at::Tensor clear = at::cat({colors(64, 64), at::zeros({1, 64, 64}, at::kByte)});
  clear[3].narrow(0, 0, 32).fill_(255);
  const at::Tensor shown =
      open_slide(write("alpha.tif", {{clear, COMPRESSION_LZW, 32}})).read(0, 0, 0, 64, 64);
  EXPECT_TRUE(shown.narrow(1, 0, 32).equal(colors(64, 64).narrow(1, 0, 32)));
  EXPECT_EQ(shown.narrow(1, 32, 32).min().item<int>(), 255);
}

TEST_F(Slides, HavePyramidsAndOtherPictures) {
  const Slide slide = open_slide(write("p.tif", {{colors(200, 300)},
                                                 {colors(100, 150)},
                                                 {colors(50, 75)},
                                                 {colors(90, 40), COMPRESSION_LZW, 0, "macro"}}));
  ASSERT_EQ(slide.levels().size(), 3U);
  EXPECT_EQ(slide.levels()[2].downsample, 4);
  EXPECT_TRUE(slide.read(1, 20, 40, 30, 20).equal(colors(100, 150).narrow(1, 20, 20).narrow(2, 10, 30)));
  ASSERT_EQ(slide.info().associated.size(), 1U);
  EXPECT_TRUE(slide.read_associated("macro").equal(colors(90, 40)));
  EXPECT_THAT(test::message_of(core::Fault::usage, [&] { slide.read_associated("makro"); }),
              HasSubstr("macro"));
}

TEST_F(Slides, OtherPicturesMayBeTooLarge) {
  const auto path = write("large.tif", {{colors(64, 64)}});
  // 20000 x 20000 pixels of which one tile is stored.
  TIFF* tiff = TIFFOpen(path.c_str(), "a");
  ASSERT_NE(tiff, nullptr);
  constexpr uint32_t kSide = 20000, kTileSide = 256;
  TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, kSide);
  TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, kSide);
  TIFFSetField(tiff, TIFFTAG_TILEWIDTH, kTileSide);
  TIFFSetField(tiff, TIFFTAG_TILELENGTH, kTileSide);
  TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, 3);
  TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, 8);
  TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
  TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_RGB);
  TIFFSetField(tiff, TIFFTAG_COMPRESSION, COMPRESSION_ADOBE_DEFLATE);
  TIFFSetField(tiff, TIFFTAG_SUBFILETYPE, FILETYPE_REDUCEDIMAGE);
  TIFFSetField(tiff, TIFFTAG_IMAGEDESCRIPTION, "macro");
  std::vector<uint8_t> tile(size_t{kTileSide} * kTileSide * 3);
  EXPECT_GT(TIFFWriteTile(tiff, tile.data(), 0, 0, 0, 0), 0);
  EXPECT_EQ(TIFFWriteDirectory(tiff), 1);
  TIFFClose(tiff);
  const Slide slide = open_slide(path);
  ASSERT_EQ(slide.info().associated.size(), 1U);
  PHOTO51_EXPECT_ERROR(slide.read_associated("macro"), data,
                       HasSubstr("large.tif: its macro is too large for a picture"));
}

TEST_F(Slides, KnowMicronsByALadder) {
  const at::Tensor rgb = colors(64, 64);
  const std::string aperio = "Aperio Image Library\nx|AppMag = 20|MPP = 0.4990|Left = 1";
  const std::string ome =
      "<OME><Pixels PhysicalSizeX=\"250\" PhysicalSizeXUnit=\"nm\" PhysicalSizeY=\"0.25\" "
      "PhysicalSizeYUnit=\"\xC2\xB5m\"/></OME>";
  const auto open = [&](const std::string& text, double mpp, const SlideOptions& options = {}) {
    return open_slide(write("m.tif", {{rgb, COMPRESSION_LZW, 0, text, mpp}}), options);
  };
  EXPECT_NEAR(open(aperio, 2).mpp()[0], 0.499, 1e-9);
  EXPECT_EQ(open(aperio, 2).info().mpp_source, MppSource::aperio);
  EXPECT_NEAR(open(ome, 2).mpp()[0], 0.25, 1e-9);
  EXPECT_EQ(open(ome, 2).info().mpp_source, MppSource::ome);
  EXPECT_NEAR(open("", 2).mpp()[1], 2, 1e-4);
  EXPECT_EQ(open("", 2).info().mpp_source, MppSource::tiff_resolution);
  EXPECT_EQ(open(aperio, 2, {.mpp = 0.3}).mpp()[0], 0.3);
  const Slide printer = open("", 352.8);
  EXPECT_THAT(printer.info().warnings, Contains(HasSubstr("not microscopy")));
  EXPECT_THAT(test::message_of(core::Fault::data, [&] { printer.mpp(); }), HasSubstr("set mpp of the slide"));
  const std::string only_power = "Aperio Image Library\nx|AppMag = 20|";
  EXPECT_THAT(test::message_of(core::Fault::data, [&] { open(only_power, 0).mpp(); }),
              HasSubstr("mpp_from_objective for 0.5 um from its objective of 20x"));
  EXPECT_EQ(open(only_power, 0, {.mpp_from_objective = true}).mpp()[0], 0.5);
}

TEST_F(Slides, MayBeFlatPictures) {
  const at::Tensor rgb = colors(50, 60);
  core::write_file_atomic(folder_ / "flat.png", encode_png(rgb.permute({1, 2, 0}).contiguous()));
  const Slide slide = open_slide(folder_ / "flat.png", {.mpp = 0.5});
  EXPECT_TRUE(slide.read(0, 0, 0, 60, 50).equal(rgb));
  EXPECT_TRUE(thumbnail(slide, 60).equal(rgb));
  EXPECT_EQ(thumbnail(slide, 30).size(2), 30);
}

TEST_F(Slides, AreSafeFromSeveralThreads) {
  const at::Tensor rgb = colors(300, 300);
  const Slide slide = open_slide(write("t.tif", {{rgb, COMPRESSION_ADOBE_DEFLATE, 32}}));
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 40; ++i) {
        const int64_t x = (37 * i + 11 * t) % 200, y = (53 * i + 29 * t) % 200;
        if (!slide.read(0, x, y, 80, 90).equal(rgb.narrow(1, y, 90).narrow(2, x, 80))) ++wrong;
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST_F(Slides, FailClearlyWhenDamaged) {
  EXPECT_THAT(test::message_of(core::Fault::data, [&] { open_slide(folder_ / "none.svs"); }),
              HasSubstr("no such file"));
  core::write_file_atomic(folder_ / "text.svs", "not a slide at all, but some text");
  EXPECT_THAT(test::message_of(core::Fault::data, [&] { open_slide(folder_ / "text.svs"); }),
              HasSubstr("not a slide that can be read"));
  const auto path = write("whole.tif", {{colors(256, 256), COMPRESSION_ADOBE_DEFLATE, 64}});
  const std::string whole = core::read_file(path);
  for (const double part : {0.1, 0.5, 0.9, 0.99}) {
    core::write_file_atomic(folder_ / "cut.tif",
                            whole.substr(0, static_cast<size_t>(part * static_cast<double>(whole.size()))));
    EXPECT_THAT(
        test::message_of(core::Fault::data, [&] { open_slide(folder_ / "cut.tif").read(0, 0, 0, 256, 256); }),
        HasSubstr("copy the file again"))
        << part;
  }
  const Slide slide = open_slide(path);
  EXPECT_THAT(test::message_of(core::Fault::usage, [&] { slide.read(1, 0, 0, 8, 8); }),
              HasSubstr("has no level 1"));
  EXPECT_THAT(test::message_of(core::Fault::usage, [&] { slide.read(0, 0, 0, 0, 8); }), HasSubstr("0 x 8"));
  EXPECT_THAT(test::message_of(core::Fault::usage, [&] { slide.read(0, 0, 0, 1 << 30, 1 << 30); }),
              HasSubstr("read it in parts"));
  EXPECT_THAT(test::message_of(core::Fault::usage,
                               [&] {
                                 slide.read_into(0, 0, 0, at::zeros({3, 4, 4}));
                               }),
              HasSubstr("uint8 [3, H, W]"));
  EXPECT_THAT(test::message_of(core::Fault::usage, [&] { thumbnail(slide, 0); }), HasSubstr("1 to 16384"));
}

TEST_F(Slides, RefuseRegionsThatMakeNoSense) {
  const at::Tensor rgb = colors(64, 64);
  const Slide slide = open_slide(write("a.tif", {{rgb, COMPRESSION_LZW, 64}}));
  const auto refused = [](const auto& call) { return test::message_of(core::Fault::usage, call); };
  EXPECT_THAT(refused([&] { slide.read(0, int64_t{1} << 41, 0, 8, 8); }), HasSubstr("is absurd"));
  EXPECT_THAT(refused([&] { slide.read_associated("label"); }), HasSubstr("no associated image `label`"));
  core::write_file_atomic(folder_ / "flat.png", encode_png(rgb.permute({1, 2, 0}).contiguous()));
  EXPECT_THAT(refused([&] { open_slide(folder_ / "flat.png", {.mpp = 0.5}).read_associated("label"); }),
              HasSubstr("no associated image `label`"));
  const at::Tensor pixel = at::zeros({3, 1, 1}, at::kByte);
  EXPECT_THAT(refused([&] { read_scaled(slide, 0, 0, {0, 1}, pixel); }), HasSubstr("in pixels of 0 x 1"));
  EXPECT_THAT(refused([&] {
                read_scaled(slide, 0, 0, {1, 1}, at::zeros({3, 1, 1}));
              }),
              HasSubstr("contiguous uint8 [3, H, W]"));
  EXPECT_THAT(refused([&] {
                read_scaled(slide, 0, 0, {1e5, 1e5}, pixel);
              }),
              HasSubstr("ask for a finer resolution"));
}

TEST_F(Slides, PromisingMorePixelsThanTheyHoldAreDamaged) {
  const auto path = write("huge.tif", {{colors(64, 64), COMPRESSION_NONE, 0}});
  std::string bytes = core::read_file(path);
  // ImageWidth (256) and ImageLength (257) of the little-endian directory, whatever type they were written
  // with.
  uint32_t directory = 0;
  std::memcpy(&directory, bytes.data() + 4, 4);
  for (uint32_t i = 0; i < 2; ++i) {
    char* entry = bytes.data() + directory + 2 + 12 * i;
    const uint16_t type = 4;
    const uint32_t value = 2'000'000'000;
    std::memcpy(entry + 2, &type, 2);
    std::memcpy(entry + 8, &value, 4);
  }
  core::write_file_atomic(path, bytes);
  const std::string message =
      test::message_of(core::Fault::data, [&] { open_slide(path).read(0, 0, 0, 64, 64); });
  EXPECT_THAT(message, testing::AnyOf(HasSubstr("damaged"), HasSubstr("copy the file again")));
}

TEST_F(Slides, AreInspected) {
  const at::Tensor rgb = colors(200, 300);
  const auto path = write("look.svs", {{rgb, COMPRESSION_LZW, 64, "", 0.5},
                                       {colors(100, 150), COMPRESSION_LZW, 64},
                                       {colors(40, 30), COMPRESSION_LZW, 0, "label"}});
  const Inspection found = inspect(path, {.picture = true});
  EXPECT_EQ(found.error, "");
  EXPECT_EQ(found.kind, "slide");
  EXPECT_EQ(found.size, (std::array<int64_t, 3>{300, 200, 1}));
  EXPECT_NEAR(found.spacing->at(0), 0.0005, 1e-8);
  EXPECT_EQ(found.channels, 3);
  EXPECT_EQ(found.min, 0);
  EXPECT_EQ(found.max, 250);
  EXPECT_NEAR(found.mean, rgb.to(at::kDouble).mean().item<double>(), 1e-9);
  EXPECT_THAT(found.notes, Contains("2 levels: 300 x 200, 150 x 100"));
  EXPECT_THAT(found.warnings,
              Contains(HasSubstr("label picture of 30 x 40, which may show who the patient is")));
  EXPECT_EQ(found.picture.size(2), 3);
}

}  // namespace
}  // namespace photo51::imaging
