/// Every file of the DICOM collection against the numbers that pydicom gave for it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "photo51/core/table.hpp"
#include "photo51/core/text.hpp"
#include "photo51/imaging/inspect/inspect.hpp"
#include "support/shared_data.hpp"

namespace photo51::imaging {
namespace {

using testing::HasSubstr;

struct Numbers {
  double min, max, mean;
  double tolerance = 1e-5;  ///< of the mean, relative
};

/// Where the index's numbers are not those of the image, or where pydicom could not read it.
const std::map<std::string, Numbers>& known_answers() {
  static const std::map<std::string, Numbers> answers{
      // The index has the numbers of palette entries; these are pydicom's apply_color_lut of them.
      {"files/examples_palette.dcm", {0, 65280, 5246.217143}},
      {"files/OBXXXX1A_rle.dcm", {0, 65280, 3185.496}},
      // The index has no modality lookup; this is pydicom's apply_modality_lut.
      {"files/mlut_18.dcm", {0, 65535, 33177.149460}},
      // The index has no functional groups; PixelValueTransformationSequence says an intercept of -1024.
      {"files/eCT_Supplemental.dcm", {-1024, 172, -643.961914}},
      // 12-bit JPEG, which the index's decoders refused for the first and rounded otherwise for the second
      // (lossy decoding is free to): as GDCM decodes both.
      {"files/JPEG-lossy.dcm", {0, 264, 14.369992}},
      {"files/JPGExtended.dcm", {0, 264, 14.369992}},
      // Without meta header, yet plain implicit little endian: pydicom's numbers when told so.
      {"files/CR-MONO1-10-chest", {0, 979, 501.857293}},
      // Lossy JPEG differs by the decoder's rounding.
      {"files/SC_rgb_dcmtk_+eb+cr.dcm", {0, 255, 127.743, 1e-4}},
      // Chrominance of 4:2:0 and 4:2:2 is interpolated differently by the decoders that may be used.
      {"files/SC_rgb_dcmtk_+eb+cy+np.dcm", {0, 255, 127.583, 1e-3}},
      {"files/examples_ybr_color.dcm", {0, 220, 10.5034, 2e-3}},
  };
  return answers;
}

double number(const std::string& text) {
  return core::parse_double(core::trim(text)).value_or(std::nan(""));
}

TEST(DicomIndex, EveryFileHasItsNumbers) {
  PHOTO51_NEEDS_SHARED_DATA("dicom/index.csv");
  const auto data = test::shared_data() / "dicom";
  const core::Table index = core::read_table(data / "index.csv");
  int compared = 0, refused = 0;
  for (const auto& row : index.rows) {
    const auto cell = [&](const char* column) { return row[index.require(column)]; };
    const std::string file = cell("file");
    SCOPED_TRACE(file);
    const Inspection found = inspect(data / file);
    const auto known = known_answers().find(file);
    if (cell("min") == "error" && known == known_answers().end()) {
      EXPECT_THAT(found.error, HasSubstr(file));
      EXPECT_FALSE(found.measured);
      ++refused;
      continue;
    }
    if (cell("min").empty()) {
      EXPECT_FALSE(found.measured);
      continue;
    }
    ASSERT_EQ(found.error, "");
    EXPECT_EQ(found.dicom_modality, cell("modality"));
    ASSERT_TRUE(found.size.has_value());
    if (found.kind == "slide") {
      // The file holds tiles of rows x cols; the slide is as large as all of them.
      EXPECT_EQ((*found.size)[0] * (*found.size)[1],
                static_cast<int64_t>(number(cell("rows")) * number(cell("cols")) * number(cell("frames"))));
    } else {
      EXPECT_EQ((*found.size)[0], static_cast<int64_t>(number(cell("cols"))));
      EXPECT_EQ((*found.size)[1], static_cast<int64_t>(number(cell("rows"))));
      EXPECT_EQ((*found.size)[2], static_cast<int64_t>(number(cell("frames"))));
    }
    if (const std::string spacing = cell("spacing"); !spacing.empty()) {
      ASSERT_TRUE(found.spacing.has_value());
      const auto parts = core::split(spacing, '\\');
      EXPECT_NEAR((*found.spacing)[1], number(parts[0]), 1e-6);
      EXPECT_NEAR((*found.spacing)[0], number(parts[1]), 1e-6);
    }
    ASSERT_TRUE(found.measured);
    Numbers expected{number(cell("min")), number(cell("max")), number(cell("mean"))};
    if (known != known_answers().end()) expected = known->second;
    // The index has six digits.
    const auto near = [](double ours, double theirs, double tolerance) {
      EXPECT_NEAR(ours, theirs, 1e-3 + tolerance * std::abs(theirs));
    };
    near(found.min, expected.min, 1e-5);
    near(found.max, expected.max, 1e-5);
    near(found.mean, expected.mean, expected.tolerance);
    ++compared;
  }
  EXPECT_GE(compared, 155);
  EXPECT_GE(refused, 3);
}

}  // namespace
}  // namespace photo51::imaging
