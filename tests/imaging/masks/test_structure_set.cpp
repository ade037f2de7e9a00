#include "imaging/masks/rtstruct.hpp"

#include <ATen/ATen.h>

#include <cmath>

#include "photo51/imaging/inspect/inspect.hpp"
#include "photo51/imaging/masks/mask.hpp"
#include "photo51/imaging/read.hpp"
#include "support/dicom_objects.hpp"
#include "support/errors.hpp"
#include "support/mask_options.hpp"
#include "support/shared_data.hpp"

namespace photo51::imaging {
namespace {

using test::Ring;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using ContourPoints = std::vector<std::array<double, 2>>;

ContourPoints box(double x0, double x1, double y0, double y1) {
  return {{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}};
}

class StructureSets : public testing::Test {
 protected:
  /// 20 x 20 voxels of 1 mm, slices at z = 0, 2, … 10.
  void SetUp() override {
    for (int k = 0; k < 6; ++k)
      test::write_slice(folder_ / ("ct/" + std::to_string(k) + ".dcm"), "CT", 20, 2.0 * k, 0);
    ct_ = read_volume(folder_ / "ct");
  }
  std::string write(const std::vector<Ring>& rings) {
    test::write_structure_set(folder_ / "rt.dcm", rings);
    return (folder_ / "rt.dcm").string();
  }
  Volume drawn(const std::vector<Ring>& rings) { return read_mask(write(rings), {&ct_}); }
  int64_t area(const std::vector<Ring>& rings) { return drawn(rings).data.sum().item<int64_t>(); }

