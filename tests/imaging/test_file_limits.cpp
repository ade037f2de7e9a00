#include "photo51/imaging/file_limits.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "imaging/masks/contour_planes.hpp"
#include "photo51/imaging/read.hpp"
#include "support/dicom_objects.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::imaging {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class FileLimitsTest : public testing::Test {
 protected:
  void TearDown() override { set_file_limits({}); }
  test::TemporaryFolder folder_;
};

TEST_F(FileLimitsTest, SayWhatIsPromisedAndWhichKeyRaisesIt) {
  EXPECT_NO_THROW(require_within_limit(8.0 * (1LL << 30), "its header promises much"));
  PHOTO51_EXPECT_ERROR(
      require_within_limit(9.0 * (1LL << 30), "its header promises much"), data,
      testing::StrEq("its header promises much, 9.0 GiB, more than the 8 GiB that one file may take; "
                     "if it is meant to be so large, raise cohort.max_gib_per_file"));
  set_file_limits({.max_gib = 10});
  EXPECT_NO_THROW(require_within_limit(9.0 * (1LL << 30), "its header promises much"));
}

TEST_F(FileLimitsTest, HoldForDicom) {
  test::write_slice(folder_ / "a.dcm", "CT", 16, 0, 7);
  EXPECT_NO_THROW(read_volume(folder_ / "a.dcm"));
  set_file_limits({.max_gib = 1e-9});
  PHOTO51_EXPECT_ERROR(
      read_volume(folder_ / "a.dcm"), data,
      AllOf(HasSubstr("a.dcm"), HasSubstr("its header promises 1 frame(s) of 16 x 16 pixels")));
}

TEST_F(FileLimitsTest, SizesOfDicomPixelsThatAreNoneAreRefused) {
  for (const char* spacing : {"0\\0", "-1\\1", "1\\1e11", "1e300\\1", "NaN\\1"}) {
    test::write_slice(folder_ / "a.dcm", "CT", 4, 0, 7, {{DCM_PixelSpacing, spacing}});
    PHOTO51_EXPECT_ERROR(read_volume(folder_ / "a.dcm"), data,
                         AllOf(HasSubstr("a.dcm"), HasSubstr("PixelSpacing (0028,0030) is `")));
  }
  test::write_slice(folder_ / "b.dcm", "CT", 4, 0, 7, {{DCM_SliceThickness, "1e11"}});
  PHOTO51_EXPECT_ERROR(read_volume(folder_ / "b.dcm"), data,
                       HasSubstr("SliceThickness (0018,0050) is 1e+11 mm, which no slice is"));
  const std::pair<DcmTagKey, const char*> fields[] = {{DCM_RescaleSlope, "RescaleSlope (0028,1053)"},
                                                      {DCM_RescaleIntercept, "RescaleIntercept (0028,1052)"},
                                                      {DCM_SliceThickness, "SliceThickness (0018,0050)"}};
  for (const auto& [tag, name] : fields)
    for (const char* value : {"1e300", "NaN", "inf", "-inf"}) {
      test::write_slice(folder_ / "c.dcm", "CT", 4, 0, 7, {{tag, value}});
      PHOTO51_EXPECT_ERROR(read_volume(folder_ / "c.dcm"), data,
                           AllOf(HasSubstr("c.dcm"), HasSubstr(name), HasSubstr("no usable number")));
    }
}

TEST_F(FileLimitsTest, HoldForTheContoursOfAPlane) {
  Plane plane;
  for (int i = 0; i < 5000; ++i) {
    auto& polygon = plane.contours.emplace_back();
    polygon.number = static_cast<size_t>(i) + 1;
    polygon.points = {{0, 0}, {10.0 + i, 0}, {10.0 + i, 100}, {0, 100}};
  }
  std::vector<std::string> odd;
  PHOTO51_EXPECT_ERROR(fill(plane, odd), data, HasSubstr("a plane has 5000 contours"));
  plane.contours.resize(20);
  EXPECT_NO_THROW(fill(plane, odd));
  plane.contours[0].points = {{0, 0}, {1, 0}, {1, 1e6}};
  PHOTO51_EXPECT_ERROR(fill(plane, odd), data, HasSubstr("contours span"));
}

}  // namespace
}  // namespace photo51::imaging
