#include "photo51/imaging/masks/classes.hpp"

#include <ATen/ATen.h>

#include "photo51/imaging/write.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::imaging {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class Classes : public testing::Test {
 protected:
  std::string file(const at::Tensor& values, const Geometry& like = {}) {
    Geometry grid = like;
    grid.size = {values.size(3), values.size(2), values.size(1)};
    write_nifti(make_volume(values, grid), folder_ / "m.nii");
    return (folder_ / "m.nii").string();
  }
  static at::Tensor row(const std::vector<int>& values) {
    return at::tensor(values).to(at::kByte).view({1, 1, 1, -1});
  }
  test::TemporaryFolder folder_;
};

std::vector<int64_t> listed(const Volume& volume) {
  const at::Tensor flat = volume.data.flatten().to(at::kLong);
  return {flat.const_data_ptr<int64_t>(), flat.const_data_ptr<int64_t>() + flat.numel()};
}

TEST_F(Classes, AreTheValuesInTheirOrder) {
  const auto path = file(row({0, 4, 2, 2, 0, 4}));
  EXPECT_EQ(listed(read_classes(path, {}, {2, 4})), (std::vector<int64_t>{0, 2, 1, 1, 0, 2}));
  // A class that is not there is nowhere, and nothing is odd about it.
  const Volume with_absent = read_classes(path, {}, {7, 4, 2});
  EXPECT_EQ(listed(with_absent), (std::vector<int64_t>{0, 2, 3, 3, 0, 2}));
  EXPECT_EQ(with_absent.data.scalar_type(), at::kByte);
  EXPECT_EQ(with_absent.units, Units::label);
}

TEST_F(Classes, OneWithoutAValueIsTheMask) {
  EXPECT_EQ(listed(read_classes(file(row({0, 255, 255})), {}, {})), (std::vector<int64_t>{0, 1, 1}));
  EXPECT_EQ(listed(read_classes(file(row({0, 1, 2})) + "#2", {}, {})), (std::vector<int64_t>{0, 0, 1}));
}

TEST_F(Classes, RefuseWhatNoClassNames) {
  const auto path = file(row({0, 1, 3}));
  PHOTO51_EXPECT_ERROR(read_classes(path, {}, {1, 2}), data,
                       AllOf(HasSubstr("m.nii"), HasSubstr("holds the value 3"),
                             HasSubstr("its values are 0, 1, 3"), HasSubstr("`values` 1, 2")));
  PHOTO51_EXPECT_ERROR(read_classes(path + "#1", {}, {1, 3}), usage, HasSubstr("`#1` picks a structure"));
  PHOTO51_EXPECT_ERROR(read_classes(file(at::ones({2, 1, 1, 3}, at::kByte)), {}, {1}), data,
                       HasSubstr("has 2 channels; a map of classes has one"));
  PHOTO51_EXPECT_ERROR(read_classes(path, {}, std::vector<int64_t>(most_classes + 1, 1)), usage,
                       HasSubstr("at most 250 classes"));
}

TEST_F(Classes, LieOnTheirImageAndMoveByTheNearestVoxel) {
  Volume classes = make_volume(row({0, 1, 2, 2}), {.size = {4, 1, 1}}, Modality::segmentation, Units::label);
  Geometry finer{.size = {8, 1, 1}, .spacing = {0.5, 1, 1}, .origin = {-0.25, 0, 0}};
  EXPECT_EQ(listed(classes_on_grid(classes, finer)), (std::vector<int64_t>{0, 0, 1, 1, 2, 2, 2, 2}));
  const Volume image = make_volume(at::zeros({1, 1, 1, 4}), {.size = {4, 1, 1}});
  EXPECT_EQ(listed(classes_on(classes, image)), (std::vector<int64_t>{0, 1, 2, 2}));
  classes.geometry.origin = {100, 0, 0};
  PHOTO51_EXPECT_ERROR(classes_on(classes, image), data, HasSubstr("outside"));
}

}  // namespace
}  // namespace photo51::imaging
