// DICOM whole slides: optical paths, focal planes, concatenations, colors, folders of other objects.
#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "photo51/imaging/inspect/inspect.hpp"
#include "photo51/imaging/slide/slide.hpp"
#include "support/dicom_file.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::imaging {
namespace {

using test::DicomFile;
using testing::HasSubstr;

constexpr uint16_t kTile = 8;

/// Frames of `kTile` pixels squared whose gray is their number, on a grid of 2 x 2.
DicomFile slide(uint16_t frames, uint8_t first = 0) {
  DicomFile file;
  std::vector<uint8_t> pixels;
  for (uint16_t f = 0; f < frames; ++f)
    pixels.insert(pixels.end(), kTile * kTile, static_cast<uint8_t>(first + f));
  file.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.77.1.6")
      .text(0x00080008, "CS", "ORIGINAL\\PRIMARY\\VOLUME\\NONE")
      .text(0x0020000E, "UI", "2.25.5")
      .text(0x00209311, "CS", "TILED_FULL")
      .longs(0x00480006, {2 * kTile})
      .longs(0x00480007, {2 * kTile})
      .pixels(kTile, kTile, frames, 1, pixels);
  return file;
}

DicomFile path_item(const std::string& id, const std::string& description) {
  DicomFile item;
  item.text(0x00480106, "SH", id).text(0x00480107, "ST", description);
  return item;
}

class DicomSlides : public testing::Test {
 protected:
  static int gray(const Slide& slide, int64_t column, int64_t row, int channel = 0) {
    return slide.read(0, column * kTile + 1, row * kTile + 1, 1, 1)[channel][0][0].item<int>();
  }
  test::TemporaryFolder folder_;
};

TEST_F(DicomSlides, WithSeveralOpticalPathsNeedAChoice) {
  const auto path = folder_ / "a.dcm";
  slide(12)
      .longs(0x00480302, {3})
      .items(0x00480105, {path_item("1", "DAPI"), path_item("2", ""), path_item("3", "Cy5")})
      .save(path);
  PHOTO51_EXPECT_ERROR(open_slide(path), data, HasSubstr("has 3 channels (1 DAPI, 2 2, 3 Cy5)"));
  EXPECT_EQ(gray(open_slide(path, {.channels = {"Cy5"}}), 1, 0), 9);
  const Slide colors = open_slide(path, {.channels = {"Cy5", "DAPI", "2"}});
  EXPECT_EQ(gray(colors, 1, 1, 0), 11);
  EXPECT_EQ(gray(colors, 1, 1, 1), 3);
  EXPECT_EQ(gray(colors, 1, 1, 2), 7);
}

TEST_F(DicomSlides, AreInspectedAsTheyAreReadForTraining) {
  const auto path = folder_ / "a.dcm";
  const auto of_a_slide = [](DicomFile file) { return file.text(0x00080060, "CS", "SM"); };
  of_a_slide(slide(8)).items(0x00480105, {path_item("1", "DAPI"), path_item("2", "Cy5")}).save(path);
  const Inspection found = inspect(path);
  EXPECT_EQ(found.kind, "slide");
  EXPECT_THAT(found.error, testing::AllOf(HasSubstr("a.dcm: has 2 channels (1 DAPI, 2 Cy5)"),
                                          HasSubstr("slide.channels")));
  const Inspection chosen = inspect(path, {.slide = {.channels = {"Cy5"}}});
  EXPECT_EQ(chosen.error, "");
  EXPECT_EQ(chosen.size, (std::array<int64_t, 3>{2 * kTile, 2 * kTile, 1}));
  of_a_slide(slide(8)).longs(0x00480303, {2}).save(path);
  EXPECT_THAT(inspect(path).error, testing::AllOf(HasSubstr("has 2 focal planes"), HasSubstr("slide.plane")));
  EXPECT_EQ(inspect(path, {.slide = {.plane = 1}}).error, "");
}

TEST_F(DicomSlides, WithSeveralFocalPlanesNeedOne) {
  const auto path = folder_ / "a.dcm";
  slide(8).longs(0x00480303, {2}).save(path);
  PHOTO51_EXPECT_ERROR(open_slide(path), data, HasSubstr("has 2 focal planes"));
  EXPECT_EQ(gray(open_slide(path, {.plane = 2}), 0, 1), 6);
  slide(8).save(path);  // nobody says so, but twice the frames are there
  PHOTO51_EXPECT_ERROR(open_slide(path), data, HasSubstr("has 2 focal planes"));
  slide(8).longs(0x00480302, {3}).save(path);
  PHOTO51_EXPECT_ERROR(open_slide(path), data, HasSubstr("3 optical paths are 12; copy it again"));
  slide(3).save(path);
  PHOTO51_EXPECT_ERROR(open_slide(path), data, HasSubstr("its tiles are 4; copy it again"));
}

TEST_F(DicomSlides, InOnePathAnInstanceNeedAChoice) {
  slide(4).items(0x00480105, {path_item("1", "red")}).save(folder_ / "r.dcm");
  slide(4, 50).items(0x00480105, {path_item("2", "green")}).save(folder_ / "g.dcm");
  slide(4, 100).items(0x00480105, {path_item("3", "blue")}).save(folder_ / "b.dcm");
  PHOTO51_EXPECT_ERROR(open_slide(folder_.path()), data, HasSubstr("has 3 channels"));
  const Slide colors = open_slide(folder_.path(), {.channels = {"red", "green", "blue"}});
  EXPECT_EQ(gray(colors, 1, 0, 0), 1);
  EXPECT_EQ(gray(colors, 1, 0, 1), 51);
  EXPECT_EQ(gray(colors, 1, 0, 2), 101);
}

TEST_F(DicomSlides, InPartsAreJoined) {
  const auto part = [&](uint16_t frames, uint8_t first, uint16_t number) {
    DicomFile file = slide(frames, first);
    file.text(0x00209161, "UI", "2.25.99").shorts(0x00209162, {number}).shorts(0x00209163, {2});
    return file;
  };
  part(1, 0, 1).save(folder_ / "z.dcm");
  PHOTO51_EXPECT_ERROR(open_slide(folder_.path()), data, HasSubstr("put all into one folder"));
  PHOTO51_EXPECT_ERROR(open_slide(folder_ / "z.dcm"), data, HasSubstr("ConcatenationUID (0020,9161)"));
  part(3, 1, 2).save(folder_ / "a.dcm");
  const Slide whole = open_slide(folder_.path());
  EXPECT_EQ(whole.levels().size(), 1U);
  for (int64_t i = 0; i < 4; ++i) EXPECT_EQ(gray(whole, i % 2, i / 2), i);
  part(3, 1, 2).longs(0x00480006, {3 * kTile}).save(folder_ / "a.dcm");
  PHOTO51_EXPECT_ERROR(open_slide(folder_.path()), data, HasSubstr("differ in size"));
}

TEST_F(DicomSlides, WithoutTheSizeOfTheWholeAreRefused) {
  for (const uint32_t size : {0x00480006U, 0x00480007U}) {
    slide(4).remove(size).save(folder_ / "a.dcm");
    PHOTO51_EXPECT_ERROR(open_slide(folder_ / "a.dcm"), data,
                         HasSubstr("a.dcm: a slide needs TotalPixelMatrixColumns (0048,0006) and "
                                   "TotalPixelMatrixRows (0048,0007); export it again"));
  }
}

TEST_F(DicomSlides, OtherPicturesMayBeTooLarge) {
  constexpr uint16_t kLarge = 128;
  slide(4).save(folder_ / "a.dcm");
  // 20000 x 20000 pixels of which one tile is stored, which says where it lies.
  DicomFile position, place;
  position.longs(0x0048021E, {1}).longs(0x0048021F, {1});
  place.items(0x0048021A, {position});
  slide(1)
      .text(0x00080008, "CS", "ORIGINAL\\PRIMARY\\OVERVIEW\\NONE")
      .text(0x00209311, "CS", "TILED_SPARSE")
      .longs(0x00480006, {20000})
      .longs(0x00480007, {20000})
      .items(0x52009230, {place})
      .pixels(kLarge, kLarge, 1, 1, std::vector<uint8_t>(size_t{kLarge} * kLarge))
      .save(folder_ / "b.dcm");
  const Slide whole = open_slide(folder_.path());
  ASSERT_EQ(whole.info().associated.size(), 1U);
  PHOTO51_EXPECT_ERROR(whole.read_associated("macro"), data,
                       HasSubstr("its macro is too large for a picture"));
}

TEST_F(DicomSlides, BesideOtherObjectsAreFound) {
  slide(4).save(folder_ / "a.dcm");
  DicomFile()
      .text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.91.1")
      .text(0x00080060, "CS", "ANN")
      .save(folder_ / "n.dcm");
  EXPECT_EQ(open_slide(folder_.path()).levels().size(), 1U);
  PHOTO51_EXPECT_ERROR(open_slide(folder_ / "n.dcm"), data, HasSubstr("not a whole slide"));
}

TEST_F(DicomSlides, OfTheCasesAreRight) {
  PHOTO51_NEEDS_SHARED_CASES("slides");
  const auto cases = test::shared_cases() / "slides";
  PHOTO51_EXPECT_ERROR(open_slide(cases / "dicom_rgb_paths/one_instance.dcm"), data,
                       HasSubstr("has 3 channels (1 red, 2 green, 3 blue)"));
  EXPECT_EQ(open_slide(cases / "dicom_rgb_paths/one_instance.dcm", {.channels = {"green"}}).levels().size(),
            1U);
  EXPECT_EQ(open_slide(cases / "dicom_folder/with_ann").levels().size(), 2U);
  const at::Tensor own = open_slide(cases / "dicom_colour/j2k_ybr_full_no_mct.dcm").read(0, 0, 0, 128, 96);
  const at::Tensor mean = own.to(at::kDouble).mean({1, 2});
  for (const auto& [channel, value] : {std::pair{0, 227.0}, {1, 174.0}, {2, 196.0}})
    EXPECT_NEAR(mean[channel].item<double>(), value, 2);
  const at::Tensor other = open_slide(cases / "dicom_colour/j2k_rct.dcm").read(0, 0, 0, 128, 96);
  EXPECT_LT((other.to(at::kFloat) - own.to(at::kFloat)).abs().mean().item<double>(), 2);
}

}  // namespace
}  // namespace photo51::imaging
