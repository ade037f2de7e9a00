#include "imaging/slide/openslide_bounds.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstring>

#include "photo51/core/files.hpp"
#include "photo51/imaging/slide/slide.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"
#include "support/write_tiff.hpp"

namespace photo51::imaging {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class OpenslideBounds : public testing::Test {
 protected:
  /// A BigTIFF of one tile that OpenSlide takes for an Aperio slide.
  std::filesystem::path write_aperio() {
    const at::Tensor rgb = at::full({3, 64, 64}, 77, at::kByte);
    test::write_tiff(folder_ / "a.svs",
                     {{.rgb = rgb, .compression = COMPRESSION_NONE, .description = "Aperio Image|MPP = 0.5"}},
                     true);
    return folder_ / "a.svs";
  }
  /// Overwrites type, count and value of a field of the first directory of a little-endian BigTIFF.
  static void set_field(const std::filesystem::path& path, uint16_t tag, uint64_t value) {
    std::string bytes = core::read_file(path);
    const auto number = [&](size_t at, size_t size) {
      uint64_t found = 0;
      std::memcpy(&found, bytes.data() + at, size);
      return found;
    };
    const size_t directory = number(8, 8), entries = number(directory, 8);
    for (size_t i = 0; i < entries; ++i) {
      const size_t entry = directory + 8 + 20 * i;
      if (number(entry, 2) != tag) continue;
      const uint16_t long8 = TIFF_LONG8;
      std::memcpy(bytes.data() + entry + 2, &long8, 2);
      std::memcpy(bytes.data() + entry + 12, &value, 8);
      return core::write_file_atomic(path, bytes);
    }
    FAIL() << "no field " << tag;
  }
  std::filesystem::path write_mirax(const std::string& settings) {
    core::make_directories(folder_ / "s");
    core::write_file_atomic(folder_ / "s.mrxs", "a preview");
    core::write_file_atomic(folder_ / "s" / "Slidedat.ini", settings);
    core::write_file_atomic(folder_ / "s" / "Index.dat", "01.02id");
    core::write_file_atomic(folder_ / "s" / "Data0000.dat", "tiles");
    return folder_ / "s.mrxs";
  }
  static std::string mirax(const std::string& across, const std::string& down) {
    return "[GENERAL]\nSLIDE_VERSION=1\nSLIDE_ID=id\nIMAGENUMBER_X=" + across + "\nIMAGENUMBER_Y=" + down +
           "\nOBJECTIVE_MAGNIFICATION=20\n[HIERARCHICAL]\nHIER_COUNT=1\nNONHIER_COUNT=0\nINDEXFILE=Index."
           "dat\n"
           "HIER_0_NAME=Slide zoom level\nHIER_0_COUNT=1\nHIER_0_VAL_0_SECTION=L\n[DATAFILE]\nFILE_COUNT=1\n"
           "FILE_0=Data0000.dat\n[L]\nIMAGE_CONCAT_FACTOR=0\nOVERLAP_X=0\nOVERLAP_Y=0\n"
           "MICROMETER_PER_PIXEL_X=0.5\nMICROMETER_PER_PIXEL_Y=0.5\nIMAGE_FILL_COLOR_BGR=0\n"
           "DIGITIZER_WIDTH=256\nDIGITIZER_HEIGHT=256\nIMAGE_FORMAT=JPEG\n";
  }
  test::TemporaryFolder folder_;
};

TEST_F(OpenslideBounds, ASoundSlideOpens) {
  const Slide slide = open_slide(write_aperio());
  EXPECT_EQ(slide.info().backend, "openslide");
  EXPECT_EQ(slide.read(0, 10, 10, 8, 8).min().item<int>(), 77);
}

// OpenSlide would ask GLib for that memory, and GLib ends the process when it cannot have it.
TEST_F(OpenslideBounds, ATileThatTakesMoreThanTheFileIsRefused) {
  const auto path = write_aperio();
  set_field(path, TIFFTAG_TILEBYTECOUNTS, uint64_t{1} << 62);
  PHOTO51_EXPECT_ERROR(
      open_slide(path), data,
      AllOf(HasSubstr(path.string()), HasSubstr("piece 0 of page 1 takes 4611686018427387904"),
            HasSubstr("bytes of a file of"), HasSubstr("copy the file again")));
}

TEST_F(OpenslideBounds, TilesTooLargeToBeDecodedAreRefused) {
  const auto path = write_aperio();
  set_field(path, TIFFTAG_TILEWIDTH, uint64_t{1} << 20);
  set_field(path, TIFFTAG_TILELENGTH, uint64_t{1} << 20);
  PHOTO51_EXPECT_ERROR(open_slide(path), data,
                       HasSubstr("the tiles of page 1 have 1048576 x 1048576 pixels"));
  set_field(path, TIFFTAG_TILELENGTH, 64);
  set_field(path, TIFFTAG_TILEWIDTH, 32767);
  PHOTO51_EXPECT_ERROR(open_slide(path), data, HasSubstr("the tiles of page 1 have 32767 x 64 pixels"));
}

TEST_F(OpenslideBounds, WhatTheDecoderWarnsOfStaysOffTheTerminal) {
  const auto path = write_aperio();
  set_field(path, TIFFTAG_TILEWIDTH, 100);  // no multiple of 16
  testing::internal::CaptureStderr();
  test::error_of([&] { open_slide(path).read(0, 0, 0, 64, 64); });
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST_F(OpenslideBounds, CountsOfSlidedatThatNoSlideHasAreRefused) {
  const auto settings = (folder_ / "s" / "Slidedat.ini").string();
  PHOTO51_EXPECT_ERROR(
      open_slide(write_mirax(mirax("2147483647", "1"))), data,
      AllOf(HasSubstr(settings + ": IMAGENUMBER_X is `2147483647`"), HasSubstr("copy the slide")));
  PHOTO51_EXPECT_ERROR(open_slide(write_mirax(mirax("100000", "100000"))), data,
                       HasSubstr("IMAGENUMBER_X x IMAGENUMBER_Y is `100000 x 100000`"));
  for (const std::string field : {"HIER_0_COUNT=2000000000", "FILE_COUNT=2000000000", "HIER_COUNT=-1",
                                  "NONHIER_3_COUNT=99999999999999999999", "IMAGE_CONCAT_FACTOR=32",
                                  "DIGITIZER_WIDTH=30000", "CameraImageDivisionsPerSide = 100000"})
    PHOTO51_EXPECT_ERROR(open_slide(write_mirax(mirax("4", "4") + field + "\n")), data,
                         AllOf(HasSubstr(settings + ": " + field.substr(0, field.find_first_of(" ="))),
                               HasSubstr("no slide has")));
  // What is possible goes on to OpenSlide, which misses the pages of this index.
  PHOTO51_EXPECT_ERROR(open_slide(write_mirax(mirax("4", "4"))), data,
                       HasSubstr("cannot be opened as a slide"));
}

TEST_F(OpenslideBounds, APipeInTheFolderOfAMiraxSlideIsRefused) {
  const auto slide = write_mirax(mirax("4", "4"));
  ASSERT_EQ(mkfifo((folder_ / "s" / "Data0001.dat").c_str(), 0600), 0);
  PHOTO51_EXPECT_ERROR(
      open_slide(slide), data,
      AllOf(HasSubstr("Data0001.dat in its folder is not a regular file"), HasSubstr("remove it")));
}

}  // namespace
}  // namespace photo51::imaging
