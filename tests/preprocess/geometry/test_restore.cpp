#include "photo51/preprocess/geometry/restore.hpp"

#include <gtest/gtest.h>

#include "photo51/preprocess/prepare.hpp"
#include "preprocess/cases.hpp"
#include "support/errors.hpp"

namespace photo51::preprocess {
namespace {

using ::testing::HasSubstr;

imaging::Geometry sagittal_frame() {
  imaging::Geometry g;
  g.size = {14, 16, 12};
  g.spacing = {1, 1.2, 1.5};
  g.origin = {-10, 20, 30};
  g.direction = {0, 0, -1, 1, 0, 0, 0, -1, 0};
  return g;
}

TEST(Restore, UndoesFlipsOrientationAndCropWithoutInterpolating) {
  at::manual_seed(9);
  const auto volume = test::volume(at::rand({12, 16, 14}) + 1, sagittal_frame());
  PreprocessOptions options;
  options.orientation = "RAS";
  options.size = {10, 9, 20};  // cropped here, padded there
  const auto turned = flips({Axis::x, Axis::z});
  const auto prepared = prepare({volume}, {}, false, options, &turned);
  ops::ResampleOptions how;
  how.padding_value = -1;
  const auto back = restore(prepared.values, prepared.geometry, volume.geometry, turned, how);
  ASSERT_EQ(back.sizes(), volume.data.sizes());
  const auto covered = back.ne(-1);
  EXPECT_TRUE(at::equal(back.masked_select(covered), volume.data.masked_select(covered)));
  EXPECT_EQ(covered.sum().item<int64_t>(), 10 * 9 * 16);
}

TEST(Restore, UndoesSpacingAndAffineOnALinearImage) {
  const auto volume = test::world_field(sagittal_frame());
  PreprocessOptions options;
  options.spacing = {0.8, 1.1, 1.3};
  Augmentation a;
  a.affine = true;
  a.flip = {false, true, true};
  a.rotate = {10, -6, 25};
  a.scale = 0.9;
  a.translate = {1, -2, 0.5};
  const auto prepared = prepare({volume}, {}, false, options, &a);
  const auto back = restore(prepared.values, prepared.geometry, volume.geometry, a);
  const auto inner = [](const at::Tensor& t) { return t[0].slice(0, 4, 8).slice(1, 5, 11).slice(2, 5, 9); };
  EXPECT_LT((inner(back) - inner(volume.data)).abs().max().item<double>(), 2e-2);
  EXPECT_GT((inner(prepared.values) - inner(volume.data)).abs().max().item<double>(), 1);
}

TEST(Restore, OneSliceStaysInItsPlane) {
  at::manual_seed(10);
  imaging::Geometry flat;
  flat.size = {9, 8, 1};
  const auto image = at::rand({1, 1, 8, 9});
  auto a = flips({Axis::x});
  a.affine = true;
  a.rotate = {0, 0, 180};
  const auto moved = apply(image, flat, a, {});
  EXPECT_LT((restore(moved, flat, flat, a) - image).abs().max().item<double>(), 1e-5);
}

TEST(Restore, RefusesWhatHasNoWayBack) {
  const auto g = sagittal_frame();
  Augmentation a;
  PHOTO51_EXPECT_ERROR(restore(at::zeros({1, 2, 3, 4}), g, g, a), usage, HasSubstr("14 x 16 x 12"));
  a.elastic.points = {4, 4, 4};
  a.elastic.values.assign(192, 1.0F);
  PHOTO51_EXPECT_ERROR(restore(at::zeros({1, 12, 16, 14}), g, g, a), usage, HasSubstr("no exact inverse"));
}

}  // namespace
}  // namespace photo51::preprocess
