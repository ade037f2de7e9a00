#include "photo51/imaging/ultrasound/cine.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "photo51/core/files.hpp"
#include "photo51/imaging/inspect/inspect.hpp"
#include "photo51/imaging/picture/picture.hpp"
#include "support/dicom_file.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::imaging {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

test::DicomFile region(double delta = 0.02, uint16_t unit = 3, uint16_t format = 1) {
  test::DicomFile item;
  item.shorts(0x00186012, {format}).shorts(0x00186014, {1});
  item.longs(0x00186018, {1}).longs(0x0018601A, {0}).longs(0x0018601C, {4}).longs(0x0018601E, {2});
  item.shorts(0x00186024, {unit}).shorts(0x00186026, {unit});
  item.doubles(0x0018602C, {delta}).doubles(0x0018602E, {2 * delta});
  return item;
}

/// Four frames of 3 x 6 gray pixels that count up.
test::DicomFile ultrasound(uint16_t frames = 4, uint16_t samples = 1) {
  test::DicomFile file;
  file.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.3.1").text(0x00080060, "CS", "US");
  std::vector<uint8_t> values(size_t{3} * 6 * frames * samples);
  std::iota(values.begin(), values.end(), uint8_t{0});
  file.pixels(3, 6, frames, samples, values);
  return file;
}

class Cines : public testing::Test {
 protected:
  Cine read(const test::DicomFile& file) {
    file.save(folder_ / "us.dcm");
    return read_cine(folder_ / "us.dcm");
  }
  test::TemporaryFolder folder_;
};

TEST_F(Cines, ReadsFramesTimesAndRegions) {
  const Cine cine = read(ultrasound().text(0x00181063, "DS", "40").items(0x00186011, {region()}));
  EXPECT_EQ(cine.frames.sizes(), (at::IntArrayRef{4, 1, 3, 6}));
  EXPECT_TRUE(at::equal(cine.frames.flatten(), at::arange(72, at::kByte)));
  EXPECT_EQ(cine.modality, Modality::ultrasound);
  EXPECT_THAT(cine.seconds, testing::Pointwise(testing::DoubleNear(1e-12), {0.0, 0.04, 0.08, 0.12}));
  EXPECT_NEAR(seconds_a_frame(cine), 0.04, 1e-12);
  EXPECT_EQ(cine.time_source, "FrameTime (0018,1063)");
  ASSERT_EQ(cine.regions.size(), 1U);
  EXPECT_EQ(cine.regions[0].box, (std::array<int64_t, 4>{1, 0, 4, 2}));
  EXPECT_EQ(cine.regions[0].format, RegionFormat::two_d);
  EXPECT_EQ(cine.regions[0].data, RegionData::tissue);
  const auto mm = mm_per_pixel(cine);
  EXPECT_NEAR(mm[0], 0.2, 1e-12);
  EXPECT_NEAR(mm[1], 0.4, 1e-12);
  EXPECT_THAT(cine.warnings, IsEmpty());
}

TEST_F(Cines, ReadsColorAndInvertedGray) {
  const Cine color = read(ultrasound(1, 3));
  EXPECT_EQ(color.frames.sizes(), (at::IntArrayRef{1, 3, 3, 6}));
  EXPECT_EQ(color.frames[0][2][0][1].item<int>(), 5);  // the third sample of the second pixel
  EXPECT_THAT(color.seconds, IsEmpty());
  const Cine inverted = read(ultrasound(1).text(0x00280004, "CS", "MONOCHROME1"));
  EXPECT_TRUE(at::equal(inverted.frames.flatten(), 255 - at::arange(18, at::kByte)));
}

TEST_F(Cines, TakesTimesFromTheirBestSource) {
  const auto vector = [](const char* values) {
    return ultrasound().text(0x00181063, "DS", "10").text(0x00181065, "DS", values);
  };
  EXPECT_NEAR(seconds_a_frame(read(vector("0\\20\\30\\50"))), 0.01, 1e-12);
  // FrameIncrementPointer may name the vector.
  EXPECT_NEAR(seconds_a_frame(read(vector("0\\20\\30\\50").pointer(0x00280009, 0x00181065))), 0.1 / 3, 1e-12);
  test::DicomFile alone = ultrasound().text(0x00181065, "DS", "0\\20\\30\\50");
  EXPECT_THAT(read(alone).seconds, testing::Pointwise(testing::DoubleNear(1e-12), {0.0, 0.02, 0.05, 0.1}));
  const Cine rate = read(ultrasound().text(0x00082144, "IS", "25"));
  EXPECT_NEAR(seconds_a_frame(rate), 0.04, 1e-12);
  EXPECT_THAT(rate.warnings,
              Contains(HasSubstr("RecommendedDisplayFrameRate (0008,2144), the rate of showing")));
  const Cine both = read(ultrasound().text(0x00181063, "DS", "40").text(0x00180040, "IS", "50"));
  EXPECT_NEAR(seconds_a_frame(both), 0.04, 1e-12);
  EXPECT_THAT(both.warnings, Contains(HasSubstr("says 40 ms a frame, but CineRate (0018,0040) is 50")));
}

