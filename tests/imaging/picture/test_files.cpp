#include "imaging/picture/files.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <tiffio.h>
#include <zlib.h>

#include "imaging/orientation.hpp"
#include "photo51/core/files.hpp"
#include "photo51/imaging/mammography/mammogram.hpp"
#include "photo51/imaging/picture/picture.hpp"
#include "photo51/imaging/slide/slide.hpp"
#include "photo51/imaging/ultrasound/cine.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"
#include "support/write_tiff.hpp"

namespace photo51::imaging {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

std::string big_endian(uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8),
          static_cast<char>(value)};
}

std::string chunk(const std::string& type, const std::string& content) {
  const std::string body = type + content;
  return big_endian(static_cast<uint32_t>(content.size())) + body +
         big_endian(static_cast<uint32_t>(
             crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()))));
}

/// A PNG of rows that begin with their filter byte.
std::string png(uint32_t width, uint32_t height, char depth, char color, const std::string& rows,
                const std::string& more = "") {
  std::string packed(compressBound(rows.size()), '\0');
  uLongf size = packed.size();
  compress(reinterpret_cast<Bytef*>(packed.data()), &size, reinterpret_cast<const Bytef*>(rows.data()),
           rows.size());
  packed.resize(size);
  return "\x89PNG\r\n\x1a\n" +
         chunk("IHDR", big_endian(width) + big_endian(height) + std::string{depth, color, 0, 0, 0}) + more +
         chunk("IDAT", packed) + chunk("IEND", "");
}

class PictureFiles : public testing::Test {
 protected:
  std::filesystem::path write(const std::string& name, const std::string& bytes) {
    core::write_file_atomic(folder_ / name, bytes);
    return folder_ / name;
  }
  test::TemporaryFolder folder_;
};

TEST(Orientation, IsReadFromAnExifBlock) {
  const std::string little("II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0", 22);
  const std::string big("MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x08\0\0", 22);
  const auto of = [](const std::string& block) {
    return exif_orientation({reinterpret_cast<const uint8_t*>(block.data()), block.size()});
  };
  EXPECT_EQ(of(little), 6);
  EXPECT_EQ(of(big), 8);
  EXPECT_EQ(of(little.substr(0, 15)), 1);
  EXPECT_EQ(of("nothing of the kind"), 1);
}

