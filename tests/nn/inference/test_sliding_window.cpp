#include "photo51/nn/inference/sliding_window.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <cmath>

#include "support/errors.hpp"

namespace photo51::nn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

at::Tensor as_it_is(const at::Tensor& windows) {
  return windows;
}

TEST(SlidingWindow, WindowsCoverAnAxis) {
  EXPECT_THAT(window_starts(10, 4, 0.25), ElementsAre(0, 3, 6));
  EXPECT_THAT(window_starts(11, 4, 0.25), ElementsAre(0, 3, 6, 7));
  EXPECT_THAT(window_starts(8, 4, 0), ElementsAre(0, 4));
  EXPECT_THAT(window_starts(4, 4, 0.9), ElementsAre(0));
  EXPECT_THAT(window_starts(3, 2, 0.9), ElementsAre(0, 1));  // a step is at least one place
}

/// What the network gives of each place is the place itself, so every average is it again.
TEST(SlidingWindow, AveragesWhatWindowsShare) {
  for (const auto importance : {Importance::constant, Importance::gaussian})
    for (const int64_t batch_size : {1, 5}) {
      const at::Tensor images = at::randn({2, 3, 7, 5, 9}, at::kDouble);
      int64_t windows = 0, passes = 0;
      const at::Tensor found =
          slide_window(images, {.window = {4, 5, 6}, .importance = importance, .batch_size = batch_size},
                       [&](const at::Tensor& part) {
                         EXPECT_EQ(part.sizes().slice(1), (std::vector<int64_t>{3, 4, 5, 6}));
                         windows += part.size(0), ++passes;
                         return part;
                       });
      EXPECT_TRUE(at::allclose(found, images, 1e-12, 1e-12));
      EXPECT_EQ(windows, 2 * 2 * 1 * 2);
      EXPECT_EQ(passes, (windows + batch_size - 1) / batch_size);
    }
}

/// Each window gives its own number: 1, 2, 3 of windows that begin at 0, 2 and 3 of an axis of 7.
TEST(SlidingWindow, AveragesByImportance) {
  const auto number = [](const at::Tensor& part) {
    static int64_t next = 0;
    return at::full_like(part, static_cast<double>(next++ % 3 + 1));
  };
  SlidingWindowOptions options{.window = {1, 4}, .overlap = 0.5, .batch_size = 1};
  const at::Tensor image = at::zeros({1, 1, 1, 7}, at::kDouble);
  ASSERT_THAT(window_starts(7, 4, 0.5), ElementsAre(0, 2, 3));
  const auto expected = [](std::vector<double> values) { return at::tensor(values, at::kDouble); };
  EXPECT_TRUE(
      at::allclose(slide_window(image, options, number).flatten(), expected({1, 1, 1.5, 2, 2.5, 2.5, 3})));
  options.importance = Importance::gaussian;
  const at::Tensor importance = window_importance({4}, Importance::gaussian, 0.125);
  const auto of = [&](int64_t place) { return importance[place].item<double>(); };
  EXPECT_NEAR(of(0), std::exp(-4.5), 1e-6);
  EXPECT_NEAR(of(2), std::exp(-0.5), 1e-6);
  // The third place is the first window's third and the second's first.
  EXPECT_NEAR(slide_window(image, options, number).flatten()[2].item<double>(),
              (of(2) + 2 * of(0)) / (of(2) + of(0)), 1e-6);
  EXPECT_NEAR(window_importance({16}, Importance::gaussian, 0.125)[0].item<double>(), 1e-3, 1e-9);
}

TEST(SlidingWindow, SmallImagesArePadded) {
  const at::Tensor images = at::randn({1, 2, 3, 8});
  bool padded = false;
  const at::Tensor found = slide_window(images, {.window = {6}}, [&](const at::Tensor& part) {
    EXPECT_EQ(part.size(2), 6);
    padded = part.narrow(2, 0, 1).eq(0).all().item<bool>() && part.narrow(2, 4, 2).eq(0).all().item<bool>();
    return part.narrow(1, 0, 1);
  });
  EXPECT_TRUE(padded);
  EXPECT_TRUE(at::allclose(found, images.narrow(1, 0, 1)));
}

TEST(SlidingWindow, HalvesAreAddedInSinglePrecision) {
  const auto half = [](const at::Tensor& part) { return part.to(at::kBFloat16); };
  EXPECT_EQ(slide_window(at::randn({1, 1, 5, 5}), {.window = {4}}, half).scalar_type(), at::kFloat);
}

TEST(SlidingWindow, EveryMisuseIsNamed) {
  const at::Tensor images = at::zeros({1, 1, 6, 6});
  const auto message = [&](const SlidingWindowOptions& options) {
    return test::message_of(core::Fault::usage, [&] { slide_window(images, options, as_it_is); });
  };
  EXPECT_THAT(message({.window = {4, 4, 4}}), HasSubstr("2 axes and `window` has 3 edges"));
  EXPECT_THAT(message({.window = {0}}), HasSubstr("`window` must be above 0"));
  EXPECT_THAT(message({.window = {4}, .overlap = 1}), HasSubstr("`overlap` must be at least 0 and below 1"));
  EXPECT_THAT(message({.window = {4}, .batch_size = 0}), HasSubstr("`batch_size` must be above 0"));
  EXPECT_THAT(message({.window = {4}, .importance = Importance::gaussian, .sigma = 0}),
              HasSubstr("`sigma` must be above 0"));
  PHOTO51_EXPECT_ERROR(
      slide_window(images, {.window = {4}}, [](const at::Tensor& part) { return at::avg_pool2d(part, 2); }),
      usage, HasSubstr("it must keep their number and size"));
}

}  // namespace
}  // namespace photo51::nn
