// Which pictures of a TIFF are the slide: levels, channels, planes, other scenes, and its microns.
#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "imaging/slide/backend.hpp"
#include "photo51/core/files.hpp"
#include "photo51/imaging/inspect/inspect.hpp"
#include "photo51/imaging/slide/readable.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"
#include "support/write_tiff.hpp"

namespace photo51::imaging {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

/// Blobs of several sizes, which no other seed has.
at::Tensor texture(int64_t height, int64_t width, uint64_t seed, int64_t channels = 3) {
  at::manual_seed(seed);
  at::Tensor sum = at::zeros({1, channels, height, width});
  for (const int64_t step : {6, 12, 30})
    sum += at::upsample_bilinear2d(at::rand({1, channels, height / step + 2, width / step + 2}),
                                   {height, width}, false) *
           80;
  return sum[0].clamp(0, 255).to(at::kByte);
}
at::Tensor smaller(const at::Tensor& picture, int64_t by) {
  return at::avg_pool2d(picture.to(at::kFloat), {by, by}).round().to(at::kByte);
}

class Scenes : public testing::Test {
 protected:
  std::filesystem::path write(const std::vector<test::TiffLevel>& levels) {
    test::write_tiff(folder_ / "a.tif", levels);
    return folder_ / "a.tif";
  }
  static test::TiffLevel page(const at::Tensor& pixels, const std::string& text = "", bool reduced = false,
                              uint32_t tile = 64) {
    return {.rgb = pixels,
            .compression = COMPRESSION_LZW,
            .tile = tile,
            .description = text,
            .is_reduced = reduced};
  }
  static int gray(const Slide& slide, int64_t x, int64_t y) {
    return slide.read(0, x, y, 1, 1)[0][0][0].item<int>();
  }
  test::TemporaryFolder folder_;
};

TEST_F(Scenes, HaveLevelsThatAreTheSlideMadeSmaller) {
  const at::Tensor one = texture(400, 480, 1), other = texture(200, 240, 2);
  const Slide both =
      open_slide(write({page(one), page(smaller(one, 2)), page(smaller(one, 4), "", false, 0)}));
  EXPECT_EQ(both.levels().size(), 3U);
  EXPECT_THAT(both.info().warnings, testing::Not(Contains(HasSubstr("not the slide made smaller"))));
  const Slide first = open_slide(write({page(one), page(other)}));
  EXPECT_EQ(first.levels().size(), 1U);
  EXPECT_THAT(first.info().warnings, Contains(HasSubstr("has 1 more picture(s)")));
  // A mark is believed where the page is laid out as the slide is, not where it may be a label.
  EXPECT_EQ(open_slide(write({page(one), page(other, "", true)})).levels().size(), 2U);
  EXPECT_EQ(open_slide(write({page(one), page(other, "", true, 0)})).levels().size(), 1U);
}

TEST_F(Scenes, BeginWithTheLargestPage) {
  const at::Tensor one = texture(400, 480, 1), preview = texture(100, 130, 2);
  const auto path = write({page(preview, "", false, 0), page(one)});
  const Slide slide = open_slide(path);
  EXPECT_EQ(slide.levels()[0].width, 480);
  EXPECT_THAT(slide.info().warnings, Contains(HasSubstr("its page 2 is the largest")));
  EXPECT_TRUE(slide.read_associated("image 0").equal(preview));
  EXPECT_EQ(open_slide(path, {.page = 1}).levels()[0].width, 130);
  PHOTO51_EXPECT_ERROR(open_slide(path, {.page = 3}), data,
                       HasSubstr("has no page 3 (slide.page); it has 2"));
}

TEST_F(Scenes, WithSeveralChannelsNeedAChoice) {
  const at::Tensor five = texture(100, 120, 3, 5);
  const auto path = write({page(five)});
  PHOTO51_EXPECT_ERROR(open_slide(path), data,
                       HasSubstr("has 5 channels (1, 2, 3, 4, 5); say by name or number"));
  EXPECT_EQ(gray(open_slide(path, {.channels = {"4"}}), 7, 9), five[3][9][7].item<int>());
  const Slide three = open_slide(path, {.channels = {"5", "1", "2"}});
  const at::Tensor shown = three.read(0, 0, 0, 120, 100);
  EXPECT_TRUE(shown.equal(at::stack({five[4], five[0], five[1]})));
  PHOTO51_EXPECT_ERROR(open_slide(path, {.channels = {"DAPI"}}), data, HasSubstr("has no channel `DAPI`"));
  PHOTO51_EXPECT_ERROR(open_slide(write({page(texture(60, 60, 1))}), {.channels = {"1"}}), data,
                       HasSubstr("no channels to choose from"));
}

std::string ome(const std::string& sizes, const std::string& channels) {
  return "<OME><Image ID='Image:0'><Pixels DimensionOrder='XYCZT' SizeX='120' SizeY='100' " + sizes +
         " PhysicalSizeX='500' PhysicalSizeXUnit='nm' PhysicalSizeY='0.5'>" + channels +
         "<TiffData/></Pixels></Image></OME>";
}

TEST_F(Scenes, OfThreePagesNamedRedGreenAndBlueAreColors) {
  const at::Tensor rgb = texture(100, 120, 4);
  const auto pages = [&](const std::string& text) {
    return write({page(rgb.narrow(0, 1, 1), text), page(rgb.narrow(0, 0, 1)), page(rgb.narrow(0, 2, 1))});
  };
  const std::string sizes = "SizeC='3' SizeZ='1' SizeT='1'";
  const Slide slide =
      open_slide(pages(ome(sizes, "<Channel Name='Green'/><Channel Name='red'/><Channel Name='B'/>")));
  EXPECT_TRUE(slide.read(0, 0, 0, 120, 100).equal(rgb));
  EXPECT_NEAR(slide.mpp()[0], 0.5, 1e-12);
  const auto named = pages(ome(sizes, "<Channel Name='DAPI'/><Channel Name='FITC'/><Channel Name='Cy5'/>"));
  PHOTO51_EXPECT_ERROR(open_slide(named), data, HasSubstr("has 3 channels (1 DAPI, 2 FITC, 3 Cy5)"));
  EXPECT_EQ(gray(open_slide(named, {.channels = {"fitc"}}), 3, 5), rgb[0][5][3].item<int>());
}

TEST_F(Scenes, WithSeveralPlanesNeedOne) {
  const at::Tensor z = texture(100, 120, 5, 6);
  const auto pages = [&](const std::string& text) {
    std::vector<test::TiffLevel> all;
    for (int64_t i = 0; i < 6; ++i) all.push_back(page(z.narrow(0, i, 1), i == 0 ? text : ""));
    return write(all);
  };
  const auto path =
      pages(ome("SizeC='2' SizeZ='3' SizeT='1'", "<Channel Name='DAPI'/><Channel Name='FITC'/>"));
  PHOTO51_EXPECT_ERROR(open_slide(path), data, HasSubstr("has 3 focal planes"));
  PHOTO51_EXPECT_ERROR(open_slide(path, {.plane = 2}), data, HasSubstr("has 2 channels (1 DAPI, 2 FITC)"));
  PHOTO51_EXPECT_ERROR(open_slide(path, {.plane = 4}), data, HasSubstr("has no focal plane 4"));
  const Slide slide = open_slide(path, {.channels = {"FITC"}, .plane = 2});
  EXPECT_EQ(gray(slide, 3, 5), z[3][5][3].item<int>());  // c is the faster: c1 z1 is the fourth page
  PHOTO51_EXPECT_ERROR(open_slide(pages(ome("SizeC='1' SizeZ='1' SizeT='6'", ""))), data,
                       HasSubstr("a series of 6 times"));
  const at::Tensor rgb = texture(100, 120, 6);
  PHOTO51_EXPECT_ERROR(open_slide(write({page(rgb), page(rgb.flip({1}))})), data,
                       HasSubstr("images of one size"));
  EXPECT_TRUE(open_slide(write({page(rgb), page(rgb.flip({1}))}), {.plane = 2})
                  .read(0, 0, 0, 120, 100)
                  .equal(rgb.flip({1})));
  PHOTO51_EXPECT_ERROR(open_slide(write({page(rgb), page(rgb.narrow(0, 0, 1))})), data,
                       HasSubstr("different kinds of pixels"));
}

TEST_F(Scenes, ThatAreDamagedInPlacesAreShownWhereTheyCanBeRead) {
  const at::Tensor rgb = texture(256, 256, 8);
  const auto path = write({{rgb, COMPRESSION_ADOBE_DEFLATE, 64}});  // 4 x 4 tiles
  std::string bytes = core::read_file(path);
  TIFF* tiff = TIFFOpen(path.c_str(), "r");
  const auto begin = static_cast<size_t>(TIFFGetStrileOffset(tiff, 5));
  std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(begin), TIFFGetStrileByteCount(tiff, 5), '\x55');
  TIFFClose(tiff);
  core::write_file_atomic(path, bytes);
  const Slide slide = open_slide(path, {.mpp = 1});
  at::Tensor expected = rgb.clone();
  expected.narrow(1, 64, 64).narrow(2, 64, 64).fill_(255);
  const at::Tensor picture = at::empty({3, 256, 256}, at::kByte);
  const at::Tensor damaged = read_readable(slide, {1, 1}, picture);
  EXPECT_TRUE(picture.equal(expected));
  EXPECT_EQ(damaged.sum().item<int64_t>(), 64 * 64);
  EXPECT_TRUE(readable_thumbnail(slide, 256).equal(expected));
  const Inspection found = inspect(path, {.picture = true});
  EXPECT_EQ(found.error, "");
  EXPECT_THAT(found.warnings, Contains(HasSubstr("% of it, or less, is damaged")));
}

