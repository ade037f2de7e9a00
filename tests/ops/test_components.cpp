#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "photo51/ops/components.hpp"
#include "support/errors.hpp"

namespace photo51::ops {
namespace {

using ::testing::HasSubstr;

at::Tensor picture_of(const std::vector<std::string>& rows) {
  at::Tensor mask =
      at::zeros({static_cast<int64_t>(rows.size()), static_cast<int64_t>(rows[0].size())}, at::kBool);
  for (size_t y = 0; y < rows.size(); ++y)
    for (size_t x = 0; x < rows[y].size(); ++x)
      if (rows[y][x] == '#') mask[static_cast<int64_t>(y)][static_cast<int64_t>(x)] = true;
  return mask;
}

TEST(Components, TouchBySidesOrByCorners) {
  const at::Tensor mask = picture_of({"#..##.",  //
                                      ".#...#",  //
                                      ".###..",  //
                                      "#....."});
  const auto sides = connected_components(mask, Neighbours::faces);
  EXPECT_TRUE(at::equal(sides.labels, at::tensor({1, 0, 0, 2, 2, 0,  //
                                                  0, 3, 0, 0, 0, 4,  //
                                                  0, 3, 3, 3, 0, 0,  //
                                                  5, 0, 0, 0, 0, 0},
                                                 at::kInt)
                                          .view({4, 6})));
  EXPECT_EQ(sides.largest(), 2);
  EXPECT_EQ(sides.parts[2].size, 4);
  EXPECT_EQ(sides.parts[2].box.low, (std::array<int64_t, 3>{1, 1, 0}));
  EXPECT_EQ(sides.parts[2].box.high, (std::array<int64_t, 3>{3, 2, 0}));
  const auto corners = connected_components(mask.to(at::kByte), Neighbours::corners);
  ASSERT_EQ(corners.parts.size(), 2U);
  EXPECT_EQ(corners.parts[0].size, 6);
  EXPECT_EQ(corners.parts[1].size, 3);
  EXPECT_EQ(corners.labels[3][0].item<int>(), 1);
}

/// By spreading from each voxel in turn.
at::Tensor slow_labels(const at::Tensor& mask, bool corners) {
  at::Tensor labels = at::zeros(mask.sizes(), at::kInt);
  const auto size = mask.sizes();
  int next = 0;
  std::vector<std::array<int64_t, 3>> open;
  for (int64_t i = 0; i < mask.numel(); ++i) {
    open.push_back({i / (size[1] * size[2]), i / size[2] % size[1], i % size[2]});
    bool fresh = true;
    while (!open.empty()) {
      const auto [z, y, x] = open.back();
      open.pop_back();
      if (z < 0 || y < 0 || x < 0 || z >= size[0] || y >= size[1] || x >= size[2]) continue;
      if (!mask[z][y][x].item<bool>() || labels[z][y][x].item<int>() != 0) continue;
      if (fresh) ++next;
      fresh = false;
      labels[z][y][x] = next;
      for (int64_t dz = -1; dz <= 1; ++dz)
        for (int64_t dy = -1; dy <= 1; ++dy)
          for (int64_t dx = -1; dx <= 1; ++dx)
            if (corners || std::abs(dz) + std::abs(dy) + std::abs(dx) == 1)
              open.push_back({z + dz, y + dy, x + dx});
    }
  }
  return labels;
}

TEST(Components, OfNoiseAreThoseOfSpreadingFromEachVoxel) {
  at::Tensor noise = (at::arange(6 * 7 * 9, at::kLong) * 7919 % 1013 % 10).view({6, 7, 9});
  for (const auto neighbours : {Neighbours::faces, Neighbours::corners})
    for (const int64_t level : {2, 4, 6}) {
      const at::Tensor mask = noise.lt(level);
      const auto found = connected_components(mask, neighbours);
      EXPECT_TRUE(at::equal(found.labels, slow_labels(mask, neighbours == Neighbours::corners)));
      for (size_t part = 0; part < found.parts.size(); ++part) {
        const at::Tensor places = found.labels.eq(static_cast<int64_t>(part) + 1).nonzero();
        EXPECT_EQ(found.parts[part].size, places.size(0));
        for (int64_t axis = 0; axis < 3; ++axis) {
          EXPECT_EQ(found.parts[part].box.low[2 - axis], places.select(1, axis).min().item<int64_t>());
          EXPECT_EQ(found.parts[part].box.high[2 - axis], places.select(1, axis).max().item<int64_t>());
        }
      }
    }
}

TEST(Components, OfNothingAreNone) {
  const auto none = connected_components(at::zeros({3, 4, 5}, at::kBool), Neighbours::faces);
  EXPECT_TRUE(none.parts.empty());
  EXPECT_EQ(none.largest(), -1);
  EXPECT_EQ(none.labels.sum().item<int64_t>(), 0);
  PHOTO51_EXPECT_ERROR(connected_components(at::zeros({3}, at::kBool), Neighbours::faces), usage,
                       HasSubstr("connected_components: takes bool or uint8"));
}

TEST(Components, FillHolesLeavesWhatReachesTheEdgeAndWhatIsTooLarge) {
  const std::vector<std::string> rows{"######.",  //
                                      "#..#.#.",  //
                                      "#..####",  //
                                      "####..#",  //
                                      "...#.##"};
  at::Tensor small = picture_of(rows), all = picture_of(rows);
  fill_holes(small, 1);
  EXPECT_TRUE(at::equal(small, picture_of({"######.",  //
                                           "#..###.",  //
                                           "#..####",  //
                                           "####..#",  //
                                           "...#.##"})));
  fill_holes(all);
  EXPECT_TRUE(at::equal(all, picture_of({"######.",  //
                                         "######.",  //
                                         "#######",  //
                                         "####..#",  //
                                         "...#.##"})));
  const at::Tensor before = small.clone();
  fill_holes(small, 0);
  EXPECT_TRUE(at::equal(small, before));
  at::Tensor volume = at::zeros({2, 2, 2}, at::kBool);
  PHOTO51_EXPECT_ERROR(fill_holes(volume), usage, HasSubstr("fill_holes: takes contiguous"));
}

}  // namespace
}  // namespace photo51::ops
