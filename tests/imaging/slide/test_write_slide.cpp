#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "photo51/core/files.hpp"
#include "photo51/imaging/read.hpp"
#include "photo51/imaging/slide/write.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::imaging {
namespace {

using testing::HasSubstr;

at::Tensor picture() {
  const at::Tensor y = at::arange(75).view({1, 75, 1}), x = at::arange(101).view({1, 1, 101});
  return (x * 2 + y + at::arange(3).view({3, 1, 1}) * 20).to(at::kByte);
}
const SlideTags kTags{
    .mpp = 0.5, .levels = 3, .tile = 32, .compression = SlideCompression::deflate, .scanner = "S1"};

TEST(WriteSlide, TheFinestLevelIsThePicture) {
  const test::TemporaryFolder folder;
  write_slide(picture(), folder / "slide.tif", kTags);
  const Volume back = read_volume(folder / "slide.tif");
  EXPECT_TRUE(at::equal(back.data.select(1, 0), picture()));
}

TEST(WriteSlide, SamePictureSameBytes) {
  const test::TemporaryFolder folder;
  SlideTags tags = kTags;
  tags.compression = SlideCompression::jpeg;
  tags.aperio = true;
  write_slide(picture(), folder / "a.svs", tags);
  write_slide(picture(), folder / "b.svs", tags);
  const std::string bytes = core::read_file(folder / "a.svs");
  EXPECT_EQ(bytes, core::read_file(folder / "b.svs"));
  EXPECT_THAT(bytes,
              HasSubstr("101x75 [0,0 101x75] (32x32) JPEG/RGB Q=85|AppMag = 20|MPP = 0.5|ScanScope ID = S1"));
  EXPECT_THAT(bytes, HasSubstr("(32x32) -> 25x18 JPEG/RGB Q=85"));
  EXPECT_FALSE(std::filesystem::exists(folder / "a.svs.tmp"));
}

TEST(WriteSlide, RefusesWhatCannotBe) {
  const test::TemporaryFolder folder;
  const auto refuses = [&](const at::Tensor& given, auto change, const std::string& word) {
    SlideTags tags = kTags;
    change(tags);
    PHOTO51_EXPECT_ERROR(write_slide(given, folder / "x.tif", tags), usage, HasSubstr(word));
  };
  refuses(
      picture(), [](SlideTags& t) { t.mpp = 0; }, "mpp: 0 is not above 0");
  refuses(
      picture(), [](SlideTags& t) { t.tile = 40; }, "tile: 40 is not a multiple of 16");
  refuses(
      picture(), [](SlideTags& t) { t.levels = 8; }, "levels: 8 do not fit a picture of 101 x 75");
  refuses(
      picture(), [](SlideTags& t) { t.jpeg_quality = 101; }, "jpeg_quality: 101 is not in 1..100");
  refuses(
      picture().to(at::kFloat), [](SlideTags&) {}, "a slide is uint8 [3, H, W]");
  PHOTO51_EXPECT_ERROR(write_slide(picture(), folder / "no_such_folder" / "x.tif", kTags), run,
                       HasSubstr("x.tif"));
}

}  // namespace
}  // namespace photo51::imaging
