#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include <cmath>

#include "photo51/radiogenomics/detection/box_coding.hpp"
#include "support/errors.hpp"

namespace photo51::radiogenomics {
namespace {

using testing::HasSubstr;

TEST(BoxCoding, IsTheHandComputedValue) {
  // Anchor 4 high and 8 wide about (2, 4); the box 8 x 8 about (6, 6).
  const at::Tensor anchor = at::tensor({0.F, 0.F, 4.F, 8.F}).view({1, 4});
  const at::Tensor box = at::tensor({2.F, 2.F, 10.F, 10.F}).view({1, 4});
  const BoxCodingOptions coding{.weights = {10, 10, 5, 5}};
  const at::Tensor deltas = encode_boxes(box, anchor, coding);
  EXPECT_TRUE(at::allclose(deltas, at::tensor({10.F, 2.5F, 5 * std::log(2.F), 0.F}).view({1, 4}))) << deltas;
  EXPECT_TRUE(at::allclose(decode_boxes(deltas, anchor, coding), box));
  EXPECT_TRUE(at::equal(decode_boxes(at::zeros({1, 4}), anchor), anchor));
}

TEST(BoxCoding, LeadsBackInThreeDimensions) {
  at::manual_seed(3);
  const at::Tensor near = at::rand({20, 3}, at::kDouble) * 50;
  const at::Tensor boxes = at::cat({near, near + 1 + at::rand({20, 3}, at::kDouble) * 20}, 1);
  EXPECT_TRUE(at::allclose(decode_boxes(encode_boxes(boxes, boxes.roll(1, 0)), boxes.roll(1, 0)), boxes));
}

TEST(BoxCoding, LetsNoEdgeGrowBeyondTheLimit) {
  const at::Tensor anchor = at::tensor({0.F, 0.F, 4.F, 4.F}).view({1, 4});
  const at::Tensor box =
      decode_boxes(at::tensor({0.F, 0.F, 50.F, 1.F}).view({1, 4}), anchor, {.most_growth = std::log(3.0)});
  const auto half = static_cast<float>(2 * std::exp(1.0));
  EXPECT_TRUE(at::allclose(box, at::tensor({-4.F, 2 - half, 8.F, 2 + half}).view({1, 4}))) << box;
}

TEST(BoxCoding, RefusesWhatDoesNotFit) {
  PHOTO51_EXPECT_ERROR(encode_boxes(at::ones({2, 4}), at::ones({1, 4})), usage,
                       HasSubstr("each of 1 anchors"));
  PHOTO51_EXPECT_ERROR(decode_boxes(at::ones({1, 4}), at::ones({1, 6})), usage, HasSubstr("of 3 axes"));
  PHOTO51_EXPECT_ERROR(encode_boxes(at::ones({1, 4}), at::ones({1, 4}), {.weights = {1, 1}}), usage,
                       HasSubstr("coding.weights: 2 numbers"));
}

}  // namespace
}  // namespace photo51::radiogenomics
