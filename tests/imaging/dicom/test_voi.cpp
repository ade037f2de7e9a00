/// Values as a DICOM file asks them to be shown.

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "photo51/imaging/inspect/inspect.hpp"
#include "photo51/imaging/mammography/mammogram.hpp"
#include "photo51/imaging/read.hpp"
#include "support/dicom_file.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::imaging {
namespace {

using testing::Contains;
using testing::HasSubstr;

const ReadOptions kShown{.modality = Modality::unknown, .dicom = {.voi = VoiUse::apply}};

/// 2 x 3 pixels of 12 bits: 0, 1, 2, 100, 4000, 4095.
test::DicomFile picture() {
  test::DicomFile file;
  file.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.1.2").text(0x00080018, "UI", "2.25.1");
  file.text(0x00080060, "CS", "MG").text(0x0020000D, "UI", "2.25.5").text(0x0020000E, "UI", "2.25.6");
  return file.pixels16(2, 3, 1, 12, {0, 1, 2, 100, 4000, 4095});
}

test::DicomFile window(const char* center, const char* width, const char* function = "") {
  return picture()
      .text(0x00281050, "DS", center)
      .text(0x00281051, "DS", width)
      .text(0x00281056, "CS", function);
}

/// first, bits and entries of a table.
test::DicomFile table(uint16_t first, uint16_t bits, const std::vector<uint16_t>& entries) {
  test::DicomFile item;
  item.shorts(0x00283002, {static_cast<uint16_t>(entries.size()), first, bits}).shorts(0x00283006, entries);
  return picture().items(0x00283010, {item});
}

class Voi : public testing::Test {
 protected:
  std::filesystem::path save(const test::DicomFile& file) {
    file.save(folder_ / "a.dcm");
    return folder_ / "a.dcm";
  }
  void expect_shown(const test::DicomFile& file, const std::vector<double>& expected) {
    const Volume volume = read_volume(save(file), kShown);
    EXPECT_EQ(volume.data.scalar_type(), at::kFloat);
    const at::Tensor values = volume.data.flatten().to(at::kDouble);
    for (size_t i = 0; i < expected.size(); ++i)
      EXPECT_NEAR(values[static_cast<int64_t>(i)].item<double>(), expected[i], 1e-6) << i;
  }
  test::TemporaryFolder folder_;
};

TEST_F(Voi, WindowsAreThoseOfTheStandard) {
  // PS3.3 C.11.2.1.2.1: of center 2, width 3, values from 0.5 to 2.5 rise; LINEAR_EXACT from 0.5 to 3.5.
  expect_shown(window("2", "3"), {0, 0.25, 0.75, 1, 1, 1});
  expect_shown(window("2\\40", "3\\80", "LINEAR"), {0, 0.25, 0.75, 1, 1, 1});
  expect_shown(window("2", "3", "LINEAR_EXACT"), {0, 1.0 / 6, 0.5, 1, 1, 1});
  expect_shown(window("2", "4", "SIGMOID"), {1 / (1 + std::exp(2.0)), 1 / (1 + std::exp(1.0)), 0.5, 1, 1, 1});
  expect_shown(window("2", "1"), {0, 0, 1, 1, 1, 1});
}

TEST_F(Voi, ATableGoesBeforeAWindow) {
  test::DicomFile file = table(1, 10, {0, 1023, 511});
  file.text(0x00281050, "DS", "2").text(0x00281051, "DS", "3");
  expect_shown(file, {0, 0, 1, 511.0 / 1023, 511.0 / 1023, 511.0 / 1023});
}

TEST_F(Voi, EachFrameHasItsOwnWindow) {
  test::DicomFile file = picture();
  std::vector<test::DicomFile> groups;
  for (const auto& [z, center] : {std::pair{"0", "1"}, std::pair{"2", "3"}}) {
    test::DicomFile place, voi, group;
    place.text(0x00200032, "DS", std::string("0\\0\\") + z);
    voi.text(0x00281050, "DS", center).text(0x00281051, "DS", "2").text(0x00281056, "CS", "LINEAR_EXACT");
    groups.push_back(group.items(0x00209113, {place}).items(0x00289132, {voi}));
  }
  test::DicomFile turned, measures, shared;
  turned.text(0x00200037, "DS", "1\\0\\0\\0\\1\\0");
  measures.text(0x00280030, "DS", "1\\1").text(0x00180050, "DS", "2");
  file.items(0x52009229, {shared.items(0x00209116, {turned}).items(0x00289110, {measures})});
  file.items(0x52009230, groups).text(0x00080060, "CS", "MR").pixels16(1, 3, 2, 12, {0, 1, 2, 2, 3, 4});
  expect_shown(file, {0, 0.5, 1, 0, 0.5, 1});
}

TEST_F(Voi, WhatCannotBeShownIsAnError) {
  const auto why = [&](const test::DicomFile& file) { return test::refusal(save(file), kShown); };
  EXPECT_THAT(why(picture()),
              HasSubstr("a.dcm: has neither a VOI LUT Sequence (0028,3010) nor WindowCenter"));
  EXPECT_THAT(why(window("2", "0")), HasSubstr("WindowWidth (0028,1051) is 0"));
  EXPECT_THAT(why(window("2", "0", "SIGMOID")), HasSubstr("WindowWidth (0028,1051) is 0"));
  EXPECT_THAT(why(window("2", "3", "CUBIC")), HasSubstr("VOILUTFunction (0028,1056) is CUBIC"));
  test::DicomFile item;
  item.shorts(0x00283002, {4, 0, 16}).shorts(0x00283006, {1, 2});
  EXPECT_THAT(why(picture().items(0x00283010, {item})), HasSubstr("its lookup table holds"));
}

TEST_F(Voi, IsNotAppliedUnlessAskedFor) {
  EXPECT_EQ(read_volume(save(window("2", "3"))).data.max().item<int>(), 4095);
}

TEST_F(Voi, AMammogramThatIsStoredDarkIsTurned) {
  test::DicomFile file = window("2", "3").text(0x00280004, "CS", "MONOCHROME1");
  const Mammogram read = read_mammogram(save(file), {.voi = VoiUse::apply});
  EXPECT_NEAR(read.volume.data.flatten()[0].item<double>(), 1, 1e-6);
  EXPECT_NEAR(read.volume.data.flatten()[1].item<double>(), 0.75, 1e-6);
}

TEST_F(Voi, TheContactSheetIsAsTheFileAsks) {
  const auto brightest_of_the_second = [&](const test::DicomFile& file, Inspection& found) {
    found = inspect(save(file), {.picture = true});
    const at::Tensor& sheet = found.picture;
    return sheet[0][sheet.size(1) / 2][0].item<int>();
  };
  Inspection found;
  EXPECT_LT(brightest_of_the_second(picture(), found), 10);  // 1 of 4095
  EXPECT_NEAR(brightest_of_the_second(window("2", "3"), found), 64, 12);
  EXPECT_EQ(found.max, 4095);
  brightest_of_the_second(window("2", "0"), found);
  EXPECT_THAT(found.warnings, Contains(HasSubstr("cannot be shown as it asks: WindowWidth")));
  EXPECT_TRUE(found.picture.defined());
}

}  // namespace
}  // namespace photo51::imaging