  test::TemporaryFolder folder_;
  Volume ct_;
};

TEST_F(StructureSets, HolesIslandsAndKeyholesStay) {
  const ContourPoints outer = box(0.5, 16.5, 0.5, 16.5), hole = box(4.5, 12.5, 4.5, 12.5),
                      island = box(6.5, 8.5, 6.5, 8.5);
  EXPECT_EQ(area({{"A", hole, 0}, {"A", outer, 0}}), 256 - 64);
  EXPECT_EQ(area({{"A", island, 0}, {"A", hole, 0}, {"A", outer, 0}}), 256 - 64 + 4);
  // Two holes that cross are one hole.
  EXPECT_EQ(area({{"A", outer, 0}, {"A", box(4.5, 8.5, 4.5, 8.5), 0}, {"A", box(6.5, 10.5, 4.5, 8.5), 0}}),
            256 - 24);
  EXPECT_THAT(drawn({{"A", outer, 0}, {"A", hole, 0}}).warnings, IsEmpty());
  EXPECT_EQ(
      area({{"A", outer, 0, "CLOSEDPLANAR_XOR"}, {"A", box(8.5, 18.5, 0.5, 16.5), 0, "CLOSEDPLANAR_XOR"}}),
      256 + 160 - 2 * 128);
}

TEST_F(StructureSets, TheSameContourTwiceCountsOnce) {
  const ContourPoints outer = box(0.5, 10.5, 0.5, 10.5);
  ContourPoints turned{outer.rbegin(), outer.rend()};
  const Volume mask = drawn({{"A", outer, 0}, {"A", turned, 0}, {"A", outer, 2}});
  EXPECT_EQ(mask.data.sum().item<int>(), 200);
  EXPECT_THAT(mask.warnings, ElementsAre(HasSubstr("contour 1 and contour 2 are the same and count once")));
  // A ring thinner than a pixel is not the same contour twice.
  EXPECT_EQ(area({{"A", box(0.6, 3.4, 0.6, 3.4), 0}, {"A", box(0.9, 3.1, 0.9, 3.1), 0}, {"A", outer, 2}}),
            100);
}

TEST_F(StructureSets, ContoursThatCrossAreUnited) {
  const Volume mask = drawn({{"A", box(0.5, 8.5, 0.5, 8.5), 0}, {"A", box(4.5, 12.5, 0.5, 8.5), 0}});
  EXPECT_EQ(mask.data.sum().item<int>(), 96);
  EXPECT_THAT(mask.warnings, ElementsAre(HasSubstr("contour 1 and contour 2 cross and are united")));
  // Side by side they touch, and no pixel is in both.
  const Volume beside = drawn({{"A", box(0.5, 8.5, 0.5, 8.5), 0}, {"A", box(8.5, 12.5, 0.5, 8.5), 0}});
  EXPECT_EQ(beside.data.sum().item<int>(), 96);
  EXPECT_THAT(beside.warnings, IsEmpty());
  // A hole drawn a little beyond the edge.
  const Volume hole = drawn({{"A", box(0.5, 16.5, 0.5, 16.5), 0}, {"A", box(2.5, 17.5, 4.5, 6.5), 0}});
  EXPECT_EQ(hole.data.sum().item<int>(), 256 - 28);
  EXPECT_THAT(hole.warnings, ElementsAre(HasSubstr("taken as a hole")));
}

TEST_F(StructureSets, PlanesBetweenSlicesFillAsManySlices) {
  const ContourPoints square = box(0.5, 12.5, 0.5, 12.5);
  for (const double off : {0.4, 1.0, 1.6}) {
    const Volume mask = drawn({{"A", square, 2 + off}, {"A", square, 4 + off}, {"A", square, 6 + off}});
    EXPECT_NEAR(1000 * volume_ml(mask), 864, 1e-6) << off;
    EXPECT_THAT(mask.warnings, ElementsAre(HasSubstr("mm off the image's slices"))) << off;
  }
}

TEST_F(StructureSets, WhatCannotBeDrawnSpoilsOnlyItself) {
  const ContourPoints square = box(0.5, 12.5, 0.5, 12.5);
  const std::string path =
      write({{"GTV", square, 2}, {"Bad", {{1, 1}, {2, 2}}, 0}, {"Bad", square, 4}, {"Point", {{1, 1}}, 0}});
  const auto read = [&](const std::string& choice) { return read_mask(path + choice, {&ct_}); };
  EXPECT_EQ(read("#GTV").data.sum().item<int>(), 144);
  EXPECT_THAT(read("#GTV").warnings, IsEmpty());
  EXPECT_EQ(read("#Bad").data.sum().item<int>(), 144);
  EXPECT_THAT(read("#Bad").warnings,
              ElementsAre(HasSubstr("1 contour(s) of ROI `Bad` have fewer than three")));
  PHOTO51_EXPECT_ERROR(read("#Point"), data, HasSubstr("no closed contour of three points or more"));
  EXPECT_EQ(read("#*").data.sum().item<int>(), 288);
  EXPECT_THAT(read("#*").warnings, Contains(HasSubstr("left out: ROI `Point`")));
  // Numbers that are none.
  DcmFileFormat file;
  ASSERT_TRUE(file.loadFile(path.c_str()).good());
  DcmItem *roi = nullptr, *contour = nullptr;
  ASSERT_TRUE(file.getDataset()->findAndGetSequenceItem(DCM_ROIContourSequence, roi, 1).good());
  ASSERT_TRUE(roi->findAndGetSequenceItem(DCM_ContourSequence, contour, 1).good());
  test::put(*contour, DCM_ContourData, "1\\1\\0\\2\\2\\0\\3\\3\\0\\4");
  test::save(file, path);
  EXPECT_EQ(read("#GTV").data.sum().item<int>(), 144);
  PHOTO51_EXPECT_ERROR(read("#Bad"), data,
                       HasSubstr("contour 2 of ROI `Bad` has a damaged ContourData (3006,0050)"));
  test::write_structure_set(folder_ / "none.dcm", {{"Point", {{1, 1}}, 0}});
  PHOTO51_EXPECT_ERROR(read_mask((folder_ / "none.dcm").string() + "#*", {&ct_}), data,
                       HasSubstr("none of its ROIs has a closed contour"));
}

TEST_F(StructureSets, ContoursThatEncloseNothingHaveNoVolume) {
  const ContourPoints line{{1, 1}, {2, 2}, {3, 3}};  // and so no plane
  const StructureSet set = read_structure_set(write({{"A", line, 0}, {"A", line, 2}}));
  ASSERT_EQ(set.structures.size(), 1U);
  EXPECT_TRUE(std::isnan(enclosed_mm3(set.structures[0])));
}

TEST_F(StructureSets, EqualNamesAreToldApartByNumber) {
  const std::string path = write({{"A", box(0.5, 2.5, 0.5, 2.5), 0}, {"B", box(0.5, 4.5, 0.5, 4.5), 0}});
  DcmFileFormat file;
  ASSERT_TRUE(file.loadFile(path.c_str()).good());
  DcmItem* roi = nullptr;
  ASSERT_TRUE(file.getDataset()->findAndGetSequenceItem(DCM_StructureSetROISequence, roi, 1).good());
  test::put(*roi, DCM_ROIName, "A");
  test::save(file, path);
  PHOTO51_EXPECT_ERROR(read_mask(path + "#A", {&ct_}), data,
                       AllOf(HasSubstr("`A` means several ROIs"), HasSubstr("1  A"), HasSubstr("2  A")));
  EXPECT_EQ(read_mask(path + "#1", {&ct_}).data.sum().item<int>(), 4);
  EXPECT_EQ(read_mask(path + "#2", {&ct_}).data.sum().item<int>(), 16);
  EXPECT_EQ(read_mask(path, {&ct_}, test::with_label(2)).data.sum().item<int>(), 16);
  PHOTO51_EXPECT_ERROR(read_mask(path, {&ct_}, test::with_label(7)), data,
                       HasSubstr("no ROI with the number 7"));
  PHOTO51_EXPECT_ERROR(read_mask(path + "#1", {&ct_}, test::with_threshold(0.5)), usage,
                       HasSubstr("not for a DICOM RTSTRUCT"));
}

TEST_F(StructureSets, ReadsTheOddOnesRight) {
  PHOTO51_NEEDS_SHARED_CASES("dicom/c03_rt_degenerate");
  const auto files = test::shared_cases() / "dicom";
  const auto mm3 = [&](const std::string& folder, const std::string& name) {
    const Volume ct = read_volume(files / folder / "ct");
    return 1000 * volume_ml(read_mask((files / folder / name).string(), {&ct}));
  };
  EXPECT_NEAR(mm3("c03_rt_degenerate", "good.dcm"), 864, 1e-6);
  EXPECT_NEAR(mm3("c03_rt_degenerate", "twopoints.dcm#GTV"), 864, 1e-6);
  EXPECT_NEAR(mm3("c03_rt_degenerate", "between.dcm"), 864, 1e-6);
  EXPECT_NEAR(mm3("c04_rt_overlap", "twice.dcm"), 864, 1e-6);
  EXPECT_NEAR(mm3("c04_rt_overlap", "overlap.dcm"), 864, 1e-6);
  EXPECT_GT(mm3("c05_rt_names", "same.dcm#3"), 0);
  EXPECT_GT(mm3("c05_rt_names", "empty.dcm#*"), 0);
  EXPECT_THAT(inspect(files / "c03_rt_degenerate/between.dcm").notes,
              Contains(HasSubstr("GTV, 3 contours, 864 mm3")));
}

}  // namespace
}  // namespace photo51::imaging
