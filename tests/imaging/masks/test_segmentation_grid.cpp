#include "imaging/masks/dicom_seg_grid.hpp"

#include <ATen/ATen.h>

#include <cmath>

#include "photo51/imaging/inspect/inspect.hpp"
#include "photo51/imaging/masks/mask.hpp"
#include "photo51/imaging/read.hpp"
#include "support/dicom_objects.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::imaging {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<Uint8> grid_pixels(std::initializer_list<int> set) {
  std::vector<Uint8> all(15, 0);
  for (const int i : set) all[static_cast<size_t>(i)] = 1;
  return all;
}

class SegmentationGrid : public testing::Test {
 protected:
  /// Slices of `step` mm from z = 0 on, 2 mm thick.
  Volume image(double step, int count) {
    const std::string name = "ct" + std::to_string(step);
    for (int k = 0; k < count; ++k)
      test::write_slice(folder_ / (name + "/" + std::to_string(k) + ".dcm"), "CT", 10, step * k, 0);
    return read_volume(folder_ / name);
  }
  std::string write(const std::vector<test::SegFrame>& frames, double between = 0) {
    test::write_segmentation(folder_ / "seg.dcm", {.between = between}, frames);
    return (folder_ / "seg.dcm").string();
  }
  static std::vector<int64_t> by_slice(const Volume& mask) {
    std::vector<int64_t> counts;
    for (int64_t z = 0; z < mask.data.size(1); ++z) counts.push_back(mask.data[0][z].sum().item<int64_t>());
    return counts;
  }

  test::TemporaryFolder folder_;
};

TEST_F(SegmentationGrid, OneFrameIsAsThickAsTheImagesSlices) {
  const std::string path = write({{1, 3, grid_pixels({0, 1, 2})}});
  // Slices of 1.5 mm that are 2 mm thick: 3 pixels are 4.5 mm3.
  const Volume ct = image(1.5, 5);
  const Volume mask = read_mask(path, {&ct});
  EXPECT_NEAR(1000 * volume_ml(mask), 4.5, 1e-9);
  EXPECT_THAT(by_slice(on_grid_of(mask, ct)), ElementsAre(0, 0, 3, 0, 0));
  PHOTO51_EXPECT_ERROR(read_mask(path), data,
                       testing::AllOf(HasSubstr("has one slice and no SpacingBetweenSlices (0018,0088)"),
                                      HasSubstr("name the image")));
  const Inspection found = inspect(path);
  EXPECT_EQ(found.error, "");
  EXPECT_TRUE(std::isnan((*found.spacing)[2]));
  const Volume other = image(1.4, 5);
  PHOTO51_EXPECT_ERROR(read_mask(path, {&other}), data, HasSubstr("does not lie on a slice of the image"));
  EXPECT_NEAR(1000 * volume_ml(read_mask(write({{1, 3, grid_pixels({0})}}, 1.25))), 1.25, 1e-9);
}

TEST_F(SegmentationGrid, FramesOfNothingMayBeLeftOut) {
  // At 0 and 6 mm of slices every 2 mm, then at 0, 4 and 10.
  const Volume ct = image(2, 6);
  const Volume two = read_mask(write({{1, 0, grid_pixels({0})}, {1, 6, grid_pixels({1})}}), {&ct});
  EXPECT_NEAR(1000 * volume_ml(two), 4, 1e-9);
  EXPECT_THAT(by_slice(on_grid_of(two, ct)), ElementsAre(1, 0, 0, 1, 0, 0));
  const std::string path =
      write({{1, 0, grid_pixels({0})}, {1, 4, grid_pixels({1})}, {1, 10, grid_pixels({1})}});
  EXPECT_THAT(by_slice(on_grid_of(read_mask(path, {&ct}), ct)), ElementsAre(1, 0, 1, 0, 0, 1));
  PHOTO51_EXPECT_ERROR(read_mask(path), data, HasSubstr("off the grid of the others"));
  // Without the image the gap is what there is, and a warning says that it may not be right.
  const Volume alone = read_mask(write({{1, 0, grid_pixels({0})}, {1, 6, grid_pixels({1})}}));
  EXPECT_THAT(alone.warnings, ElementsAre(HasSubstr("frames in between may have been left out")));
}

TEST_F(SegmentationGrid, ReadsThickSlicesThatOverlap) {
  PHOTO51_NEEDS_SHARED_CASES("dicom/c09_seg_sparse");
  const auto files = test::shared_cases() / "dicom/c09_seg_sparse";
  const Volume ct = read_volume(files / "ct");
  for (const auto& [name, mm3] : {std::pair{"one_slice.dcm", 90.0}, {"three.dcm", 270.0}}) {
    const Volume mask = read_mask(files / name, {&ct});
    EXPECT_NEAR(1000 * volume_ml(mask), mm3, 1e-6) << name;
    EXPECT_NEAR(1000 * volume_ml(on_grid_of(mask, ct)), mm3, 1e-6) << name;
  }
}

}  // namespace
}  // namespace photo51::imaging