/// A lone damaged tile is found to the tile; where every other one is damaged, the search ends.
TEST_F(Scenes, OfWhichMuchIsDamagedAreMeasuredByWhatIsLeft) {
  const auto path = write({{at::full({1, 4096, 4096}, 7, at::kByte), COMPRESSION_ADOBE_DEFLATE, 64}});
  const std::string whole = core::read_file(path);
  const auto damaged_at = [&](int64_t every) {
    std::string bytes = whole;
    core::write_file_atomic(path, whole);
    TIFF* tiff = TIFFOpen(path.c_str(), "r");
    for (uint32_t tile = 0; tile < 64 * 64; tile += static_cast<uint32_t>(every)) {
      const auto begin = static_cast<std::ptrdiff_t>(TIFFGetStrileOffset(tiff, tile));
      std::fill_n(bytes.begin() + begin, TIFFGetStrileByteCount(tiff, tile), '\x55');
    }
    TIFFClose(tiff);
    core::write_file_atomic(path, bytes);
    return inspect(path);
  };
  EXPECT_THAT(damaged_at(64 * 64).warnings, Contains(HasSubstr("0.0% of it, or less, is damaged")));
  EXPECT_THAT(damaged_at(2).error, HasSubstr("is damaged"));
}

/// Only one place in 16 x 16 can be read: the search for it ends.
TEST(ReadableSlides, AreNotSearchedWithoutEnd) {
  class Damaged final : public SlideBackend {
   public:
    void read(int64_t /*level*/, int64_t x, int64_t y, const RgbPlanes& to) const override {
      ++reads;
      if (x >= 16 || y >= 16 || x + to.width > 16 || y + to.height > 16) core::fail_data("it is damaged");
      std::fill_n(to.plane(0), 3 * to.width * to.height, uint8_t{9});
    }
    at::Tensor read_associated(const std::string& /*name*/) const override { return {}; }
    mutable int64_t reads = 0;
  };
  const auto backend = std::make_shared<Damaged>();
  SlideInfo info;
  info.levels.push_back({1024, 1024, 1});
  const at::Tensor picture = at::empty({3, 1024, 1024}, at::kByte);
  const at::Tensor damaged = read_readable(Slide(info, backend), {1, 1}, picture);
  EXPECT_LT(backend->reads, 3000);
  EXPECT_EQ(damaged.sum().item<int64_t>(), 1024 * 1024 - 16 * 16);
  EXPECT_EQ(picture[0][15][15].item<int>(), 9);
  EXPECT_EQ(picture[0][16][16].item<int>(), 255);
}

