#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include "photo51/radiogenomics/detection/boxes.hpp"
#include "support/errors.hpp"

namespace photo51::radiogenomics {
namespace {

using testing::HasSubstr;

at::Tensor box_rows(const std::vector<float>& values, int64_t dims) {
  return at::tensor(values).view({-1, 2 * dims});
}

TEST(Boxes, StandAroundCentres) {
  const at::Tensor centres = at::tensor({10.F, 20.F, 30.F}).view({1, 3});
  EXPECT_TRUE(at::equal(boxes_around(centres, at::tensor({4.F})), box_rows({6, 16, 26, 14, 24, 34}, 3)));
  const at::Tensor ellipsoid = boxes_around(centres, at::tensor({1.F, 2.F, 3.F}).view({1, 3}));
  EXPECT_TRUE(at::equal(ellipsoid, box_rows({9, 18, 27, 11, 22, 33}, 3)));
  EXPECT_TRUE(at::equal(box_centres(ellipsoid), centres));
  EXPECT_TRUE(at::equal(box_edges(ellipsoid), at::tensor({2.F, 4.F, 6.F}).view({1, 3})));
  EXPECT_EQ(box_volumes(ellipsoid).item<float>(), 48);
  EXPECT_EQ(box_volumes(box_rows({3, 3, 2, 5}, 2)).item<float>(), 0) << "no extent";
}

TEST(Boxes, AreCutToTheImage) {
  EXPECT_TRUE(at::equal(clip_boxes(box_rows({-3, 2, 5, 40, 9, 20, 12, 25}, 2), {10, 30}),
                        box_rows({0, 2, 5, 30, 9, 20, 10, 25}, 2)));
}

TEST(Boxes, OverlapByTheHandComputedParts) {
  // 4 x 4 and 4 x 4, 2 x 2 shared: 4 / 28; around both 6 x 6, so GIoU loses 8 / 36.
  const at::Tensor a = box_rows({0, 0, 4, 4}, 2), b = box_rows({2, 2, 6, 6, 0, 0, 4, 4, 10, 0, 14, 4}, 2);
  EXPECT_TRUE(at::allclose(box_iou(a, b), at::tensor({4.F / 28, 1.F, 0.F}).view({1, 3})));
  EXPECT_TRUE(at::allclose(box_giou(a, b), at::tensor({4.F / 28 - 8.F / 36, 1.F, -24.F / 56}).view({1, 3})));
  EXPECT_TRUE(at::allclose(paired_giou(a.expand({3, 4}), b), box_giou(a, b)[0]));
  // 2 x 2 x 2 within 4 x 4 x 4.
  EXPECT_FLOAT_EQ(box_iou(box_rows({1, 1, 1, 3, 3, 3}, 3), box_rows({0, 0, 0, 4, 4, 4}, 3)).item<float>(),
                  0.125F);
  EXPECT_EQ(box_iou(box_rows({1, 1, 1, 1}, 2), box_rows({1, 1, 1, 1}, 2)).item<float>(), 0) << "both empty";
  EXPECT_EQ(box_iou(a, at::zeros({0, 4})).sizes(), (at::IntArrayRef{1, 0}));
}

TEST(Boxes, RefuseOtherShapes) {
  PHOTO51_EXPECT_ERROR(box_dims(at::zeros({3, 5})), usage, HasSubstr("[N, 4] or [N, 6]"));
  PHOTO51_EXPECT_ERROR(box_dims(at::zeros({4})), usage, HasSubstr("[N, 4] or [N, 6]"));
  PHOTO51_EXPECT_ERROR(box_dims(at::zeros({1, 4}, at::kLong)), usage, HasSubstr("Long"));
  PHOTO51_EXPECT_ERROR(boxes_around(at::zeros({2, 3}), at::zeros({3})), usage, HasSubstr("need radii"));
  PHOTO51_EXPECT_ERROR(boxes_around(at::zeros({2, 5}), at::zeros({2})), usage, HasSubstr("[N, 4] or [N, 6]"));
  PHOTO51_EXPECT_ERROR(clip_boxes(at::zeros({1, 4}), {1, 2, 3}), usage, HasSubstr("in an image of 3"));
  PHOTO51_EXPECT_ERROR(box_iou(at::zeros({1, 4}), at::zeros({1, 6})), usage, HasSubstr("2 axes and of 3"));
  PHOTO51_EXPECT_ERROR(paired_giou(at::zeros({1, 4}), at::zeros({2, 4})), usage,
                       HasSubstr("pairs of 1 and 2"));
}

}  // namespace
}  // namespace photo51::radiogenomics
