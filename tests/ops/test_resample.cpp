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

TEST(Resample, SurroundBlendsIntoVoxelsOfPadding) {
  const auto input = ramp(4, 1, 1);  // 1 3 5 7
  ResampleOptions options;
  options.padding = Padding::surround;
  options.padding_value = -1;
  for (const auto& [position, expected] : std::vector<std::pair<double, double>>{
           {-1.5, -1}, {-1, -1}, {-0.25, 0.5}, {0, 1}, {1.5, 4}, {3, 7}, {3.25, 5}, {3.75, 1}, {4.1, -1}})
    EXPECT_NEAR(at_voxel(resample(input, diagonal(1, 1, 1, {position, 0, 0}), {1, 1, 1}, options), 0, 0, 0),
                expected, 1e-5)
        << position;
}

/// The natural way to write the spline: solve for the coefficients of the edge-repeated image, then sum.
TEST(Resample, CubicIsTheInterpolatingSpline) {
  ResampleOptions options;
  options.interpolation = Interpolation::cubic;
  options.padding = Padding::border;
  at::manual_seed(4);
  const int64_t n = 9, far = 40;
  const auto row = at::randn({n}, at::kDouble);
  auto longer = at::empty({n + 2 * far}, at::kDouble);
  for (int64_t i = 0; i < n + 2 * far; ++i) longer[i] = row[std::clamp<int64_t>(i - far, 0, n - 1)];
  auto matrix = at::zeros({n + 2 * far, n + 2 * far}, at::kDouble);
  for (int64_t i = 0; i < n + 2 * far; ++i) {
    matrix[i][i] = 4 / 6.0;
    matrix[i][std::max<int64_t>(i - 1, 0)] += 1 / 6.0;
    matrix[i][std::min<int64_t>(i + 1, n + 2 * far - 1)] += 1 / 6.0;
  }
  const auto coefficients = at::linalg_solve(matrix, longer);
  const auto basis = [](double t) {
    t = std::abs(t);
    return t < 1 ? (4 - 6 * t * t + 3 * t * t * t) / 6 : t < 2 ? std::pow(2 - t, 3) / 6 : 0;
  };
  const auto along_x = row.to(at::kFloat).view({1, 1, 1, n});
  for (size_t axis = 0; axis < 3; ++axis)
    for (const bool rotated : {false, true}) {
      const auto input = along_x.transpose(3, 3 - static_cast<int64_t>(axis)).contiguous();
      AffineMap map = diagonal(1, 1, 1);
      map.matrix[4 * axis] = 0.37;
      map.offset[axis] = 0.21;
      if (rotated)
        map.matrix[3 * ((axis + 1) % 3) + axis] = 0.4;  // along an axis of one voxel: takes the other path
      std::array<int64_t, 3> size{1, 1, 1};
      size[axis] = 20;
      const auto output = resample(input, map, size, options).flatten();
      for (int64_t i = 0; i < 20; ++i) {
        const double x = std::min(0.37 * double(i) + 0.21, double(n - 1));
        double expected = 0;
        for (int64_t k = 0; k < n + 2 * far; ++k)
          expected += coefficients[k].item<double>() * basis(x + double(far - k));
        EXPECT_NEAR(output[i].item<double>(), expected, 2e-5) << axis << rotated << i;
      }
    }
}

TEST(Resample, CubicKeepsVoxelsAndFollowsSmoothFunctions) {
  ResampleOptions options;
  options.interpolation = Interpolation::cubic;
  options.padding = Padding::border;
  at::manual_seed(5);
  const auto noise = (at::randn({2, 6, 7, 8}) * 100).to(at::kShort);
  EXPECT_TRUE(at::equal(resample(noise, {}, {8, 7, 6}, options), noise.to(at::kFloat)));
  const AffineMap sheared{{1, 1, 0, 0, 1, 0, 0, 0, 1}, {0, 0, 0}};  // whole steps through the warp
  EXPECT_LT(
      (resample(noise, sheared, {2, 6, 6}, options)[1][3][4] - noise[1][3][4].slice(0, 4, 6).to(at::kFloat))
          .abs()
          .max()
          .item<double>(),
      1e-2);
  const auto x = at::arange(24, at::kFloat).view({1, 1, 24});
  const auto y = at::arange(20, at::kFloat).view({1, 20, 1});
  const auto smooth = ((x * 0.4).sin() + (y * 0.3).cos()).expand({3, 20, 24}).contiguous();
  const double c = std::cos(0.2), s = std::sin(0.2);
  const AffineMap turned{{c, -s, 0, s, c, 0, 0, 0, 1}, {8, 5, 1.3}};
  const auto cubic = resample(smooth, turned, {8, 8, 1}, options);
  options.interpolation = Interpolation::linear;
  const auto linear = resample(smooth, turned, {8, 8, 1}, options);
  double worst_cubic = 0, worst_linear = 0;
  for (int64_t v = 0; v < 8; ++v)
    for (int64_t u = 0; u < 8; ++u) {
      const double px = c * double(u) - s * double(v) + 8, py = s * double(u) + c * double(v) + 5;
      const double expected = std::sin(0.4 * px) + std::cos(0.3 * py);
      worst_cubic = std::max(worst_cubic, std::abs(cubic[0][v][u].item<double>() - expected));
      worst_linear = std::max(worst_linear, std::abs(linear[0][v][u].item<double>() - expected));
    }
  EXPECT_LT(worst_cubic, 1e-3);
  EXPECT_GT(worst_linear, 1e-2);
}