TEST_F(Scenes, TellTheirMicronsInEveryUnit) {
  const at::Tensor rgb = texture(100, 120, 7);
  const auto mpp = [&](const std::string& text) { return open_slide(write({page(rgb, text)})); };
  const std::string other =
      "<Image><Pixels SizeX='10' SizeY='10' PhysicalSizeX='40' PhysicalSizeY='40'/></Image>";
  EXPECT_NEAR(mpp("<OME>" + other +
                  "<Image><Pixels SizeX='120' SizeY='100' PhysicalSizeX = '500000' PhysicalSizeXUnit='pm' "
                  "PhysicalSizeY='5e-4' PhysicalSizeYUnit='mm'/></Image></OME>")
                  .mpp()[1],
              0.5, 1e-12);
  EXPECT_THAT(mpp("<OME>" + other + "</OME>").info().warnings,
              Contains(HasSubstr("describes no image of 120 x 100 pixels")));
  EXPECT_THAT(mpp("<OME><Image></OME>").info().warnings, Contains(HasSubstr("OME-XML is damaged")));
  EXPECT_FALSE(mpp("<OME>" + other + "</OME>").info().mpp.has_value());
}

TEST_F(Scenes, OfTheCasesAreRight) {
  PHOTO51_NEEDS_SHARED_CASES("slides");
  const auto cases = test::shared_cases() / "slides";
  EXPECT_EQ(open_slide(cases / "two_scenes/cores.tif").levels().size(), 1U);
  EXPECT_EQ(open_slide(cases / "two_scenes/levels_no_flag.tif").levels().size(), 3U);
  EXPECT_EQ(open_slide(cases / "first_page_label/preview_first.tif").levels()[0].width, 1024);
  PHOTO51_EXPECT_ERROR(open_slide(cases / "mrxs_alone/lonely0.mrxs"), data,
                       HasSubstr("the folder `lonely0`"));
  PHOTO51_EXPECT_ERROR(open_slide(cases / "cycif_interleaved/five_samples_gray.tif"), data,
                       HasSubstr("has 5 channels"));
  for (const char* name : {"ome_units/pm.ome.tif", "ome_units/single_quotes.ome.tif",
                           "ome_units/first_image_is_label.ome.tif", "imagej_units/micron.tif"})
    EXPECT_NEAR(open_slide(cases / name).mpp()[0], 0.5, 1e-9) << name;
  EXPECT_EQ(open_slide(cases / "aperio/appmag_float.svs").info().objective_power, 40);
  const auto planes = cases / "ome_rgb_planes/three_pages.ome.tif";
  const Slide colors = open_slide(planes);
  EXPECT_EQ(colors.levels().size(), 2U);
  const at::Tensor shown = colors.read(0, 0, 0, 640, 512);
  for (const auto& [channel, name] : {std::pair{0, "Red"}, {1, "Green"}, {2, "Blue"}})
    EXPECT_TRUE(open_slide(planes, {.channels = {name}}).read(0, 0, 0, 640, 512)[0].equal(shown[channel]));
}

}  // namespace
}  // namespace photo51::imaging
