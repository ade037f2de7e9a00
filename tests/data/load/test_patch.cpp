#include "data/load/patch.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace photo51::data {
namespace {

constexpr std::array<int64_t, 3> size{20, 16, 12};

/// Class 1 is large, class 2 is one voxel, and some places are not known.
at::Tensor two_classes() {
  at::Tensor map = at::zeros({1, size[2], size[1], size[0]}, at::kByte);
  map.slice(1, 2, 6).slice(2, 2, 12).slice(3, 3, 15).fill_(1);
  map[0][9][10][17] = 2;
  map[0][11].fill_(unknown_class);
  return map;
}

TEST(PatchSampling, FindsThePlacesOfClasses) {
  const auto places = class_places(two_classes(), core::Random({1}));
  ASSERT_EQ(places.size(), 2U);
  EXPECT_EQ(places[0].size(), 4U * 10 * 12);
  EXPECT_THAT(places[1], testing::ElementsAre(9 * 16 * 20 + 10 * 20 + 17));
}

TEST(PatchSampling, KeepsSomeOfManyPlacesEvenly) {
  const at::Tensor map = at::ones({1, 40, 40, 40}, at::kByte);
  const auto places = class_places(map, core::Random({2}));
  ASSERT_EQ(places[0].size(), static_cast<size_t>(most_places));
  double mean = 0;
  for (const int64_t place : places[0]) mean += static_cast<double>(place) / most_places;
  EXPECT_NEAR(mean, 32'000, 600);  // of a uniform one the deviation is 185
}

TEST(PatchSampling, SharesAndClassesAreAsAsked) {
  const PatchOptions options{.size = {5, 5, 5}, .foreground = 0.4, .overlap = 0.5};
  const at::Tensor map = two_classes();
  const auto places = class_places(map, core::Random({1}));
  const auto* values = map.const_data_ptr<uint8_t>();
  std::array<int64_t, 3> middles{};
  constexpr int64_t draws = 4000;
  for (int64_t i = 0; i < draws; ++i) {
    const auto patch = draw_patch(options, size, {&places}, core::Random({3, static_cast<uint64_t>(i)}));
    for (size_t axis = 0; axis < 3; ++axis) {
      ASSERT_GE(patch.corner[axis], 0);
      ASSERT_LE(patch.corner[axis] + 5, size[axis]);
    }
    const auto at = ((patch.corner[2] + 2) * size[1] + patch.corner[1] + 2) * size[0] + patch.corner[0] + 2;
    ++middles[std::min<size_t>(values[at], 2)];
  }
  // Half of the 0.4 is about the single voxel of class 2; anywhere, class 1 is in the middle of 480 of 3264.
  EXPECT_NEAR(static_cast<double>(middles[2]) / draws, 0.2, 0.025);
  EXPECT_NEAR(static_cast<double>(middles[1]) / draws, 0.2 + 0.6 * 480 / (16. * 12 * 8), 0.03);
}

TEST(PatchSampling, WithoutAClassLiesAnywhere) {
  const PatchOptions options{.size = {20, 16, 1}, .foreground = 1, .overlap = 0.5};
  const ClassPlaces none;
  std::array<int64_t, 12> slices{};
  for (uint64_t i = 0; i < 1200; ++i)
    ++slices[static_cast<size_t>(draw_patch(options, size, {&none}, core::Random({4, i})).corner[2])];
  for (const int64_t count : slices) EXPECT_NEAR(static_cast<double>(count), 100, 45);
}

TEST(PatchSampling, ASmallerImageLiesInItsMiddle) {
  const PatchOptions options{.size = {26, 16, 14}, .foreground = 0.5, .overlap = 0.5};
  const auto places = class_places(two_classes(), core::Random({1}));
  for (uint64_t i = 0; i < 20; ++i)
    EXPECT_EQ(draw_patch(options, size, {&places}, core::Random({5, i})).corner,
              (std::array<int64_t, 3>{-3, 0, -1}));
}

}  // namespace
}  // namespace photo51::data