TEST(Orientation, TurnsAsViewersDo) {
  // 1 2 3
  // 4 5 6
  const at::Tensor stored = at::arange(1, 7).view({2, 3});
  const auto turned = [&](int orientation) {
    const at::Tensor picture = upright(stored, orientation).contiguous();
    return std::vector<int64_t>(picture.const_data_ptr<int64_t>(), picture.const_data_ptr<int64_t>() + 6);
  };
  EXPECT_THAT(turned(1), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(turned(2), ElementsAre(3, 2, 1, 6, 5, 4));
  EXPECT_THAT(turned(3), ElementsAre(6, 5, 4, 3, 2, 1));
  EXPECT_THAT(turned(4), ElementsAre(4, 5, 6, 1, 2, 3));
  EXPECT_THAT(turned(5), ElementsAre(1, 4, 2, 5, 3, 6));
  EXPECT_THAT(turned(6), ElementsAre(4, 1, 5, 2, 6, 3));  // by a quarter to the right
  EXPECT_THAT(turned(7), ElementsAre(6, 3, 5, 2, 4, 1));
  EXPECT_THAT(turned(8), ElementsAre(3, 6, 2, 5, 1, 4));
  EXPECT_EQ(upright(stored, 6).size(0), 3);
}

TEST_F(PictureFiles, OfPngKeepTheirNumbers) {
  const at::Tensor rgb = at::randint(0, 256, {9, 7, 3}, at::kByte);
  const Volume colors = read_picture(write("a.png", encode_png(rgb)), Format::png);
  EXPECT_TRUE(colors.data.select(1, 0).equal(rgb.permute({2, 0, 1})));
  EXPECT_THAT(colors.channels, ElementsAre("red", "green", "blue"));
  // 16 bits are stored with the high byte first.
  const Volume deep =
      read_picture(write("d.png", png(2, 1, 16, 0, std::string("\0\x01\x02\xFF\xFE", 5))), Format::png);
  EXPECT_EQ(deep.data.scalar_type(), at::kInt);
  EXPECT_EQ(deep.data[0][0][0][0].item<int>(), 258);
  EXPECT_EQ(deep.data[0][0][0][1].item<int>(), 65534);
  // One bit a pixel spreads over 0 and 255; a palette becomes colors.
  const Volume bits = read_picture(write("b.png", png(4, 1, 1, 0, std::string("\0\xA0", 2))), Format::png);
  EXPECT_EQ(bits.data.sum().item<int64_t>(), 2 * 255);
  const Volume palette = read_picture(write("p.png", png(2, 1, 8, 3, std::string("\0\1\0", 3),
                                                         chunk("PLTE", std::string("\1\2\3\4\5\6", 6)))),
                                      Format::png);
  EXPECT_EQ(palette.data[2][0][0][0].item<int>(), 6);
}

TEST_F(PictureFiles, LeaveOutAlphaThatSaysNothing) {
  const Volume opaque =
      read_picture(write("o.png", png(2, 1, 8, 4, std::string("\0\x07\xFF\x09\xFF", 5))), Format::png);
  EXPECT_EQ(opaque.data.sizes(), (at::IntArrayRef{1, 1, 1, 2}));
  EXPECT_EQ(opaque.data[0][0][0][1].item<int>(), 9);
  const auto path = write("t.png", png(2, 1, 8, 4, std::string("\0\x07\xFF\x09\x10", 5)));
  EXPECT_THAT(read_picture(path, Format::png).channels, ElementsAre("gray", "alpha"));
  const Cine still = read_cine(path);
  EXPECT_EQ(still.frames.size(1), 1);
  EXPECT_THAT(still.warnings, Contains(HasSubstr("transparent")));
  EXPECT_EQ(read_cine(folder_ / "o.png").frames.size(1), 1);
}

TEST_F(PictureFiles, OfDamagedPngAreRefused) {
  const std::string whole = encode_png(at::randint(0, 256, {64, 64, 3}, at::kByte));
  for (const size_t size : {size_t{20}, size_t{40}, whole.size() / 2, whole.size() - 20})
    PHOTO51_EXPECT_ERROR(read_picture(write("c.png", whole.substr(0, size)), Format::png), data,
                         HasSubstr("cannot be decoded"));
  std::string flipped = whole;
  flipped[whole.size() / 2] = static_cast<char>(~flipped[whole.size() / 2]);
  PHOTO51_EXPECT_ERROR(read_picture(write("f.png", flipped), Format::png), data,
                       HasSubstr("cannot be decoded"));
  PHOTO51_EXPECT_ERROR(read_picture(write("h.png", png(50000, 60000, 8, 2, "few")), Format::png), data,
                       HasSubstr("more than the file can hold"));
  PHOTO51_EXPECT_ERROR(
      read_picture(write("g.png", png(100000, 100000, 1, 0, "few") + std::string(20'000'000, 'x')),
                   Format::png),
      data,
      HasSubstr("9.3 GiB, more than the 8 GiB that one file may take; if it is meant to be so large, "
                "raise cohort.max_gib_per_file"));
}

TEST_F(PictureFiles, OfTheCasesAreReadOrRefused) {
  PHOTO51_NEEDS_SHARED_CASES("slides/pictures");
  const auto cases = test::shared_cases();
  for (const char* name : {"10.png", "16.png"})
    PHOTO51_EXPECT_ERROR(read_volume(cases / "security" / name), data, HasSubstr("cannot be decoded"));
  PHOTO51_EXPECT_ERROR(read_volume(cases / "security/truncated.jpg"), data, HasSubstr("copy"));
  PHOTO51_EXPECT_ERROR(read_volume(cases / "security/cyc.tif"), data, HasSubstr("in a circle"));
  PHOTO51_EXPECT_ERROR(open_slide(cases / "security/cyc.tif"), data, HasSubstr("in a circle"));
  for (const char* name : {"exif6.jpg", "exif6.png"}) {
    const Volume turned = read_volume(cases / "slides/pictures" / name);
    EXPECT_EQ(turned.data.sizes(), (at::IntArrayRef{1, 1, 72, 96})) << name;  // stored 72 wide and 96 high
    EXPECT_THAT(turned.warnings, Contains(HasSubstr("EXIF orientation 6")));
    EXPECT_EQ(open_slide(cases / "slides/pictures" / name).levels()[0].height, turned.data.size(2));
    EXPECT_EQ(read_cine(cases / "slides/pictures" / name).frames.size(2), turned.data.size(2));
  }
  const auto white = cases / "slides/pictures/miniswhite.tif";
  EXPECT_NEAR(read_volume(white).data.to(at::kDouble).mean().item<double>(), 84.8, 0.1);
  EXPECT_NEAR(read_mammogram(white).volume.data.to(at::kDouble).mean().item<double>(), 84.8, 0.1);
  EXPECT_NEAR(read_cine(white).frames.to(at::kDouble).mean().item<double>(), 84.8, 0.1);
  const Slide slide = open_slide(white, {.mpp = 1});
  EXPECT_NEAR(slide.read(0, 0, 0, 96, 72).to(at::kDouble).mean().item<double>(), 84.8, 0.1);
}

TEST_F(PictureFiles, OfTiffAreTheSameForEveryInput) {
  PHOTO51_NEEDS_SHARED_CASES("slides/pictures");
  for (const char* name : {"palette.tif", "tiles_zstd.tif"}) {
    const auto path = test::shared_cases() / "slides/pictures" / name;
    const at::Tensor volume = read_volume(path).data.select(1, 0);
    EXPECT_EQ(volume.scalar_type(), at::kByte) << name;
    const at::Tensor slide = open_slide(path, {.mpp = 1}).read(0, 0, 0, 96, 72);
    EXPECT_TRUE(slide.equal(volume.expand({3, 72, 96}))) << name;
    EXPECT_TRUE(read_cine(path).frames[0].equal(volume)) << name;
  }
}

/// One page of `samples` samples of 8 bits with any photometric interpretation.
void write_page(const std::filesystem::path& path, uint16_t photometric, uint16_t bits,
                const std::vector<uint8_t>& rows, uint32_t width, uint32_t height, uint16_t planes = 1) {
  TIFF* tiff = TIFFOpen(path.c_str(), "w");
  TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, width);
  TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, height);
  TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, bits);
  TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, planes);
  TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, planes > 1 ? PLANARCONFIG_SEPARATE : PLANARCONFIG_CONTIG);
  TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, photometric);
  TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, height);
  if (photometric == PHOTOMETRIC_PALETTE) {
    std::vector<uint16_t> red(size_t{1} << bits), green(red.size()), blue(red.size());
    for (size_t i = 0; i < red.size(); ++i) {
      red[i] = static_cast<uint16_t>(i << 8);
      green[i] = static_cast<uint16_t>((red.size() - 1 - i) * 257);
    }
    TIFFSetField(tiff, TIFFTAG_COLORMAP, red.data(), green.data(), blue.data());
  }
  const size_t bytes = rows.size() / planes;
  for (uint32_t plane = 0; plane < planes; ++plane)
    ASSERT_GT(TIFFWriteEncodedStrip(tiff, plane, const_cast<uint8_t*>(rows.data()) + plane * bytes,
                                    static_cast<tmsize_t>(bytes)),
              0);
  TIFFClose(tiff);
}

