#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "preprocess/mask2d/mask.hpp"

namespace photo51::preprocess {
namespace {

using testing::ElementsAre;

/// Rows of text: any character but '.' is inside.
BytePlane drawn(const std::vector<std::string>& rows) {
  BytePlane mask(static_cast<int64_t>(rows.size()), static_cast<int64_t>(rows[0].size()));
  for (size_t y = 0; y < rows.size(); ++y)
    for (size_t x = 0; x < rows[y].size(); ++x)
      mask.pixels[y * rows[0].size() + x] = rows[y][x] != '.' ? 1 : 0;
  return mask;
}

std::vector<std::string> text(const BytePlane& mask) {
  std::vector<std::string> rows;
  for (int64_t y = 0; y < mask.height; ++y) {
    rows.emplace_back();
    for (int64_t x = 0; x < mask.width; ++x) rows.back() += mask.at(y, x) != 0 ? '#' : '.';
  }
  return rows;
}

TEST(Mask2d, FindsComponentsThatTouchAtCorners) {
  const BytePlane mask = drawn({"#...##",  //
                                ".#...#",  //
                                "#..#..",  //
                                "..#..#"});
  const Components found = components_of(mask);
  ASSERT_EQ(found.parts.size(), 4U);
  EXPECT_EQ(found.parts[0].pixels, 3);
  EXPECT_EQ(found.parts[0].box.y1, 3);
  EXPECT_EQ(found.parts[0].box.x1, 2);
  EXPECT_EQ(found.parts[1].pixels, 3);
  EXPECT_EQ(found.parts[1].box.x0, 4);
  EXPECT_EQ(found.parts[2].pixels, 2);
  EXPECT_EQ(found.parts[3].pixels, 1);
  EXPECT_EQ(found.label[1], -1);
}

TEST(Mask2d, JoinsArmsThatMeetLate) {
  // The two arms of a U and of a W get labels of their own before they meet.
  const BytePlane mask = drawn({"#.#.#",  //
                                "#.#.#",  //
                                "#.#.#",  //
                                "#####"});
  EXPECT_EQ(components_of(mask).parts.size(), 1U);
  EXPECT_EQ(components_of(mask).parts[0].pixels, 14);
}

TEST(Mask2d, KeepsTheLargestAndFillsHoles) {
  BytePlane mask = drawn({"####...",  //
                          "#..#..#",  //
                          "####..#",  //
                          ".#.#..."});
  mask = largest_component(mask);
  fill_holes(mask);
  EXPECT_THAT(text(mask), ElementsAre("####...", "####...", "####...", ".#.#..."));
  EXPECT_EQ(largest_component(BytePlane(2, 3)).count(), 0);
}

TEST(Mask2d, ErodesAndDilatesBySquares) {
  const BytePlane mask = drawn({".....",  //
                                ".###.",  //
                                ".####",  //
                                ".####"});
  // Outside the picture counts as inside: the lower and the right border take nothing away.
  EXPECT_THAT(text(erode(mask, 1)), ElementsAre(".....", ".....", "..#..", "..###"));
  EXPECT_THAT(text(dilate(drawn({"....", ".#..", "....", "...."}), 1)),
              ElementsAre("###.", "###.", "###.", "...."));
  EXPECT_THAT(text(dilate(drawn({"#...."}), 3)), ElementsAre("####."));
}

TEST(Mask2d, LocalExtremesAndMajorities) {
  BytePlane plane(2, 5);
  plane.pixels = {1, 9, 2, 3, 4,  //
                  7, 0, 5, 8, 6};
  EXPECT_THAT(local_max(plane, 1, 0).pixels, ElementsAre(9, 9, 9, 4, 4, 7, 7, 8, 8, 8));
  EXPECT_THAT(local_min(plane, 0, 1).pixels, ElementsAre(1, 0, 2, 3, 4, 1, 0, 2, 3, 4));
  EXPECT_THAT(local_max(plane, 4, 4).pixels, testing::Each(9));
  EXPECT_THAT(text(majority(drawn({"##..", "##..", "....", "...#"}), 1)),
              ElementsAre("##..", "#...", "....", "...."));
}

TEST(Mask2d, HullOfACross) {
  const BytePlane mask = drawn({"...#...",  //
                                ".......",  //
                                ".......",  //
                                "#.....#",  //
                                ".......",  //
                                ".......",  //
                                "...#..."});
  EXPECT_THAT(text(convex_hull(mask)),
              ElementsAre("...#...", "..###..", ".#####.", "#######", ".#####.", "..###..", "...#..."));
  EXPECT_THAT(text(convex_hull(drawn({".#.#", "...."}))), ElementsAre(".###", "...."));
  EXPECT_EQ(convex_hull(BytePlane(2, 2)).count(), 0);
}

TEST(Mask2d, ThresholdsOfKnownHistograms) {
  // Two even classes around 2 and 8: Otsu parts them anywhere between; the first best is after the lower one.
  EXPECT_EQ(otsu_threshold({0, 5, 10, 5, 0, 0, 0, 5, 10, 5}), 3U);
  // A line from (0, 100) to (9, 1): the corner of the L lies farthest below it.
  EXPECT_EQ(triangle_threshold({100, 20, 4, 3, 3, 2, 2, 2, 1, 1}), 2U);
  // The tail may lie on the lower side.
  EXPECT_EQ(triangle_threshold({1, 1, 2, 2, 3, 4, 20, 100}), 5U);
  EXPECT_EQ(triangle_threshold({0, 7, 0}), 1U);
}

TEST(Mask2d, BoxesAndTensors) {
  const BytePlane mask = drawn({"....", "..#.", ".#..", "...."});
  const PixelBox box = mask.box();
  EXPECT_EQ(box.y0, 1);
  EXPECT_EQ(box.x0, 1);
  EXPECT_EQ(box.y1, 3);
  EXPECT_EQ(box.x1, 3);
  EXPECT_TRUE(at::equal(BytePlane::of(mask.tensor()).tensor(), mask.tensor()));
  EXPECT_EQ(BytePlane(3, 3).box().y1, 0);
}

}  // namespace
}  // namespace photo51::preprocess