TEST_F(Cines, LeavesTimesUnknownThatAreNotSaid) {
  for (const test::DicomFile& file :
       {ultrasound(), ultrasound().text(0x00181063, "DS", "0"), ultrasound().text(0x00181063, "DS", "-3"),
        ultrasound().text(0x00181065, "DS", "0\\20"), ultrasound().text(0x00181065, "DS", "0\\20\\0\\20")}) {
    const Cine cine = read(file);
    EXPECT_THAT(cine.seconds, IsEmpty());
    EXPECT_THAT(cine.warnings, Contains(HasSubstr("the time from frame to frame is not known")));
    PHOTO51_EXPECT_ERROR(seconds_a_frame(cine), data, HasSubstr("set FrameTime (0018,1063)"));
  }
  EXPECT_THAT(read(ultrasound().text(0x00181065, "DS", "0\\20")).warnings,
              Contains(HasSubstr("has 2 values for 4 frames")));
  EXPECT_THAT(read(ultrasound().text(0x00181065, "DS", "0\\20\\0\\20")).warnings,
              Contains(HasSubstr("does not advance at frame 3")));
  PHOTO51_EXPECT_ERROR(seconds_a_frame(read(ultrasound(1))), data,
                       HasSubstr("is one picture, which has no time a frame"));
}

TEST_F(Cines, NamesWhatACalibrationLacks) {
  const auto refusal = [&](const std::vector<test::DicomFile>& items) {
    const Cine cine = read(ultrasound().items(0x00186011, items));
    const auto error = test::error_of([&] { mm_per_pixel(cine); });
    return error ? std::string(error->what()) : "no error";
  };
  EXPECT_THAT(refusal({region(0.02, 4)}),
              HasSubstr("PhysicalUnitsXDirection (0018,6024) is seconds, not cm"));
  EXPECT_THAT(refusal({region(0)}), HasSubstr("PhysicalDeltaX (0018,602C) is 0"));
  EXPECT_THAT(refusal({region().remove(0x0018602E)}), HasSubstr("PhysicalDeltaY (0018,602E) is missing"));
  EXPECT_THAT(refusal({region().remove(0x00186026)}),
              HasSubstr("PhysicalUnitsYDirection (0018,6026) is missing"));
  EXPECT_THAT(refusal({region().remove(0x00186018)}), HasSubstr("(0018,6018 to 601E) are not all there"));
  EXPECT_THAT(refusal({region().longs(0x0018601C, {0})}), HasSubstr("lies before the minimum"));
  EXPECT_THAT(refusal({region().longs(0x0018601C, {9})}),
              AllOf(HasSubstr("its box reaches to 9, 2"), HasSubstr("but the picture has 6 x 3 pixels")));
  EXPECT_THAT(refusal({region(), region(0.05)}), HasSubstr("regions of 0.2 and of 0.5 mm a pixel"));
  EXPECT_THAT(refusal({}), HasSubstr("set SequenceOfUltrasoundRegions (0018,6011) or PixelSpacing"));
  EXPECT_EQ(refusal({region().longs(0x0018601C, {6})}), "no error");  // one beyond the last pixel
  // A spectrum's axes are no lengths: it neither calibrates nor warns.
  EXPECT_EQ(refusal({region(), region(0.01, 4, 3)}), "no error");
  const Cine spectrum = read(ultrasound().items(0x00186011, {region(0.01, 4, 3)}));
  EXPECT_EQ(spectrum.regions[0].format, RegionFormat::spectral);
  EXPECT_EQ(spectrum.regions[0].problem, "");
}

TEST_F(Cines, FallsBackToPixelSpacing) {
  const auto mm = mm_per_pixel(read(ultrasound().text(0x00280030, "DS", "0.3\\0.2")));
  EXPECT_EQ(mm, (std::array<double, 2>{0.2, 0.3}));
  EXPECT_THAT(read(ultrasound().text(0x00280034, "IS", "4\\3")).warnings,
              Contains(HasSubstr("pixels are 4 high for 3 wide")));
}