TEST_F(PictureFiles, OfTiffMeanWhatTheirHeaderSays) {
  const auto path = folder_ / "a.tif";
  write_page(path, PHOTOMETRIC_PALETTE, 8, {0, 1, 200, 255}, 2, 2);
  const at::Tensor palette = read_volume(path).data;
  EXPECT_EQ(palette[0][0][1][0].item<int>(), 200);
  EXPECT_EQ(palette[1][0][1][0].item<int>(), 55);
  write_page(path, PHOTOMETRIC_PALETTE, 4, {0x0F, 0x70}, 2, 2);
  EXPECT_EQ(read_volume(path).data[1][0][0][0].item<int>(), 15);
  write_page(path, PHOTOMETRIC_MINISWHITE, 1, {0x80, 0x40}, 2, 2);
  EXPECT_EQ(read_volume(path).data[0][0][0][0].item<int>(), 0);
  EXPECT_EQ(read_volume(path).data[0][0][0][1].item<int>(), 255);
  write_page(path, PHOTOMETRIC_MINISWHITE, 16, {0xFF, 0xFF, 0, 1}, 2, 1);
  EXPECT_EQ(read_volume(path).data[0][0][0][0].item<int>(), 0);
  EXPECT_EQ(read_volume(path).data[0][0][0][1].item<int>(), 65535 - 256);
  write_page(path, PHOTOMETRIC_RGB, 8, {1, 2, 3, 4, 5, 6}, 2, 1, 3);
  EXPECT_EQ(read_volume(path).data[2][0][0][0].item<int>(), 5);
  EXPECT_EQ(open_slide(path, {.mpp = 1}).read(0, 0, 0, 2, 1)[1][0][1].item<int>(), 4);
  write_page(path, 12345, 8, {1, 2}, 2, 1);
  PHOTO51_EXPECT_ERROR(read_volume(path), data, HasSubstr("PhotometricInterpretation 12345"));
}

