#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "photo51/core/thread_pool.hpp"
#include "photo51/ops/resample.hpp"
#include "support/errors.hpp"

namespace photo51::ops {
namespace {

using ::testing::HasSubstr;

AffineMap diagonal(double x, double y, double z, std::array<double, 3> offset = {0, 0, 0}) {
  return {{x, 0, 0, 0, y, 0, 0, 0, z}, offset};
}

/// value = 1 + 2x + 30y + 400z: any linear interpolation of it is known exactly.
at::Tensor ramp(int64_t nx, int64_t ny, int64_t nz, at::ScalarType type = at::kFloat) {
  const auto x = at::arange(nx, at::kDouble).view({1, 1, 1, nx});
  const auto y = at::arange(ny, at::kDouble).view({1, 1, ny, 1});
  const auto z = at::arange(nz, at::kDouble).view({1, nz, 1, 1});
  return (1 + 2 * x + 30 * y + 400 * z).to(type);
}

double ramp_at(double x, double y, double z) {
  return 1 + 2 * x + 30 * y + 400 * z;
}

double at_voxel(const at::Tensor& volume, int64_t x, int64_t y, int64_t z, int64_t c = 0) {
  return volume[c][z][y][x].item<double>();
}

/// The definition, voxel by voxel, for comparison with both fast paths.
at::Tensor reference(const at::Tensor& input, const AffineMap& map, const std::array<int64_t, 3>& size,
                     const ResampleOptions& options) {
  const std::array<int64_t, 3> n{input.size(3), input.size(2), input.size(1)};
  auto out = at::full({input.size(0), size[2], size[1], size[0]}, options.padding_value);
  for (int64_t z = 0; z < size[2]; ++z)
    for (int64_t y = 0; y < size[1]; ++y)
      for (int64_t x = 0; x < size[0]; ++x) {
        std::array<double, 3> at{};
        bool inside = true;
        for (size_t a = 0; a < 3; ++a) {
          const double* m = map.matrix.data() + 3 * a;
          at[a] = m[0] * double(x) + m[1] * double(y) + m[2] * double(z) + map.offset[a];
          const double reach = 0.5 * std::max(1.0, std::hypot(m[0], m[1], m[2])) + 1e-4;
          inside = inside && at[a] >= -reach && at[a] <= double(n[a] - 1) + reach;
          at[a] = std::clamp(at[a], 0.0, double(n[a] - 1));
        }
        if (!inside && options.padding == Padding::value) continue;
        for (int64_t c = 0; c < input.size(0); ++c) {
          double value = 0;
          if (options.interpolation == Interpolation::nearest) {
            value = at_voxel(input, int64_t(at[0] + 0.5), int64_t(at[1] + 0.5), int64_t(at[2] + 0.5), c);
          } else {
            for (int corner = 0; corner < 8; ++corner) {
              double weight = 1;
              std::array<int64_t, 3> i{};
              for (size_t a = 0; a < 3; ++a) {
                const auto floor = static_cast<int64_t>(at[a]);
                const double f = at[a] - double(floor);
                const bool upper = (corner >> a & 1) != 0;
                weight *= upper ? f : 1 - f;
                i[a] = std::min(n[a] - 1, floor + (upper ? 1 : 0));
              }
              if (weight != 0) value += weight * at_voxel(input, i[0], i[1], i[2], c);
            }
          }
          out[c][z][y][x] = value;
        }
      }
  return out;
}

TEST(Resample, IdentityCopiesEveryTypeExactly) {
  for (const auto type :
       {at::kByte, at::kChar, at::kShort, at::kUInt16, at::kInt, at::kLong, at::kFloat, at::kDouble}) {
    const auto input = (at::arange(60, at::kInt) % 100).view({1, 3, 4, 5}).to(type);
    const auto output = resample(input, {}, {5, 4, 3});
    EXPECT_EQ(output.scalar_type(), at::kFloat);
    EXPECT_TRUE(at::equal(output, input.to(at::kFloat))) << c10::toString(type);
  }
}

TEST(Resample, LinearRampIsInterpolatedExactly) {
  const auto output = resample(ramp(9, 7, 5), diagonal(0.5, 1.5, 0.8, {1.25, 0.5, 0.1}), {8, 4, 4});
  for (int64_t z = 0; z < 4; ++z)
    for (int64_t y = 0; y < 4; ++y)
      for (int64_t x = 0; x < 8; ++x)
        EXPECT_NEAR(at_voxel(output, x, y, z),
                    ramp_at(1.25 + 0.5 * double(x), 0.5 + 1.5 * double(y), 0.1 + 0.8 * double(z)), 1e-3);
}

TEST(Resample, MirrorsAndPermutesWithoutInterpolating) {
  const auto input = ramp(4, 3, 2, at::kShort);
  // Output (x, y, z) reads input (z backwards, x, y).
  AffineMap map{{0, 0, -1, 1, 0, 0, 0, 1, 0}, {3, 0, 0}};
  ASSERT_TRUE(is_axis_aligned(map, {3, 2, 4}));
  const auto output = resample(input, map, {3, 2, 4});
  for (int64_t z = 0; z < 4; ++z)
    for (int64_t y = 0; y < 2; ++y)
      for (int64_t x = 0; x < 3; ++x)
        EXPECT_EQ(at_voxel(output, x, y, z), ramp_at(double(3 - z), double(x), double(y)));
}

TEST(Resample, RotationByNinetyDegreesIsAxisAlignedAndByThirtyIsNot) {
  const double c = std::cos(M_PI / 6), s = std::sin(M_PI / 6);
  EXPECT_FALSE(is_axis_aligned({{c, -s, 0, s, c, 0, 0, 0, 1}, {}}, {8, 8, 8}));
  EXPECT_TRUE(is_axis_aligned({{0, -1, 0, 1, 0, 0, 0, 0, 1}, {}}, {8, 8, 8}));
  EXPECT_TRUE(is_axis_aligned({{1, 1e-5, 0, 0, 1, 0, 0, 0, 1}, {}}, {8, 8, 8}));
}

TEST(Resample, BothPathsAgreeWithTheDefinition) {
  at::manual_seed(1);
  const auto input = at::randn({2, 6, 7, 8});
  const double c = std::cos(0.4), s = std::sin(0.4);
  const std::array<AffineMap, 4> maps{
      diagonal(1.3, 0.7, -1.1, {-1.9, 0.3, 6.2}),
      AffineMap{{0, 0.9, 0, -1.2, 0, 0, 0, 0, 1}, {0.2, 7.1317, -2}},
      AffineMap{{c, -s, 0, s, c, 0, 0, 0, 1}, {1, -1, 0.3}},
      AffineMap{{1.7, 0.2, 0.1, -0.3, 1.1, 0.2, 0.05, 0.1, 0.6}, {-0.4871, 0.5137, 0.5213}}};
  for (const auto& map : maps)
    for (const auto interpolation : {Interpolation::linear, Interpolation::nearest})
      for (const auto padding : {Padding::value, Padding::border}) {
        ResampleOptions options;
        options.interpolation = interpolation;
        options.padding = padding;
        options.padding_value = -7;
        const auto expected = reference(input, map, {9, 8, 7}, options);
        const auto output = resample(input, map, {9, 8, 7}, options);
        EXPECT_LT((output - expected).abs().max().item<double>(), 1e-4);
      }
}

TEST(Resample, EdgeReachesHalfAVoxelAndPaddingBegins) {
  const auto input = ramp(4, 1, 1);
  ResampleOptions options;
  options.padding_value = -1;
  // Positions -0.6, -0.5, 3.5, 3.6 of a row 1 3 5 7.
  for (const auto& [position, expected] :
       std::vector<std::pair<double, double>>{{-0.6, -1}, {-0.5, 1}, {3.5, 7}, {3.6, -1}})
    EXPECT_EQ(at_voxel(resample(input, diagonal(1, 1, 1, {position, 0, 0}), {1, 1, 1}, options), 0, 0, 0),
              expected)
        << position;
  options.padding = Padding::border;
  EXPECT_EQ(at_voxel(resample(input, diagonal(1, 1, 1, {99, 0, 0}), {1, 1, 1}, options), 0, 0, 0), 7);
}

TEST(Resample, NearestTakesWholeLabels) {
  const auto labels = at::tensor({0, 0, 2, 2}, at::kByte).view({1, 1, 1, 4});
  ResampleOptions options;
  options.interpolation = Interpolation::nearest;
  const auto output = resample(labels, diagonal(0.5, 1, 1), {7, 1, 1}, options);
  EXPECT_TRUE(at::equal(output.flatten(), at::tensor({0.F, 0.F, 0.F, 2.F, 2.F, 2.F, 2.F})));
}

TEST(Resample, AntialiasAveragesWithATriangleAndKeepsConstants) {
  const auto alternating = at::tensor({0.F, 8.F, 0.F, 8.F, 0.F, 8.F, 0.F, 8.F}).view({1, 1, 1, 8});
  ResampleOptions options;
  options.antialias = true;
  const auto output = resample(alternating, diagonal(2, 1, 1, {0.5, 0, 0}), {4, 1, 1}, options);
  // About 2.5 with half-width 2: weights 1/8 3/8 3/8 1/8 of voxels 1..4 = 8 0 8 0.
  EXPECT_NEAR(at_voxel(output, 1, 0, 0), 4.0, 1e-5);
  const auto constant = resample(at::full({1, 9, 9, 9}, 3.0F), diagonal(2.7, 3.1, 1), {3, 3, 9}, options);
  EXPECT_LT((constant - 3).abs().max().item<double>(), 1e-5);
  // Without it the same place reads its two neighbours, and a step up in size changes nothing.
  EXPECT_NEAR(at_voxel(resample(alternating, diagonal(2, 1, 1), {4, 1, 1}), 1, 0, 0), 0, 1e-6);
  const auto finer = diagonal(0.5, 1, 1);
  EXPECT_TRUE(
      at::equal(resample(alternating, finer, {15, 1, 1}, options), resample(alternating, finer, {15, 1, 1})));
}

TEST(Resample, ThreadsDoNotChangeTheResult) {
  at::manual_seed(2);
  const auto input = (at::randn({2, 20, 30, 25}) * 100).to(at::kShort);
  core::ThreadPool pool(3);
  ResampleOptions threaded;
  threaded.pool = &pool;
  const double c = std::cos(0.3), s = std::sin(0.3);
  for (const auto& map : {diagonal(0.8, 0.7, 0.9), AffineMap{{c, -s, 0, s, c, 0, 0, 0, 1}, {0, 0, 0}}})
    EXPECT_TRUE(at::equal(resample(input, map, {30, 40, 20}, threaded), resample(input, map, {30, 40, 20})));
}

TEST(Resample, KeepsTheNumberOfDimensionsAndReadsViews) {
  const auto volume = ramp(4, 3, 2)[0];
  EXPECT_EQ(resample(volume, {}, {4, 3, 2}).dim(), 3);
  const auto view = volume.permute({2, 1, 0});
  EXPECT_TRUE(at::equal(resample(view, {}, {2, 3, 4}), view));
  auto target = at::empty({2, 3, 4});
  resample_into(target, volume, {});
  EXPECT_TRUE(at::equal(target, volume));
}

TEST(Resample, RefusesWhatItCannotRead) {
  const auto volume = ramp(4, 3, 2);
  PHOTO51_EXPECT_ERROR(resample(volume.to(at::kBool), {}, {1, 1, 1}), usage, HasSubstr("type Bool"));
  PHOTO51_EXPECT_ERROR(resample(volume[0][0], {}, {1, 1, 1}), usage, HasSubstr("not 2 dimensions"));
  PHOTO51_EXPECT_ERROR(resample({}, {}, {1, 1, 1}), usage, HasSubstr("not nothing"));
  PHOTO51_EXPECT_ERROR(resample(at::empty({1, 0, 2, 2}), {}, {1, 1, 1}), usage, HasSubstr("no voxels"));
  PHOTO51_EXPECT_ERROR(resample(volume, {}, {1, 0, 1}), usage, HasSubstr("at least 1"));
  ResampleOptions options;
  options.antialias = true;
  PHOTO51_EXPECT_ERROR(resample(volume, {{1, 0.5, 0, 0, 1, 0, 0, 0, 1}, {}}, {4, 3, 2}, options), usage,
                       HasSubstr("antialias needs a map without rotation"));
  auto wrong = at::empty({2, 2, 3, 4});
  PHOTO51_EXPECT_ERROR(resample_into(wrong, volume, {}), usage, HasSubstr("number of channels"));
}

}  // namespace
}  // namespace photo51::ops
