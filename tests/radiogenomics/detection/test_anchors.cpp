#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include <cmath>

#include "photo51/radiogenomics/detection/anchors.hpp"
#include "photo51/radiogenomics/detection/boxes.hpp"
#include "support/errors.hpp"

namespace photo51::radiogenomics {
namespace {

using testing::HasSubstr;

TEST(Anchors, HaveTheAskedShapes) {
  // Edges y, x with x = 4 y and y x = 4 x 4; then cubes of twice the edge.
  const at::Tensor edges = anchor_edges({.sizes = {4}, .scales = {1, 2}, .aspect_ratios = {4, 1}}, 2, 0);
  EXPECT_TRUE(at::allclose(edges, at::tensor({2.F, 8.F, 4.F, 16.F, 4.F, 4.F, 8.F, 8.F}).view({4, 2})));
  const at::Tensor solid = anchor_edges({.sizes = {1, 6}, .aspect_ratios = {2, 4}}, 3, 1);
  EXPECT_TRUE(at::allclose(solid, at::tensor({3.F, 6.F, 12.F}).view({1, 3}))) << solid;
  EXPECT_TRUE(at::equal(anchor_edges({.sizes = {5}, .rounded = true}, 3, 0), at::full({1, 3}, 4.F)))
      << "half of 5 is rounded to the even 2";
  EXPECT_EQ(anchors_per_place({.scales = {1, 2, 3}, .aspect_ratios = {1, 2}}, 2), 6);
  EXPECT_EQ(anchors_per_place({.scales = {1, 2, 3}, .aspect_ratios = {1, 2}}, 3), 3);
}

TEST(Anchors, StandInThePlacesOfTheLevels) {
  const AnchorOptions options{.sizes = {2, 4}, .scales = {1, 2}};
  const Anchors anchors = make_anchors(options, {{2, 3}, {1, 1}}, {4, 6});
  ASSERT_EQ(anchors.boxes.sizes(), (at::IntArrayRef{14, 4}));
  EXPECT_EQ(anchors.boxes.scalar_type(), at::kFloat);
  EXPECT_THAT(anchors.places, testing::ElementsAre(6, 1));
  EXPECT_EQ(anchors.begin(1), 12);
  EXPECT_EQ(anchors.count(0), 12);
  // x fastest, then y; of a place the scales one after the other.
  EXPECT_TRUE(at::equal(box_centres(anchors.boxes).slice(0, 0, 8, 2),
                        at::tensor({1.F, 1.F, 1.F, 3.F, 1.F, 5.F, 3.F, 1.F}).view({4, 2})));
  EXPECT_TRUE(at::equal(anchors.boxes[0], at::tensor({0.F, 0.F, 2.F, 2.F})));
  EXPECT_TRUE(at::equal(anchors.boxes[1], at::tensor({-1.F, -1.F, 3.F, 3.F})));
  EXPECT_TRUE(at::equal(anchors.boxes[13], at::tensor({-2.F, -1.F, 6.F, 7.F}))) << "the middle of the image";
}

/// Strides of 3 along an image of 10 voxels, which 3 places share.
TEST(Anchors, StandWhereTheCentreSays) {
  const auto first_and_second = [](AnchorCentre centre) {
    const Anchors anchors = make_anchors({.sizes = {2}, .centre = centre}, {{3, 3}}, {10, 10});
    const at::Tensor x = box_centres(anchors.boxes).select(1, 1);
    return std::pair{x[0].item<float>(), x[1].item<float>()};
  };
  EXPECT_EQ(first_and_second(AnchorCentre::corner), (std::pair{0.F, 3.F}));
  EXPECT_EQ(first_and_second(AnchorCentre::middle_voxel), (std::pair{1.F, 4.F}));
  EXPECT_NEAR(first_and_second(AnchorCentre::middle).first, 10.0 / 6, 1e-6);
  EXPECT_NEAR(first_and_second(AnchorCentre::middle).second, 5, 1e-6);
}

TEST(Anchors, RefuseWhatDoesNotFit) {
  PHOTO51_EXPECT_ERROR(make_anchors({.sizes = {2}}, {{1, 1}, {1, 1}}, {4, 4}), usage,
                       HasSubstr("anchors.sizes: 1 for 2 levels"));
  for (const std::vector<int64_t>& grid : {std::vector<int64_t>{1}, {0, 1}, {1, 5}})
    PHOTO51_EXPECT_ERROR(make_anchors({.sizes = {2}}, {grid}, {4, 4}), usage, HasSubstr("axes of the image"));
  PHOTO51_EXPECT_ERROR(anchors_per_place({.aspect_ratios = {1, 2, 3}}, 3), usage,
                       HasSubstr("3 numbers, of which images of 3 axes take 2 an anchor"));
}

}  // namespace
}  // namespace photo51::radiogenomics