TEST_F(PictureFiles, OfSixteenBitsBecomeEightWhereTheyFillThem) {
  const at::Tensor deep = (at::arange(64).view({1, 8, 8}) * 1000).to(at::kShort);
  test::write_tiff(folder_ / "u.tif", {{deep, COMPRESSION_LZW, 0}});
  const Cine still = read_cine(folder_ / "u.tif");
  EXPECT_EQ(still.frames.max().item<int>(), 245);  // 63,000 / 257
  EXPECT_THAT(still.warnings, Contains(HasSubstr("16 bits")));
  test::write_tiff(folder_ / "n.tif",
                   {{(at::arange(64).view({1, 8, 8}) * 30).to(at::kShort), COMPRESSION_LZW, 0}});
  PHOTO51_EXPECT_ERROR(read_cine(folder_ / "n.tif"), data, HasSubstr("do not fill 8 or 16 bits"));
}

TEST_F(PictureFiles, OfTiffThatEndInTheirChainOfPagesAreRefused) {
  const at::Tensor gray = at::randint(0, 256, {1, 20, 20}, at::kByte);
  test::write_tiff(folder_ / "two.tif",
                   {{gray, COMPRESSION_LZW, 0}, {gray, COMPRESSION_LZW, 0, "", 0, false}});
  const std::string whole = core::read_file(folder_ / "two.tif");
  PHOTO51_EXPECT_ERROR(read_volume(write("cut.tif", whole.substr(0, whole.size() - 30))), data,
                       HasSubstr("page 2 is damaged"));
}

TEST_F(PictureFiles, ThatStandInForASlideAreRefused) {
  const std::string bytes = encode_png(at::zeros({8, 8}, at::kByte));
  PHOTO51_EXPECT_ERROR(read_volume(write("a.mrxs", bytes)), data, HasSubstr("the folder `a` beside it"));
  PHOTO51_EXPECT_ERROR(open_slide(folder_ / "a.mrxs"), data, HasSubstr("the folder `a` beside it"));
  test::write_tiff(folder_ / "b.vsi", {{at::zeros({3, 20, 20}, at::kByte), COMPRESSION_LZW, 0}});
  PHOTO51_EXPECT_ERROR(open_slide(folder_ / "b.vsi"), data, HasSubstr("export the slide as OME-TIFF"));
  std::filesystem::copy_file(folder_ / "b.vsi", folder_ / "c.ndpi");
  PHOTO51_EXPECT_ERROR(open_slide(folder_ / "c.ndpi"), data, HasSubstr("is named as a slide of a scanner"));
}

}  // namespace
}  // namespace photo51::imaging
