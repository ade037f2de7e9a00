#include "photo51/preprocess/augment/artefacts.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "support/errors.hpp"

namespace photo51::preprocess {
namespace {

using ::testing::HasSubstr;

double largest(const at::Tensor& difference) {
  return difference.abs().max().item<double>();
}

TEST(Blur, SpreadsADotAsAGaussianInMillimetres) {
  auto dot = at::zeros({31, 41, 51});
  dot[15][20][25] = 1;
  blur(dot, {1, 2, 4}, 2);
  EXPECT_NEAR(dot.sum().item<double>(), 1, 1e-5);
  const auto spread = [&](int64_t axis) {  // mm^2
    const int64_t n = dot.size(axis);
    const auto at = at::arange(n, at::kDouble) - double(n / 2);
    std::vector<int64_t> others;
    for (int64_t d = 0; d < 3; ++d)
      if (d != axis) others.push_back(d);
    return (dot.to(at::kDouble).sum(others) * at * at).sum().item<double>();
  };
  EXPECT_NEAR(spread(2), 4, 0.05);
  EXPECT_NEAR(spread(1) * 4, 4, 0.05);
  auto constant = at::full({1, 6, 7}, 3.0F);
  blur(constant, {1, 1, 1}, 3);
  EXPECT_LT(largest(constant - 3), 1e-5);
}

TEST(LowResolution, HalvesTheVoxelsAndInterpolatesBack) {
  auto row = at::tensor({0.F, 1.F, 4.F, 9.F}).view({1, 1, 4});
  simulate_low_resolution(row, 0.5);  // 0 and 4 remain, at 0.5 and 2.5
  EXPECT_TRUE(at::allclose(row.flatten(), at::tensor({0.F, 1.F, 3.F, 4.F})));
}

TEST(Ghosting, ScalesEveryNthPlaneOfKSpaceButTheCentre) {
  at::manual_seed(3);
  const auto image = at::rand({6, 7, 12});
  for (size_t axis = 0; axis < 3; ++axis) {
    const auto dimension = int64_t(2 - axis);
    auto ghosts = image.clone();
    add_ghosts(ghosts, {.ghosts = 3, .axis = axis, .intensity = 0.75});
    // Even and odd numbers of planes: the full centred spectrum, as the definition has it.
    auto spectrum = at::fft_fftshift(at::fft_fftn(image.to(at::kDouble)));
    const int64_t n = image.size(dimension);
    const auto centre = spectrum.select(dimension, n / 2).clone();
    for (int64_t plane = 0; plane < n; plane += 3) spectrum.select(dimension, plane).mul_(0.25);
    spectrum.select(dimension, n / 2).copy_(centre);
    EXPECT_LT(largest(ghosts - at::real(at::fft_ifftn(at::fft_ifftshift(spectrum)))), 1e-5) << axis;
    EXPECT_GT(largest(ghosts - image), 0.01);
  }
  auto same = image.clone();
  add_ghosts(same, {});
  EXPECT_TRUE(at::equal(same, image));
}

TEST(Motion, MixesTheKSpaceOfThePoses) {
  at::manual_seed(4);
  auto image = at::zeros({12, 10, 11});
  image.slice(0, 3, 9).slice(1, 3, 7).slice(2, 3, 8).copy_(at::rand({6, 4, 5}) + 1);
  // A pose that is the first one changes nothing.
  auto still = image.clone();
  add_motion(still, {1, 1, 1}, {{0.3, 0.7}, {{0, 0, 0}, {0, 0, 0}}, {{0, 0, 0}, {0, 0, 0}}});
  EXPECT_LT(largest(still - image), 1e-5);
  // Moved by one voxel along x from 3/4 on: those planes of k-space are the moved image's.
  auto moved = image.clone();
  add_motion(moved, {2, 1, 1}, {{0.75}, {{0, 0, 0}}, {{2, 0, 0}}});
  auto spectrum = at::fft_fftshift(at::fft_fftn(image), at::IntArrayRef{0});
  const auto other = at::fft_fftshift(at::fft_fftn(image.roll({1}, {2})), at::IntArrayRef{0});
  // The moved pose comes first in time here (see sort_spectra of Shaw's method): the first one holds the
  // centre.
  spectrum.slice(0, 9, 12).copy_(other.slice(0, 9, 12));
  auto swapped = at::fft_fftshift(at::fft_fftn(image.roll({1}, {2})), at::IntArrayRef{0});
  swapped.slice(0, 9, 12).copy_(at::fft_fftshift(at::fft_fftn(image), at::IntArrayRef{0}).slice(0, 9, 12));
  const auto plain = at::real(at::fft_ifftn(at::fft_ifftshift(spectrum, at::IntArrayRef{0})));
  const auto exchanged = at::real(at::fft_ifftn(at::fft_ifftshift(swapped, at::IntArrayRef{0})));
  EXPECT_LT(largest(moved - plain), 1e-4);
  EXPECT_GT(largest(exchanged - plain), 1e-2);
  PHOTO51_EXPECT_ERROR(add_motion(moved, {1, 1, 1}, {{0.5}, {}, {}}), usage, HasSubstr("1 times need"));
}

TEST(Spikes, AddWavesOfTheSpectrumsHeight) {
  at::manual_seed(5);
  const auto image = at::rand({6, 7, 8});
  auto striped = image.clone();
  add_spikes(striped, {{{0.9, 0.2, 0.4}, {0.5, 0.5, 0.5}}, 0.5});
  auto spectrum = at::fft_fftshift(at::fft_fftn(image.to(at::kDouble)));
  const auto height = spectrum.abs().max() * 0.5;
  spectrum[2][1][7] += height;
  spectrum[3][3][4] += height;
  EXPECT_LT(largest(striped - at::real(at::fft_ifftn(at::fft_ifftshift(spectrum)))), 1e-5);
}

TEST(Colors, FollowTheirDefinitionsAndRefuseOtherImages) {
  const auto pixel = [](float r, float g, float b) { return at::tensor({r, g, b}).view({3, 1, 1, 1}); };
  const auto changed = [](at::Tensor image, const ColorChange& change) {
    change_colors(image, change);
    return image.flatten();
  };
  EXPECT_TRUE(
      at::allclose(changed(pixel(0.2F, 0.4F, 0.8F), {.brightness = 1.5}), at::tensor({0.3F, 0.6F, 1.F})));
  const float grey = 0.2989F * 0.2F + 0.587F * 0.4F + 0.114F * 0.8F;
  EXPECT_TRUE(
      at::allclose(changed(pixel(0.2F, 0.4F, 0.8F), {.saturation = 0}), at::tensor({grey, grey, grey})));
  EXPECT_TRUE(
      at::allclose(changed(pixel(0.2F, 0.4F, 0.8F), {.contrast = 0}), at::tensor({grey, grey, grey})));
  // A third of the circle takes red to green to blue.
  EXPECT_LT(largest(changed(pixel(0.8F, 0.2F, 0.2F), {.hue = 1.0 / 3}) - at::tensor({0.2F, 0.8F, 0.2F})),
            1e-5);
  EXPECT_LT(largest(changed(pixel(0.2F, 0.4F, 0.8F), {.hue = -0.5}) - at::tensor({0.8F, 0.6F, 0.2F})), 1e-5);
  EXPECT_TRUE(at::equal(changed(pixel(0.3F, 0.3F, 0.3F), {.hue = 0.2}), at::tensor({0.3F, 0.3F, 0.3F})));
  auto two = at::zeros({2, 1, 4, 4});
  PHOTO51_EXPECT_ERROR(change_colors(two, {}), usage, HasSubstr("three channels (red, green, blue), not 2"));
}

}  // namespace
}  // namespace photo51::preprocess
