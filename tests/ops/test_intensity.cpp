#include "photo51/ops/intensity.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "photo51/core/random.hpp"
#include "photo51/core/thread_pool.hpp"
#include "support/errors.hpp"

namespace photo51::ops {
namespace {

using ::testing::HasSubstr;

at::Tensor changed(at::Tensor values, const PointwiseChange& change, core::ThreadPool* pool = nullptr) {
  values = values.clone();
  change_intensities(values, change, pool);
  return values;
}

void expect_close(const at::Tensor& found, const at::Tensor& expected, double tolerance) {
  EXPECT_LT((found.to(at::kDouble) - expected).abs().max().item<double>(), tolerance);
}

TEST(ChangeIntensities, FollowsItsFormulasInOneOrder) {
  at::manual_seed(1);
  const auto values = at::randn({5, 6, 70}) * 3 + 1;
  const auto v = values.to(at::kDouble);
  const auto mean = v.mean();
  expect_close(changed(values, {.contrast = 1.7}), mean + 1.7 * (v - mean), 1e-5);
  const auto gamma = [](const at::Tensor& t, double exponent) {
    const auto low = t.min(), range = t.max() - t.min();
    return ((t - low) / range).pow(exponent) * range + low;
  };
  for (const double exponent : {0.3, 0.9, 2.5})
    expect_close(changed(values, {.gamma = exponent}), gamma(v, exponent), 1e-5);
  expect_close(changed(values, {.gain = -2, .shift = 0.5}), v * -2 + 0.5, 1e-5);
  PointwiseChange all{.contrast = 0.6,
                      .gamma = 1.4,
                      .gain = 1.3,
                      .shift = -0.2,
                      .bias = {0.1, 0.3, -0.2, 0.4},
                      .bias_order = 1};
  const auto z = at::linspace(-1, 1, 5, at::kDouble).view({5, 1, 1});
  const auto y = at::linspace(-1, 1, 6, at::kDouble).view({1, 6, 1});
  const auto x = at::linspace(-1, 1, 70, at::kDouble).view({1, 1, 70});
  const auto expected =
      (gamma(mean + 0.6 * (v - mean), 1.4) * 1.3 - 0.2) * (0.1 + 0.3 * z - 0.2 * y + 0.4 * x).exp();
  expect_close(changed(values, all), expected, 3e-5);
  // Coefficients of order 2: 1 z z2 y yz y2 x xz xy x2.
  PointwiseChange curved{.bias = {0, 0, 0.1, 0, 0.2, 0.3, 0, -0.4, 0.5, 0.6}, .bias_order = 2};
  expect_close(changed(values, curved),
               v * (0.1 * z * z + 0.2 * y * z + 0.3 * y * y - 0.4 * x * z + 0.5 * x * y + 0.6 * x * x).exp(),
               5e-5);
}

TEST(ChangeIntensities, LeavesAConstantAndOneVoxelAxesInPeace) {
  const auto constant = at::full({1, 1, 9}, 4.0F);
  expect_close(changed(constant, {.contrast = 2, .gamma = 3}), constant.to(at::kDouble), 1e-6);
  // x, y and z of an axis of one voxel are 0: only the first coefficient counts.
  const auto dot = at::full({1, 1, 1}, 2.0F);
  expect_close(changed(dot, {.bias = {0.5, 9, 9, 9}, .bias_order = 1}), dot.to(at::kDouble) * std::exp(0.5),
               1e-5);
  EXPECT_TRUE(at::equal(changed(constant, {}), constant));
}

/// The stream is documented: Philox on (x / 4 in runs, row, 0), so its numbers can be made again one at a
/// time.
TEST(ChangeIntensities, NoiseIsPhiloxAndBoxMuller) {
  const auto noise = changed(at::zeros({2, 3, 64}), {.noise = 1, .seed = 0x123456789ULL});
  const uint32_t row = 4;
  for (uint32_t i = 0; i < 16; ++i) {
    const auto r = core::philox4x32({i, row, 0, 0}, {0x23456789U, 0x1U});
    const double radius = std::sqrt(-2 * std::log((double(r[0] >> 1) + 0.5) * 0x1p-31));
    const double angle = 2 * M_PI * double(r[1] >> 8) * 0x1p-24;
    EXPECT_NEAR(noise[1][1][i].item<double>(), radius * std::cos(angle), 2e-5);
    EXPECT_NEAR(noise[1][1][16 + i].item<double>(), radius * std::sin(angle), 2e-5);
  }
}

TEST(ChangeIntensities, NoiseIsNormalAndRicianIsAMagnitude) {
  const auto zeros = at::zeros({40, 50, 130});
  const auto n = changed(zeros, {.noise = 2, .seed = 5});
  const double count = 40 * 50 * 130;
  EXPECT_NEAR(n.mean().item<double>(), 0, 8 / std::sqrt(count));
  EXPECT_NEAR(n.std().item<double>(), 2, 8 / std::sqrt(count));
  EXPECT_NEAR(n.div(2).pow(4).mean().item<double>(), 3, 0.08);
  EXPECT_NEAR(n.abs().le(2 * 0.6745).to(at::kFloat).mean().item<double>(), 0.5, 0.005);
  // Neighbours along each axis know nothing of each other.
  for (const int64_t axis : {0, 1, 2}) {
    const auto a = n.narrow(axis, 0, n.size(axis) - 1), b = n.narrow(axis, 1, n.size(axis) - 1);
    EXPECT_NEAR((a * b).mean().item<double>() / 4, 0, 4 / std::sqrt(count));
  }
  const auto rician = changed(zeros, {.noise = 2, .rician = true, .seed = 5});
  EXPECT_GE(rician.min().item<double>(), 0);
  EXPECT_NEAR(rician.mean().item<double>(), 2 * std::sqrt(M_PI / 2),
              0.02);  // Rayleigh where there is no signal
  const auto signal = changed(zeros + 100, {.noise = 2, .rician = true, .seed = 5});
  EXPECT_NEAR(signal.std().item<double>(), 2, 0.02);
  EXPECT_FALSE(at::equal(n, changed(zeros, {.noise = 2, .seed = 6})));
}

TEST(ChangeIntensities, ThreadsDoNotChangeTheResult) {
  at::manual_seed(2);
  const auto values = at::randn({20, 30, 77});
  const PointwiseChange all{
      .gamma = 1.3, .gain = 1.1, .bias = {0, 0.1, 0.2, 0.3}, .bias_order = 1, .noise = 0.1, .seed = 3};
  core::ThreadPool pool(3);
  EXPECT_TRUE(at::equal(changed(values, all, &pool), changed(values, all)));
}

TEST(ChangeIntensities, RefusesWhatItCannotChange) {
  auto flat = at::zeros({4, 4});
  PHOTO51_EXPECT_ERROR(change_intensities(flat, {.gain = 2}), usage, HasSubstr("one channel [D, H, W]"));
  auto channel = at::zeros({2, 4, 4});
  PHOTO51_EXPECT_ERROR(change_intensities(channel, {.bias = {1, 2}, .bias_order = 1}), usage,
                       HasSubstr("does not have 2 coefficients"));
}

}  // namespace
}  // namespace photo51::ops