TEST_F(Cines, ReadsAPictureFile) {
  const at::Tensor gray = at::arange(20, at::kByte).view({4, 5});
  core::write_file_atomic(folder_ / "still.png", encode_png(gray));
  const Cine cine = read_cine(folder_ / "still.png");
  EXPECT_TRUE(at::equal(cine.frames, gray.view({1, 1, 4, 5})));
  EXPECT_THAT(cine.warnings, Contains(HasSubstr("a picture file says neither")));
  PHOTO51_EXPECT_ERROR(mm_per_pixel(cine), data, HasSubstr("does not say what a pixel measures"));
  core::write_file_atomic(folder_ / "color.png", encode_png(at::arange(60, at::kByte).view({4, 5, 3})));
  EXPECT_EQ(read_cine(folder_ / "color.png").frames.sizes(), (at::IntArrayRef{1, 3, 4, 5}));
}

TEST_F(Cines, RefusesWhatIsNoCine) {
  const auto refusal = [&](const std::string& name, const std::string& bytes) {
    core::write_file_atomic(folder_ / name, bytes);
    const auto error = test::error_of([&] { read_cine(folder_ / name); });
    return error ? std::string(error->what()) : "no error";
  };
  EXPECT_THAT(refusal("a.avi", "RIFF....AVI LIST"), HasSubstr("a.avi: is an AVI video; export it"));
  EXPECT_THAT(refusal("a.mp4", std::string("\0\0\0\x18", 4) + "ftypisom...."), HasSubstr("is an MP4 video"));
  EXPECT_THAT(refusal("a.mkv", "\x1A\x45\xDF\xA3........"), HasSubstr("is a Matroska video"));
  EXPECT_THAT(refusal("a.mpg", std::string("\0\0\1\xBA", 4) + "........"), HasSubstr("is an MPEG video"));
  EXPECT_THAT(refusal("a.txt", "some words, no picture"), HasSubstr("is not a picture or a cine"));
  PHOTO51_EXPECT_ERROR(read_cine(folder_.path()), data, HasSubstr("is a folder"));
  test::DicomFile deep;
  deep.text(0x00080060, "CS", "US").pixels16(2, 2, 1, 12, {1, 2, 3, 4});
  PHOTO51_EXPECT_ERROR(read(deep), data, HasSubstr("has pixels of 12 bits"));
  test::DicomFile report;
  report.text(0x00080060, "CS", "SR").text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.88.11");
  PHOTO51_EXPECT_ERROR(read(report), data, HasSubstr("has no pixels"));
  PHOTO51_EXPECT_ERROR(read(ultrasound().text(0x00080060, "CS", "SEG")), data, HasSubstr("not a picture"));
}

TEST_F(Cines, InspectsOverTime) {
  ultrasound().text(0x00181063, "DS", "40").items(0x00186011, {region()}).save(folder_ / "us.dcm");
  const Inspection found = inspect(folder_ / "us.dcm", {.picture = true});
  EXPECT_EQ(found.error, "");
  EXPECT_EQ(found.kind, "cine");
  EXPECT_EQ(found.size, (std::array<int64_t, 3>{6, 3, 4}));
  EXPECT_EQ(found.min, 0);
  EXPECT_EQ(found.max, 71);
  EXPECT_EQ(found.mean, 35.5);
  EXPECT_NEAR((*found.spacing)[0], 0.2, 1e-12);
  EXPECT_THAT(found.notes, Contains(HasSubstr("4 frames, 25 a second")));
  EXPECT_THAT(found.notes, Contains(HasSubstr("a 2D region at 1, 0 to 4, 2: 0.2 x 0.4 mm a pixel")));
  EXPECT_EQ(found.picture.sizes(), (at::IntArrayRef{3, 4 * 6 + 3 * 2, 3}));
  EXPECT_EQ(found.picture[0][8][1].item<int>(), 18);  // the second frame's first pixel
}

TEST_F(Cines, ReadsRealUltrasound) {
  PHOTO51_NEEDS_SHARED_DATA("dicom/files/examples_ybr_color.dcm");
  const auto files = test::shared_data() / "dicom/files";
  const Cine cine = read_cine(files / "examples_ybr_color.dcm");
  EXPECT_EQ(cine.frames.sizes(), (at::IntArrayRef{30, 3, 240, 320}));
  EXPECT_NEAR(seconds_a_frame(cine), 0.033333, 1e-9);
  // The machine calibrated 640 x 480 pixels and the copy has 320 x 240.
  PHOTO51_EXPECT_ERROR(mm_per_pixel(cine), data, HasSubstr("its box reaches to 595, 414"));
  const Cine still = read_cine(files / "OBXXXX1A_rle.dcm");
  EXPECT_EQ(still.frames.size(3), 800);
  EXPECT_NEAR(mm_per_pixel(still)[0], 0.2622878766, 1e-9);
  EXPECT_EQ(still.regions[1].format, RegionFormat::waveform);
}

}  // namespace
}  // namespace photo51::imaging
