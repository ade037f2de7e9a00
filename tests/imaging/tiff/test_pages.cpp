#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "photo51/core/files.hpp"
#include "photo51/imaging/inspect/inspect.hpp"
#include "photo51/imaging/read.hpp"
#include "photo51/imaging/slide/slide.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"
#include "support/write_tiff.hpp"

namespace photo51::imaging {
namespace {

using testing::Contains;
using testing::HasSubstr;

class TiffPages : public testing::Test {
 protected:
  std::filesystem::path write(const std::vector<test::TiffLevel>& levels) {
    test::write_tiff(folder_ / "a.tif", levels);
    return folder_ / "a.tif";
  }
  static test::TiffLevel page(const at::Tensor& pixels, uint32_t tile = 0, bool is_reduced = false) {
    return {.rgb = pixels, .compression = COMPRESSION_LZW, .tile = tile, .is_reduced = is_reduced};
  }
  test::TemporaryFolder folder_;
  const at::Tensor deep_ = at::arange(100 * 70).view({1, 100, 70}) * 9;
  const at::Tensor stored_ = deep_.to(at::kShort), smaller_ = stored_.narrow(1, 0, 50).narrow(2, 0, 35);
};

TEST_F(TiffPages, OfOtherSizesLeaveTheFirstAsItIsStored) {
  for (const uint32_t tile : {0U, 32U}) {
    const Volume volume = read_volume(write({page(stored_, tile), page(smaller_, tile)}));
    EXPECT_TRUE(volume.data.equal(deep_.to(at::kInt).unsqueeze(1)));
    EXPECT_EQ(volume.geometry.size, (std::array<int64_t, 3>{70, 100, 1}));
    EXPECT_THAT(volume.warnings, Contains(HasSubstr("1 more page(s) of other sizes, which are not read")));
  }
  const at::Tensor colors = at::randint(0, 255, {3, 40, 30}, at::kByte);
  const Volume volume = read_volume(write({page(colors), page(colors.narrow(1, 0, 20))}));
  EXPECT_TRUE(volume.data.equal(colors.unsqueeze(1)));
  EXPECT_THAT(volume.channels, testing::ElementsAre("red", "green", "blue"));
}

TEST_F(TiffPages, OfOneSizeAreSlices) {
  const Volume volume = read_volume(write({page(stored_), page(stored_), page(smaller_, 0, true)}));
  EXPECT_TRUE(volume.data.equal(deep_.to(at::kInt).unsqueeze(1).expand({1, 2, 100, 70})));
}

TEST_F(TiffPages, OfALongStackAreSlicesButNoSlide) {
  const auto path = write(std::vector<test::TiffLevel>(1001, page(stored_.narrow(1, 0, 2).narrow(2, 0, 3))));
  EXPECT_EQ(read_volume(path).data.size(1), 1001);
  PHOTO51_EXPECT_ERROR(open_slide(path), data, HasSubstr("has more than 1000 images"));
}

TEST_F(TiffPages, OfDeepGrayAreMeasuredAsStored) {
  const struct {
    const char* kind;
    uint32_t tile;
  } cases[] = {{"volume", 0}, {"slide", 32}};
  for (const auto& [kind, tile] : cases) {
    const Inspection found = inspect(write({page(stored_, tile), page(smaller_, tile)}));
    EXPECT_EQ(found.error, "");
    EXPECT_EQ(found.kind, kind);
    EXPECT_EQ(found.min, 0);
    EXPECT_EQ(found.max, 6999 * 9);
    EXPECT_NEAR(found.mean, 6999 * 9 / 2.0, 1e-9);
  }
}

TEST_F(TiffPages, RefuseWhatCannotBeRead) {
  const at::Tensor real = deep_.to(at::kFloat);
  // Pages that differ in size are no stack: the first is read.
  EXPECT_TRUE(at::equal(read_volume(write({page(real), page(real.narrow(1, 0, 9))})).data[0][0], real[0]));
  // Ten rows in one strip become 16 million.
  const auto path = write({page(stored_.narrow(1, 0, 10)), page(smaller_)});
  std::string bytes = core::read_file(path);
  for (const std::string& entry :
       {std::string("\x01\x01\x03\0\x01\0\0\0\x0A\0\0\0", 12),     // ImageLength, one short
        std::string("\x16\x01\x03\0\x01\0\0\0\x10\0\0\0", 12)}) {  // RowsPerStrip
    const size_t at = bytes.find(entry);
    ASSERT_NE(at, std::string::npos);
    bytes.replace(at + 2, 1, "\x04");
    bytes.replace(at + 11, 1, "\x01");
  }
  core::write_file_atomic(path, bytes);
  PHOTO51_EXPECT_ERROR(read_volume(path), data, HasSubstr("more than the file can hold"));
}

TEST_F(TiffPages, OfADirectoryBeyondTheFileAreRefused) {
  core::write_file_atomic(folder_ / "b.tif", std::string("II*\0\xF0\xFF\xFF\xFF and no more", 20));
  PHOTO51_EXPECT_ERROR(read_volume(folder_ / "b.tif"), data,
                       testing::AllOf(HasSubstr("b.tif"), HasSubstr("is not a readable TIFF")));
}

TEST_F(TiffPages, WithThousandsOfSamplesOrCopiesAreRefused) {
  test::write_tiff(folder_ / "samples.tif", {{.rgb = at::zeros({2000, 4, 4}, at::kByte), .tile = 0}});
  PHOTO51_EXPECT_ERROR(read_volume(folder_ / "samples.tif"), data,
                       HasSubstr("it promises 2000 samples a pixel"));
  TIFF* tiff = TIFFOpen((folder_ / "copies.tif").c_str(), "w");
  ASSERT_NE(tiff, nullptr);
  TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, 4);
  TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, 1);
  TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, 8);
  TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK);
  const std::vector<uint64_t> offsets(200, 0);
  TIFFSetField(tiff, TIFFTAG_SUBIFD, 200, offsets.data());
  std::array<uint8_t, 4> row{};
  TIFFWriteEncodedStrip(tiff, 0, row.data(), 4);
  TIFFClose(tiff);
  PHOTO51_EXPECT_ERROR(read_volume(folder_ / "copies.tif"), data, HasSubstr("a page has 200 smaller copies"));
}

TEST_F(TiffPages, OfARealFileKeepSixteenBits) {
  PHOTO51_NEEDS_SHARED_DATA("wsi/smalltif.tif");
  const Inspection found = inspect(test::shared_data() / "wsi/smalltif.tif");
  EXPECT_EQ(found.kind, "volume");
  EXPECT_EQ(found.min, 1837);
  EXPECT_EQ(found.max, 65535);
  EXPECT_NEAR(found.mean, 16190.053, 1e-3);  // its index's value
}

}  // namespace
}  // namespace photo51::imaging