/// Control points that hold a linear function give that function: a B-spline's known case.
TEST(Resample, DisplacementIsASplineOverItsControlPoints) {
  const auto input = ramp(40, 30, 20);
  DisplacementGrid grid;
  grid.points = {7, 5, 1};
  grid.values.assign(3 * 7 * 5, 0.0F);
  const std::array<int64_t, 3> size{300, 9, 3};
  // x moves by -2 + its cell, y by 1: control point i stands at cell i - 1.
  for (size_t j = 0; j < 5; ++j)
    for (size_t i = 0; i < 7; ++i) {
      grid.values[j * 7 + i] = -2 + float(i) - 1;
      grid.values[35 + j * 7 + i] = 1;
    }
  ResampleOptions options;
  options.displacement = &grid;
  const auto output = resample(input, diagonal(0.1, 1, 1, {5, 4, 6}), size, options);
  for (const int64_t x : {0, 1, 77, 128, 200, 255, 256, 299})
    EXPECT_NEAR(at_voxel(output, x, 5, 2), ramp_at(5 + 0.1 * double(x) - 2 + 4.0 * double(x) / 299, 10, 8),
                2e-2)
        << x;
  // One raised control point: its weight at a knot is 4/6 along each axis that has points.
  std::fill(grid.values.begin(), grid.values.end(), 0.0F);
  grid.points = {4, 4, 4};
  grid.values.assign(3 * 64, 0.0F);
  grid.values[size_t(1 + 4 * (1 + 4 * 1))] = 1;
  const auto raised = resample(input, diagonal(1, 1, 1, {5, 4, 6}), {11, 11, 11}, options);
  EXPECT_NEAR(at_voxel(raised, 0, 0, 0), ramp_at(5 + 8.0 / 27, 4, 6), 1e-3);
  EXPECT_NEAR(at_voxel(raised, 10, 0, 0), ramp_at(15 + 4.0 / 54, 4, 6), 1e-3);
  // All interpolations and channels read at the same places; threads change nothing.
  core::ThreadPool pool(3);
  const auto two = at::cat({input, input * -1});
  for (const auto interpolation : {Interpolation::linear, Interpolation::nearest, Interpolation::cubic}) {
    options.interpolation = interpolation;
    options.pool = nullptr;
    const auto alone = resample(two, diagonal(0.7, 1, 1, {5, 4, 6}), {40, 20, 14}, options);
    EXPECT_LT((alone[0] + alone[1]).abs().max().item<double>(), 1e-2);
    options.pool = &pool;
    EXPECT_TRUE(at::equal(alone, resample(two, diagonal(0.7, 1, 1, {5, 4, 6}), {40, 20, 14}, options)));
  }
}

TEST(Resample, EveryVoxelTypeReadsAlikeThroughAnyMap) {
  at::manual_seed(6);
  const auto input = at::randint(0, 120, {2, 9, 11, 150}, at::kShort);
  const AffineMap map{{0.9, 0.2, 0.1, -0.3, 1.1, 0.2, 0.05, 0.1, 0.6}, {-3.4871, 2.5137, -0.5213}};
  ResampleOptions options;
  options.padding_value = 5;
  for (const auto padding : {Padding::value, Padding::border, Padding::surround}) {
    options.padding = padding;
    const auto expected = resample(input.to(at::kDouble), map, {170, 9, 8}, options);
    for (const auto type : {at::kByte, at::kChar, at::kShort, at::kUInt16, at::kInt, at::kLong, at::kFloat}) {
      const auto output = resample(input.to(type), map, {170, 9, 8}, options);
      EXPECT_LT((output - expected).abs().max().item<double>(), 1e-3) << c10::toString(type);
    }
  }
  const auto large = at::full({1, 3, 3, 3}, 60000, at::kInt).to(at::kUInt16);
  EXPECT_EQ(at_voxel(resample(large, map, {9, 1, 1}, {.padding = Padding::border}), 8, 0, 0), 60000);
  const auto negative = at::full({1, 3, 3, 3}, -30000, at::kShort);
  EXPECT_EQ(at_voxel(resample(negative, map, {9, 1, 1}, {.padding = Padding::border}), 7, 0, 0), -30000);
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
  options.padding = Padding::surround;
  PHOTO51_EXPECT_ERROR(resample(volume, {}, {4, 3, 2}, options), usage, HasSubstr("not surround"));
  PHOTO51_EXPECT_ERROR(resample(volume, diagonal(NAN, 1, 1), {4, 3, 2}), usage, HasSubstr("not finite"));
  DisplacementGrid grid;
  grid.points = {3, 4, 4};
  options = {};
  options.displacement = &grid;
  PHOTO51_EXPECT_ERROR(resample(volume, {}, {4, 3, 2}, options), usage,
                       HasSubstr("at least 4 control points"));
  grid.points = {4, 4, 1};
  PHOTO51_EXPECT_ERROR(resample(volume, {}, {4, 3, 2}, options), usage, HasSubstr("has 48 values, not 0"));
  auto wrong = at::empty({2, 2, 3, 4});
  PHOTO51_EXPECT_ERROR(resample_into(wrong, volume, {}), usage, HasSubstr("number of channels"));
}

}  // namespace
}  // namespace photo51::ops
